package editor

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/chzyer/readline"

	"cellsh/repl/editor/block"
	"cellsh/repl/show"
)

// terminal is the editor with all it can do.
type terminal struct {
	o       Options
	fd      int
	palette Palette
	history *history
	// paste says that the terminal can mark pasted text.
	paste   bool
	keys    keys
	signals chan os.Signal
	// pressed are keys that came and belong to the next text.
	pressed []Key
	gone    error
	// kept is what a statement was when somebody went away from it.
	kept block.Block

	mu sync.Mutex
	// cooked is how the terminal was before it was made raw, nil while it is not; rawness is how it is then.
	cooked  *readline.State
	rawness string
	// draft is the text that is being read, nil while none is.
	draft  *Draft
	canvas canvas
}

func newTerminal(o Options) Editor {
	term := o.Getenv("TERM")
	t := &terminal{o: o, fd: int(o.Stdin.Fd()), palette: NewPalette(o.Colours, term), paste: marksPaste(term), signals: make(chan os.Signal, 4),
		history: openHistory(o.History, o.Warn)}
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT)
	go t.watch()
	return t
}

// windows are what the names of terminals begin with that are windows of today.
var windows = []string{"xterm", "screen", "tmux", "rxvt", "st-", "foot", "alacritty", "kitty", "wezterm", "konsole", "gnome", "vte", "iterm"}

// marksPaste reports whether terminals of that name are known to mark pasted text. Consoles are not asked: not all of
// them ignore what they don't know.
func marksPaste(term string) bool {
	return named(term, windows) || term == "st"
}

// keepsLastColumn reports whether terminals of that name are known to begin a new row not with the last character that fits in one,
// but with the next (xenl of terminfo(5)).
func keepsLastColumn(term string) bool {
	return marksPaste(term) || named(term, []string{"vt", "wsvt", "linux"})
}

func named(term string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(term, name) })
}

// size of the terminal in columns and rows. Serial lines do not know theirs.
func (t *terminal) size() (columns, rows int) {
	columns, rows, err := readline.GetSize(t.fd)
	if err != nil || columns <= 0 {
		columns = show.DefaultWidth
	}
	if err != nil || rows <= 0 {
		rows = 24
	}
	return columns, rows
}

// raw and cook are called with mu held.
func (t *terminal) raw() error {
	state, err := readline.MakeRaw(t.fd)
	if err == nil && t.cooked == nil {
		t.cooked = state
	}
	t.rawness = t.modes()
	return err
}

// modes of the terminal, as text to compare.
func (t *terminal) modes() string {
	state, err := readline.GetState(t.fd)
	if err != nil {
		return ""
	}
	return fmt.Sprint(*state)
}

func (t *terminal) cook() {
	if t.cooked != nil {
		// There is nobody left to tell where it fails.
		_ = readline.Restore(t.fd, t.cooked)
		t.cooked = nil
	}
}

// watch hears of a new width, and of being continued after a stop, when the terminal is no more as it was left.
func (t *terminal) watch() {
	for s := range t.signals {
		t.mu.Lock()
		if t.draft != nil {
			switch {
			case s != syscall.SIGCONT:
				columns, _ := t.size()
				t.write(t.canvas.reflow(columns))
				t.draw()
			case t.modes() != t.rawness:
				// Somebody else had the terminal meanwhile; after Ctrl-Z it is raw again by now.
				t.resume()
			}
		}
		t.mu.Unlock()
	}
}

// suspend stops the whole job, as the terminal does for Ctrl-Z where nobody edits lines.
func (t *terminal) suspend() {
	t.bracketedPaste(false)
	t.leave()
	t.cook()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	syscall.Kill(0, syscall.SIGTSTP)
	// The signal may come a little later; until then nothing is drawn. Where nobody could continue it, it is not stopped at all.
	select {
	case <-continued:
	case <-time.After(stopping):
	}
	t.resume()
}

// editOutside gives the text to another program, and takes what that makes of it.
func (t *terminal) editOutside() {
	d := t.draft
	if t.o.Edit == nil || !d.statement {
		return
	}
	t.bracketedPaste(false)
	t.leave()
	t.cook()
	// Nobody draws meanwhile.
	t.draft = nil
	t.mu.Unlock()
	text, ok := t.o.Edit(d.block.Text())
	t.mu.Lock()
	t.draft = d
	if text = strings.TrimRight(editable(text), " \t\n"); ok && len(text) <= MaxLine {
		d.block.Set(text, len(text))
	}
	t.resume()
}

// stopping is how long it takes at most until a process stops that was told to.
const stopping = 100 * time.Millisecond

func (t *terminal) resume() {
	if t.raw() != nil {
		return // the next read tells
	}
	t.bracketedPaste(true)
	t.canvas = canvas{}
	t.write("\r")
	t.draw()
}

