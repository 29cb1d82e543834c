package editor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel/launch/pty"
	"cellsh/repl/complete"
	"cellsh/repl/screentest"
	"github.com/chzyer/readline"
)

func mkfifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// screen is the other end of a terminal.
type screen struct {
	t        *testing.T
	ptm, tty *os.File
	mu       sync.Mutex
	changed  *sync.Cond
	shown    strings.Builder
	seen     int
	asked    int
	// narrow screens have no room for a prompt with a number.
	narrow bool
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	ptm, tty, err := pty.Open()
	if err != nil {
		t.Skipf("there is no pseudo terminal: %v", err)
	}
	if err := pty.SetSize(ptm, pty.Size{Rows: 10, Columns: 60}); err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, ptm: ptm, tty: tty}
	s.changed = sync.NewCond(&s.mu)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := ptm.Read(buf)
			s.mu.Lock()
			s.shown.Write(buf[:n])
			s.changed.Broadcast()
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { ptm.Close(); tty.Close() })
	return s
}

// wait waits until a text is shown after what was waited for before.
func (s *screen) wait(text string) {
	s.t.Helper()
	timer := time.AfterFunc(patience, func() { s.changed.Broadcast() })
	defer timer.Stop()
	end := time.Now().Add(patience)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if i := strings.Index(s.shown.String()[s.seen:], text); i >= 0 {
			s.seen += i + len(text)
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%q is not shown, but %q", text, s.shown.String()[s.seen:])
		}
		s.changed.Wait()
	}
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := s.ptm.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) editor(term, history string) Editor {
	e := New(Options{Stdin: s.tty, Stdout: s.tty, History: history, Warn: noWarning(s.t),
		Getenv: func(name string) string { return map[string]string{"TERM": term}[name] },
		Language: Language{Complete: func(line string, pos int) (out []complete.Candidate) {
			from := strings.LastIndexAny(line[:pos], " \n") + 1
			for _, w := range []string{"cell.create", "cell.get", "cell.list", "only"} {
				if rest, ok := strings.CutPrefix(w, line[from:pos]); ok {
					out = append(out, complete.Candidate{Text: w, Insert: rest})
				}
			}
			return out
		}}})
	s.t.Cleanup(func() { e.Close() })
	return e
}

// ask reads a line while keys are pressed, once the prompt is there.
func (s *screen) ask(e Editor, keys ...func()) (string, error) {
	s.t.Helper()
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	s.asked++
	prompt := fmt.Sprintf("%d> ", s.asked)
	if s.narrow {
		prompt = ">"
	}
	go func() {
		line, err := e.Statement(Prompts{prompt, prompt})
		done <- result{line, err}
	}()
	s.wait(prompt)
	for _, k := range keys {
		k()
	}
	select {
	case r := <-done:
		return r.line, r.err
	case <-time.After(patience):
		s.t.Fatal("no line")
	}
	panic("unreachable")
}

