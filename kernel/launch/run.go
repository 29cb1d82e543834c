package launch

import (
	"errors"
	"fmt"
	"slices"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// System is what the helper asks of the system. Errors are a kauth.Errno, or anything for what is no single
// system call. What Setlimit, Setreuid, Setuid and the prepared functions do asks for no memory if it succeeds.
type System interface {
	// HideDescriptors marks all open descriptors from the given one on to be closed by execve. Those that are
	// opened later must be marked from the start.
	HideDescriptors(from int) error
	// CloseInherited closes the descriptors from the given one on that the program was started with: those that are open
	// and would stay so at execve, because everything that the program opens itself would not.
	CloseInherited(from int) error
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
	// PrepareEnter looks up what entering the cell needs.
	PrepareEnter(kernel.CellID) (Entry, error)
	// PrepareChdir gives a Chdir whose error is a bare errno.
	PrepareChdir(dir string) (func() error, error)
	// PrepareExec gives a function for each file that executes it, and does not return if it succeeds. Its error is
	// a bare errno.
	PrepareExec(paths, args, env []string) ([]func() error, error)
}

// Entry is the way into a cell, ready to be taken.
type Entry interface {
	// Enter moves the process into the cell. It asks for no memory, and its error is a bare errno.
	Enter() error
	// Explain says in words what an error of Enter means.
	Explain(error) error
}

// runner carries steps out.
type runner struct {
	Command
	term string
	sys  System
	who  Account
	// tell sends a report, send one that is encoded already.
	tell func(report) error
	send func([]byte) error

	// What Prepare made.
	entry              Entry
	home               func() error
	exec               []func() error
	starting, homeless []byte
}

// run does the steps in their order, and stops at the first that fails.
func (r *runner) run(steps []Step) (failed int, err error) {
	for i, s := range steps {
		if err := s.do(r); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// From the moment that it enters the cell until it is the command, members with enough rights can get hold of the helper, by
// ptrace(2): what the caller of this program left open must be gone before, not only at execve.
func (s HideDescriptors) do(r *runner) error {
	if err := r.sys.CloseInherited(reportDescriptor + 1); err != nil {
		return err
	}
	return r.sys.HideDescriptors(s.From)
}

func (s Chroot) do(r *runner) error { return r.sys.Chroot(s.Dir) }
func (s Chdir) do(r *runner) error  { return r.sys.Chdir(s.Dir) }

func (s ResolveUser) do(r *runner) (err error) {
	r.who, err = resolve(s.User, func(name string) ([]byte, error) { return r.sys.ReadFile(name, maxDatabase) })
	if err != nil {
		return err
	}
	for _, g := range r.Groups {
		if !slices.Contains(r.who.Groups, g) {
			r.who.Groups = append(r.who.Groups, g)
		}
	}
	return r.tell(report{Account: &r.who})
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

func (s Prepare) do(r *runner) (err error) {
	if r.entry, err = r.sys.PrepareEnter(s.Cell); err != nil {
		return err
	}
	if r.home, err = r.sys.PrepareChdir(r.who.Home); err != nil {
		return err
	}
	env := environment(r.who, r.term, r.Env)
	program, args := arguments(r.Command, r.who)
	if r.exec, err = r.sys.PrepareExec(candidates(program, env), args, env); err != nil {
		return err
	}
	r.starting = report{Starting: true}.encode()
	r.homeless = report{Note: fmt.Sprintf("the home %s can't be entered, so the shell starts in /", r.who.Home)}.encode()
	return nil
}

func (s SetLimit) do(r *runner) error { return r.sys.Setlimit(s.Limit, s.Value) }

func (SetRealUser) do(r *runner) error { return r.sys.Setreuid(r.who.UID, 0) }

func (s EnterCell) do(r *runner) error {
	err := r.entry.Enter()
	if err == nil {
		return nil
	}
	// Words take memory. Root of the host can have it back.
	r.sys.Setlimit(AS, kauth.Unlimited)
	return r.entry.Explain(err)
}

var errNotDropped = errors.New("the user must be the real and the effective one now, but is not")

func (DropRoot) do(r *runner) error {
	if err := r.sys.Setuid(r.who.UID); err != nil {
		return err
	}
	if real, effective := r.sys.Getuid(); real != r.who.UID || effective != r.who.UID {
		return errNotDropped
	}
	return nil
}

func (GoHome) do(r *runner) error {
	if r.home() != nil {
		return r.send(r.homeless)
	}
	return nil
}

func (Execute) do(r *runner) error {
	if err := r.send(r.starting); err != nil {
		return err
	}
	return executeFirst(r.exec, func(exec func() error) error { return exec() })
}

// executeFirst tries the files in order, as execvp(3): it goes on where there is nothing to execute, and what is
// there but not allowed is a better reason to give than what is not there.
func executeFirst[F any](files []F, execute func(F) error) error {
	last := kauth.ENOENT
	for _, f := range files {
		switch err := execute(f); err {
		case nil:
			return nil
		case kauth.ENOENT, kauth.ENOTDIR:
		case kauth.EACCES:
			last = kauth.EACCES
		default:
			return err
		}
	}
	return last
}