func (t *terminal) bracketedPaste(on bool) {
	switch {
	case !t.paste:
	case on:
		t.write("\x1b[?2004h")
	default:
		t.write("\x1b[?2004l")
	}
}

// write gives text to the terminal. One that is gone is noticed when keys are read.
func (t *terminal) write(s string) { _, _ = io.WriteString(t.o.Stdout, s) }

func (t *terminal) draw() {
	columns, rows := t.size()
	t.write(t.canvas.draw(t.draft.View(columns, rows)))
}

func (t *terminal) Statement(p Prompts) (string, error) {
	d := NewDraft(t.o.Language, t.palette, p, t.history.entries)
	d.statement = true
	if t.kept.Text() != "" {
		d.block = t.kept
	}
	t.kept = block.Block{}
	return t.read(d)
}

func (t *terminal) Answer(prompt string) (string, error) {
	return t.read(NewDraft(Language{}, t.palette, Prompts{First: prompt}, nil))
}

// read reads keys until they end the text.
func (t *terminal) read(d *Draft) (string, error) {
	if t.gone != nil {
		return "", t.gone
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.raw(); err != nil {
		return "", fmt.Errorf("its modes can't be set: %w", err)
	}
	defer t.cook()
	t.draft, t.canvas = d, canvas{}
	defer func() { t.draft = nil }()
	if columns, _, err := readline.GetSize(t.fd); d.statement && err == nil && columns > 0 && keepsLastColumn(t.o.Getenv("TERM")) {
		t.write(freshRow(columns))
	}
	t.bracketedPaste(true)
	defer t.bracketedPaste(false)
	t.draw()
	for {
		if len(t.pressed) == 0 {
			if err := t.wait(); err != nil {
				t.gone = err
				return "", err
			}
			continue
		}
		k := t.pressed[0]
		t.pressed = t.pressed[1:]
		switch d.Press(k) {
		case GoesOn:
			if len(t.pressed) == 0 {
				t.draw()
			}
		case Suspended:
			t.suspend()
		case Edited:
			t.editOutside()
		case Cleared:
			t.write("\x1b[H\x1b[2J")
			t.canvas = canvas{}
			t.draw()
		case Accepted:
			text := d.block.Text()
			t.finish("")
			if len(text) > MaxLine {
				return "", &LongLineError{}
			}
			return text, nil
		case Interrupted:
			// What was given up must not look as if it had been done.
			t.finish("^C")
			return "", ErrInterrupt
		case Ended:
			return "", io.EOF
		case Away:
			t.kept = d.block
			columns, _ := t.size()
			t.write(t.canvas.reflow(columns))
			return "", ErrAway
		case TooLong:
			t.finish("")
			return "", &LongLineError{}
		}
	}
}

// finish shows the text as it is, without what is around it but a mark at its end, and leaves it.
func (t *terminal) finish(mark string) {
	d := t.draft
	d.block.Bottom()
	d.block.Insert(mark)
	d.language.Look = finally(d.language.Look)
	t.leave()
}

// leave shows the text without what is around it, and goes to a new row below.
func (t *terminal) leave() {
	d := t.draft
	d.menu, d.search = nil, nil
	look := d.palette[suggested]
	d.palette[suggested] = ""
	t.draw()
	d.palette[suggested] = look
	t.write(t.canvas.leave())
}

// finally is how a text looks that is not changed any more: no place in it is marked.
func finally(look func(string, int) []Span) func(string, int) []Span {
	if look == nil {
		return nil
	}
	return func(text string, at int) []Span {
		spans := look(text, at)
		for i := range spans {
			if spans[i].Look == Matching || spans[i].Look == Mistake {
				spans[i].To = spans[i].From
			}
		}
		return spans
	}
}

// wait waits for keys. Meanwhile the terminal may be resized.
func (t *terminal) wait() error {
	t.mu.Unlock()
	defer t.mu.Lock()
	var buf [4096]byte
	n, err := t.o.Stdin.Read(buf[:])
	if n == 0 {
		if err == nil {
			err = io.EOF
		}
		return err
	}
	t.pressed = t.keys.feed(buf[:n])
	return nil
}

func (t *terminal) Aside(say func(), now *Prompts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draft == nil {
		say()
		return
	}
	columns, _ := t.size()
	t.write(t.canvas.reflow(columns))
	say()
	if now != nil && t.draft.statement {
		t.draft.prompts = *now
	}
	t.draw()
}

func (t *terminal) Entries() []string { return t.history.entries }

func (t *terminal) Remember(statement string) { t.history.remember(statement) }

func (t *terminal) Close() error {
	signal.Stop(t.signals)
	close(t.signals)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cook()
	return nil
}
