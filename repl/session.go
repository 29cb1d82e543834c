package repl

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"cellsh/kernel/disk"
	"cellsh/lua/api"
	"cellsh/repl/command"
	"cellsh/repl/complete"
	"cellsh/repl/dialect"
	"cellsh/repl/editor"
	"cellsh/repl/input"
	"cellsh/repl/shell"
	"cellsh/repl/show"
)

// session reads lines until there are no more: typed by somebody, or from a file or pipe, of which the first line that
// fails is the last.
func (e *evaluator) session() error {
	if editor.IsTerminal(e.env.Stdin) {
		return e.talk()
	}
	r := input.NewScript(isCommand)
	r.Mistaken = e.mistaken
	in := bufio.NewReader(e.env.Stdin)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if err := e.feed(r, strings.TrimRight(line, "\r\n")); err != nil {
				return e.left(err)
			}
		}
		if errors.Is(err, io.EOF) {
			return e.report(r.End())
		}
		if err != nil {
			return e.report(fmt.Errorf("standard input must be readable, but is not: %w", disk.Cause(err)))
		}
	}
}

// errLeave ends a session.
var errLeave = errors.New("leave")

// left is the end of a session as its result.
func (e *evaluator) left(err error) error {
	if errors.Is(err, errLeave) {
		return nil
	}
	return err
}

// language is that of the session.
func (e *evaluator) language() editor.Language {
	language := dialect.Dialect{IsCommand: isCommand}.Language()
	language.Complete = e.completer().Complete
	return language
}

// begin begins a session with somebody at a terminal, until end.
func (e *evaluator) begin() (end func()) {
	if state, err := term.GetState(int(e.env.Stdin.Fd())); err == nil {
		e.modes.Store(state)
	}
	e.width = e.columns
	ed := editor.New(editor.Options{Stdin: e.env.Stdin, Stdout: e.env.Stdout, Getenv: e.env.Getenv, History: historyPath(e.env.Getenv), Edit: e.editOutside,
		Language: e.language(), Colours: e.style.Colours(), Warn: func(s string) { e.note("%s", s) }})
	e.editor = ed
	// The editor sees Ctrl-C itself.
	e.ask = unless(e.ending, func(question string) bool {
		e.line.Hide()
		// An editor that has to draw a prompt of several lines anew would leave the first one behind.
		fmt.Fprintln(e.terminal, show.Fold(show.Text(question), e.columns()))
		line, err := ed.Answer(strings.TrimPrefix(asked(""), " "))
		return err == nil && isYes(line)
	})
	return func() { _ = ed.Close() }
}

// talk is a session with somebody at a terminal. What fails is told, and the session goes on.
func (e *evaluator) talk() error {
	defer e.begin()()
	ed, r := e.editor, e.reader()
	e.greet()
	e.startup()
	typed, warned := "", false
	// leaves reports whether the session may end: what was declared and not loaded would be lost, and that is said once.
	leaves := func() bool {
		select {
		case <-e.ending:
			return true
		default:
		}
		what := notLoaded(e.api.Pending())
		if what == "" || warned {
			return true
		}
		warned = true
		e.note("%s declared and not loaded: load does that, and another exit or Ctrl-D leaves all the same", what)
		return false
	}
	for {
		prompts := e.prompts(ed, r.Pending())
		line, err := ed.Statement(prompts)
		var long *editor.LongLineError
		switch {
		case errors.Is(err, editor.ErrInterrupt):
			r.Drop()
			typed = ""
			continue
		case errors.Is(err, editor.ErrAway):
			if err := e.env.screenRefused(command.DefaultScreen()); err != nil {
				e.report(err)
			} else if err := e.open(command.DefaultScreen()); errors.Is(err, errLeave) && leaves() || errors.As(err, new(exit)) {
				return e.left(err)
			}
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(e.env.Stdout)
			if !leaves() {
				continue
			}
			return nil
		case errors.As(err, &long):
			e.report(err)
			continue
		case err != nil:
			return e.report(fmt.Errorf("the terminal must be readable, but is not: %w", err))
		}
		typed += line
		e.outlet.note(prompts.First + strings.ReplaceAll(line, "\n", "\n"+prompts.Next) + "\n")
		err = e.feed(r, line)
		if r.Pending() && strings.Contains(line, "\n") {
			// Where lines are edited together nothing follows them: it is given up.
			err = e.report(r.End())
		}
		if r.Pending() {
			typed += "\n"
			continue
		}
		if strings.TrimSpace(typed) != "" {
			ed.Remember(typed)
		}
		typed = ""
		if o := e.wanted; o != nil {
			e.wanted = nil
			err = e.open(*o)
		}
		if errors.Is(err, errLeave) && leaves() || errors.As(err, new(exit)) {
			return e.left(err)
		}
		warned = warned && errors.Is(err, errLeave)
	}
}

