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

// escape begins what keys send that are no characters.
const escape = 27

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
	for {
		key, err := readKey(in)
		if err == io.EOF {
			return nothing, nil
		}
		if err != nil {
			return nothing, err
		}
		switch key {
		case "\x1b[B", "\x1bOB", "\r", "\n", "j":
			return oneRow, nil
		case "\x1b[6~", " ", "f":
			return onePage, nil
		case "q", "Q", "\x03", "\x04": // Ctrl-C and Ctrl-D
			return nothing, nil
		}
		if key[0] == escape && len(key) <= 2 {
			return nothing, nil
		}
	}
}

// readKey reads what one key sends, and no more: what is typed ahead is for who reads next. So Escape is told from the keys that
// begin with it by the key after it.
func readKey(in io.Reader) (string, error) {
	const longest = 8
	key := make([]byte, 0, longest)
	for {
		var one [1]byte
		switch n, err := in.Read(one[:]); {
		case err != nil && len(key) > 0 && err == io.EOF:
			return string(key), nil
		case err != nil:
			return "", err
		case n == 0:
			continue
		}
		key = append(key, one[0])
		switch n, c := len(key), one[0]; {
		case n == 1 && c == escape, n == 2 && (c == '[' || c == 'O'):
		case n > 2 && (c < '@' || c > '~') && n < longest:
		default:
			return string(key), nil
		}
	}
}
