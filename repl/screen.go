package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/repl/command"
	"cellsh/repl/complete"
	"cellsh/repl/editor"
	"cellsh/repl/input"
	"cellsh/repl/screen"
	"cellsh/repl/screen/change"
	"cellsh/repl/screen/display"
	"cellsh/repl/screen/model"
	"cellsh/repl/screen/source"
	"cellsh/repl/screen/view"
	"cellsh/repl/shell"
	"cellsh/repl/show"
	"cellsh/repl/waiting"
)

// screenRefused says why there is no screen here, nil if there can be one.
func (env *Env) screenRefused(o command.ScreenOptions) error {
	if o.Dump != nil {
		return nil
	}
	const hint = "cellsh screen --dump 80x24 writes it"
	if !isTerminal(env.Stdin) || !isTerminal(env.Stdout) {
		return &kernel.Error{Op: "screen", Text: "the screen must have a terminal for input and output, but has none", Hint: hint}
	}
	if _, err := display.Choose(env.Getenv); err != nil {
		return &kernel.Error{Op: "screen", Text: err.Error(), Hint: hint}
	}
	return nil
}

// want has the screen opened once the statement that runs has ended. Shown says that what the command writes goes to the terminal.
func (e *evaluator) want(common command.Common, o command.ScreenOptions, shown bool) error {
	switch {
	case e.backend != nil:
		return &kernel.Error{Op: "screen", Text: "the screen must be opened once, but is open already"}
	case e.editor == nil:
		return &kernel.Error{Op: "screen", Text: "the screen must be opened at the prompt of a session, but is by a script", Hint: "cellsh screen opens one"}
	case !shown:
		return &kernel.Error{Op: "screen", Text: "the screen must be shown on the terminal, but what the command writes goes elsewhere", Hint: "cellsh screen --dump 80x24 writes it"}
	case common.ReadOnly != e.common.ReadOnly:
		return &kernel.Error{Op: "screen", Text: "the screen of a session must be able to change what the session can, but is --readonly", Hint: "cellsh --readonly screen opens one that changes nothing"}
	}
	if err := e.env.screenRefused(o); err != nil {
		return err
	}
	e.wanted = &o
	return nil
}

// screenOf is a session that has no prompt but the screen, and gives the exit code.
func (env Env) screenOf(w *wantedScreen, bare bool) int {
	to := env.Stdout
	if w.options.Dump != nil {
		// What statements run has no terminal, and its output is not to be seen.
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			env.problems(fmt.Errorf("%s must be there, but can't be opened: %w", os.DevNull, disk.Cause(err)))
			return command.Failed
		}
		defer null.Close()
		env.Stdin, env.Stdout = null, null
	}
	return env.evaluate(w.common, func(e *evaluator) error {
		if w.options.Dump != nil {
			return e.dump(w.options, to)
		}
		e.bare = bare
		defer e.begin()()
		e.startup()
		return e.left(e.open(w.options))
	})
}

// open shows the screen until somebody leaves it. The error is one that leaves the session; another was told.
func (e *evaluator) open(o command.ScreenOptions) error {
	terminal, err := display.Choose(e.env.Getenv)
	if err != nil {
		return e.report(err)
	}
	skin := view.ASCII
	if terminal.UTF8 && !o.ASCII {
		skin = view.Unicode
	}
	if o.NoColor {
		terminal.Colours = 0
	}
	b := newBackend(e)
	defer b.close()
	d, err := display.Open(display.Options{In: e.env.Stdin, Out: e.env.Stdout, Terminal: terminal})
	if err != nil {
		return e.report(err)
	}
	// Who ends the program gives the terminal back before that.
	give := d.Close
	e.giveBack.Store(&give)
	defer e.giveBack.Store(nil)
	e.outlet.divert(&b.notes)
	defer e.outlet.divert(nil)
	err = screen.Run(screen.Options{Display: d, Model: b.model(o, editor.NewPalette(terminal.Colours > 0, e.env.Getenv("TERM"))), Backend: b, Skin: skin,
		End: e.ending, Now: e.env.Now, After: e.env.After, Asides: b.notes.take})
	switch {
	case errors.Is(err, screen.ErrGone), errors.Is(err, screen.ErrEnded):
		return errLeave
	}
	e.outlet.divert(nil)
	_, _ = e.errors.Write(b.notes.rest()) // as with all that is written there
	return err
}

// dump writes the screen once keys were pressed.
func (e *evaluator) dump(o command.ScreenOptions, to io.Writer) error {
	skin := view.Unicode
	if o.ASCII || !display.UTF8(e.env.Getenv) {
		skin = view.ASCII
	}
	e.editor = nobody{}
	b := newBackend(e)
	defer b.close()
	// What statements write goes nowhere, and what commands do beside the screen is kept for it.
	e.write(sealed{e.terminal}, sealed{e.errors})
	e.outlet.divert(io.Discard)
	g := screen.Dump(screen.Options{Model: b.model(o, editor.NewPalette(false, "")), Backend: b, Skin: skin, Now: e.env.Now}, o.Dump.Columns, o.Dump.Rows, o.Dump.Keys)
	e.outlet.divert(nil)
	if _, err := io.WriteString(to, g.Text()); err != nil {
		return e.report(fmt.Errorf("standard output must be writable, but is not: %w", disk.Cause(err)))
	}
	return nil
}

