package repl

import (
	"io"
	"os"
	"sync"
)

// maxRecent is how much is kept of what was written to the terminal, in bytes: a few screens.
const maxRecent = 16 << 10

// outlet is where a session writes, which may be the screen's meanwhile. Its methods are safe for concurrent use.
type outlet struct {
	mu sync.Mutex
	// aside takes what is written while the terminal is somebody else's; nil while it is not.
	aside io.Writer
	// recent is the end of what was written to the terminal.
	recent []byte
}

// gate is a file as it is written to: standard output or standard error, which the screen may have meanwhile.
type gate struct {
	*outlet
	file *os.File
	// shown says that it is a terminal.
	shown bool
}

func (o *outlet) gate(f *os.File) gate { return gate{o, f, isTerminal(f)} }

func (g gate) Write(text []byte) (int, error) {
	g.mu.Lock()
	aside := g.aside
	if aside != nil {
		defer g.mu.Unlock()
		return aside.Write(text)
	}
	if g.shown {
		g.keep(text)
	}
	g.mu.Unlock() // a terminal that is stopped must keep nobody else waiting
	return g.file.Write(text)
}

// keep keeps what was written to the terminal, for who holds mu.
func (o *outlet) keep(text []byte) {
	o.recent = append(o.recent, text...)
	if n := len(o.recent) - maxRecent; n > 0 {
		o.recent = append(o.recent[:0], o.recent[n:]...)
	}
}

// note keeps what somebody else has written to the terminal.
func (o *outlet) note(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep([]byte(text))
}

// Unwrap is the file, for who needs it.
func (g gate) Unwrap() io.Writer { return g.file }

// divert has what is written go elsewhere; nil is to the terminal again. It gives where it went until now.
func (o *outlet) divert(to io.Writer) (before io.Writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, o.aside = o.aside, to
	return before
}

// written is the end of what was written to the terminal, from the begin of a line on.
func (o *outlet) written() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := string(o.recent)
	if len(text) == maxRecent {
		for i := range text {
			if text[i] == '\n' {
				return text[i+1:]
			}
		}
	}
	return text
}

// notes collects what is written by itself while the screen has the terminal.
type notes struct {
	mu sync.Mutex
	// fresh was not taken yet, and all is everything.
	fresh, all []byte
}

func (n *notes) Write(text []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fresh, n.all = append(n.fresh, text...), append(n.all, text...)
	return len(text), nil
}

// take gives what came since the last time.
func (n *notes) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := string(n.fresh)
	n.fresh = nil
	return text
}

// rest gives all that came, and forgets it.
func (n *notes) rest() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.all
	n.all = nil
	return all
}
