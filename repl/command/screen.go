package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cellsh/repl/flags"
	"cellsh/repl/screen/model"
)

// ScreenOptions are how the screen begins.
type ScreenOptions struct {
	// Theme is the name of its theme. Left and Right are what the panels list first.
	Theme       string
	Left, Right model.Kind
	// ASCII draws with nothing else, whatever the locale says, and NoColor without colours, whatever the terminal has.
	ASCII, NoColor bool
	// Dump, if not nil, is of one that is written instead of shown.
	Dump *ScreenDump
}

// ScreenDump is a screen that is written once keys were pressed.
type ScreenDump struct {
	Columns, Rows int
	Keys          []model.Key
}

// DefaultScreen is how the screen begins where nothing is said.
func DefaultScreen() ScreenOptions {
	return ScreenOptions{Theme: model.Themes()[0], Left: model.Cells, Right: model.Decisions}
}

func screenCommand() *Command {
	return &Command{
		Name: "screen", Args: "[KEY...]", Short: "manage cells on the whole screen", Without: []string{"policy", "json", "timings"},
		Long: `Shows two panels on the whole terminal, each with cells, services, policies,
decisions or generations, a line for commands below them, and what the function
keys do. F1 says all of it, as help screen-keys does, and F10 leaves. Escape and
a digit is a function key where a terminal has none. What is typed goes to the
line, which is a session: Lua and commands. In a session F2 opens the screen
too, and what was typed stays.

What the terminal can is chosen from TERM, and what characters it shows from
LC_ALL, LC_CTYPE or LANG: frames are drawn with lines only where they say UTF-8.
With NO_COLOR there are no colours.

With --dump the screen is not shown but written, as it is once the KEYs were
pressed, each of which has its effects before the next: F1 to F10, Enter, Tab,
Up, Ctrl-U and such, and any other word is typed. An answer to a question is a
key too. That needs no terminal, and reads no file of the user's.

  cellsh -k sim:cells.state screen --left services --theme amber

  cellsh screen --dump 80x24 F1`,
		Setup: func(fs *flags.Set) func(*Invocation) error {
			o := screening{ScreenOptions: DefaultScreen()}
			fs.Func("theme", "NAME", "the colours of NAME: "+strings.Join(model.Themes(), ", "), func(name string) string {
				o.Theme = name
				return oneOf(name, model.Themes())
			})
			fs.Words("theme", model.Themes())
			for _, side := range []struct {
				name string
				to   *model.Kind
			}{{"left", &o.Left}, {"right", &o.Right}} {
				fs.Func(side.name, "KIND", "list KIND on the "+side.name+" first: "+strings.Join(kindNames(), ", "), func(name string) string {
					if i := slices.Index(kindNames(), name); i >= 0 {
						*side.to = model.Kinds()[i]
					}
					return oneOf(name, kindNames())
				})
				fs.Words(side.name, kindNames())
			}
			fs.Switch(&o.ASCII, "ascii", "draw with ASCII only")
			fs.Func("dump", "WIDTHxHEIGHT", "write the screen of that size after the KEYs", func(size string) string {
				o.Dump = new(ScreenDump)
				return o.Dump.resize(size)
			})
			return o.run
		},
	}
}

type screening struct{ ScreenOptions }

func kindNames() []string {
	var names []string
	for _, k := range model.Kinds() {
		names = append(names, k.String())
	}
	return names
}

// oneOf is what is wrong with a word that must be one of some, "" if nothing is.
func oneOf(word string, words []string) string {
	if slices.Contains(words, word) {
		return ""
	}
	return flags.Must("be one of "+strings.Join(words, ", "), word)
}

// The size of a screen that is written.
const maxScreenColumns, maxScreenRows = 1000, 1000

func (d *ScreenDump) resize(size string) string {
	width, height, ok := strings.Cut(size, "x")
	var err, err2 error
	d.Columns, err = strconv.Atoi(width)
	d.Rows, err2 = strconv.Atoi(height)
	if !ok || err != nil || err2 != nil || d.Columns < 1 || d.Columns > maxScreenColumns || d.Rows < 1 || d.Rows > maxScreenRows {
		return flags.Must(fmt.Sprintf("be a size as 80x24, from 1x1 to %dx%d", maxScreenColumns, maxScreenRows), size)
	}
	return ""
}

// run says how the screen shall be. It is opened by who runs the command, once that has ended: it is no step of a session.
func (o *screening) run(inv *Invocation) error {
	switch {
	case o.Dump == nil && len(inv.Args) > 0:
		return usage("keys are pressed before the screen is written with --dump, but there is only %s", flags.Word(inv.Args[0]))
	case inv.Session != nil && inv.Kernel != "":
		return usage("-k can't be given in a session: it has its kernel, %s", inv.Session.Info().Name)
	case inv.Session != nil && o.Dump != nil:
		return usage("--dump is for cellsh screen, but is given in a session")
	case o.Dump != nil:
		o.Dump.Keys = model.ParseKeys(inv.Args)
	}
	o.NoColor = inv.NoColor
	return inv.OpenScreen(inv.Common, o.ScreenOptions)
}