// sealed is a writer behind which nobody finds a file.
type sealed struct{ io.Writer }

// nobody is an editor that nobody types at, and that remembers nothing.
type nobody struct{}

func (nobody) Statement(editor.Prompts) (string, error) { return "", io.EOF }
func (nobody) Answer(string) (string, error)            { return "", io.EOF }
func (nobody) Aside(say func(), _ *editor.Prompts)      { say() }
func (nobody) Remember(string)                          {}
func (nobody) Entries() []string                        { return nil }
func (nobody) Close() error                             { return nil }

// backend does what the screen asks for with the evaluator of the session. Its methods are called by the goroutine that has the
// evaluator meanwhile.
type backend struct {
	e      *evaluator
	source *source.Source
	notes  notes
	// using has one who uses the evaluator: this, or who completes what is typed.
	using chan struct{}
	// line is what the line for commands begins with.
	line atomic.Pointer[beginning]
}

// beginning of a line.
type beginning struct {
	prompts editor.Prompts
	entries []string
}

func newBackend(e *evaluator) *backend {
	b := &backend{e: e, using: make(chan struct{}, 1)}
	b.source = source.New(source.Options{Target: e.target, Machine: e.env.Machine, ReadOnly: e.common.ReadOnly, Now: e.env.Now, Output: &b.notes})
	e.backend = b
	b.renew()
	return b
}

func (b *backend) close() {
	b.e.backend = nil
	b.source.Close()
}

// renew has the next line begin as things are now.
func (b *backend) renew() {
	b.line.Store(&beginning{editor.Prompts{First: "> ", Next: "| "}, b.e.editor.Entries()})
}

// model is what the screen shows first.
func (b *backend) model(o command.ScreenOptions, palette editor.Palette) *model.Model {
	language := b.e.language()
	all := language.Complete
	language.Complete = func(text string, at int) []complete.Candidate {
		if !b.enter(soon) {
			return nil
		}
		defer b.leave()
		return all(text, at)
	}
	m := model.New(model.Options{Left: model.Place{Kind: o.Left}, Right: model.Place{Kind: o.Right}, Themes: model.Themes(),
		NewLine: func() *editor.Draft {
			l := b.line.Load()
			return editor.NewDraft(language, palette, l.prompts, l.entries)
		}})
	m.Theme = o.Theme
	return m
}

// soon is how long a key may take.
const soon = 50 * time.Millisecond

// enter waits for the evaluator, at most for a while.
func (b *backend) enter(patience time.Duration) bool {
	select {
	case b.using <- struct{}{}:
		return true
	case <-b.e.env.After(patience):
		return false
	}
}

func (b *backend) leave() { <-b.using }

// use has the evaluator for work of the screen.
func (b *backend) use(work func()) {
	b.using <- struct{}{}
	defer b.leave()
	work()
}

// halt tells what runs to end.
func (b *backend) halt() {
	b.e.work.Stop()
	b.e.api.VM.Interrupt()
}

// stoppable does work until the context is done. What stops it has come to its end by then: it must not meet what follows.
func (b *backend) stoppable(ctx context.Context, work func() error) error {
	return b.e.work.Run(func() error {
		halted := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			b.halt()
			close(halted)
		})
		defer func() {
			if !stop() {
				<-halted
			}
		}()
		return work()
	})
}

// look is a step that changes nothing. Its error is a sentence.
func (b *backend) look(ctx context.Context, work func() error) error {
	return sentence(b.step(ctx, work))
}

// step does work as a step of the session.
func (b *backend) step(ctx context.Context, work func() error) (err error) {
	b.use(func() {
		var done error
		err = b.e.target.Steps.Peek(func() error {
			done = b.stoppable(ctx, work)
			return nil
		})
		if errors.Is(done, progress.ErrStopped) {
			b.e.target.Host.Forget() // what was being worked out is not to be trusted
		}
		err = errors.Join(done, err)
	})
	return err
}

// sentence is an error as people read it in one line.
func sentence(err error) error {
	if err == nil {
		return nil
	}
	var parts []string
	for _, d := range diag.Of(err) {
		parts = append(parts, d.Message)
	}
	return errors.New(strings.Join(parts, "; "))
}

// told is an error as people read it with all that belongs to it.
func (b *backend) told(err error) error {
	if err == nil {
		return nil
	}
	var text strings.Builder
	_ = diag.Write(&text, b.e.api.VM.Files().Fill(diag.Of(err)))
	return errors.New(strings.TrimRight(text.String(), "\n"))
}

