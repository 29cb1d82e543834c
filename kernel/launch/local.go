package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// Local runs commands as ordinary children of this machine, for the simulated kernel. Nothing isolates them: no
// root is changed, no cell is entered, no id and no limit is set. It says so on the command's standard error.
type Local struct {
	Options
	// Register, if not nil, is called before the command starts, with the account that it would have in the cell.
	// An error keeps it from starting. The function that it gives is called when the command ended.
	Register func(kernel.Cell, Account) (exited func(Status), err error)
	// Started, if not nil, is called when the command runs, with its process, which leads a session. The function that it
	// gives is called when the command ended; others may be left in the session. Unlike Held it needs no helper, and is not
	// called where there is one.
	Started func(c kernel.Cell, pid int) (ended func())
	// Quiet leaves out the notice, for a caller that gave it.
	Quiet bool
	// Executable is the program to start as the helper, which there is only with Held or Began; see Cells.
	Executable string
}

var _ Launcher = (*Local)(nil)

// Run runs the command on this machine. See Launcher. The user is looked up in the files of this machine.
func (l *Local) Run(ctx context.Context, c Command, f Files) (Status, error) {
	if err := c.check(); err != nil {
		return Status{}, err
	}
	if err := f.check(); err != nil {
		return Status{}, err
	}
	who, err := resolve(c.User, readLocal)
	if err != nil {
		return Status{}, c.notStarted(err)
	}
	me, err := myself()
	if err != nil {
		return Status{}, c.notStarted(err)
	}
	exited := func(Status) {}
	if l.Register != nil {
		if exited, err = l.Register(c.Cell, who); err != nil {
			return Status{}, c.notStarted(err)
		}
	}
	status, err := l.run(ctx, c, me, f)
	exited(status)
	return status, err
}

func (l *Local) run(ctx context.Context, c Command, me Account, f Files) (Status, error) {
	env := environment(me, l.term(f), c.Env)
	program, args := arguments(c, me)
	if !l.Quiet {
		fmt.Fprintf(f.Err, "cellsh: simulated: %s is not isolated; it runs as an ordinary process of this machine, as uid %d, not in cell %s\n", program, me.UID, c.Cell.Name)
	}
	dir := "/"
	if len(c.Args) == 0 {
		if info, err := os.Stat(me.Home); err == nil && info.IsDir() {
			dir = me.Home
		} else {
			fmt.Fprintf(f.Err, "cellsh: the home %s is no directory, so the shell starts in /\n", me.Home)
		}
	}
	paths := candidates(program, env)
	var status Status
	var err error
	ended := func() {}
	if l.Held == nil && l.Began == nil {
		status, err = l.session(ctx, child{paths: paths, args: args, env: env, dir: dir}, f, func(pid int) error {
			if l.Started != nil {
				ended = l.Started(c.Cell, pid)
			}
			return nil
		})
		ended()
	} else {
		status, err = l.helped(ctx, c, f, l.Executable, dir, localRequest(paths, args, env), func(reports io.Reader) error {
			err := awaitLocal(reports)
			if errno, ok := err.(kauth.Errno); ok {
				return c.explain(Execute{}, me, errno)
			}
			return err
		})
	}
	if errno, ok := err.(kauth.Errno); ok {
		return status, c.explain(Execute{}, me, errno)
	}
	return status, c.outcome(ctx, err, program)
}

// myself is the account that children of this program have.
func myself() (Account, error) {
	uid, gid := os.Geteuid(), os.Getegid()
	me, found, err := findUser(strconv.Itoa(uid), readLocal)
	if err != nil {
		return me, err
	}
	if !found {
		me.GID = uint32(gid)
	}
	return me, nil
}

func readLocal(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = fs.ErrNotExist
	}
	return text, err
}
