package repl

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/launch/pty"
	"cellsh/repl/screentest"
)

// window is a terminal with what is on its screen.
type window struct {
	*terminal
	*screentest.Screen
	// written is all that came.
	written strings.Builder
}

func newWindow(x *terminal, kind screentest.Kind, columns, rows int) *window {
	x.t.Helper()
	w := &window{terminal: x, Screen: screentest.New(x.t, kind, columns, rows)}
	w.size(columns, rows)
	return w
}

// size tells the terminal its size.
func (w *window) size(columns, rows int) {
	w.t.Helper()
	if err := pty.SetSize(w.file, pty.Size{Rows: uint16(rows), Columns: uint16(columns)}); err != nil {
		w.t.Fatal(err)
	}
}

// until draws what comes until the screen is as wanted, or the program has ended.
func (w *window) until(what string, enough func() bool) {
	w.t.Helper()
	over := time.After(30 * time.Second)
	for !w.ended && !enough() {
		select {
		case b, ok := <-w.said:
			w.ended = !ok
			w.written.Write(b)
			w.Screen.Write(b)
		case <-over:
			w.t.Fatalf("there must be %s, but the screen is\n%s", what, w.Screen)
		}
	}
	if !enough() {
		w.t.Fatalf("there must be %s, but the program has ended, and the screen is\n%s", what, w.Screen)
	}
}

// ends waits until the last rows of the screen are these, with | for the cursor.
func (w *window) ends(rows ...string) {
	w.t.Helper()
	want := strings.Join(rows, "\n")
	w.until(fmt.Sprintf("%q at the end", want), func() bool {
		return strings.HasSuffix("\n"+uncoloured(w.Marked()), "\n"+want)
	})
}

// has waits until a text is on the screen.
func (w *window) has(text string) {
	w.t.Helper()
	w.until(fmt.Sprintf("%q", text), func() bool { return strings.Contains(w.Text(), text) })
}

// uncoloured is a marked screen without its colours.
func uncoloured(marked string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(marked, "«")
		b.WriteString(strings.ReplaceAll(before, "»", ""))
		if !ok {
			return b.String()
		}
		_, marked, _ = strings.Cut(after, ":")
	}
}

// TestTerminals is a session at terminals of all kinds and in all locales: what is on the screen is what must be, nothing is
// written that such a terminal does not understand, and the terminal is as before in the end. Where text is not known to be
// UTF-8 only what was typed has more than ASCII.
func TestTerminals(t *testing.T) {
	for _, name := range []string{"xterm-256color", "vt100", "wsvt25", "dumb"} {
		for _, locale := range []string{"", "C", "C.UTF-8"} {
			t.Run(name+" "+locale, func(t *testing.T) {
				t.Parallel()
				env := []string{"TERM=" + name, "EDITOR=echo return 6 \\* 7 >"}
				if locale != "" {
					env = append(env, "LANG="+locale)
				}
				w := newWindow(start(t, program(t, t.TempDir(), env, "-k", "sim")), screentest.KindOf(name), 80, 24)
				w.ends("SIM> |")
				w.typed("create web --root /cells/web" + enter)
				w.ends("SIM> create web --root /cells/web", "cell web has id 1", "SIM> |")
				if screentest.KindOf(name) == screentest.Dumb {
					withoutEditing(w)
				} else {
					withEditing(w)
				}
				w.typed(ctrlD)
				w.until("the end", func() bool { return w.ended })
				if err := w.wait(); err != nil {
					t.Error(err)
				}
				if w.Pastes() {
					t.Error("the terminal still marks what is pasted")
				}
				own := strings.NewReplacer("中", "", "é", "").Replace(w.written.String())
				if at := strings.IndexFunc(own, func(r rune) bool { return r >= 0x80 }); at >= 0 {
					t.Errorf("what is written must be ASCII, but is %q", own[at:])
				}
			})
		}
	}
}

// presses types keys as people do: each when what the one before has changed is on the screen. All must change something.
func (w *window) presses(keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		before := w.written.Len()
		w.typed(k)
		w.until(fmt.Sprintf("a change after %q", k), func() bool { return w.written.Len() > before })
	}
}

// types types a text, each character by itself.
func (w *window) types(text string) {
	w.t.Helper()
	w.presses(strings.Split(text, "")...)
}

