package loader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// Files reads files and folders; disk.Trust does so for files that only some users may have changed.
type Files interface {
	// ReadDir lists the names in a folder, sorted. If the path is no folder it gives false.
	ReadDir(path string) (names []string, folder bool, err error)
	// ReadFile gives the content of a regular file, or of a larger one than policies may be somewhat more than that.
	ReadFile(path string) (string, error)
}

// Read finds the policy files that the paths stand for and reads them: a file, or a folder's files *.lua but for
// tests, in the order of their names. Every problem is told; what could be read is given all the same.
func Read(paths []string) ([]rules.Source, diag.List) { return ReadFrom(paths, plain{}) }

// ReadFrom is Read for files that are read in another way.
func ReadFrom(paths []string, from Files) ([]rules.Source, diag.List) {
	return read(paths, from, policies)
}

// ReadServices is ReadFrom for files of services.
func ReadServices(paths []string, from Files) ([]rules.Source, diag.List) {
	return read(paths, from, kind{"service", "services", false})
}

// ReadHooks is ReadFrom for files of hooks.
func ReadHooks(paths []string, from Files) ([]rules.Source, diag.List) {
	return read(paths, from, kind{"hook", "hooks", false})
}

// ReadAll is Read for all Lua that the paths stand for, tests too.
func ReadAll(paths []string) ([]rules.Source, diag.List) {
	return read(paths, plain{}, kind{"source", "policies", true})
}

// kind is what files are read: what one is called, and many; and whether tests are among them.
type kind struct {
	one, many string
	tests     bool
}

var policies = kind{"policy", "policies", false}

// read reads files of a kind.
func read(paths []string, from Files, what kind) ([]rules.Source, diag.List) {
	var sources []rules.Source
	var problems diag.List
	seen := map[string]bool{}
	for _, path := range paths {
		files, err := expand(path, from, what.tests)
		if err == nil && what == policies && len(files) == 1 && files[0] == path && IsTest(path) {
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead, Hint: "run: cellsh test",
				Message: "a policy file must hold policies, but the name of this one is that of tests"})
			continue
		}
		if err != nil {
			problems = append(problems, fileProblem(path, what.one, err))
			continue
		}
		if len(files) == 0 {
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: path}, Severity: diag.Warning, Code: diag.FileRead, Message: fmt.Sprintf("a folder of %s must hold files *.lua, but holds none", what.many)})
		}
		for _, file := range files {
			if seen[filepath.Clean(file)] {
				continue
			}
			seen[filepath.Clean(file)] = true
			text, err := from.ReadFile(file)
			if err == nil && len(text) > syntax.MaxSource {
				err = errSize(unknownSize)
			}
			if err != nil {
				problems = append(problems, fileProblem(file, what.one, err))
				continue
			}
			sources = append(sources, rules.Source{File: file, Text: text})
		}
	}
	return sources, problems
}

// IsTest reports whether a file holds tests and no policies.
func IsTest(file string) bool { return strings.HasSuffix(file, "_test.lua") }

func expand(path string, from Files, tests bool) ([]string, error) {
	names, folder, err := from.ReadDir(path)
	switch {
	case err != nil:
		return nil, err
	case !folder:
		return []string{path}, nil
	}
	var files []string
	for _, name := range names {
		if strings.HasSuffix(name, ".lua") && (tests || !IsTest(name)) && !strings.HasPrefix(name, ".") {
			files = append(files, filepath.Join(path, name))
		}
	}
	return files, nil
}

// Disk reads files whoever may have changed them.
func Disk() Files { return plain{} }

// plain reads files whoever may have changed them.
type plain struct{}

func (plain) ReadDir(path string) (names []string, folder bool, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return nil, false, err
	}
	entries, err := os.ReadDir(path)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, true, err
}

func (plain) ReadFile(path string) (string, error) { return readFile(path) }

// errKind is a file that is something else than a file.
type errKind struct{ is string }

func (e errKind) Error() string { return e.is }

// errSize is the size of a file that is too large.
type errSize int64

const unknownSize = -1

func (e errSize) Error() string {
	if e == unknownSize {
		return fmt.Sprintf("the source must be at most %d bytes, but is more", syntax.MaxSource)
	}
	return fmt.Sprintf("the source must be at most %d bytes, but is %d", syntax.MaxSource, int64(e))
}

// readFile reads a regular file of at most the size that sources may have.
func readFile(path string) (string, error) {
	// Opening a FIFO would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	switch {
	case !info.Mode().IsRegular():
		return "", errKind{describeMode(info.Mode())}
	case info.Size() > syntax.MaxSource:
		return "", errSize(info.Size())
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
func fileProblem(path, what string, err error) diag.Diagnostic {
	d := diag.Diagnostic{Span: diag.Span{File: path}, Code: diag.FileRead}
	var kind errKind
	var size errSize
	var pathErr *fs.PathError
	var trust *disk.TrustError
	switch {
	case errors.As(err, &trust):
		d.Code, d.Message = diag.FileTrust, trust.Error()
	case errors.As(err, &size):
		d.Code, d.Message, d.Hint = diag.SourceSize, size.Error(), "divide it into several files"
	case errors.As(err, &kind):
		d.Message = fmt.Sprintf("a %s must be a file, but is %s", what, kind.is)
	case errors.Is(err, fs.ErrNotExist):
		d.Message = fmt.Sprintf("a %s file or folder must exist, but does not", what)
	case errors.Is(err, fs.ErrPermission):
		d.Message = fmt.Sprintf("a %s file must be readable, but permission is denied", what)
	case errors.As(err, &pathErr):
		d.Message = fmt.Sprintf("a %s file must be readable, but is not: %s", what, pathErr.Err)
	default:
		d.Message = fmt.Sprintf("a %s file must be readable, but is not: %s", what, err)
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
		return file, "", fmt.Errorf("module %s must be readable, but is not: %w", diag.Short(name), disk.Cause(err))
	case !info.Mode().IsRegular():
		return file, "", fmt.Errorf("module %s must be a file, but %s is %s", name, file, describeMode(info.Mode()))
	}
	text, err = readFile(file)
	if err != nil {
		return file, "", fmt.Errorf("module %s must be readable, but is not: %w", name, disk.Cause(err))
	}
	return file, text, nil
}

// ModuleFrom is Module for files that are read in another way.
func ModuleFrom(from Files) func(dir, name string) (file, text string, err error) {
	return func(dir, name string) (file, text string, err error) {
		file = filepath.Join(dir, name+".lua")
		if text, err = from.ReadFile(file); err != nil {
			return file, "", fmt.Errorf("module %s must be readable, but is not: %w", name, err)
		}
		return file, text, nil
	}
}
