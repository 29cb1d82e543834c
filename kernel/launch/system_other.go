//go:build !netbsd && !linux

package launch

import "cellsh/kernel"

// NewSystem gives a *kernel.UnsupportedError: there are no cells to enter on this system.
func NewSystem(func(kernel.CellID) (Entry, error)) (System, error) { return nil, foreign() }

// CloseInherited gives a *kernel.UnsupportedError.
func CloseInherited(int) error { return foreign() }