// editor is the command that files are edited with: what VISUAL or EDITOR says, or vi(1).
func (env *Env) editor() string {
	return cmp.Or(env.Getenv("VISUAL"), env.Getenv("EDITOR"), "vi")
}

// editOutside has a statement edited by the user's editor.
func (e *evaluator) editOutside(text string) (edited string, ok bool) {
	edited, err := shell.Edit(e.env.editor(), text, ".lua", e.env.Stdin, e.env.Stdout, e.env.Stderr)
	if err != nil {
		e.note("the statement stays as it was: %s", disk.Cause(err))
		return "", false
	}
	return edited, true
}

// completer knows what can follow.
func (e *evaluator) completer() *complete.Completer {
	c := &complete.Completer{Globals: e.api.VM.Environment(), About: api.Short, Members: api.MemberNames, Methods: api.MethodNames, TypeName: api.TypeName,
		ReadOnly: e.api.VM.ReadOnly, ReadDir: os.ReadDir, Cells: func() []string {
			names, _ := e.target.Host.LiveNames() // nothing is completed where they are not known
			return names
		}, Policies: func() []string {
			p, err := e.target.Host.Policies()
			if err != nil {
				return nil // as with cells
			}
			return p.Set().Names()
		}, Generations: func() []complete.Name { return named(e.target.Generations()) }}
	for _, x := range command.All() {
		known := complete.Command{Name: x.Name, Doc: x.Short, Args: x.Args, Flags: complete.Flags(x.AllFlags())}
		if x.Names != nil {
			known.Names = func() []complete.Name { return named(x.Names(e.target, &e.env.Machine)) }
		}
		c.Commands = append(c.Commands, known)
	}
	for _, word := range leave {
		c.Commands = append(c.Commands, complete.Command{Name: word, Doc: "leave the session"})
	}
	return c
}

// named are names as completion takes them.
func named(list []command.Named) []complete.Name {
	var out []complete.Name
	for _, n := range list {
		out = append(out, complete.Name{Text: n.Name, Doc: n.Short})
	}
	return out
}

// greet says where one is.
func (e *evaluator) greet() {
	info := e.target.Whole()
	where := fmt.Sprintf("kernel %s, NetBSD %s", info.Name, info.Version)
	if info.Simulated {
		where = fmt.Sprintf("a simulated NetBSD %s; what is done here stays here", info.Version)
	}
	text := fmt.Sprintf("cellsh %s on %s\n", e.env.Version, where)
	if e.target.Ephemeral() {
		text += "The state of this kernel ends with the session; -k sim:FILE keeps one.\n"
	}
	screen := ""
	if e.env.screenRefused(command.DefaultScreen()) == nil {
		screen = "F2 is the whole screen, "
	}
	text += "help shows what there is, " + screen + "exit or Ctrl-D leaves.\n"
	fmt.Fprint(e.terminal, show.Fold(text, e.columns()))
}

// columns is the width of the terminal.
func (e *evaluator) columns() int {
	return columns(e.env.Stdout)
}

// columns is the width of a terminal.
func columns(f *os.File) int {
	w, _ := screenSize(f)
	return w
}

// screenSize is how wide and how high a terminal is; 0 rows if it does not tell.
func screenSize(f *os.File) (columns, rows int) {
	w, h, err := term.GetSize(int(f.Fd()))
	switch {
	case err != nil:
		return show.DefaultWidth, 0
	case w <= 0:
		return show.DefaultWidth, h
	}
	return w, h
}
