package display

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v3"

	"cellsh/kernel/launch/pty"
	"cellsh/repl/screen"
	"cellsh/repl/screen/model"
	"cellsh/repl/screen/view"
)

func getenv(list ...string) func(string) string {
	return func(name string) string {
		for _, v := range list {
			if value, is := strings.CutPrefix(v, name+"="); is {
				return value
			}
		}
		return ""
	}
}

// TestChoose: what a terminal can, by its name and the locale.
func TestChoose(t *testing.T) {
	for _, x := range []struct {
		env  string
		want Terminal
	}{
		{"TERM=xterm-256color LANG=en_US.UTF-8", Terminal{256, true, true, true}},
		{"TERM=xterm", Terminal{8, true, true, false}},
		{"TERM=xterm-kitty LC_CTYPE=C.utf8", Terminal{256, true, true, true}},
		{"TERM=tmux-256color LANG=C", Terminal{256, true, true, false}},
		{"TERM=tmux LANG=C.UTF-8 LC_ALL=C", Terminal{8, true, true, false}},
		{"TERM=screen LC_ALL=C.UTF-8 LANG=C", Terminal{8, true, true, true}},
		{"TERM=st LANG=de_DE", Terminal{8, true, true, false}},
		{"TERM=st-256color LANG=de_DE.UTF-8@euro", Terminal{256, true, true, true}},
		{"TERM=xterm-256color NO_COLOR=1", Terminal{0, true, true, false}},
		{"TERM=xterm-mono", Terminal{0, true, true, false}},
		{"TERM=wsvt25", Terminal{8, false, true, false}},
		{"TERM=wsvt25 LANG=en_US.ISO8859-1", Terminal{8, false, true, false}},
		{"TERM=wsvt25m", Terminal{0, false, true, false}},
		{"TERM=linux LANG=C.UTF-8", Terminal{8, false, true, true}},
		{"TERM=vt100", Terminal{0, false, false, false}},
		{"TERM=vt220 LANG=C.UTF-8", Terminal{0, false, true, true}},
		{"TERM=something", Terminal{0, false, true, false}},
	} {
		if got, err := Choose(getenv(strings.Fields(x.env)...)); err != nil || got != x.want {
			t.Errorf("%s: %+v, %v; want %+v", x.env, got, err, x.want)
		}
	}
	for env, want := range map[string]string{
		"":          "the screen must have a terminal whose cursor can be moved, but TERM is not set",
		"TERM=dumb": "the screen must have a terminal whose cursor can be moved, but TERM is dumb",
	} {
		if _, err := Choose(getenv(strings.Fields(env)...)); err == nil || err.Error() != want {
			t.Errorf("%q: %v; want %s", env, err, want)
		}
	}
}

// TestSieve: each kind of terminal gets what it knows.
func TestSieve(t *testing.T) {
	for _, x := range []struct{ text, vt100, console, window string }{
		{"plain ü\b", "plain ü\b", "plain ü\b", "plain ü\b"},
		{"\x1b[3;4Ha\x1b[H\x1b[J\x1b[K", "\x1b[3;4Ha\x1b[H\x1b[J\x1b[K", "\x1b[3;4Ha\x1b[H\x1b[J\x1b[K", "\x1b[3;4Ha\x1b[H\x1b[J\x1b[K"},
		{"\x1b[0 qa", "a", "a", "a"}, // the shape of the cursor
		{"a\x1b[?25lb\x1b[?7h", "ab\x1b[?7h", "a\x1b[?25lb\x1b[?7h", "a\x1b[?25lb\x1b[?7h"},
		{"\x1b[?1049h\x1b[?2004h\x1b[?1000h\x1b[?1006hx", "x", "x", "\x1b[?1049h\x1b[?2004h\x1b[?1000h\x1b[?1006hx"},
		{"\x1b[?2026hx\x1b[?1h\x1b=\x1b>\x1b(B\x1b)0y\x1b[22;2t", "xy", "xy", "xy"},
		{"\x1b]8;;\x1b\\x\x1b]112\ay", "xy", "xy", "xy"},
		{"\x1b[m\x1b[1;31m\x1b[38;5;11mx\x1b[48;5;4m", "\x1b[m\x1b[1;31mx", "\x1b[m\x1b[1;31mx", "\x1b[m\x1b[1;31m\x1b[38;5;11mx\x1b[48;5;4m"},
		{"\x1b[c\x1b[6n\x1b[>q\x1b[?u\x1b[18tx", "x", "x", "x"}, // questions
		{"x\x1b", "x", "x", "x"},
	} {
		for _, s := range []struct {
			t    Terminal
			want string
		}{{Terminal{}, x.vt100}, {console, x.console}, {Terminal{256, true, true, true}, x.window}} {
			if got := (sieve{s.t}).pass(x.text); got != s.want {
				t.Errorf("%+v: %q becomes %q, want %q", s.t, x.text, got, s.want)
			}
		}
	}
}

