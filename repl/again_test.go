package repl

import (
	"strings"
	"testing"
	"time"

	"cellsh/repl/command"
)

// draws waits until a text was written so many times.
func (x *terminal) draws(text string, times int) {
	x.t.Helper()
	over := time.After(30 * time.Second)
	for strings.Count(x.text, text) < times && !x.ended {
		select {
		case b, ok := <-x.said:
			x.ended = !ok
			x.text += strings.ReplaceAll(string(b), "\r\n", "\n")
		case <-over:
			x.t.Fatalf("the terminal must show %q, but shows %.1000q", text, x.text)
		}
	}
}

// At a terminal a list that is shown again and again is drawn where it was, without a line that says what is waited for, and
// Ctrl-C ends it: as a command, and in a session, which goes on.
func TestAgain(t *testing.T) {
	dir := t.TempDir()
	if out, err := program(t, dir, nil, "-k", "sim:s", "create", "web-1", "--root", "/cells/"+strings.Repeat("long", 30)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const begin, again = "\x1b[H\x1b[J", "\x1b[J\x1b[H"
	x := start(t, program(t, dir, []string{"TERM=vt100", quickly + "=yes"}, "-k", "sim:s", "list", "web*", "-w", "5", "--columns", "id,name,root"))
	x.draws(again, 2)
	x.typed("\x03")
	said := x.until("never said")
	if err := x.wait(); err != nil {
		t.Errorf("it must end well, but ends with %v", err)
	}
	if !strings.HasPrefix(said, begin+"ID  NAME   ROOT\x1b[K\n 1  web-1  /cells/long") || strings.Contains(said, "looking") || strings.Contains(said, "waiting") {
		t.Errorf("it writes %q", said)
	}
	for text := range strings.Lines(said) {
		if text, whole := strings.CutSuffix(text, "\x1b[K\n"); whole && strings.HasPrefix(text, " 1") && (len(text) != 79 || !strings.HasSuffix(text, "..")) {
			t.Errorf("a row must be as wide as the terminal, but is %q", text)
		}
	}

	x = start(t, program(t, dir, []string{"TERM=xterm", "NO_COLOR=1", quickly + "=yes"}))
	x.until("SIM> ")
	x.typed("create db --root /cells/db; stats -w 5 --columns name\r")
	x.draws(again, 2)
	x.typed("\x03")
	said = x.until("SIM> ")
	if _, end, _ := strings.Cut(said, "^C"); !strings.Contains(end, "\r\x1b[K") {
		t.Errorf("the Ctrl-C must not stand before the prompt, but does: %q", said)
	}
	x.typed("6 * 7\r")
	x.draws("42\n", 1)
	x.until("SIM> ")
	x.typed("exit\r")
	x.until("never said")
	if x.wait(); x.c.ProcessState.ExitCode() != command.OK || !strings.Contains(said, begin+"NAME\x1b[K\ndb\x1b[K\n") {
		t.Errorf("it ends with %v, and writes %q", x.c.ProcessState, said)
	}

	// A terminal that can't move its cursor gets one list below the other.
	x = start(t, program(t, dir, []string{"TERM=dumb", quickly + "=yes"}, "-k", "sim:s", "list", "-w", "5", "--columns", "name"))
	x.draws("NAME\nweb-1\n\nNAME\nweb-1\n", 1)
	x.typed("\x03")
	x.until("never said")
	if err := x.wait(); err != nil {
		t.Errorf("it must end well, but ends with %v", err)
	}
}
