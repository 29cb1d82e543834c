package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel/connect"
	"cellsh/kernel/launch/pty"
	"cellsh/repl/command"
	"cellsh/repl/screen/model"
	"cellsh/repl/show"
)

// onScreen is a terminal with a screen on it, as text: what was written to it is acted out.
type onScreen struct {
	*terminal
	rows, columns int
	cells         [][]rune
	x, y          int
	// unknown are sequences that the terminal does not know, and other the text that was on it before the other screen.
	unknown        []string
	other          [][]rune
	otherX, otherY int
	// ascii says that nothing else may be written, and known are the sequences that the terminal knows.
	ascii bool
	known *regexp.Regexp
	// used says that the other screen was used.
	used bool
	// rest is a sequence that has not come as a whole.
	rest string
}

// What terminals know of what a screen may write, besides what all do.
var (
	everywhere = `\x1b\[(\d+;\d+)?H|\x1b\[J|\x1b\[K|\x1b\[\?7[hl]|\x1b\[m`
	onVT100    = regexp.MustCompile(`^(` + everywhere + `|\x1b\[[147]m)$`)
	onConsole  = regexp.MustCompile(`^(` + everywhere + `|\x1b\[(0|1|4|7|3[0-7]|4[0-7])(;(0|1|4|7|3[0-7]|4[0-7]))*m|\x1b\[\?25[hl]|\x1b\[\d*[A-DK])$`)
	onWindow   = regexp.MustCompile(`^(` + everywhere + `|\x1b\[(\d+)(;\d+)*m|\x1b\[\?25[hl]|\x1b\[\?1049[hl]|\x1b\[\?2004[hl]|\x1b\[\?100[06][hl]|\x1b\[\d*[A-DK])$`)
	sequence   = regexp.MustCompile(`^\x1b(\[[0-?]*[ -/]*[@-~]|[\]P_^][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-Z\\^-~])`)
)

func newOnScreen(x *terminal, columns, rows int, known *regexp.Regexp, ascii bool) *onScreen {
	s := &onScreen{terminal: x, known: known, ascii: ascii}
	s.resize(columns, rows)
	s.other = nil
	return s
}

func (s *onScreen) resize(columns, rows int) {
	s.columns, s.rows = columns, rows
	for _, cells := range []*[][]rune{&s.cells, &s.other} {
		old := *cells
		*cells = empty(columns, rows)
		for y := range min(rows, len(old)) {
			copy((*cells)[y], old[y])
		}
	}
	s.x, s.y = 0, 0
}

func empty(columns, rows int) [][]rune {
	cells := make([][]rune, rows)
	for i := range cells {
		cells[i] = []rune(strings.Repeat(" ", columns))
	}
	return cells
}

// act does what was written.
func (s *onScreen) act(text string) {
	text = s.rest + text
	s.rest = ""
	for text != "" {
		if text[0] != 0x1b {
			r := []rune(text)[0]
			n := len(string(r))
			if r == 0xfffd && len(text) < 4 {
				s.rest = text
				return
			}
			s.put(r)
			text = text[n:]
			continue
		}
		seq := sequence.FindString(text)
		if seq == "" {
			if len(text) > 40 {
				s.unknown = append(s.unknown, text[:10])
				text = text[1:]
				continue
			}
			s.rest = text
			return
		}
		if !s.known.MatchString(seq) {
			s.unknown = append(s.unknown, seq)
		}
		s.control(seq)
		text = text[len(seq):]
	}
}

func (s *onScreen) put(r rune) {
	switch {
	case r == '\r':
		s.x = 0
	case r == '\n':
		if s.y++; s.y >= s.rows {
			s.cells = append(s.cells[1:], []rune(strings.Repeat(" ", s.columns)))
			s.y = s.rows - 1
		}
	case r == '\b':
		s.x = max(s.x-1, 0)
	case r < ' ':
		s.unknown = append(s.unknown, string(r))
	default:
		if s.ascii && r > '~' {
			s.unknown = append(s.unknown, string(r))
		}
		if s.x < s.columns && s.y < s.rows {
			s.cells[s.y][s.x] = r
		}
		s.x++
	}
}

