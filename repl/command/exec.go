package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"cellsh/kernel"
	"cellsh/kernel/launch"
	"cellsh/policy/diag"
	"cellsh/repl/flags"
)

func execCommand() *Command {
	return &Command{
		Name: "exec", Args: "CELL [--] [COMMAND [ARGUMENT...]]", Short: "run a command in a cell", Changes: true, Verbatim: true, Without: []string{"policy", "json"},
		Long: `Runs a command in the cell, in its root, with its limits, as root or as --user,
and exits as the command does: 128 and the signal's number if it died of one,
127 if there is no such command, 126 if it can't be executed. Without a command
it is a login shell. The environment is new, but for TERM and what --env gives.
On a terminal the command gets one of its own, which is relayed, so that
nothing in the cell can put input into your shell.

With a simulated kernel the command is an ordinary one of this machine. Nothing
isolates it, and that is said.

  cellsh exec web-1 --user www -- id -u`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			var e execution
			fs.Text(&e.user, "user", "USER", "run as USER or USER:GROUP of the cell, names or numbers; root without it")
			fs.List(&e.env, "env", "NAME=VALUE", "set NAME=VALUE; repeats")
			return e.run
		},
	}
}

type execution struct {
	user string
	env  []string
}

func (e *execution) run(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("a cell must be given")
	}
	for _, v := range e.env {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
			return usage("--env must be NAME=VALUE, but is %q", v)
		}
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	c, err := h.Cell("run a command in cell "+inv.Args[0], inv.Args[0])
	if err != nil {
		return err
	}
	files, err := inv.files()
	if err != nil {
		return err
	}
	// The command gets the signals, and the terminal.
	_, end := inv.Work.Listen()
	defer end()
	inv.Line.Hide()
	ctx := context.Background()
	status, err := inv.target.Launcher.Run(ctx, launch.Command{Cell: c, User: e.user, Args: inv.Args[1:], Env: e.env}, files)
	if err != nil {
		inv.problems(diag.Of(err))
	}
	if code := launch.ExitCode(status, err); code != 0 {
		return quiet{code}
	}
	return nil
}

// files are the three descriptors of a command.
func (inv *Invocation) files() (launch.Files, error) {
	var f launch.Files
	for _, x := range []struct {
		to   **os.File
		from any
		name string
	}{{&f.In, inv.Stdin, "input"}, {&f.Out, inv.Stdout, "output"}, {&f.Err, inv.Stderr, "error output"}} {
		file, ok := fileOf(x.from)
		if !ok {
			return f, &kernel.Error{Op: "run a command", Text: fmt.Sprintf("standard %s must be a file, a pipe or a terminal, but is none", x.name)}
		}
		*x.to = file
	}
	return f, nil
}

// fileOf is the file that is read or written, behind what gives way to others before it is.
func fileOf(x any) (*os.File, bool) {
	for {
		switch y := x.(type) {
		case *os.File:
			return y, y != nil
		case *Output:
			x = y.To
		case interface{ Unwrap() io.Writer }:
			x = y.Unwrap()
		default:
			return nil, false
		}
	}
}
