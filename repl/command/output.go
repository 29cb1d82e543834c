package command

import (
	"errors"
	"fmt"
	"io"

	"cellsh/kernel/disk"
	"cellsh/kernel/host"
)

// Output writes to another writer and remembers the first error, for those who write much and look once. It is not
// safe for concurrent use.
type Output struct {
	To io.Writer
	// Settle, if not nil, is called before anything is written: what is told has been saved. If it can't be, nothing is
	// told.
	Settle func() error
	err    error
}

// Write writes to To.
func (o *Output) Write(text []byte) (int, error) {
	var n int
	var err error
	if o.Settle != nil {
		err = o.Settle()
	}
	if err == nil {
		n, err = o.To.Write(text)
	}
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// Err gives the first error in words, and forgets it; nil if there was none. It wraps what the system said.
func (o *Output) Err() error {
	err := o.err
	o.err = nil
	if err == nil || errors.As(err, new(*host.UnsavedError)) {
		return err
	}
	return fmt.Errorf("standard output must be writable, but is not: %w", disk.Cause(err))
}