// Read reads a place.
func (b *backend) Read(ctx context.Context, p model.Place) (t model.Table, err error) {
	err = b.look(ctx, func() error {
		t, err = b.source.Read(p)
		return err
	})
	return t, err
}

// Status tells how things are.
func (b *backend) Status(ctx context.Context) (s model.Status, err error) {
	err = b.look(ctx, func() error {
		s, err = b.source.Status()
		return err
	})
	return s, err
}

// Run runs a command with all that it writes kept.
func (b *backend) Run(ctx context.Context, words []string, ask func(string) bool) (r model.Result) {
	b.use(func() {
		e := b.e
		var text strings.Builder
		defer e.outlet.divert(e.outlet.divert(&text))
		line, asks, errors, stderr := e.line, e.ask, e.errors, e.stderr
		// Standard error may be a file: what is said there belongs to the result all the same.
		e.line, e.ask, e.beside, e.errors, e.stderr = nil, ask, true, &text, &text
		defer func() { e.line, e.ask, e.beside, e.errors, e.stderr = line, asks, false, errors, stderr }()
		err := e.run(words[0], func() error {
			return b.stoppable(ctx, func() error { return e.command(words, &text) })
		})
		r = model.Result{Text: show.Plain(text.String()), Failed: err != nil}
	})
	return r
}

// Statement enters what was typed, as the prompt of the session does.
func (b *backend) Statement(text string) (err error) {
	b.use(func() {
		e := b.e
		before := e.outlet.divert(nil)
		if before == io.Discard {
			e.outlet.divert(before) // nothing is shown
		}
		defer func() { e.outlet.divert(before) }()
		_, _ = e.errors.Write(b.notes.rest())
		fmt.Fprintf(e.terminal, "%s%s\n", e.style.Prompt(e.standing().String(), e.target.Whole().Simulated, false), show.Text(text))
		r := e.reader()
		err = e.feed(r, text)
		if r.Pending() {
			err = e.report(r.End())
		}
		e.editor.Remember(text)
		b.renew()
	})
	if errors.Is(err, errLeave) || errors.As(err, new(exit)) {
		return err
	}
	return nil
}

// Edit has a file edited by the user's editor, and checked.
func (b *backend) Edit(file string, line int) (wrong string, at int, err error) {
	e := b.e
	if _, is := e.editor.(nobody); is {
		return "", 0, errors.New("a file must be edited at a terminal, but there is none")
	}
	err = shell.EditFile(e.env.editor(), file, line, e.env.Stdin, e.env.Stdout, e.env.Stderr)
	var failed *shell.FailedError
	switch {
	case errors.As(err, &failed):
		return "", 0, failed
	case err != nil:
		return "", 0, noShell(err)
	}
	err = b.look(context.Background(), func() error {
		wrong, at = b.changer().Check(file)
		return nil
	})
	return wrong, at, err
}

// Written is what was written to the terminal lately.
func (b *backend) Written() string { return b.e.outlet.written() }

// Where says where what runs is.
func (b *backend) Where() string { return waiting.Doing(b.e.work.Step(), b.e.env.Now()) }

// changer finds changes of what is loaded.
func (b *backend) changer() *change.Changer {
	return &change.Changer{Host: b.e.target.Host, Reader: b.e.target.Reader, ReadOnly: b.e.common.ReadOnly, Output: &b.notes}
}

// propose finds a change of policies.
func (b *backend) propose(ctx context.Context, find func(*change.Changer) (*model.Proposal, error)) (p *model.Proposal, err error) {
	err = b.step(ctx, func() error {
		p, err = find(b.changer())
		return err
	})
	if errors.As(err, new(*policy.KeyError)) {
		return nil, sentence(err) // about what was typed into a form
	}
	return p, b.told(err)
}

// Learn finds the smallest change of policies that allows a decision.
func (b *backend) Learn(ctx context.Context, l model.Learn) (*model.Proposal, error) {
	return b.propose(ctx, func(c *change.Changer) (*model.Proposal, error) { return c.Learn(l) })
}

// Rewrite gives a policy another name or other cells.
func (b *backend) Rewrite(ctx context.Context, r model.Rewrite) (*model.Proposal, error) {
	return b.propose(ctx, func(c *change.Changer) (*model.Proposal, error) { return c.Rewrite(r) })
}

// Review says what a file that was edited would change.
func (b *backend) Review(ctx context.Context, r model.Review) (*model.Proposal, error) {
	return b.propose(ctx, func(c *change.Changer) (*model.Proposal, error) { return c.Review(r) })
}

// Write writes a proposal.
func (b *backend) Write(_ context.Context, p *model.Proposal) (err error) {
	b.use(func() { err = b.changer().Write(p) })
	return b.told(err)
}

// reader makes statements of what is typed.
func (e *evaluator) reader() *input.Reader {
	r := input.New(isCommand)
	r.Mistaken = e.mistaken
	return r
}
