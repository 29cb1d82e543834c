package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
)

// Launcher runs commands. Its methods are safe for concurrent use, as long as no two commands share a terminal.
type Launcher interface {
	// Run runs the command to its end. If the context ends first, the command's process group is killed, and the
	// error is that of the context. A command that could not be run is a *NotStarted.
	Run(context.Context, Command, Files) (Status, error)
}

// Command is what to run, where, and as whom.
type Command struct {
	// Cell as the kernel lists it. Its limits are set for the command.
	Cell kernel.Cell
	// User is "USER" or "USER:GROUP", each a name of the cell's /etc/passwd and /etc/group or a number; "" is root.
	// With a group given, the command is in that group alone, else in all groups of the user.
	User string
	// Groups that it is in beside the one of User, which must be "USER:GROUP" then.
	Groups []uint32
	// Args are the program and its arguments; none for the user's shell as a login shell. A program without a
	// slash is looked up in PATH.
	Args []string
	// Env are NAME=VALUE in addition to PATH, HOME, USER, LOGNAME, SHELL and, with a terminal, TERM. Nothing else
	// of the caller's environment gets through.
	Env []string
}

// check refuses what can't be passed on.
func (c Command) check() error {
	for _, arg := range c.Args {
		if strings.ContainsRune(arg, 0) {
			return c.refuse("", "an argument must have no zero byte, but %q has", arg)
		}
	}
	if len(c.Args) > 0 && c.Args[0] == "" {
		return c.refuse("", "the command must have a name, but it is empty")
	}
	if len(c.Groups) > 0 && !strings.Contains(c.User, ":") {
		return c.refuse("", "the user must be USER:GROUP where more groups are given, but is %q", c.User)
	}
	for _, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" || strings.ContainsRune(e, 0) {
			return c.refuse("", "a variable of the environment must be NAME=VALUE, but is %q", e)
		}
	}
	return nil
}

func (c Command) refuse(hint, format string, args ...any) error {
	return &NotStarted{Err: &kernel.Error{Op: c.op(), Text: fmt.Sprintf(format, args...), Hint: hint}, Code: 1}
}

// notStarted is for an error that says enough.
func (c Command) notStarted(err error) error {
	if known := new(kernel.Error); errors.As(err, &known) {
		return &NotStarted{known, 1}
	}
	return c.refuse("", "%v", err)
}

func (c Command) op() string { return "exec in cell " + c.Cell.Name }

// Files are the descriptors 0, 1 and 2 of the command. None may be nil. Terminals among them are not passed on,
// but relayed, and must be in the modes that the command's terminal is to begin with; the others are the command's
// own.
type Files struct{ In, Out, Err *os.File }

func (f Files) all() []*os.File { return []*os.File{f.In, f.Out, f.Err} }

func (f Files) check() error {
	if slices.Contains(f.all(), nil) {
		return errors.New("launch: the descriptors 0, 1 and 2 must all be given")
	}
	return nil
}

// Status is how a command ended.
type Status struct {
	// Code that it exited with, if Signal is 0.
	Code int
	// Signal that it died of, or 0.
	Signal int
}

// Exit is the code that a shell gives for the status: 128 and the signal for a death by one.
func (s Status) Exit() int {
	if s.Signal != 0 {
		return 128 + s.Signal
	}
	return s.Code
}

// NotStarted says that the command was not run.
type NotStarted struct {
	// Err is why, mostly a *kernel.Error.
	Err error
	// Code that a program should exit with: 127 for a command that does not exist, 126 for one that can't be
	// executed, 1 for all else.
	Code int
}

func (e *NotStarted) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *NotStarted) Unwrap() error { return e.Err }

// ExitCode is what a program should exit with after Run gave these two.
func ExitCode(s Status, err error) int {
	var failed *NotStarted
	switch {
	case errors.As(err, &failed):
		return failed.Code
	case err != nil && s.Exit() == 0:
		return 1
	}
	return s.Exit()
}

// Clock is time for waiting; a test has its own.
type Clock interface {
	// After gives a channel that is sent the time once, after the duration.
	After(time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Options are common to all launchers. The zero value is good for a program that has the terminal to itself.
type Options struct {
	// Term is the kind of the caller's terminal, for a command that is given one.
	Term string
	// Clock, if not nil, is used instead of the system's.
	Clock Clock
	// Signals, if not nil, gives the signals to pass on to the command's process group, and SIGWINCH when the size
	// of the terminal changed. Else Run listens for SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 and SIGWINCH
	// itself. NetBSD may lose a signal that arrives while the command is just being executed.
	Signals <-chan os.Signal
	// Held, if not nil, is told the process that will be the command, before it is: an error keeps it from being that. Who is
	// killed in between leaves nothing behind, because that process ends unless its launcher lets it go on. It leads a
	// session of its own.
	Held func(pid int) error
	// Began, if not nil, is called once that process is the command.
	Began func()
}

func (o Options) clock() Clock {
	if o.Clock == nil {
		return systemClock{}
	}
	return o.Clock
}

// standardPath is where commands are looked up, _PATH_STDPATH of NetBSD's paths.h.
const standardPath = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/pkg/bin:/usr/pkg/sbin:/usr/local/bin:/usr/local/sbin"

// environment is what the command gets. Of two values for a name the later counts, so what is asked for wins.
func environment(who Account, term string, extra []string) []string {
	name := who.Name
	if name == "" {
		name = fmt.Sprint(who.UID)
	}
	env := []string{"PATH=" + standardPath, "HOME=" + who.Home, "USER=" + name, "LOGNAME=" + name, "SHELL=" + who.Shell}
	if term != "" {
		env = append(env, "TERM="+term)
	}
	for _, e := range extra {
		name, _, _ := strings.Cut(e, "=")
		env = slices.DeleteFunc(env, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		env = append(env, e)
	}
	return env
}

// candidates are the files to try for a program, in order. Only absolute folders of PATH count: the current one
// may be anybody's.
func candidates(program string, env []string) []string {
	if strings.ContainsRune(program, '/') {
		return []string{program}
	}
	var files []string
	for _, e := range env {
		path, ok := strings.CutPrefix(e, "PATH=")
		if !ok {
			continue
		}
		for dir := range strings.SplitSeq(path, ":") {
			if strings.HasPrefix(dir, "/") {
				files = append(files, strings.TrimSuffix(dir, "/")+"/"+program)
			}
		}
	}
	return files
}

// arguments are those of the command, or of the user's login shell: a shell whose name begins with a dash.
func arguments(c Command, who Account) (program string, args []string) {
	if len(c.Args) > 0 {
		return c.Args[0], c.Args
	}
	return who.Shell, []string{"-" + who.Shell[strings.LastIndexByte(who.Shell, '/')+1:]}
}