// TestThemes: there are looks for every theme that there is, and each can be read for all terminals.
func TestThemes(t *testing.T) {
	if len(themes) != len(model.Themes()) {
		t.Errorf("there must be looks for the themes %v, but are for %d", model.Themes(), len(themes))
	}
	for _, name := range model.Themes() {
		looks, ok := themes[name]
		if !ok {
			t.Errorf("%s has no looks", name)
		}
		if _, ok := looks[view.Base]; !ok {
			t.Errorf("%s: Base must have a look", name)
		}
		for _, colours := range []int{0, 8, 256} {
			list := styles(name, colours)
			// What Enter takes must be seen without colours, too.
			for _, pair := range [][2]view.Role{{view.Row, view.Cursor}, {view.Cursor, view.MarkedCursor}, {view.Row, view.Marked}, {view.Button, view.ActiveButton},
				{view.MenuItem, view.MenuChosen}, {view.Title, view.ActiveTitle}, {view.Input, view.ActiveInput}, {view.Page, view.Match}} {
				if list[pair[0]] == list[pair[1]] {
					t.Errorf("%s with %d colours: %s and %s look the same", name, colours, pair[0], pair[1])
				}
			}
			for r, s := range list {
				for _, c := range []tcell.Color{s.GetForeground(), s.GetBackground()} {
					if n := c - tcell.PaletteColor(0); c != tcell.ColorDefault && uint64(n) >= uint64(colours) {
						t.Errorf("%s with %d colours: %s has colour %d", name, colours, view.Role(r), n)
					}
				}
				if fg, bg := s.GetForeground(), s.GetBackground(); fg == bg && fg != tcell.ColorDefault {
					t.Errorf("%s with %d colours: %s can't be read", name, colours, view.Role(r))
				}
			}
		}
	}
}

// TestKeys: keys of tcell as those of the model.
func TestKeys(t *testing.T) {
	press := func(k tcell.Key, text string, mod tcell.ModMask) tcell.Event { return tcell.NewEventKey(k, text, mod) }
	for _, x := range []struct {
		event tcell.Event
		want  string
	}{
		{press(tcell.KeyRune, "a", 0), "a"}, {press(tcell.KeyRune, "ü", 0), "ü"}, {press(tcell.KeyF1, "", 0), "F1"}, {press(tcell.KeyF10, "", 0), "F10"},
		{press(tcell.KeyRune, "3", tcell.ModAlt), "Alt-3"}, {press(tcell.KeyEscape, "", 0), "Esc"}, {press(tcell.KeyRune, "C", tcell.ModCtrl), "Ctrl-C"},
		{press(tcell.KeyCtrlO, "", tcell.ModCtrl), "Ctrl-O"}, {press(tcell.KeyEnter, "", 0), "Enter"}, {press(tcell.KeyRune, "J", tcell.ModCtrl), "Enter"},
		{press(tcell.KeyEnter, "", tcell.ModAlt), "Alt-Enter"}, {press(tcell.KeyRune, "m", tcell.ModAlt|tcell.ModCtrl), "Alt-Enter"}, {press(tcell.KeyBacktab, "", 0), "BackTab"},
		{press(tcell.KeyBackspace2, "", 0), "Backspace"}, {press(tcell.KeyBackspace, "", tcell.ModAlt), "Ctrl-W"}, {press(tcell.KeyRight, "", tcell.ModCtrl), "Alt-f"},
		{press(tcell.KeyPgDn, "", 0), "PageDown"}, {press(tcell.KeyInsert, "", 0), "Insert"}, {press(tcell.KeyRune, "_", tcell.ModCtrl), "Ctrl-_"}, {press(tcell.KeyF12, "", 0), ""},
	} {
		got := ""
		if e, is := new(translator).event(x.event).(screen.Pressed); is {
			got = e.Key.String()
		}
		if got != x.want {
			t.Errorf("%v: %q, want %q", x.event.(*tcell.EventKey).Name(), got, x.want)
		}
	}
}

