//go:build !linux && !netbsd && !freebsd && !darwin

package pty

import (
	"errors"
	"os"
)

// Open refuses: how terminals are made here is not known.
func Open() (near, far *os.File, err error) { return nil, nil, errors.ErrUnsupported }

// GetSize refuses, as Open.
func GetSize(*os.File) (Size, error) { return Size{}, errors.ErrUnsupported }

// SetSize refuses, as Open.
func SetSize(*os.File, Size) error { return errors.ErrUnsupported }