func TestTerminal(t *testing.T) {
	s := newScreen(t)
	history := filepath.Join(t.TempDir(), "history")
	e := s.editor("xterm", history)
	press := func(keys string) func() { return func() { s.press(keys) } }
	wait := func(text string) func() { return func() { s.wait(text) } }
	for _, c := range []struct {
		name string
		keys []func()
		want string
		err  error
	}{
		{"a line", []func(){press("x = 1\r")}, "x = 1", nil},
		{"arrows", []func(){press("abd\x1b[Dc\x1b[H1\x1b[F2\x1b[1~0\r")}, "01abcd2", nil},
		{"Ctrl-C drops the line", []func(){press("abc"), wait("abc"), press("\x03")}, "", ErrInterrupt},
		{"F2 leads away", []func(){press("f(\"a\"b\x1b[D"), wait("b"), press("\x1bOQ")}, "", ErrAway},
		{"what was typed before F2 is there again", []func(){press(")\r")}, "f(\"a\")b", nil},
		{"and gone afterwards", []func(){press("x\r")}, "x", nil},
		{"history", []func(){press("\x1b[A\x1b[A\x1b[B!\r")}, "for i = 1, 2 do\n\tprint(i)\nend!", nil},
		{"history begins at its end again", []func(){press("\x1b[A\x1b[A\r")}, "x = 1", nil},
		{"search", []func(){press("\x12= 1, "), wait("search: = 1, "), press("\r")}, "for i = 1, 2 do\n\tprint(i)\nend", nil},
		{"the only candidate is inserted", []func(){press("on\t()\r")}, "only()", nil},
		{"what candidates have in common is inserted", []func(){press("f ce\t\t"), wait("cell.create  cell.get     cell.list"), press("l\t\r")}, "f cell.list", nil},
		{"no candidate", []func(){press("zz\t\r")}, "zz", nil},
		{"Delete on an empty line is not the end", []func(){press("\x1b[3~ab\x1b[D\x1b[3~\r")}, "a", nil},
		{"keys that mean nothing", []func(){press("\x00\x16\x1b[15~\x1bqa\x14\x14\x7f\x7fa\r")}, "a", nil},
		{"pasted lines", []func(){press("f\x1b[200~(\r\tg(),\r\r\"\x1b]0;title\x07\")\r\x1b[201~x"), wait("f(\r\r\n"), wait("    g(),\r\r\n"), wait("\"]0;title\")")}, "f(\n\tg(),\n\n\"]0;title\")", nil},
		{"what was typed after the last newline waits", []func(){press("y\r")}, "xy", nil},
		{"too much is pasted", []func(){func() {
			// The terminal takes only as much as is read.
			s.press("\x1b[200~")
			for range MaxLine>>10 + 1 {
				s.press(strings.Repeat("x", 1023) + "\r")
			}
			s.press("\x1b[201~")
		}}, "", &LongLineError{}},
		{"lines longer than the screen", []func(){press(strings.Repeat("0123456789", 20) + strings.Repeat("\x1b[D", 100) + "x\r")}, strings.Repeat("0123456789", 10) + "x" + strings.Repeat("0123456789", 10), nil},
		{"wide characters", []func(){press("日本語\x1b[D\x1b[D\x7fé\r")}, "é本語", nil},
		{"Ctrl-D ends", []func(){press("\x04")}, "", io.EOF},
		{"and not for ever", []func(){press("x\x04\x01\x04\r")}, "", nil},
	} {
		line, err := s.ask(e, c.keys...)
		if line != c.want || fmt.Sprint(err) != fmt.Sprint(c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, line, err, c.want, c.err)
		}
		if c.name == "a line" {
			e.Remember(line)
			e.Remember("for i = 1, 2 do\n\tprint(i)\nend")
			e.Remember(" secret")
		}
	}
}

func TestNarrowTerminal(t *testing.T) {
	for _, columns := range []uint16{0, 1, 2, 3, 4, 5, 8, 9} {
		s := newScreen(t)
		s.narrow = true
		if err := pty.SetSize(s.ptm, pty.Size{Rows: 3, Columns: columns}); err != nil {
			t.Fatal(err)
		}
		e := s.editor("xterm", "")
		keys := "cell.\t\x1b[D\x1b[D" + strings.Repeat("x", 20) + "\x1b[D\x7f日\x01y\x05\r"
		if line, err := s.ask(e, func() { s.press(keys) }); line != "ycel"+strings.Repeat("x", 18)+"日xl." || err != nil {
			t.Errorf("%d columns: %q, %v", columns, line, err)
		}
	}
}

// What comes by itself stands above what is being typed, and that goes on.
func TestAside(t *testing.T) {
	s := newScreen(t)
	e := s.editor("xterm", "")
	say := func() { fmt.Fprintln(s.tty, "note: it is over") }
	line, err := s.ask(e, func() { s.press("abc") }, func() { s.wait("abc") }, func() { e.Aside(say, &Prompts{"now> ", "now| "}) },
		func() { s.wait("\r\x1b[Jnote: it is over\r\nnow> abc") }, func() { s.press("d\r") })
	if line != "abcd" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	e.Aside(say, nil)
	s.wait("note: it is over\r\n")
	done := make(chan string)
	go func() {
		line, _ := e.Answer("sure? ")
		done <- line
	}()
	s.wait("sure? ")
	e.Aside(say, &Prompts{"now> ", "now| "})
	s.wait("\r\x1b[Jnote: it is over\r\nsure? ")
	s.press("y\r")
	if line := <-done; line != "y" {
		t.Errorf("the answer is %q", line)
	}
}

