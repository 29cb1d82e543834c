//go:build unix

package monitor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// listener is a socket that others connect to.
type listener struct {
	file *os.File
	path string
}

// maxPath is how long the path of a socket may be: struct sockaddr_un of BSD has 104 bytes, one of them zero.
const maxPath = 103

func checkPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("the path of a control socket must be at most %d bytes, but %s has %d: give a shorter --run-dir", maxPath, path, len(path))
	}
	return nil
}

// listen makes the socket, for its owner alone. What has its name goes, if that is a socket: whoever had it is dead, because
// only who has claimed the service calls it.
func listen(path string) (*listener, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("%s must be free for the control socket, but is something else", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	fd, err := socket()
	if err != nil {
		return nil, err
	}
	// The folder is open to the owner alone, so nobody else can connect before the mode is set.
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err == nil {
		err = unix.Listen(fd, 16)
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("the control socket %s must be usable, but: %w", path, err)
	}
	return &listener{os.NewFile(uintptr(fd), path), path}, nil
}

func socket() (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, fmt.Errorf("there must be sockets, but: %w", err)
	}
	unix.CloseOnExec(fd)
	return fd, nil
}

// accept waits for the next connection.
func (l *listener) accept() (*os.File, error) {
	raw, err := l.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var failed error
	err = raw.Read(func(of uintptr) bool {
		for {
			syscall.ForkLock.RLock()
			fd, _, failed = unix.Accept(int(of))
			if failed == nil {
				unix.CloseOnExec(fd)
			}
			syscall.ForkLock.RUnlock()
			switch failed {
			case unix.EINTR, unix.ECONNABORTED:
			case unix.EAGAIN:
				return false
			default:
				return true
			}
		}
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		if err = unix.SetNonblock(fd, true); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), l.path), nil
}

// close stops listening, and takes the name away. What else has it by now stays.
func (l *listener) close() {
	if info, err := os.Lstat(l.path); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(l.path)
	}
	l.file.Close()
}

// errNobody says that nobody listens.
var errNobody = errors.New("nobody listens")

// dial connects to a socket.
func dial(path string) (*os.File, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	fd, err := socket()
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
		if err != unix.EINTR {
			break
		}
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
			return nil, errNobody
		}
		return nil, fmt.Errorf("the control socket %s must be usable, but: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// closeOnExec keeps a descriptor from commands. One that is not open stays so.
func closeOnExec(fd uintptr) { unix.CloseOnExec(int(fd)) }

// signalGroup sends a signal to a process group. One that is gone is none to be signalled.
func signalGroup(group, signal int) error {
	if group <= 1 || group == unix.Getpgrp() {
		return nil
	}
	if err := unix.Kill(-group, unix.Signal(signal)); err != nil && err != unix.ESRCH {
		return err
	}
	return nil
}

// signalProcess sends a signal to a process that was there just now. That it has ended since is no error.
func signalProcess(pid, signal int) {
	if pid > 1 {
		_ = unix.Kill(pid, unix.Signal(signal))
	}
}

// losesSignals says that a signal can be lost that reaches a process in execve(2).
const losesSignals = runtime.GOOS == "netbsd"

// detached starts a process in a session of its own, or in that of the caller.
func detached(own bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: own} }

// ends are the signals that end a monitor, with its service. It is deaf to those that a terminal sends when it goes.
var ends = []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGQUIT}

var deaf = []os.Signal{unix.SIGHUP, unix.SIGPIPE, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU}

// children is the signal that says that one has ended.
const children = unix.SIGCHLD

// reap takes notice of a child that has ended, so that it is no zombie any more.
func reap(pid int) {
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(pid, &status, unix.WNOHANG, nil); err != unix.EINTR {
			return
		}
	}
}

// killNumber is SIGKILL.
const killNumber = int(unix.SIGKILL)

// SignalName is the name of a signal of this machine, "SIGTERM".
func SignalName(number int) string {
	if name := unix.SignalName(unix.Signal(number)); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", number)
}
