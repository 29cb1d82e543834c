package declare

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// The functions of cellman's files, the first of which begin its documents.
var (
	cellmanDocuments = []string{"cell", "volume", "host", "apply"}
	cellmanActions   = []string{"pkg", "exec", "script", "dir", "file", "copy", "template", "untar", "line", "symlink", "patch", "from_env"}
)

// settings are the keys of files that have a KEY=VALUE on each line: the cells of celladm and its defaults, and cellman.conf.
var settings = []struct {
	tool string
	keys []string
}{
	{"celladm", []string{"name", "root_base", "autostart", "command", "profile", "reserved_ports", "rlimit_nofile", "rlimit_as", "rlimit_core", "run_uid",
		"run_gid", "run_groups", "log_facility", "log_stdout_level", "log_stderr_level", "log_tag", "require", "after", "before", "mount", "healthcheck", "local_dev",
		"release", "machine_arch", "netbsd_mirror", "bootstrap_include_xbase"}},
	{"cellman", []string{"RELEASE", "MACHINE_ARCH", "NETBSD_MIRROR", "CELL_BASE_DIR", "CELL_DATA_DIR", "CELL_VOLUME_DIR", "CELL_BACKUP_DIR", "CELL_RELEASE_DIR",
		"CELL_ALLOW_HOST_MOUNTS", "PKG_MIRROR", "PKG_ARCH", "PKG_RELEASE", "PKG_PATH", "CELL_LOCAL_DEV", "CELL_DEV_SIZE", "CELL_DEVICES", "CELL_PTYFS"}},
}

const foreignHint = "cellsh reads policies, which declare with policy and never, services, which declare with service, and scripts, which make cells with cell.create"

// Foreign says of a file that has failed, or declares nothing, that it is one of another tool, cellman or celladm, if it
// looks like one. at is where Lua raised an error: only if that is the call of a word of cellman's is the word the reason.
// The zero span is for files that were not run.
func Foreign(f *syntax.File, at diag.Span) (diag.Diagnostic, bool) {
	if at == (diag.Span{}) {
		for _, x := range settings {
			if key, line := settingsKey(f.Text, x.keys); key != "" {
				return foreign(f, diag.Span{File: f.Name, Line: line, Column: 1, Width: len(key)}, x.tool, key+"= is a key"), true
			}
		}
	}
	return foreignWord(f, at)
}

// foreign says that a file is one of a tool, and what shows it at a place.
func foreign(f *syntax.File, at diag.Span, tool, what string) diag.Diagnostic {
	return diag.Diagnostic{Span: at, Excerpt: f.Line(at.Line), Code: diag.FileForeign, Hint: foreignHint,
		Message: fmt.Sprintf("a source must be a policy, a service or a script of cellsh, but this is a file of %s: %s of it", tool, what)}
}

// ForeignWords is Foreign for a file that nobody runs: by the words of cellman alone. Settings look like a module that only
// assigns.
func ForeignWords(f *syntax.File) (diag.Diagnostic, bool) { return foreignWord(f, diag.Span{}) }

func foreignWord(f *syntax.File, at diag.Span) (diag.Diagnostic, bool) {
	var first *syntax.CallExpr
	document, own := false, map[string]bool{}
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			for _, t := range n.Targets {
				own[globalName(t)] = true
			}
		case *syntax.FunctionStmt:
			own[globalName(n.Target)] = true
		case *syntax.CallExpr:
			name := globalName(n.Func)
			isDocument := slices.Contains(cellmanDocuments, name) && len(n.Args) > 0 && isText(n.Args[0])
			if n.Method != nil || !isDocument && !slices.Contains(cellmanActions, name) {
				break
			}
			document = document || isDocument
			if span := f.Span(n.Func); first == nil && (at == diag.Span{} || span.Line == at.Line && span.Column == at.Column) {
				first = n
			}
		}
		return true
	})
	if !document || first == nil || own[globalName(first.Func)] {
		return diag.Diagnostic{}, false
	}
	return foreign(f, f.Span(first.Func), "cellman", globalName(first.Func)+" is a word"), true
}

// globalName is the name of a global variable, "" for other expressions.
func globalName(e syntax.Expr) string {
	if n, ok := e.(*syntax.NameExpr); ok && n.Local == nil {
		return n.Name
	}
	return ""
}

func isText(e syntax.Expr) bool {
	_, ok := e.(*syntax.StringExpr)
	return ok
}

// settingsKey gives the first key of a file of settings, and its line: each line that is not empty and no comment begins with
// one of the keys and "=". It is "" for other texts.
func settingsKey(text string, keys []string) (first string, number int) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, _, ok := strings.Cut(line, "=")
		if !ok || !slices.Contains(keys, key) {
			return "", 0
		}
		if first == "" {
			first, number = key, i+1
		}
	}
	return first, number
}