// Between lines the terminal is as it was, and what is typed then belongs to whoever reads it.
func TestTerminalIsGivenBack(t *testing.T) {
	s := newScreen(t)
	before := settings(t, s.tty)
	e := s.editor("wsvt25", "")
	if line, err := s.ask(e, func() { s.press("exec\r") }); line != "exec" || err != nil {
		t.Fatal(line, err)
	}
	if got := settings(t, s.tty); got != before {
		t.Errorf("the terminal was\n%s\nbut is\n%s", before, got)
	}
	s.press("for the child\n")
	buf := make([]byte, 100)
	if n, err := s.tty.Read(buf); err != nil || string(buf[:n]) != "for the child\n" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if line, err := s.ask(e, func() { s.press("next\r") }); line != "next" || err != nil {
		t.Error(line, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(s.shown.String(), "\x1b[?2004") {
		t.Error("the console is asked to mark pasted text")
	}
}

func TestHangUp(t *testing.T) {
	ptm, tty, err := pty.Open()
	if err != nil {
		t.Skipf("there is no pseudo terminal: %v", err)
	}
	defer tty.Close()
	e := New(Options{Stdin: tty, Stdout: tty, Getenv: func(string) string { return "xterm" }})
	defer e.Close()
	done := make(chan error, 1)
	go func() {
		for range 2 {
			_, err := e.Statement(Prompts{First: "SIM> "})
			done <- err
		}
	}()
	var shown []byte
	for !strings.Contains(string(shown), "SIM> ") {
		buf := make([]byte, 100)
		n, err := ptm.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, buf[:n]...)
	}
	ptm.Close()
	for range 2 {
		select {
		case err := <-done:
			if err == nil {
				t.Error("no error")
			}
		case <-time.After(patience):
			t.Fatal("no end")
		}
	}
}

func TestDumbTerminal(t *testing.T) {
	s := newScreen(t)
	e := s.editor("dumb", "")
	if line, err := s.ask(e, func() { s.press("list\n") }); line != "list" || err != nil {
		t.Error(line, err)
	}
	// The terminal would send the signal to its foreground job.
	if _, err := s.ask(e, func() { syscall.Kill(os.Getpid(), syscall.SIGINT) }); !errors.Is(err, ErrInterrupt) {
		t.Error(err)
	}
	if line, err := s.ask(e, func() { s.press("next\n") }); line != "next" || err != nil {
		t.Error(line, err)
	}
	if _, err := s.ask(e, func() { s.press("\x04") }); err != io.EOF {
		t.Error(err)
	}
	if strings.Contains(s.shown.String(), "\x1b") {
		t.Errorf("%q", s.shown.String())
	}
}

func plainEditor(t *testing.T, text string) (Editor, *os.File) {
	t.Helper()
	in, err := os.Create(filepath.Join(t.TempDir(), "in"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.WriteString(text); err != nil {
		t.Fatal(err)
	}
	in.Seek(0, io.SeekStart)
	t.Cleanup(func() { in.Close(); out.Close() })
	return New(Options{Stdin: in, Stdout: out, Getenv: func(string) string { return "xterm" }}), out
}

func TestPlain(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	e, out := plainEditor(t, "one\r\n\n"+long+"\r\n"+long+"y\nthree\x00\x1b[A\r\r\nlast")
	var got []string
	for {
		line, err := e.Statement(Prompts{First: "SIM> "})
		if err == io.EOF {
			break
		}
		var tooLong *LongLineError
		switch {
		case errors.As(err, &tooLong):
			line = "too long"
		case err != nil:
			t.Fatal(err)
		case line == long:
			line = "as long as can be"
		}
		got = append(got, line)
	}
	if want := "one||as long as can be|too long|three\x00\x1b[A\r|last"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := e.Answer(""); err != io.EOF {
		t.Error(err)
	}
	if info, _ := out.Stat(); info.Size() != 0 {
		t.Error("something was written")
	}
}

// settings are those of the terminal, as text.
func settings(t *testing.T, tty *os.File) string {
	t.Helper()
	state, err := readline.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	// A BSD marks a terminal whose input is to be looked at again, because it was keys and not lines for a while.
	const pendin = 0x20000000
	return regexp.MustCompile(`Lflag:\d+`).ReplaceAllStringFunc(fmt.Sprintf("%+v", *state), func(flags string) string {
		n, err := strconv.ParseUint(strings.TrimPrefix(flags, "Lflag:"), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("Lflag:%#x", n&^pendin)
	})
}

// What a command has left without a newline, or somebody has typed while it ran, stays, and the prompt begins its own row.
func TestFreshRow(t *testing.T) {
	const width = 7
	for left := range 2*width + 1 {
		g := screentest.New(t, screentest.Console, width, 5)
		before := strings.Repeat("x", left)
		io.WriteString(g, before+freshRow(width)+"> ")
		rows := strings.Split(g.Text(), "\n")
		prompt := rows[len(rows)-1]
		if got := strings.Join(rows[:len(rows)-1], ""); got != before || prompt != ">" || len(rows)-1 != (left+width-1)/width {
			t.Errorf("%d columns were written: %q", left, rows)
		}
	}
}

func TestPromptBeginsRow(t *testing.T) {
	for _, term := range []string{"xterm-256color", "vt100", "wsvt25"} {
		s := newScreen(t)
		e := s.editor(term, "")
		io.WriteString(s.tty, "left")
		if line, err := s.ask(e, func() { s.press("list\r") }); line != "list" || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		s.wait("\n")
		g := screentest.New(t, screentest.KindOf(term), 60, 10)
		s.mu.Lock()
		io.WriteString(g, s.shown.String())
		s.mu.Unlock()
		if got := g.Text(); got != "left\n1> list" {
			t.Errorf("%s: %q", term, got)
		}
	}
}