const (
	tab      = "\t"
	up       = "\x1b[A"
	left     = "\x1b[D"
	enter    = "\r"
	ctrlC    = "\x03"
	ctrlD    = "\x04"
	cancel   = "\x07"     // Ctrl-G
	clear    = "\x0c"     // Ctrl-L
	findBack = "\x12"     // Ctrl-R
	outside  = "\x18\x05" // Ctrl-X Ctrl-E
	stop     = "\x1a"     // Ctrl-Z
	cutWord  = "\x17"     // Ctrl-W
)

// withEditing does what one can do where lines are edited.
func withEditing(w *window) {
	w.t.Helper()
	// A statement of several lines, with a menu of what can follow.
	w.types("for _, c in ipairs(cell.li" + tab)
	w.ends("SIM> for _, c in ipairs(cell.list|")
	w.types("()) do" + enter)
	w.ends("SIM> for _, c in ipairs(cell.list()) do", "SIM|   |")
	w.types("print(c.name, engine." + tab)
	w.has("\nunload ")
	w.presses(tab)
	w.has("SIM|   print(c.name, engine.audit\naudit ")
	w.presses(cancel)
	w.ends("SIM> for _, c in ipairs(cell.list()) do", "SIM|   print(c.name, engine.|")
	w.presses(cutWord)
	w.types("'done')" + enter + "end" + enter)
	w.ends("SIM> for _, c in ipairs(cell.list()) do", "SIM|   print(c.name, 'done')", "SIM| end", "web     done", "SIM> |")
	// A mistake, in a command and in Lua.
	w.types("lst" + enter)
	w.has("note: there is no variable and no command lst; did you mean list?\nnil")
	w.ends("SIM> |")
	w.types("cell.get(9).name" + enter)
	w.has("what is indexed with name must be a table, but is nil")
	w.ends("SIM> |")
	// The history.
	w.presses(findBack)
	w.types("web")
	w.ends("SIM> create |web --root /cells/web", "search: web")
	w.presses(cancel)
	w.ends("SIM> |")
	w.presses(up, up, up)
	w.ends("SIM> for _, c in ipairs(cell.list()) do|", "SIM|   print(c.name, 'done')", "SIM| end")
	w.presses(ctrlC)
	w.ends("SIM> for _, c in ipairs(cell.list()) do", "SIM|   print(c.name, 'done')", "SIM| end^C", "SIM> |")
	w.types("x = 5")
	w.presses(outside)
	w.ends("SIM> x = 5", "SIM> return 6 * 7|")
	w.presses(enter)
	w.ends("SIM> return 6 * 7", "42", "SIM> |")
	// What takes two columns, and what has more than one byte.
	w.types("'中é'")
	w.presses(left, left)
	w.types("中")
	w.ends("SIM> '中中|é'")
	w.presses(clear)
	w.until("nothing else", func() bool { return uncoloured(w.Marked()) == "SIM> '中中|é'" })
	w.presses(enter)
	w.ends("SIM> '中中é'", `"中中é"`, "SIM> |")
	// A narrower terminal, with a row that is too long for it.
	w.types("x = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 }")
	w.Resize(40, 10)
	w.size(40, 10)
	w.ends("SIM> x = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1", "0, 11, 12, 13 }|")
	w.presses(enter)
	w.ends("SIM> x = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1", "0, 11, 12, 13 }", "SIM> |")
}

// withoutEditing does what one can do where the terminal itself has lines.
func withoutEditing(w *window) {
	w.t.Helper()
	w.typed("for _, c in ipairs(cell.list()) do" + enter)
	w.ends("SIM| |")
	w.typed("print(c.name, 'done')" + enter)
	w.ends("SIM| print(c.name, 'done')", "SIM| |")
	w.typed("end" + enter)
	w.ends("SIM> for _, c in ipairs(cell.list()) do", "SIM| print(c.name, 'done')", "SIM| end", "web     done", "SIM> |")
	w.typed("lst" + enter)
	w.has("note: there is no variable and no command lst; did you mean list?\nnil")
	w.ends("SIM> |")
	w.typed("(" + enter)
	w.ends("SIM| |")
	w.typed(ctrlC)
	w.ends("SIM| ^C", "SIM> |")
	w.typed("'中é'" + enter)
	w.ends(`"中é"`, "SIM> |")
	w.Resize(40, 10)
	w.size(40, 10)
	w.typed("'" + strings.Repeat("x", 30) + "'" + enter)
	w.ends(`"`+strings.Repeat("x", 30)+`"`, "SIM> |")
}

