package editor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// LongLineError says that a line is longer than MaxLine. The line is dropped, the next one can be read.
type LongLineError struct{}

func (*LongLineError) Error() string {
	return fmt.Sprintf("a line must be at most %d bytes, but is longer", MaxLine)
}

// plain reads lines as they come.
type plain struct {
	in     *bufio.Reader
	out    io.Writer
	people bool
	// reading has the result of a line that was asked for before Ctrl-C.
	reading chan result
}

type result struct {
	line string
	err  error
}

func newPlain(o Options, people bool) *plain {
	return &plain{in: bufio.NewReaderSize(o.Stdin, 1<<16), out: o.Stdout, people: people}
}

func (p *plain) Statement(prompts Prompts) (string, error) { return p.Answer(prompts.First) }

func (p *plain) Answer(prompt string) (string, error) {
	if !p.people {
		return p.read()
	}
	// The terminal turns Ctrl-C into a signal.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT)
	defer signal.Stop(interrupts)
	if _, err := io.WriteString(p.out, prompt); err != nil {
		return "", err
	}
	if p.reading == nil {
		p.reading = make(chan result, 1)
		go func(done chan<- result) {
			line, err := p.read()
			done <- result{line, err}
		}(p.reading)
	}
	select {
	case r := <-p.reading:
		p.reading = nil
		return r.line, r.err
	case <-interrupts:
		io.WriteString(p.out, "\n")
		return "", ErrInterrupt
	}
}

// Aside can't know what is being typed.
func (p *plain) Aside(say func(), _ *Prompts) { say() }

func (p *plain) read() (string, error) {
	var line []byte
	long := false
	for {
		part, err := p.in.ReadSlice('\n')
		if len(line)+len(part) > MaxLine+len("\r\n") {
			line, long = nil, true
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || err == io.EOF):
			return "", &LongLineError{}
		case err == io.EOF && len(line) > 0, err == nil:
			text := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
			if len(text) > MaxLine {
				return "", &LongLineError{}
			}
			return text, nil
		}
		return "", err
	}
}

func (p *plain) Remember(string) {}

func (p *plain) Entries() []string { return nil }

func (p *plain) Close() error { return nil }
