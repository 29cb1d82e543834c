// Package start builds cellsh as it is released, and runs it.
//
//	p, err := start.Build()
//	err = p.Run("help")
package start

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Commands are what a start is measured with: one that needs no kernel, and one that needs a kernel and Lua.
var Commands = [][]string{{"help", "list"}, {"-k", "sim", "-e", "list"}}

// Program is cellsh in a folder of its own.
type Program struct{ folder string }

// Build builds it from its own module, with what that requires.
func Build() (*Program, error) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "cellsh").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	folder, err := os.MkdirTemp("", "cellsh-start")
	if err != nil {
		return nil, err
	}
	p := &Program{folder}
	build := exec.Command("go", "build", "-trimpath", "-o", p.Path(), "./cmd/cellsh")
	build.Dir = strings.TrimSpace(string(module))
	if out, err := build.CombinedOutput(); err != nil {
		p.Remove()
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return p, nil
}

// Path of the program.
func (p *Program) Path() string { return filepath.Join(p.folder, "cellsh") }

// Run runs it, and waits for its end.
func (p *Program) Run(args ...string) error {
	if out, err := exec.Command(p.Path(), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("cellsh: %w\n%s", err, out)
	}
	return nil
}

// Remove removes it.
func (p *Program) Remove() { _ = os.RemoveAll(p.folder) }
