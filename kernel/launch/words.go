package launch

import (
	"errors"
	"fmt"
	"strings"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// explain says in words what went wrong in a step. The account is what is known of it. The error is a
// *NotStarted.
func (c Command) explain(s Step, who Account, err error) error {
	errno, bare := err.(kauth.Errno)
	if _, found := s.(ResolveUser); found && !bare || errors.As(err, new(*kernel.Error)) {
		return c.notStarted(err)
	}
	e := &kernel.Error{Op: c.op(), Text: fmt.Sprintf("to %s must succeed, but fails: %v", s, err)}
	failed := &NotStarted{e, 1}
	if !bare {
		return failed
	}
	e.Errno = errno
	// The symbol is added where the error is shown.
	e.Text = strings.TrimSuffix(e.Text, " ("+errno.Name()+")")
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
			e.Text = fmt.Sprintf("the user must be in at most as many groups as the kernel takes, but is in %d", len(who.Groups))
		}
	case Execute:
		c.explainExec(who, failed, e)
	}
	return failed
}

// explainExec has the words and the exit codes for an execve that failed, which are those of a shell.
func (c Command) explainExec(who Account, failed *NotStarted, e *kernel.Error) {
	program, _ := arguments(c, who)
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
		e.Text = fmt.Sprintf("user %d must be allowed to execute %s, but is not", who.UID, program)
	case kauth.EPERM:
		e.Text = fmt.Sprintf("the cell must be allowed to execute %s, but is not", program)
	case kauth.ENOEXEC:
		e.Text = fmt.Sprintf("%s must be a program that this kernel can run, but is not", program)
		e.Hint = "a script must begin with #! and the path of its interpreter"
	case kauth.E2BIG:
		e.Text = "the arguments and the environment must be as short as the kernel allows, but are longer"
	case kauth.EAGAIN:
		e.Text = fmt.Sprintf("user %d must have fewer processes than the limit allows, but has too many", who.UID)
	case kauth.ENOMEM:
		e.Text = fmt.Sprintf("there must be memory for %s, but there is not", program)
		e.Hint = "the cell's limit as may be too low for it"
	}
}
