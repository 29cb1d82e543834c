package loader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// Read finds the policy files that the paths stand for and reads them: a file, or a folder's files *.lua but for
// tests, in the order of their names. Every problem is told; what could be read is given all the same.
func Read(paths []string) ([]rules.Source, diag.List) {
	var sources []rules.Source
	var problems diag.List
	seen := map[string]bool{}
	for _, path := range paths {
		files, err := expand(path)
		if err != nil {
			problems = append(problems, fileProblem(path, err))
			continue
		}
		if len(files) == 0 {
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Severity: diag.Warning, Code: diag.FileRead, Message: "a folder of policies must hold files *.lua, but holds none"})
		}
		for _, file := range files {
			if seen[filepath.Clean(file)] {
				continue
			}
			seen[filepath.Clean(file)] = true
			text, err := readFile(file)
			if err != nil {
				problems = append(problems, fileProblem(file, err))
				continue
			}
			sources = append(sources, rules.Source{File: file, Text: text})
		}
	}
	return sources, problems
}

// IsTest reports whether a file holds tests and no policies.
func IsTest(file string) bool { return strings.HasSuffix(file, "_test.lua") }

func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".lua") && !IsTest(name) && !strings.HasPrefix(name, ".") {
			files = append(files, filepath.Join(path, name))
		}
	}
	sort.Strings(files)
	return files, nil
}

// errKind is a file that is something else than a file.
type errKind struct{ is string }

func (e errKind) Error() string { return e.is }

// readFile reads a regular file of at most the size that sources may have.
func readFile(path string) (string, error) {
	// Opening a FIFO would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errKind{describeMode(info.Mode())}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return readOpen(f)
}

func readOpen(f io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(f, syntax.MaxSource+1))
	if err != nil {
		return "", err
	}
	return string(text), nil
}

func describeMode(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "something else"
}

// fileProblem says in words why a file can't be read.
func fileProblem(path string, err error) diag.Diagnostic {
	d := diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead}
	var kind errKind
	var pathErr *fs.PathError
	switch {
	case errors.As(err, &kind):
		d.Message = fmt.Sprintf("a policy must be a file, but is %s", kind.is)
	case errors.Is(err, fs.ErrNotExist):
		d.Message = "a policy file or folder must exist, but does not"
	case errors.Is(err, fs.ErrPermission):
		d.Message = "a policy file must be readable, but permission is denied"
	case errors.As(err, &pathErr):
		d.Message = fmt.Sprintf("a policy file must be readable, but is not: %s", pathErr.Err)
	default:
		d.Message = fmt.Sprintf("a policy file must be readable, but is not: %s", err)
	}
	return d
}

// Module reads what require asks for: a file beside the one that asks, no link.
func Module(dir, name string) (file, text string, err error) {
	file = filepath.Join(dir, name+".lua")
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, "", fmt.Errorf("module %s must lie beside the policy file, but there is no %s", name, file)
	case err != nil:
		return file, "", fmt.Errorf("module %s must be readable, but is not: %w", name, err)
	case !info.Mode().IsRegular():
		return file, "", fmt.Errorf("module %s must be a file, but %s is %s", name, file, describeMode(info.Mode()))
	}
	text, err = readFile(file)
	if err != nil {
		return file, "", fmt.Errorf("module %s must be readable, but permission is denied: %s", name, file)
	}
	return file, text, nil
}
