package shell

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// FailedError says that a command ended with something else than 0. Code is what a shell makes of it.
type FailedError struct {
	Text string
	Code int
}

func (e *FailedError) Error() string {
	if e.Code > 128 {
		return fmt.Sprintf("the command %q died of signal %d", e.Text, e.Code-128)
	}
	return fmt.Sprintf("the command %q ended with %d", e.Text, e.Code)
}

// Run runs a command of sh(1) with these files and waits for its end. Ctrl-C at a terminal ends the command, and not the caller.
// The error is a *FailedError, or says that there is no shell.
func Run(text string, in io.Reader, out, err io.Writer) error {
	c := exec.Command("/bin/sh", "-c", text)
	c.Stdin, c.Stdout, c.Stderr = in, out, err
	defer ignoreInterrupts()()
	return outcome(text, c.Run())
}

// Pipe starts a command of sh(1) whose input is what is written to the file. Wait, after the file is closed, waits for its end, with
// an error as Run gives it.
func Pipe(text string, out, err io.Writer) (to *os.File, wait func() error, _ error) {
	in, to, failure := os.Pipe()
	if failure != nil {
		return nil, nil, failure
	}
	c := exec.Command("/bin/sh", "-c", text)
	c.Stdin, c.Stdout, c.Stderr = in, out, err
	restore := ignoreInterrupts()
	failure = c.Start()
	in.Close()
	if failure != nil {
		restore()
		to.Close()
		return nil, nil, outcome(text, failure)
	}
	return to, func() error {
		defer restore()
		return outcome(text, c.Wait())
	}, nil
}

// Edit has a text edited by the command of sh(1) that is given, which gets a file with it, and gives what is in the file then. The
// name of the file ends with the ending, and nobody else can read it.
func Edit(command, text, ending string, in io.Reader, out, err io.Writer) (edited string, _ error) {
	f, failure := os.CreateTemp("", "cellsh-*"+ending)
	if failure != nil {
		return "", failure
	}
	defer os.Remove(f.Name())
	if text != "" {
		text += "\n"
	}
	_, failure = io.WriteString(f, text)
	if failure = errors.Join(failure, f.Close()); failure != nil {
		return "", failure
	}
	if failure := EditFile(command, f.Name(), 0, in, out, err); failure != nil {
		return "", failure
	}
	now, failure := os.ReadFile(f.Name())
	return string(now), failure
}

// EditFile has a file edited by the command of sh(1) that is given, at a line, or with 0 where the command begins. The error is as
// Run gives it.
func EditFile(command, file string, line int, in io.Reader, out, err io.Writer) error {
	if line > 0 {
		command += fmt.Sprintf(" +%d", line)
	}
	return Run(command+" '"+strings.ReplaceAll(file, "'", `'\''`)+"'", in, out, err)
}

// ignoreInterrupts keeps Ctrl-C, which reaches all who have the terminal, from ending the caller.
func ignoreInterrupts() (restore func()) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	return func() { signal.Stop(interrupts) }
}

func outcome(text string, err error) error {
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		return err
	}
	code := ended.ExitCode()
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return &FailedError{text, code}
}
