package pager

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"cellsh/repl/show"
)

// Pager shows text at a terminal, which all of its files are.
type Pager struct {
	Stdin, Stdout, Stderr *os.File
	// Command is a line for the shell that shows its standard input, as the variable PAGER has it; "" is the pager of this
	// package.
	Command string
}

// Show shows a text that is harmless. One that fits on the screen is only written.
func (p *Pager) Show(text string) error {
	columns, rows, err := term.GetSize(int(p.Stdout.Fd()))
	if err == nil && columns > 0 {
		text = show.Fold(text, columns)
	}
	if err != nil || rows < 2 || height(text, columns) < rows {
		_, err := io.WriteString(p.Stdout, text)
		return err
	}
	if p.Command != "" {
		return p.command(text)
	}
	modes, err := term.MakeRaw(int(p.Stdin.Fd()))
	if err != nil {
		_, err := io.WriteString(p.Stdout, text)
		return err
	}
	defer func() { _ = term.Restore(int(p.Stdin.Fd()), modes) }()
	return page(p.Stdin, p.Stdout, text, columns, rows)
}

// command has the shell show it. Whoever ends it before the text does has seen enough.
func (p *Pager) command(text string) error {
	read, written, err := os.Pipe()
	if err != nil {
		return err
	}
	child, err := os.StartProcess("/bin/sh", []string{"sh", "-c", p.Command}, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{read, p.Stdout, p.Stderr}})
	read.Close()
	if err != nil {
		written.Close()
		_, err := io.WriteString(p.Stdout, text)
		return err
	}
	_, _ = io.WriteString(written, text)
	written.Close()
	_, err = child.Wait()
	return err
}

// height is how many rows a text takes.
func height(text string, columns int) int {
	rows := 0
	for line := range strings.Lines(text) {
		rows += show.Rows(strings.TrimSuffix(line, "\n"), columns)
	}
	return rows
}

// more is what stands below a page.
const more = "-- more: space, Enter, or q to end --"

// The keys.
const (
	ctrlC  = 3
	ctrlD  = 4
	escape = 27
)

// page writes a page after the other, for keys that come in raw mode.
func page(in io.Reader, out io.Writer, text string, columns, rows int) error {
	left := rows - 1
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		// One that is higher than the screen is written all the same.
		for need := min(show.Rows(line, columns), rows-1); left < need; {
			next, err := ask(in, out)
			if err != nil || next == nothing {
				return err
			}
			if left++; next == onePage {
				left = rows - 1
			}
		}
		left -= min(left, show.Rows(line, columns))
		if _, err := io.WriteString(out, line+"\r\n"); err != nil {
			return err
		}
	}
	return nil
}

// wanted is how much more somebody wants to see.
type wanted uint8

const (
	nothing wanted = iota
	oneRow
	onePage
)

// ask asks how much more is wanted.
func ask(in io.Reader, out io.Writer) (wanted, error) {
	if _, err := io.WriteString(out, more); err != nil {
		return nothing, err
	}
	defer io.WriteString(out, "\r"+strings.Repeat(" ", len(more))+"\r")
	var key [8]byte // what a key sends comes at once
	for {
		n, err := in.Read(key[:])
		if err == io.EOF {
			return nothing, nil
		}
		if err != nil {
			return nothing, err
		}
		if n == 0 {
			continue
		}
		switch string(key[:n]) {
		case "\x1b[B", "\x1bOB":
			return oneRow, nil
		case "\x1b[6~":
			return onePage, nil
		}
		switch key[0] {
		case 'q', 'Q', ctrlC, ctrlD:
			return nothing, nil
		case escape:
			if n == 1 {
				return nothing, nil
			}
		case ' ', 'f':
			return onePage, nil
		case '\r', '\n', 'j':
			return oneRow, nil
		}
	}
}
