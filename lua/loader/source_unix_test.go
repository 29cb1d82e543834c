//go:build unix

package loader

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// Nothing that is no file is opened: a pipe would wait for its other end for ever.
func TestPipesAndSockets(t *testing.T) {
	dir := folder(t, map[string]string{"ok.lua": ""})
	pipe, socket := filepath.Join(dir, "pipe.lua"), filepath.Join(dir, "socket.lua")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	sources, problems := Read([]string{dir})
	if len(sources) != 1 || len(problems) != 2 {
		t.Fatalf("%v, problems %v", names(sources), problems)
	}
	problem{code: diag.FileRead, message: "a policy must be a file, but is a pipe"}.check(t, problems[0], pipe)
	problem{code: diag.FileRead, message: "a policy must be a file, but is a socket"}.check(t, problems[1], socket)

	_, problems = LoadSources([]rules.Source{{File: filepath.Join(dir, "main.lua"), Text: `require "pipe"`}}, Options{})
	if len(problems) != 1 || !strings.HasSuffix(problems[0].Message, "pipe.lua is a pipe") {
		t.Errorf("%v", problems)
	}
}