// TestStopped: Ctrl-Z stops a session whose shell has jobs, and what was typed is there again, once, when the shell continues it.
func TestStopped(t *testing.T) {
	if out, err := exec.Command("/bin/sh", "-c", "set -m; jobs").CombinedOutput(); err != nil {
		t.Skipf("the shell here has no jobs: %v, %s", err, out)
	}
	const shell = `set -m; "$0" -k sim; for n in 1 2 3; do echo stopped; read x; fg; done`
	c := program(t, t.TempDir(), []string{"TERM=vt100"})
	c.Path, c.Args = "/bin/sh", []string{"sh", "-c", shell, c.Path}
	w := newWindow(start(t, c), screentest.Console, 80, 24)
	w.ends("SIM> |")
	w.types("for i = 1, 2 do" + enter + "print(i)")
	for n := range 3 {
		w.ends("SIM> for i = 1, 2 do", "SIM|   print(i)|")
		if got := strings.Count(w.Text(), "SIM> for i"); got != n+1 {
			t.Fatalf("there must be the text %d times, but the screen is\n%s", n+1, w.Screen)
		}
		w.typed(stop)
		w.ends("stopped", "|")
		w.typed("\n")
	}
	w.ends("SIM> for i = 1, 2 do", "SIM|   print(i)|")
	w.presses(ctrlC)
	w.ends("SIM> |")
	w.typed("exit" + enter)
	w.until("the end", func() bool { return w.ended })
	if err := w.wait(); err != nil {
		t.Error(err)
	}
}

// TestNarrowTerminal: no word is cut by a terminal of 40 columns, neither of results nor of what goes wrong, and a place is marked where
// it is.
func TestNarrowTerminal(t *testing.T) {
	w := newWindow(startAt(t, program(t, t.TempDir(), []string{"TERM=vt100"}, "-k", "sim"), pty.Size{Rows: 14, Columns: 40}), screentest.Console, 40, 14)
	w.ends(
		"cellsh test on a simulated NetBSD",
		"  10.99.12; what is done here stays here",
		"The state of this kernel ends with the",
		"  session; -k sim:FILE keeps one.",
		"help shows what there is, F2 is the",
		"  whole screen, exit or Ctrl-D leaves.",
		"SIM> |")
	for _, c := range []struct {
		typed string
		rows  []string
	}{
		{"create web-1 --root /cells/web-1", []string{"cell web-1 has id 1"}},
		{"list", []string{
			"ID  NAME   PROCESSES  AGE  ROOT",
			"  ANSWERED BY",
			" 1  web-1          0   0s  /cells/web-1",
			"   profile high"}},
		{"lod x", []string{
			"command:1:1: error: a line must be a",
			"   command or Lua, but there is no",
			"   command lod [command.line]",
			"    1 | lod x",
			"      | ^~~",
			"   hint: did you mean load?"}},
		{"create", []string{
			"create: one name must be given, but",
			"   there are 0",
			"usage: create NAME --root DIR"}},
		{`s = "中中" s.t.u()`, []string{
			"session[1]:1:18: error: what is indexed",
			"   with u must be a table, but is nil",
			"   [lua.runtime]",
			`    1 | s = "中中" s.t.u()`,
			"      |                ^"}},
		{"forget nothing", []string{
			"error: what is forgotten must have been",
			"   declared here and not loaded, but",
			"   nothing was not [failed]"}},
		{`help("cell.id")`, []string{
			"cell.id: number",
			"  The kernel's number of the cell; it is",
			"    never used again.",
			"",
			"  example:",
			"    local c = cell.create{ name =",
			"      \"web-1\", root = \"/cells/web-1\" }",
			"    print(c.id)",
			"    --> 1"}},
		{`help("system.reboot")`, []string{
			"system.reboot carries nothing else",
			"",
			"Every request carries who asks too:",
			"  r.uid, r.euid, r.gid, r.egid,",
			"  r.groups, and",
			"the cell, r.cell. See help",
			"  kauth.request."}},
	} {
		w.types(c.typed + enter)
		w.ends(append(c.rows, "SIM> |")...)
	}
	w.types("exit" + enter)
	w.until("the end", func() bool { return w.ended })
	if err := w.wait(); err != nil {
		t.Error(err)
	}
}
