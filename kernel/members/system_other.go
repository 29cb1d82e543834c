//go:build !(linux || netbsd || freebsd || openbsd || dragonfly || darwin)

package members

import (
	"errors"
	"syscall"
)

var ownSession *syscall.SysProcAttr

func signalNumber(string) syscall.Signal { return 0 }
func signalName(syscall.Signal) string   { return "" }
func broadcast(syscall.Signal) error     { return errors.ErrUnsupported }
func send(int, syscall.Signal) error     { return errors.ErrUnsupported }
func ownSessionNumber() int              { return 0 }
