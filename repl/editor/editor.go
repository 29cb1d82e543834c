package editor

import (
	"errors"
	"os"

	"github.com/chzyer/readline"
)

// ErrInterrupt is what reading gives for Ctrl-C; the text is dropped.
var ErrInterrupt = errors.New("interrupted")

// ErrAway is what reading a statement gives for F2, which leads to the screen. What is typed stays: the next statement begins with it.
var ErrAway = errors.New("away")

// MaxLine is how long a line may be that is not typed at a terminal, and how long a text that is, in bytes.
const MaxLine = 1 << 20

// Editor reads what people write. It is not safe for concurrent use, but for Aside.
type Editor interface {
	// Statement gives the next statement, or a line of it, without its last newline. Where lines are edited it has all lines
	// that belong together; else it is one line, and the caller asks for the next with prompts that say so. The error is
	// ErrInterrupt, ErrAway, io.EOF at the end, a *LongLineError, or one of reading.
	Statement(Prompts) (string, error)
	// Answer gives one line, without its newline, which is in no language. Errors are those of Statement, but
	// ErrAway.
	Answer(prompt string) (string, error)
	// Aside calls a function that writes whole lines to the terminal while somebody else may be reading. Where lines are edited
	// what is being typed goes on below them, a statement behind other prompts, if these are not nil.
	Aside(say func(), now *Prompts)
	// Remember keeps a statement, of one or more lines, in the history. One that begins with a space is not kept.
	Remember(statement string)
	// Entries are the statements that were kept, of earlier sessions too, the oldest first. They must not be changed.
	Entries() []string
	// Close gives the terminal back.
	Close() error
}

// Options for New.
type Options struct {
	Stdin, Stdout *os.File
	// Getenv is that of package os; nil knows no variables.
	Getenv func(string) string
	// History is the path of the history file; "" keeps it in memory only.
	History string
	// Language is that of statements.
	Language Language
	// Colours has text coloured, and shows suggestions, which nothing but their colour tells from what is typed.
	Colours bool
	// Warn is told, in a sentence, of what does not keep lines from being read; nil tells nobody.
	Warn func(string)
}

// New makes an editor with all it can do where input and output are terminals and TERM is neither empty nor dumb,
// and a plain one otherwise. The plain one writes the prompt if both are terminals, and nothing else; what it
// remembers is not kept.
func New(o Options) Editor {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	people := IsTerminal(o.Stdin) && IsTerminal(o.Stdout)
	term := o.Getenv("TERM")
	if !people || term == "" || term == "dumb" {
		return newPlain(o, people)
	}
	return newTerminal(o)
}

// IsTerminal reports whether a file is one.
func IsTerminal(f *os.File) bool {
	if f == nil {
		return false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	err = conn.Control(func(fd uintptr) { terminal = readline.IsTerminal(int(fd)) })
	return err == nil && terminal
}
