//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package launch

import (
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"cellsh/policy/kauth"
)

// process is a child in a session of its own, which makes it the leader of a process group.
type process struct {
	pid int
	// done is closed when the child is gone and status is set.
	done   chan struct{}
	status Status

	// The child is signalled and waited for under one lock: once it was waited for, its number may be that of
	// somebody else.
	mu   sync.Mutex
	gone bool
}

// executable gives the error that executing the file would, as far as that is the file's. It is looked at before, because
// an attempt that fails may be the only one: the child that made it was the leader of a session, and NetBSD takes a
// terminal from all processes when that ends.
func executable(path, dir string) error {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return kernelErrno(err)
	case !info.Mode().IsRegular():
		return kauth.EACCES
	}
	return kernelErrno(unix.Faccessat(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS))
}

// start starts the first of the files that can be executed. The descriptors of the child are the files; if
// terminal is not negative, it is the number of one of them, which becomes the session's terminal.
func start(paths, args, env []string, dir string, files []*os.File, terminal int) (*process, error) {
	var first string
	if err := executeFirst(paths, func(path string) error {
		first = path
		return executable(path, dir)
	}); err != nil {
		return nil, err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	attr := &os.ProcAttr{Dir: dir, Env: env, Files: files, Sys: &syscall.SysProcAttr{
		Setsid: true, Setctty: terminal >= 0, Ctty: max(terminal, 0),
	}}
	child, err := os.StartProcess(first, args, attr)
	if err != nil {
		signal.Stop(ended)
		return nil, kernelErrno(err)
	}
	p := &process{pid: child.Pid, done: make(chan struct{})}
	child.Release()
	go p.wait(ended)
	return p, nil
}

// wait looks after the child whenever some child ended.
func (p *process) wait(ended chan os.Signal) {
	for !p.reap() {
		<-ended
	}
	signal.Stop(ended)
	close(p.done)
}

func (p *process) reap() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var status unix.WaitStatus
	pid, err := unix.Wait4(p.pid, &status, unix.WNOHANG, nil)
	for err == unix.EINTR {
		pid, err = unix.Wait4(p.pid, &status, unix.WNOHANG, nil)
	}
	switch {
	case err != nil:
		// Somebody else waited for the child. That it is gone is all that can be known.
		p.status = Status{Code: 1}
	case pid == 0:
		return false
	case status.Signaled():
		p.status = Status{Signal: int(status.Signal())}
	default:
		p.status = Status{Code: status.ExitStatus()}
	}
	p.gone = true
	return true
}

// signal sends the signal to the child's process group, unless the child is gone.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		unix.Kill(-p.pid, s)
	}
}

func (p *process) kill()                  { p.signal(unix.SIGKILL) }
func (p *process) ended() <-chan struct{} { return p.done }

// execute becomes the file, as execve(2); it gives only an error. The descriptors from 3 to last close with it.
func execute(path string, args, env []string, last int) error {
	for fd := 3; fd <= last; fd++ {
		unix.CloseOnExec(fd)
	}
	return kernelErrno(unix.Exec(path, args, env))
}
