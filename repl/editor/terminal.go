package editor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/chzyer/readline"

	"cellsh/repl/show"
)

// terminal is the editor with all it can do.
type terminal struct {
	o       Options
	fd      int
	rl      *readline.Instance
	stdin   *readline.CancelableStdin
	keys    *keys
	history *history
	// paste says that the terminal can mark pasted text.
	paste   bool
	reading atomic.Bool
	// ended says that the terminal is gone.
	ended, gone atomic.Bool
	signals     chan os.Signal
	resized     func()
	// promptWidth is how many columns the prompt takes.
	promptWidth atomic.Int64

	mu sync.Mutex
	// cooked is how the terminal was before it was made raw, nil while it is not.
	cooked *readline.State
}

func newTerminal(o Options) Editor {
	t := &terminal{o: o, fd: int(o.Stdin.Fd()), paste: marksPaste(o.Getenv("TERM")), signals: make(chan os.Signal, 4)}
	t.keys = newKeys(t.suspend)
	t.history = openHistory(o.History, o.Warn)
	t.stdin = readline.NewCancelableStdin(&keyboard{t: t})
	rl, err := readline.NewEx(&readline.Config{
		Stdin:  t.stdin,
		Stdout: o.Stdout,
		Stderr: o.Stdout,
		// The line editor's own history file is not used: it writes newlines as they are.
		DisableAutoSaveHistory: true,
		HistoryLimit:           maxOffered + 1,
		AutoComplete:           completer{t},
		Painter:                painter{},
		EOFPrompt:              "\n",
		FuncGetWidth:           t.lineWidth,
		FuncIsTerminal:         func() bool { return true },
		FuncMakeRaw:            t.raw,
		FuncExitRaw:            t.unraw,
		FuncOnWidthChanged:     func(f func()) { t.resized = f },
	})
	if err != nil {
		o.Warn(fmt.Sprintf("lines can't be edited: %s", err))
		return newPlain(o, true)
	}
	t.rl = rl
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT)
	go t.watch()
	return t
}

// marksPaste reports whether terminals of that name are known to mark pasted text. Consoles are not asked: not all of
// them ignore what they don't know.
func marksPaste(term string) bool {
	for _, name := range []string{"xterm", "screen", "tmux", "rxvt", "st-", "foot", "alacritty", "kitty", "wezterm", "konsole", "gnome", "vte", "iterm"} {
		if strings.HasPrefix(term, name) {
			return true
		}
	}
	return term == "st"
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

// lineWidth is the width that the line editor reckons with. Where nothing but the prompt fits on a line it would look for
// the end of the line for ever.
func (t *terminal) lineWidth() int {
	columns, _ := t.size()
	return max(columns, int(t.promptWidth.Load())+1)
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func (t *terminal) setPrompt(prompt string) {
	t.promptWidth.Store(int64(show.Width(colours.ReplaceAllString(prompt, ""))))
	t.rl.SetPrompt(prompt)
	t.resized()
}

func (t *terminal) raw() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	state, err := readline.MakeRaw(t.fd)
	if err == nil && t.cooked == nil {
		t.cooked = state
	}
	return err
}

func (t *terminal) unraw() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cooked == nil {
		return nil
	}
	state := t.cooked
	t.cooked = nil
	return readline.Restore(t.fd, state)
}

// watch hears of a new width, and of being continued after a stop, when the terminal is no more as it was left.
func (t *terminal) watch() {
	for s := range t.signals {
		switch {
		case s == syscall.SIGWINCH:
			t.resized()
		case t.reading.Load():
			t.resume()
		}
	}
}

// suspend stops the whole job, as the terminal does for Ctrl-Z where nobody edits lines.
func (t *terminal) suspend() {
	t.bracketedPaste(false)
	t.unraw()
	syscall.Kill(0, syscall.SIGTSTP)
	// Where nobody could continue it, it is not stopped at all.
	t.resume()
}

func (t *terminal) resume() {
	t.raw()
	t.bracketedPaste(true)
	t.rl.Refresh()
}

func (t *terminal) bracketedPaste(on bool) {
	switch {
	case !t.paste:
	case on:
		io.WriteString(t.o.Stdout, "\x1b[?2004h")
	default:
		io.WriteString(t.o.Stdout, "\x1b[?2004l")
	}
}

func (t *terminal) ReadLine(prompt string) (string, error) {
	t.offerHistory()
	t.setPrompt(prompt)
	t.bracketedPaste(true)
	defer t.bracketedPaste(false)
	t.reading.Store(true)
	defer t.reading.Store(false)
	for {
		if t.ended.Load() {
			return "", io.EOF
		}
		line, err := t.rl.Operation.Runes()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			t.keys.forget(line)
			return "", ErrInterrupt
		case err == io.EOF && t.keys.deleteKey.Load():
			continue
		case err != nil:
			t.ended.Store(t.gone.Load())
			return "", err
		}
		text, pasted := t.keys.text(line)
		t.keys.forget(line)
		if strings.Contains(text, tooLong) {
			return "", &LongLineError{}
		}
		for _, p := range pasted {
			t.showPasted(p)
		}
		return text, nil
	}
}

