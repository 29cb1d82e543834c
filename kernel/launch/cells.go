package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"cellsh/kernel"
)

// Cells runs commands in cells of the running NetBSD. The caller must be root of the host.
type Cells struct {
	Options
	// Executable is the program to start as the helper, "" for the running one. Its main must do what the package
	// comment shows.
	Executable string
	// Note is told of what went wrong without keeping the command from running; nil to write it to the command's
	// standard error.
	Note func(string)
}

var _ Launcher = (*Cells)(nil)

// Run runs the command in its cell. See Launcher.
func (l *Cells) Run(ctx context.Context, c Command, f Files) (Status, error) {
	if err := f.check(); err != nil {
		return Status{}, err
	}
	// The plan is the helper's; here it only tells early what can't be.
	if _, err := Plan(c); err != nil {
		return Status{}, err
	}
	if uid := os.Geteuid(); uid != 0 {
		return Status{}, c.notStarted(kernel.NotRoot(c.op(), uid))
	}
	note := l.Note
	if note == nil {
		note = func(text string) { fmt.Fprintln(f.Err, "cellsh:", text) }
	}
	return l.helped(ctx, c, f, l.Executable, "", newRequest(c, l.term(f)), func(reports io.Reader) error { return c.await(reports, note) })
}

// helped runs the command by way of the helper, which is the running program where no other is named. Await follows what the
// helper reports until it is the command.
func (o Options) helped(ctx context.Context, c Command, f Files, helper, dir string, q request, await func(io.Reader) error) (Status, error) {
	name := helper
	if helper == "" {
		var err error
		if helper, err = os.Executable(); err != nil {
			return Status{}, c.refuse("", "the program must find its own file to start it as the helper, but: %v", err)
		}
		name = os.Args[0]
	}
	requestRead, requestWrite, err := os.Pipe()
	if err != nil {
		return Status{}, c.refuse("", "there must be pipes to the helper, but: %v", err)
	}
	defer requestWrite.Close()
	reportRead, reportWrite, err := os.Pipe()
	if err != nil {
		requestRead.Close()
		return Status{}, c.refuse("", "there must be pipes to the helper, but: %v", err)
	}
	defer reportRead.Close()
	theirs := []*os.File{requestRead, reportWrite}
	closeTheirs := func() {
		for _, f := range theirs {
			f.Close()
		}
	}
	status, err := o.session(ctx, child{
		paths: []string{helper}, args: []string{name, helperArg}, env: []string{}, dir: dir, extra: theirs,
	}, f, func(pid int) error {
		closeTheirs()
		if o.Held != nil {
			if err := o.Held(pid); err != nil {
				return c.notStarted(err)
			}
		}
		// A helper that dies before it read all of this is noticed by what it does not report.
		go func() {
			json.NewEncoder(requestWrite).Encode(q)
			requestWrite.Close()
		}()
		if err := await(reportRead); err != nil {
			return err
		}
		if o.Began != nil {
			o.Began()
		}
		return nil
	})
	closeTheirs()
	if err = c.outcome(ctx, err, "the helper "+helper); errors.As(err, new(*NotStarted)) {
		status = Status{} // it is that of the helper
	}
	return status, err
}

// outcome is the error of Run for one of a session, in which something should have started.
func (c Command) outcome(ctx context.Context, err error, what string) error {
	var known *NotStarted
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil || errors.As(err, &known):
		return err
	}
	return c.refuse("", "%s must start, but: %v", what, err)
}

// foreign says that this system has no cells.
func foreign() error {
	return &kernel.UnsupportedError{
		Kernel: runtime.GOOS + "/" + runtime.GOARCH, Capability: kernel.CapEnter, Why: "cells are a part of NetBSD",
	}
}
