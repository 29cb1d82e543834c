package launch

import (
	"errors"
	"fmt"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// System is what the helper asks of the system. Errors are a kauth.Errno, or anything for what is no single
// system call.
type System interface {
	// HideDescriptors marks all open descriptors from the given one on to be closed by Exec. Those that are
	// opened later must be marked from the start.
	HideDescriptors(from int) error
	Chroot(dir string) error
	Chdir(dir string) error
	// ReadFile gives a regular file of at most limit bytes. It never waits, whatever kind of file it meets. For a
	// file that is not there the error is fs.ErrNotExist.
	ReadFile(name string, limit int) ([]byte, error)
	Setgroups(groups []uint32) error
	// Setgid sets the real, effective and saved group.
	Setgid(gid uint32) error
	Setlogin(name string) error
	// Setlimit sets the soft and the hard limit.
	Setlimit(limit Limit, value uint64) error
	Setreuid(real, effective uint32) error
	Setuid(uid uint32) error
	// Getuid gives the real and the effective user.
	Getuid() (real, effective uint32)
	// Enter moves the process into the cell.
	Enter(kernel.CellID) error
	// Exec does not return if it succeeds.
	Exec(path string, args, env []string) error
}

// runner carries steps out.
type runner struct {
	Command
	term string
	sys  System
	who  Account
	// starting is called when all is ready for the command.
	starting func() error
	// note is told of what went wrong without keeping the command from running.
	note func(string)
}

// run does the steps in their order, and stops at the first that fails. The error is a *NotStarted.
func (r *runner) run(steps []Step) error {
	for _, s := range steps {
		if err := s.do(r); err != nil {
			return r.explain(s, err)
		}
	}
	return nil
}

func (s HideDescriptors) do(r *runner) error { return r.sys.HideDescriptors(s.From) }
func (s Chroot) do(r *runner) error          { return r.sys.Chroot(s.Dir) }
func (s Chdir) do(r *runner) error           { return r.sys.Chdir(s.Dir) }

func (s ResolveUser) do(r *runner) (err error) {
	r.who, err = resolve(s.User, func(name string) ([]byte, error) { return r.sys.ReadFile(name, maxDatabase) })
	return err
}

func (SetGroups) do(r *runner) error { return r.sys.Setgroups(r.who.Groups) }
func (SetGroup) do(r *runner) error  { return r.sys.Setgid(r.who.GID) }

// maxLogin is the longest login name, LOGIN_NAME_MAX without its zero byte.
const maxLogin = 16

// A new session has the login name of the one before it, the caller's. A name that does not fit, or is not
// known, becomes none at all: any other would be wrong.
func (SetLogin) do(r *runner) error {
	name := r.who.Name
	if len(name) > maxLogin {
		name = ""
	}
	return r.sys.Setlogin(name)
}

func (s SetLimit) do(r *runner) error { return r.sys.Setlimit(s.Limit, s.Value) }

func (SetRealUser) do(r *runner) error { return r.sys.Setreuid(r.who.UID, 0) }

func (s EnterCell) do(r *runner) error { return r.sys.Enter(s.Cell) }

func (DropRoot) do(r *runner) error {
	if err := r.sys.Setuid(r.who.UID); err != nil {
		return err
	}
	if real, effective := r.sys.Getuid(); real != r.who.UID || effective != r.who.UID {
		return fmt.Errorf("the user must be %d now, but is %d and effectively %d", r.who.UID, real, effective)
	}
	return nil
}

func (GoHome) do(r *runner) error {
	if err := r.sys.Chdir(r.who.Home); err != nil {
		r.note(fmt.Sprintf("the home %s can't be entered (%v), so the shell starts in /", r.who.Home, err))
	}
	return nil
}

func (Execute) do(r *runner) error {
	env := environment(r.who, r.term, r.Env)
	program, args := arguments(r.Command, r.who)
	files := candidates(program, env)
	if err := r.starting(); err != nil {
		return fmt.Errorf("the launcher must hear of it, but: %w", err)
	}
	return executeFirst(files, func(path string) error { return r.sys.Exec(path, args, env) })
}

// explain says in words what went wrong in a step.
func (r *runner) explain(s Step, err error) error {
	if known := new(kernel.Error); errors.As(err, &known) {
		return &NotStarted{known, 1}
	}
	e := &kernel.Error{Op: r.op(), Text: fmt.Sprintf("to %s must succeed, but fails: %v", s, err)}
	failed := &NotStarted{e, 1}
	errno, ok := err.(kauth.Errno)
	if !ok {
		if _, found := s.(ResolveUser); found {
			e.Text = err.Error()
		}
		return failed
	}
	e.Errno = errno
	switch s := s.(type) {
	case Chroot:
		switch errno {
		case kauth.ENOENT:
			e.Text = fmt.Sprintf("the cell's root %s must be a directory, but does not exist", s.Dir)
			e.Hint = "mount it, or destroy the cell and create it anew"
		case kauth.ENOTDIR:
			e.Text = fmt.Sprintf("the cell's root %s must be a directory, but is another kind of file", s.Dir)
		case kauth.EPERM:
			e.Text = "the caller must be root of the host to chroot, but is not"
		}
	case SetLimit:
		if errno == kauth.EINVAL {
			e.Text = fmt.Sprintf("the limit %s must be one that the kernel takes, but is %d", s.Limit, s.Value)
		}
	case SetGroups:
		if errno == kauth.EINVAL {
			e.Text = fmt.Sprintf("the user must be in at most as many groups as the kernel takes, but is in %d", len(r.who.Groups))
		}
	case Execute:
		r.explainExec(failed, e)
	}
	return failed
}

// explainExec has the words and the exit codes for an execve that failed, which are those of a shell.
func (r *runner) explainExec(failed *NotStarted, e *kernel.Error) {
	program, _ := arguments(r.Command, r.who)
	failed.Code = 126
	switch e.Errno {
	case kauth.ENOENT, kauth.ENOTDIR:
		failed.Code = 127
		e.Text = fmt.Sprintf("the command must exist in the cell, but %s does not", program)
		if len(candidates(program, nil)) == 0 {
			e.Text = fmt.Sprintf("the command must be in PATH of the cell, but %s is not", program)
		} else {
			e.Hint = "if the file is there, the interpreter that its first line names is not"
		}
	case kauth.EACCES:
		e.Text = fmt.Sprintf("user %d must be allowed to execute %s, but is not", r.who.UID, program)
	case kauth.EPERM:
		e.Text = fmt.Sprintf("the cell must be allowed to execute %s, but is not", program)
	case kauth.ENOEXEC:
		e.Text = fmt.Sprintf("%s must be a program that this kernel can run, but is not", program)
		e.Hint = "a script must begin with #! and the path of its interpreter"
	case kauth.E2BIG:
		e.Text = "the arguments and the environment must be as short as the kernel allows, but are longer"
	case kauth.EAGAIN:
		e.Text = fmt.Sprintf("user %d must have fewer processes than the limit allows, but has too many", r.who.UID)
	case kauth.ENOMEM:
		e.Text = fmt.Sprintf("there must be memory for %s, but there is not", program)
		e.Hint = "the cell's limit as may be too low for it"
	}
}