// maxPastedLines is how many lines of pasted text are shown.
const maxPastedLines = 200

func (t *terminal) showPasted(text string) {
	lines := strings.SplitAfterN(show.Text(text), "\n", maxPastedLines+1)
	if len(lines) > maxPastedLines {
		more := 1 + strings.Count(lines[maxPastedLines], "\n")
		lines[maxPastedLines] = fmt.Sprintf("... and of lines %d more", more)
	}
	io.WriteString(t.o.Stdout, strings.Join(lines, "")+"\n")
}

// What the arrow keys and the search reach: so many statements, and none that is longer in bytes, because the line
// editor writes the whole line with every key.
const (
	maxOffered       = 2000
	maxOfferedLength = 8000
)

// offerHistory gives the line editor the history anew: it keeps its place in it from line to line, and edits what
// it shows.
func (t *terminal) offerHistory() {
	t.rl.ResetHistory()
	entries := t.history.entries
	for _, e := range entries[max(0, len(entries)-maxOffered):] {
		if len(e) <= maxOfferedLength {
			t.rl.SaveHistory(toMarks(e))
		}
	}
}

func (t *terminal) Remember(statement string) { t.history.remember(statement) }

func (t *terminal) Close() error {
	signal.Stop(t.signals)
	close(t.signals)
	return errors.Join(t.stdin.Close(), t.rl.Close(), t.unraw())
}

// keyboard is what the line editor reads.
type keyboard struct {
	t *terminal
	// typed is what the terminal sent and is not fed yet, keys what was fed and is not read yet.
	typed, keys []byte
}

func (k *keyboard) Read(p []byte) (int, error) {
	for len(k.keys) == 0 {
		if len(k.typed) == 0 {
			var buf [4096]byte
			n, err := k.t.o.Stdin.Read(buf[:])
			if n == 0 && err != nil {
				k.t.gone.Store(true)
				return 0, err
			}
			k.typed = buf[:n]
		}
		k.keys, k.typed = k.t.keys.feed(k.typed)
	}
	n := copy(p, k.keys)
	k.keys = k.keys[n:]
	return n, nil
}

type painter struct{}

func (painter) Paint(line []rune, _ int) []rune { return paint(line) }

// completer inserts what all candidates have in common, or else lists them. The line editor's own list does not fit
// small terminals.
type completer struct{ t *terminal }

func (c completer) Do(line []rune, pos int) ([][]rune, int) {
	if c.t.o.Complete == nil {
		return nil, 0
	}
	before, _ := c.t.keys.text(line[:pos])
	after, _ := c.t.keys.text(line[pos:])
	candidates := c.t.o.Complete(before+after, len(before))
	if len(candidates) == 0 {
		return nil, 0
	}
	common := []rune(candidates[0].Insert)
	texts := make([]string, len(candidates))
	for i, candidate := range candidates {
		insert := []rune(candidate.Insert)
		n := 0
		for n < len(common) && n < len(insert) && common[n] == insert[n] {
			n++
		}
		common = common[:n]
		texts[i] = candidate.Text
	}
	if len(common) > 0 {
		return [][]rune{[]rune(toMarks(string(common)))}, 0
	}
	if len(candidates) > 1 {
		columns, rows := c.t.size()
		io.WriteString(c.t.rl, list(texts, columns, rows-2))
	}
	return nil, 0
}

// list arranges words in columns, at most so many rows, each with a newline.
func list(words []string, width, rows int) string {
	widest := 0
	for i, w := range words {
		words[i] = strings.ReplaceAll(show.Text(w), "\n", " ")
		widest = max(widest, show.Width(words[i])+2)
	}
	// A word that ends at the edge of the screen would begin a line.
	columns := max((width-1)/widest, 1)
	rows = max(rows, 2)
	height := (len(words) + columns - 1) / columns
	more := 0
	if height > rows {
		height = rows - 1
		more = len(words) - height*columns
		words = words[:height*columns]
	}
	var b strings.Builder
	for row := range height {
		for i := row; i < len(words); i += height {
			b.WriteString(words[i])
			if i+height < len(words) {
				b.WriteString(strings.Repeat(" ", widest-show.Width(words[i])))
			}
		}
		b.WriteByte('\n')
	}
	if more > 0 {
		fmt.Fprintf(&b, "... %d more\n", more)
	}
	return b.String()
}
