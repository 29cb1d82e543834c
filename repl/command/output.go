package command

import (
	"fmt"
	"io"

	"cellsh/kernel/disk"
)

// Output writes to another writer and remembers the first error, for those who write much and look once. It is not
// safe for concurrent use.
type Output struct {
	To  io.Writer
	err error
}

// Write writes to To.
func (o *Output) Write(text []byte) (int, error) {
	n, err := o.To.Write(text)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// Err gives the first error in words, and forgets it; nil if there was none. It wraps what the system said.
func (o *Output) Err() error {
	err := o.err
	o.err = nil
	if err == nil {
		return nil
	}
	return fmt.Errorf("standard output must be writable, but is not: %w", disk.Cause(err))
}
