package subject

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"cellsh/judge/request"
)

// Program is cellsh.
type Program struct {
	Path string
	// Timeout bounds one run; 0 is a minute.
	Timeout time.Duration
	// Proof has check compare what it compiled with the functions, too.
	Proof bool
}

// ErrTimeout is given where a run took too long.
var ErrTimeout = errors.New("cellsh did not end in time")

// Diagnostic is what check says about a file.
type Diagnostic struct {
	Severity, Code, File, Message string
	Line                          int
}

// Answer is what decide answers. Result is error where it gives none, and Reason says why.
type Answer struct {
	Result, Reason string
	// Policy that said so, or "".
	Policy string
}

// Build compiles the program from the module around the folder into another folder.
func Build(module, folder string) (Program, error) {
	path := filepath.Join(folder, "cellsh")
	c := exec.Command("go", "build", "-o", path, "./cmd/cellsh")
	c.Dir = module
	if output, err := c.CombinedOutput(); err != nil {
		return Program{}, fmt.Errorf("cellsh must build, but does not: %w\n%s", err, output)
	}
	return Program{Path: path}, nil
}

// run gives what the program wrote and its exit code. An error is that it could not be run, or did not end, or died.
func (p Program) run(stdin string, args ...string) (stdout, stderr string, code int, err error) {
	timeout := p.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var out, problems bytes.Buffer
	c := exec.CommandContext(ctx, p.Path, args...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &problems
	err = c.Run()
	if ctx.Err() != nil {
		return "", "", 0, ErrTimeout
	}
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		return "", "", 0, err
	case c.ProcessState.ExitCode() < 0 || c.ProcessState.ExitCode() > 1 || strings.Contains(problems.String(), "goroutine "):
		return "", "", 0, fmt.Errorf("cellsh must end with 0 or 1, but ends with %s: %s", c.ProcessState, cut(problems.String()))
	}
	return out.String(), problems.String(), c.ProcessState.ExitCode(), nil
}

// cut is the begin of a long text.
func cut(text string) string {
	const most = 2000
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// Check gives what is wrong with the policies of a file or folder.
func (p Program) Check(path string) ([]Diagnostic, error) {
	args := []string{"check", "--json"}
	if !p.Proof {
		args = append(args, "--no-proof")
	}
	stdout, stderr, _, err := p.run("", append(args, path)...)
	if err != nil {
		return nil, err
	}
	var report struct{ Diagnostics []Diagnostic }
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		return nil, fmt.Errorf("check must write an object of JSON, but it is malformed: %w: %s", err, cut(stderr))
	}
	return report.Diagnostics, nil
}

// Decide answers requests with the policies of a file or folder.
func (p Program) Decide(path string, requests []request.Request) ([]Answer, error) {
	var lines strings.Builder
	for i := range requests {
		lines.WriteString(requests[i].JSON())
		lines.WriteByte('\n')
	}
	stdout, stderr, _, err := p.run(lines.String(), "decide", "--policy", path)
	if err != nil {
		return nil, err
	}
	var answers []Answer
	for line := range strings.Lines(stdout) {
		var a struct{ Result, Reason, Policy, Error string }
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			return nil, fmt.Errorf("decide must write objects of JSON, but one is malformed: %w: %s", err, cut(line))
		}
		if a.Error != "" {
			a.Result, a.Reason = "error", a.Error
		}
		answers = append(answers, Answer{a.Result, a.Reason, a.Policy})
	}
	if len(answers) != len(requests) {
		return nil, fmt.Errorf("decide must answer %d requests, but answers %d: %s", len(requests), len(answers), cut(stderr))
	}
	return answers, nil
}

// Script runs a script, and gives what it wrote, and what went wrong in it or "".
func (p Program) Script(path string) (output, problem string, err error) {
	stdout, stderr, code, err := p.run("", path)
	if err == nil && code != 0 && stderr == "" {
		stderr = "exit code 1"
	}
	return stdout, stderr, err
}