// TestPasteAndMouse: what comes in pieces is put together.
func TestPasteAndMouse(t *testing.T) {
	var tr translator
	var got []screen.Event
	click := func(x, y int, b tcell.ButtonMask) tcell.Event { return tcell.NewEventMouse(x, y, b, 0) }
	for _, e := range []tcell.Event{
		tcell.NewEventPaste(true), tcell.NewEventKey(tcell.KeyRune, "a", 0), tcell.NewEventKey(tcell.KeyEnter, "", 0), tcell.NewEventKey(tcell.KeyF3, "", 0), tcell.NewEventKey(tcell.KeyTab, "", 0),
		tcell.NewEventPaste(false), click(3, 4, tcell.Button1), click(4, 4, tcell.Button1), click(4, 4, 0), click(3, 4, tcell.Button1), click(3, 4, 0), click(3, 4, tcell.Button1),
		click(1, 1, tcell.WheelUp), click(1, 1, tcell.WheelDown), tcell.NewEventResize(40, 10), click(9, 9, tcell.Button2),
	} {
		if x := tr.event(e); x != nil {
			got = append(got, x)
		}
	}
	want := []screen.Event{screen.Pressed{Key: model.Key{Name: model.Paste, Text: "a\n\t"}}, screen.Clicked{X: 3, Y: 4}, screen.Clicked{X: 3, Y: 4, Double: true}, screen.Clicked{X: 3, Y: 4},
		screen.Wheeled{X: 1, Y: 1, Rows: -wheel}, screen.Wheeled{X: 1, Y: 1, Rows: wheel}, screen.Resized{Width: 40, Height: 10}}
	if !slices.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if twice < 200*time.Millisecond {
		t.Error("nobody is so fast")
	}
}

// TestGraphic: what the editor colours keeps what stands behind it.
func TestGraphic(t *testing.T) {
	behind := tcell.StyleDefault.Background(tcell.PaletteColor(4)).Foreground(tcell.PaletteColor(7))
	for parameters, want := range map[string]tcell.Style{
		"1": behind.Bold(true), "4;31": behind.Underline(true).Foreground(tcell.PaletteColor(1)), "7": behind.Reverse(true), "90": behind.Foreground(tcell.PaletteColor(8)),
	} {
		if got := graphic(behind, parameters, 256); got != want {
			t.Errorf("%s: %+v", parameters, got)
		}
	}
	if got := graphic(behind, "90", 8); got != behind.Foreground(tcell.PaletteColor(0)).Bold(true) {
		t.Errorf("a bright colour must be a bold one of eight, but is %+v", got)
	}
	if got := graphic(tcell.StyleDefault, "1;31", 0); got != tcell.StyleDefault.Bold(true) {
		t.Errorf("without colours there must be none, but is %+v", got)
	}
}

// TestLateReader: a reader that comes once the terminal is given to somebody else takes nothing of what is typed there.
func TestLateReader(t *testing.T) {
	near, far, err := pty.Open()
	if err != nil {
		t.Skip("there are no terminals here:", err)
	}
	defer near.Close()
	defer far.Close()
	x, err := newTTY(far, far, Terminal{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(x.Start(), x.Drain(), x.Stop()); err != nil {
		t.Fatal(err)
	}
	if n, err := x.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("it must be at its end, but reads %d bytes: %v", n, err)
	}
	if err := x.raw(); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write([]byte("k")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8)
	if n, err := x.ReadKey(b); err != nil || string(b[:n]) != "k" {
		t.Errorf("who has the terminal must get the key, but gets %q: %v", b[:n], err)
	}
}