func (s *onScreen) control(seq string) {
	var a, b int
	switch {
	case strings.HasSuffix(seq, "H"):
		s.x, s.y = 0, 0
		if n, _ := fmt.Sscanf(seq, "\x1b[%d;%dH", &a, &b); n == 2 {
			s.x, s.y = b-1, a-1
		}
	case seq == "\x1b[J":
		for y := s.y; y < s.rows; y++ {
			for x := range s.cells[y] {
				if y > s.y || x >= s.x {
					s.cells[y][x] = ' '
				}
			}
		}
	case seq == "\x1b[K":
		for x := s.x; x < s.columns; x++ {
			s.cells[s.y][x] = ' '
		}
	case seq == "\x1b[?1049h":
		s.used = true
		s.other, s.cells, s.otherX, s.otherY = s.cells, empty(s.columns, s.rows), s.x, s.y
	case seq == "\x1b[?1049l":
		s.cells, s.x, s.y = s.other, s.otherX, s.otherY
	}
}

// String is what is to be seen.
func (s *onScreen) String() string {
	var lines []string
	for _, row := range s.cells {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return strings.Join(lines, "\n")
}

// sees waits until all of these texts are on the screen.
func (s *onScreen) sees(all ...string) {
	s.t.Helper()
	s.waits(fmt.Sprintf("%q", all), func(text string) bool {
		for _, want := range all {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

// waits waits until the screen is as wanted.
func (s *onScreen) waits(what string, is func(text string) bool) {
	s.t.Helper()
	over := deadline()
	for !is(s.String()) {
		select {
		case b, ok := <-s.said:
			if !ok {
				s.t.Fatalf("the screen must show %s, but the program has ended:\n%s", what, s)
			}
			s.act(string(b))
		case <-over:
			s.t.Fatalf("the screen must show %s, but shows:\n%s", what, s)
		}
	}
}

// rest acts out what comes until the end.
func (s *onScreen) untilEnd() {
	s.t.Helper()
	over := deadline()
	for {
		select {
		case b, ok := <-s.said:
			if !ok {
				return
			}
			s.act(string(b))
		case <-over:
			s.t.Fatalf("the program must end, but shows:\n%s", s)
		}
	}
}

func deadline() <-chan time.Time { return time.After(30 * time.Second) }

// TestScreen types at the screen at terminals of all kinds: it writes what they know, and leaves them as they were.
func TestScreen(t *testing.T) {
	for _, kind := range []struct {
		name    string
		known   *regexp.Regexp
		f10     string
		another bool
	}{
		{"xterm-256color", onWindow, "\x1b[21~", true}, {"tmux", onWindow, "\x1b[21~", true}, {"wsvt25", onConsole, "\x1b[21~", false}, {"vt100", onVT100, "\x1b0", false},
	} {
		for _, lang := range []string{"", "LANG=C.UTF-8"} {
			t.Run(kind.name+" "+lang, func(t *testing.T) {
				dir := t.TempDir()
				env := []string{"TERM=" + kind.name, lang}
				if kind.known == onVT100 {
					env = append(env, "NO_COLOR=1") // which is for the session's own colours
				}
				c := program(t, dir, env, "-k", "sim:state", "screen")
				x := start(t, c)
				s := newOnScreen(x, 80, 24, kind.known, lang == "")
				s.sees("there are no cells", "10Leave")
				if frame := strings.Contains(s.String(), "│"); frame != (lang != "") {
					t.Errorf("frames must be lines only where the locale has them:\n%s", s)
				}
				x.typed("create web-1 --root /x\r")
				s.sees("SIM> create web-1 --root /x\ncell web-1 has id 1", "a key goes back")
				x.typed(" ")
				s.sees("10Leave", "web-1")
				if kind.another {
					x.typed("\x1b[<0;60;5M\x1b[<0;60;5m") // a click
					s.sees("[ decisions ]")
					x.typed("\t")
					s.sees("[ cells ]")
				}
				x.typed("\x0f") // Ctrl-O
				s.sees("cell web-1 has id 1", "a key goes back")
				x.typed("\x1b[A")
				s.sees("10Leave", "web-1")
				s.resize(40, 10)
				if err := pty.SetSize(x.file, pty.Size{Rows: 10, Columns: 40}); err != nil {
					t.Fatal(err)
				}
				s.waits("ten lines", func(text string) bool {
					lines := strings.Split(text, "\n")
					return strings.Contains(lines[0], "cells") && strings.Contains(lines[9], "10Le")
				})
				x.typed("1 + 1\r")
				s.sees("\n2\n", "a key goes back")
				x.typed("x")
				s.sees("10Le")
				x.typed(kind.f10)
				s.untilEnd()
				if err := x.wait(); err != nil {
					t.Errorf("it must end well, but: %v", err)
				}
				if x.after != x.before && x.after != "" {
					t.Errorf("the terminal's modes must be as before:\n%s\n%s", x.before, x.after)
				}
				if len(s.unknown) > 0 {
					t.Errorf("%s does not know %q", kind.name, s.unknown)
				}
				if text := s.String(); !strings.Contains(text, "1 + 1\n2") || strings.Contains(text, "10Le") {
					t.Errorf("what was written before must be on the terminal again, and the screen not:\n%s", text)
				}
				if got := s.used; got != kind.another {
					t.Errorf("the other screen is used: %v", got)
				}
			})
		}
	}
}

// TestScreenInASession: F2 opens it with the session's state, and what was typed stays.
func TestScreenInASession(t *testing.T) {
	dir := t.TempDir()
	for _, f2 := range []string{"\x1bOQ", "\x1b[12~", "\x1b[[B", "\x1b2"} {
		x := start(t, program(t, dir, []string{"TERM=vt100", "NO_COLOR=1"}, "-k", "sim"))
		s := newOnScreen(x, 80, 24, onConsole, true)
		s.sees("SIM>")
		x.typed("x = 41\r")
		s.sees("x = 41\nSIM>")
		x.typed("policy 'w' {}\r")
		s.sees("SIM, 1 pending>")
		x.typed("print(x" + f2)
		s.sees("10Leave", "1 pending")
		x.typed("x + 1\r")
		s.sees("x + 1\n42")
		x.typed(" ")
		s.sees("10Leave")
		x.typed("screen\r")
		s.sees("is open already")
		x.typed(" ")
		s.sees("10Leave")
		x.typed("\x1b0")
		s.sees("SIM, 1 pending> print(x")
		x.typed(")\r")
		s.sees("print(x)\n41")
		// What was typed in the screen is in the history.
		x.typed("\x10\x10\x10")
		s.sees("pending> x + 1")
		x.typed("\x15screen --left generations\r")
		s.sees("generations", "10Leave")
		x.typed("exit 3\r")
		s.untilEnd()
		if err := x.wait(); x.c.ProcessState.ExitCode() != 3 {
			t.Errorf("what leaves the session in the screen must leave it, but: %v", err)
		}
	}
}

// TestScreenStops: Ctrl-C ends a statement, and the screen goes on.
func TestScreenStops(t *testing.T) {
	x := start(t, program(t, t.TempDir(), []string{"TERM=vt100"}, "-k", "sim", "screen"))
	s := newOnScreen(x, 80, 24, onVT100, true)
	s.sees("10Leave")
	x.typed("print 'begun' while true do end\r")
	s.sees("begun\n")
	x.typed("\x03")
	s.sees("interrupted", "a key goes back")
	x.typed(" ")
	s.sees("10Leave")
	// Nobody could continue this job, so Ctrl-Z does not stop it; somebody else may, and shows something meanwhile.
	x.typed("\x1abc")
	s.sees("> bc", "10Leave")
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := x.c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	s.cells = empty(s.columns, s.rows)
	s.sees("> bc", "10Leave")
	x.typed("\x15\x1b0")
	s.untilEnd()
}

// TestScreenEnds: whatever ends the program, the terminal and the state are whole.
func TestScreenEnds(t *testing.T) {
	for _, end := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGKILL} {
		if signal.Ignored(end) {
			t.Logf("%v is not tried: this test was started deaf to it, as nohup(1) does, and so would the program be", end)
			continue
		}
		for _, at := range []string{"the panels", "a statement", "a key"} {
			dir := t.TempDir()
			x := start(t, program(t, dir, []string{"TERM=vt100"}, "-k", "sim:state", "screen"))
			s := newOnScreen(x, 80, 24, onVT100, true)
			s.sees("10Leave")
			x.typed("create web-1 --root /x\r")
			s.sees("a key goes back")
			switch at {
			case "the panels":
				x.typed(" ")
				s.sees("10Leave")
			case "a statement":
				x.typed(" ")
				s.sees("10Leave")
				x.typed("print 'begun' while true do end\r")
				s.sees("begun\n")
			}
			if err := x.c.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			s.untilEnd()
			if end == syscall.SIGKILL {
				<-x.gone // it could not give the terminal its modes back
			} else {
				_ = x.wait()
			}
			if code := x.c.ProcessState.ExitCode(); end != syscall.SIGKILL && code != signalled+int(end) {
				t.Errorf("%v at %s: the exit code must tell the signal, but is %d", end, at, code)
			}
			out, err := program(t, dir, nil, "-k", "sim:state", "list").CombinedOutput()
			if err != nil || !strings.Contains(string(out), "web-1") {
				t.Errorf("%v at %s: the cell must be there, but %v: %s", end, at, err, out)
			}
			if out, err := program(t, dir, nil, "-k", "sim:state", "create", "db", "--root", "/cells/db").CombinedOutput(); err != nil {
				t.Errorf("%v at %s: the lock must be gone, but %v: %s", end, at, err, out)
			}
		}
	}
}

// TestScreenEdits: the user's editor is given the line, and what is wrong afterwards is told.
func TestScreenEdits(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "w.lua", "policy \"w\" {\n  on = { [\"system.reboot\"] = function() return deny end },\n}\n")
	if out, err := program(t, dir, nil, "-k", "sim:state", "load", "--yes", "w.lua").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, dir, "ed", "#!/bin/sh\necho \"edited $*\"\necho 'polity \"x\" {}' >> \"$2\"\n")
	if err := os.Chmod(filepath.Join(dir, "ed"), 0o700); err != nil {
		t.Fatal(err)
	}
	x := start(t, program(t, dir, []string{"TERM=vt100", "EDITOR=./ed"}, "-k", "sim:state", "screen", "--left", "policies"))
	s := newOnScreen(x, 80, 24, onVT100, true)
	s.sees("10Leave", "w.lua")
	x.typed("\x1b4")
	s.sees("polity", "w.lua:4")
	x.typed("\x1b0")
	s.sees("10Leave")
	x.typed("\x0f")
	s.sees("a key goes back")
	x.typed(" ")
	s.sees("10Leave")
	x.typed("\x1b0")
	s.untilEnd()
}

// TestScreenLearns goes from a denial to a change that is confirmed. What commands say on standard error belongs to the screen, wherever
// that goes.
func TestScreenLearns(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "w.lua", "policy \"w\" {\n  on = { [\"system.reboot\"] = function() return deny end },\n}\n")
	write(t, dir, "run.lua", "cell.create{ name = \"web-1\", root = \"/cells/web-1\" }:process{ uid = 0 }:reboot()\n")
	for _, words := range [][]string{{"load", "--yes", "w.lua"}, {"run.lua"}} {
		if out, err := program(t, dir, nil, append([]string{"-k", "sim:state"}, words...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	c := program(t, dir, []string{"TERM=vt100"}, "-k", "sim:state", "screen", "--left", "decisions")
	var errs bytes.Buffer
	c.Stderr = &errs
	x := start(t, c)
	s := newOnScreen(x, 80, 24, onVT100, true)
	s.sees("10Leave", "system.reboot")
	x.typed("\x1b3")
	s.sees("why system.reboot in web-1", "2 |   on = {", "|                                         ^")
	x.typed("\x1b5")
	s.sees("allow system.reboot in web-1", "F5 writes it, and loads it: load w.lua")
	x.typed("\x1b5")
	s.sees("Write w.lua?", "[> For a minute <]")
	x.typed("\r")
	s.sees("Generation 2 is loaded. It is rolled back in ", "[> Later <]")
	x.typed("c\r")
	s.sees("generation 2 stays")
	x.typed("\x1b0")
	s.untilEnd()
	if errs.Len() > 0 {
		t.Errorf("on standard error there is %q", errs.String())
	}
	out, err := program(t, dir, nil, "-k", "sim:state", "explain", "web-1", "system.reboot", "euid=0").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "system.reboot is allowed") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestScreenRefused: where there can't be one it is said why.
func TestScreenRefused(t *testing.T) {
	x := start(t, program(t, t.TempDir(), []string{"TERM=dumb"}, "-k", "sim", "screen"))
	if text := x.until("never said"); !strings.Contains(strings.Join(strings.Fields(text), " "), "but TERM is dumb") {
		t.Errorf("the screen says %q", text)
	}
	if err := x.wait(); err == nil {
		t.Error("it must fail")
	}
	x = start(t, program(t, t.TempDir(), []string{"TERM=vt100", "NO_COLOR=1"}, "-k", "sim"))
	x.untilPrompt()
	x.typed("screen > file\r")
	if text := x.untilPrompt(); !strings.Contains(text, "must be shown on the terminal") {
		t.Errorf("the screen says %q", text)
	}
}

// soakKeys are how many keys TestScreenSoak presses; with CELLSH_SOAK as many as that says.
const soakKeys = 5000

// TestScreenSoak presses random keys at a screen with the real session behind it: nothing panics, whatever they do to the
// cells and policies of a simulated kernel, and the screen stays as large as it is.
func TestScreenSoak(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "w.lua", "policy \"w\" {\n  on = { [\"network.bind.port\"] = function(r) if r.port == 22 then return deny, \"no ssh\" end end },\n}\n")
	for _, args := range [][]string{{"create", "web-1", "--root", "/a"}, {"create", "web-2", "--root", "/b"}, {"load", "--yes", "w.lua"}} {
		if out, err := program(t, dir, nil, append([]string{"-k", "sim:state"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v: %s", args, err, out)
		}
	}
	n := soakKeys
	if s := os.Getenv("CELLSH_SOAK"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	sizes := []string{"80x24", "40x10", "132x43", "200x60", "7x3"}
	kinds := []string{"cells", "services", "policies", "decisions", "generations"}
	likely := []string{"Up", "Down", "Down", "Enter", "Enter", "Backspace", "Tab", "Left", "Right", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "PageUp", "PageDown", "Home", "End",
		"Insert", "Delete", "Esc", "Ctrl-U", "Ctrl-S", "Ctrl-R", "Ctrl-O", "Ctrl-L", "Ctrl-C", "Ctrl-W", "Alt-Enter", "Alt-b", "BackTab", "+", "-", "*", " ", "y", "n", "d", "x", "web-1", "/c", "x = 1", "list",
		"cell.list()", "policy 'p' {}", "load", "print(1)", "\"", "(", "ü", "日"}
	const most = 500 // for each screen
	for done := 0; done < n; done += most {
		keys := make([]string, most)
		for i := range keys {
			keys[i] = likely[random.IntN(len(likely))]
		}
		size := sizes[random.IntN(len(sizes))]
		args := []string{"-k", "sim:state", "screen", "--dump", size, "--left", kinds[random.IntN(len(kinds))], "--right", kinds[random.IntN(len(kinds))], "--"}
		// What keys have run in cells are processes of this machine: it finds no programs.
		c := program(t, dir, []string{"LANG=C.UTF-8", "PATH=" + dir}, append(args, keys...)...)
		var told strings.Builder
		c.Stderr = &told
		out, err := c.Output()
		var columns, rows int
		fmt.Sscanf(size, "%dx%d", &columns, &rows)
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if err != nil || len(lines) != rows {
			t.Fatalf("seed %d: %q %q: %v\n%s%s", seed, args, keys, err, out, &told)
		}
		for _, line := range lines {
			if show.Width(line) > columns {
				t.Fatalf("%q %q: a line is too long:\n%s", args, keys, out)
			}
		}
	}
}

// TestBackend: what the screen has told to stop does, however early it was told, and what follows is whole.
func TestBackend(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	long(t, dir)
	write(t, dir, "w.lua", "policy \"w\" { on = { [\"system.reboot\"] = function() return deny, \"no\" end } }\n")
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	env := Env{Stdin: null, Stdout: null, Stderr: null, Getenv: func(string) string { return "" }, Now: time.Now, After: time.After, Version: "test", Machine: connect.Machine{Foreign: "linux/amd64"}}
	e, err := newEvaluator(env, command.Common{Kernel: "sim"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	e.editor = nobody{}
	b := newBackend(e)
	defer b.close()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	never := func(question string) bool { t.Errorf("nobody must be asked %q", question); return false }
	if r := b.Run(gone, []string{"prove", "long.lua"}, never); !r.Failed || !strings.Contains(r.Text, "interrupted") {
		t.Errorf("a command that is told to stop before it begins must do so, but says %+v", r)
	}
	soon, cancel := context.WithCancel(context.Background())
	ended := make(chan model.Result)
	go func() { ended <- b.Run(soon, []string{"prove", "long.lua"}, never) }()
	for b.Where() == "" {
		runtime.Gosched()
	}
	cancel()
	if r := <-ended; !r.Failed || !strings.Contains(r.Text, "interrupted") {
		t.Errorf("a command that is told to stop must do so, but says %+v", r)
	}
	for _, words := range [][]string{{"load", "--yes", "w.lua"}, {"create", "web-1", "--root", "/a"}, {"prove", "w.lua"}} {
		if r := b.Run(context.Background(), words, never); r.Failed {
			t.Errorf("%q after that must work, but says %s", words, r.Text)
		}
	}
	table, err := b.Read(context.Background(), model.Place{Kind: model.Cells})
	if err != nil || len(table.Rows) != 1 {
		t.Errorf("the cell must be read: %v %v", table.Rows, err)
	}
	// A question is asked of whoever has the screen.
	var asked string
	if r := b.Run(context.Background(), []string{"load", "w.lua"}, func(q string) bool { asked = q; return true }); r.Failed || asked == "" && !strings.Contains(r.Text, "generation") {
		t.Errorf("a command must ask, but asks %q and says %+v", asked, r)
	}
	// A command has no input, and what it can't do without is said.
	if r := b.Run(context.Background(), []string{"exec", "web-1", "true"}, never); !r.Failed || !strings.Contains(r.Text, "standard input must be a file") {
		t.Errorf("exec must say that there is no terminal, but: %+v", r)
	}
	if r := b.Run(context.Background(), []string{"screen"}, never); !r.Failed || !strings.Contains(r.Text, "is open already") {
		t.Errorf("there must be one screen, but: %+v", r)
	}
	if err := b.Statement("x = = 1"); err != nil {
		t.Errorf("a statement that fails must not leave, but: %v", err)
	}
	if err := b.Statement("exit 4"); !errors.As(err, new(exit)) {
		t.Errorf("exit must leave, but: %v", err)
	}
	// What is written by itself is kept for the screen, and for the terminal after it.
	e.outlet.divert(&b.notes)
	e.note("something has happened")
	if got := b.notes.take(); got != "note: something has happened\n" || b.notes.take() != "" || string(b.notes.rest()) != got {
		t.Errorf("what is written by itself must be told once, but: %q", got)
	}
	e.outlet.divert(nil)
}

// TestOutlet: what was written to the terminal is kept, from the begin of a line on.
func TestOutlet(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var o outlet
	g := gate{&o, null, true}
	fmt.Fprint(g, "first\n")
	var aside strings.Builder
	before := o.divert(&aside)
	fmt.Fprint(g, "aside\n")
	o.divert(before)
	o.note("noted\n")
	if got := o.written(); got != "first\nnoted\n" || aside.String() != "aside\n" {
		t.Errorf("written: %q, aside: %q", got, aside.String())
	}
	for i := range maxRecent {
		fmt.Fprintf(g, "line %d\n", i)
	}
	if got := o.written(); len(got) > maxRecent || !strings.HasPrefix(got, "line ") || !strings.HasSuffix(got, fmt.Sprintf("line %d\n", maxRecent-1)) {
		t.Errorf("%d bytes are kept, from %.20q on", len(got), got)
	}
}
