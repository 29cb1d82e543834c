package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/repl/show"
)

// Output writes to another writer and remembers the first error, for those who write much and look once. It is not
// safe for concurrent use.
type Output struct {
	To io.Writer
	// Settle, if not nil, is called before anything is written: what is told has been saved. If it can't be, nothing is
	// told.
	Settle func() error
	// Columns is how wide the terminal is that it goes to: lines that are wider are divided at their spaces. Nil divides nothing.
	Columns func() int
	// within says that what was written last has not ended its line.
	within bool
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
		n, err = o.write(text)
	}
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// write writes to To, in lines that fit.
func (o *Output) write(text []byte) (int, error) {
	if o.Columns == nil || len(text) == 0 {
		return o.To.Write(text)
	}
	fitted := string(text)
	// Of a line that has begun nobody knows here how wide it is.
	begun := ""
	if o.within {
		if at := strings.IndexByte(fitted, '\n'); at >= 0 {
			begun, fitted = fitted[:at], fitted[at:]
		} else {
			begun, fitted = fitted, ""
		}
	}
	o.within = text[len(text)-1] != '\n'
	if _, err := io.WriteString(o.To, begun+show.Fold(fitted, o.Columns())); err != nil {
		return 0, err
	}
	return len(text), nil
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
