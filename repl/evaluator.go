package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/term"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/lua/api"
	"cellsh/lua/declare"
	"cellsh/lua/syntax"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/repl/command"
	"cellsh/repl/editor"
	"cellsh/repl/input"
	"cellsh/repl/shell"
	"cellsh/repl/show"
	"cellsh/repl/waiting"
)

// evaluator runs statements: those of a session, of a script, and of -e. Interrupt and close may be called from any
// goroutine; the rest is for one.
type evaluator struct {
	env    Env
	common command.Common
	target *command.Target
	api    *api.Machine
	style  show.Style
	width  func() int
	// out is where Lua writes.
	out *command.Output
	// work is what the statement that runs does, and line shows it; stdout and stderr are where it gives way.
	work           *progress.Work
	line           *waiting.Line
	stdout, stderr io.Writer
	// terminal and errors are standard output and standard error, which the screen may have meanwhile if they are a terminal.
	outlet           *outlet
	terminal, errors io.Writer
	// unsaved is why the step that runs could not be saved where somebody was to be told of it; nil if it could.
	unsaved error
	// told says that somebody was told of that.
	told bool

	// bare says that a session begins without the user's file.
	bare bool
	// badPrompt is a prompt function that has failed.
	badPrompt *lua.LFunction
	// ask asks the user for a yes; nil where nobody can be asked.
	ask func(question string) bool
	// interrupts counts those of the statement that runs, of which the first came at a time, and interrupted is sent something
	// for the last. Ending is closed when the program is told to end.
	interrupts          atomic.Int32
	first               atomic.Pointer[time.Time]
	interrupted, ending chan struct{}
	// modes of the terminal that a session was started at; nil where there is none.
	modes atomic.Pointer[term.State]
	// typing is where statements are typed; nil where none are.
	typing atomic.Pointer[typing]
	// editor is that of a session with somebody; nil where there is none.
	editor editor.Editor
	// wanted is the screen that is to be opened once the statement that runs has ended, and backend is that of the one that is open; nil
	// for none. Beside says that a command runs beside it: it has no terminal.
	wanted  *command.ScreenOptions
	backend *backend
	beside  bool
	// giveBack gives the terminal back that the screen has; nil while it has none.
	giveBack atomic.Pointer[func()]
}

// typing is the editor of a session, and what its prompts tell.
type typing struct {
	editor.Editor
	standing standing
	// own says that a function of the user has made the prompts; it can't be called while nothing runs.
	own, goesOn bool
}

// above writes what comes by itself while something is typed.
func (e *evaluator) above(write func()) {
	if t := e.typing.Load(); t != nil {
		t.Aside(write, nil)
	} else {
		write()
	}
}

// lapsed tells that nothing waits any more, and has the prompt say so too.
func (e *evaluator) lapsed(l host.Lapse) {
	tell := func() { e.note("%s", l) }
	t := e.typing.Load()
	if t == nil || t.own {
		e.above(tell)
		return
	}
	now := t.standing
	now.audit, now.confirm, now.generation = nil, nil, l.Now
	prompts := e.plainPrompts(now, t.goesOn)
	t.Aside(tell, &prompts)
}

// errFailed says that something failed and that why has been written.
var errFailed = errors.New("failed")

// exit ends the program because the code asked for it.
type exit struct{ code int }

func (e exit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// newEvaluator opens the kernel.
func newEvaluator(env Env, common command.Common) (*evaluator, error) {
	e := &evaluator{env: env, common: common, interrupted: make(chan struct{}, 1), ending: make(chan struct{}), style: env.style(), width: func() int { return show.DefaultWidth }}
	e.work, e.line, e.outlet = progress.New(), env.line(), new(outlet)
	e.out = new(command.Output)
	e.write(e.outlet.gate(env.Stdout), e.outlet.gate(env.Stderr))
	target, err := command.OpenTarget(connect.Options{Target: common.Kernel, ReadOnly: common.ReadOnly, Machine: env.Machine, Now: env.Now, After: env.After, Work: e.work, Warn: func(err error) { e.note("%s", err) }}, e.out,
		host.SessionOptions{Lapsed: e.lapsed, Overdue: func(o *host.Overdue) {
			e.note("%s: %s", o, diag.Of(kernel.RefuseReadOnly("note it"))[0].Message)
		}, Failed: func(err error) { e.above(func() { e.problems(diag.Of(err)) }) }})
	if err != nil {
		return nil, err
	}
	e.target = target
	e.out.Settle = e.settle
	if ask := env.asker(e.line); ask != nil {
		e.ask = unless(e.interrupted, ask)
	}
	e.api = api.New(api.Options{Kernel: api.Kernel{Host: target.Host, Reader: target.Reader, Simulator: target.Simulator, Launch: target.Launcher},
		Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, Output: e.out, Settle: e.aside, Report: e.meanwhile,
		Help: command.HelpOf,
		Fit: func(text string) string {
			if !isTerminal(env.Stdout) {
				return text
			}
			return show.Fold(text, e.width())
		}})
	target.Pending, target.Declared, target.Forget = e.api.Propose, e.api.Pending, e.api.Forget
	if err := target.Steps.Step(func() error { return nil }); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// write says where what is written goes.
func (e *evaluator) write(terminal, errors io.Writer) {
	e.terminal, e.errors = terminal, errors
	e.stdout, e.stderr = e.line.Writer(terminal), e.line.Writer(errors)
	e.out.To = e.stdout
	if isTerminal(e.env.Stdout) {
		e.out.To = harmless{e.stdout}
	}
}

// harmless writes text to a terminal, without the commands that a cell may have put into it.
type harmless struct{ to io.Writer }

func (h harmless) Write(text []byte) (int, error) {
	if _, err := io.WriteString(h.to, show.Text(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (e *evaluator) note(form string, args ...any) {
	_ = e.style.Note(e.stderr, fmt.Sprintf(form, args...))
}

// settle saves before somebody is told something. The step tells its error, unless who is given it does.
func (e *evaluator) settle() error {
	err := e.target.Steps.Settle()
	if err != nil {
		e.unsaved = err
	}
	return err
}

// aside is settle for who writes past the line, or lets others write.
func (e *evaluator) aside() error {
	e.line.Hide()
	return e.settle()
}

// meanwhile writes problems while a step runs: they may tell of what it has done.
func (e *evaluator) meanwhile(l diag.List) {
	_ = e.settle()
	e.problems(append(e.lost(), l...))
}

// lost is why the step could not be saved, once.
func (e *evaluator) lost() diag.List {
	if e.unsaved == nil || e.told {
		return nil
	}
	e.told = true
	return diag.Of(e.unsaved)
}

// call calls a function of Lua. What its error tells of is saved.
func (e *evaluator) call(fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	results, err := e.api.Call(fn, args...)
	if err != nil {
		_ = e.settle()
	}
	return results, err
}

// problems writes problems for the user.
func (e *evaluator) problems(l diag.List) {
	// Where standard error is gone there is nobody to tell.
	_ = e.style.Problems(e.stderr, e.api.VM.Files().Fill(l.Fold()))
}

// report writes an error, and gives the one that says so; exit stays what it is.
func (e *evaluator) report(err error) error {
	var l *vm.Error
	switch {
	case err == nil || errors.Is(err, errFailed) || errors.Is(err, errLeave) || errors.As(err, new(exit)):
		return err
	case errors.As(err, &l) && l.Exit:
		return exit{l.ExitCode}
	case errors.Is(err, api.ErrDeclarations):
		return errFailed
	}
	e.problems(diag.Of(err))
	return errFailed
}

// statement runs a statement and writes its results. The error is errFailed, or exit.
func (e *evaluator) statement(s input.Statement) error {
	if s.Host != "" {
		return e.shell(shell.Run(s.Host, e.env.Stdin, e.env.Stdout, e.env.Stderr))
	}
	name := "Lua"
	if s.Words != nil {
		name = s.Words[0]
	}
	return e.run(name, func() error {
		if s.Words != nil {
			return e.redirected(s.To, func(out io.Writer) error { return e.command(s.Words, out) })
		}
		fn, err := e.api.VM.CompileStatement(e.api.VM.Environment(), s.File)
		if err != nil {
			return err
		}
		results, err := e.call(fn)
		if err != nil {
			return ofAnotherTool(s.File, err)
		}
		if name := unknown(s.File, results); name != "" {
			e.note("there is no variable and no command %s%s", name, didYouMean(name))
		}
		if len(results) > 0 && results[0] != lua.LNil {
			e.api.VM.Environment().RawSetString(lastValue, results[0])
		}
		values := &command.Output{To: e.stdout, Settle: e.settle}
		_ = show.Values(values, results, e.showOptions())
		return unwritten(values)
	})
}

// lastValue is the variable that has what was shown last, but nil.
const lastValue = "_"

// unwritten says why what was written is lost. Where nobody reads any more, as with head(1), that is nil; so it is where
// nothing was written because it could not be saved, which the step tells.
func unwritten(o *command.Output) error {
	if err := o.Err(); !errors.Is(err, syscall.EPIPE) && !errors.As(err, new(*host.UnsavedError)) {
		return err
	}
	return nil
}

// outcome reports how the work of a step ended. Before anything else it says why the step could not be saved, unless that is
// what the work failed with.
func (e *evaluator) outcome(err error) error {
	e.told = e.told || errors.As(err, new(*host.UnsavedError))
	if l := e.lost(); l != nil {
		e.problems(l)
	}
	err = e.report(err)
	if e.unsaved != nil {
		err = errors.Join(err, errFailed)
	}
	return err
}

// unknown gives the name if somebody asked for the value of a variable that has none.
func unknown(f *syntax.File, results []lua.LValue) string {
	body := f.Main.Body.Stmts
	if len(body) != 1 || len(results) != 1 || results[0] != lua.LNil {
		return ""
	}
	if r, ok := body[0].(*syntax.ReturnStmt); ok && len(r.Exprs) == 1 {
		if name, ok := r.Exprs[0].(*syntax.NameExpr); ok {
			return name.Name
		}
	}
	return ""
}

func didYouMean(name string) string {
	if near := diag.Nearest(name, command.Names()); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

func (e *evaluator) showOptions() show.Options {
	return show.Options{Width: e.width(), Object: api.Text, ReadOnly: e.api.VM.ReadOnly, Function: e.api.VM.Describe}
}

// script runs a whole source as one chunk, with arguments.
func (e *evaluator) script(file, text string, args []string) error {
	return e.run("Lua", func() error {
		env := e.api.VM.Environment()
		f := syntax.Read(file, text)
		fn, err := e.api.VM.CompileTree(env, f)
		if err != nil {
			return ofAnotherTool(f, err)
		}
		list := e.api.VM.L.NewTable()
		list.RawSetInt(0, lua.LString(file))
		values := make([]lua.LValue, len(args))
		for i, a := range args {
			values[i] = lua.LString(a)
			list.RawSetInt(i+1, values[i])
		}
		env.RawSetString("arg", list)
		_, err = e.call(fn, values...)
		return ofAnotherTool(f, err)
	})
}

// ofAnotherTool is the error of a source, and for one of another tool that it is that.
func ofAnotherTool(f *syntax.File, err error) error {
	var failed *vm.Error
	if !errors.As(err, &failed) {
		return err
	}
	at := failed.Span
	if f.Problems.Failed() {
		at = diag.Span{}
	}
	if d, foreign := declare.Foreign(f, at); foreign {
		return diag.List{d}
	}
	return err
}

// run does work with the kernel as one step, under a name: before it the clock goes on, after it the state is kept.
func (e *evaluator) run(name string, work func() error) error {
	began := e.env.Now()
	defer e.line.Watch(name, e.work)()
	e.interrupts.Store(0)
	select {
	case <-e.interrupted: // that was for what ran before
	default:
	}
	var done error
	if err := e.target.Steps.Step(func() error {
		e.unsaved, e.told = nil, false
		done = e.outcome(work())
		return unwritten(e.out)
	}); errors.Is(err, host.ErrEnded) {
		return errLeave // a signal was faster
	} else if err != nil {
		done = errors.Join(done, e.report(err))
	}
	e.took("work", began)
	if errors.Is(done, errFailed) && e.interrupts.Load() > 0 {
		return errInterrupted
	}
	return done
}

// took says with --timings how long a step took that began then.
func (e *evaluator) took(step string, began time.Time) {
	if e.common.Timings {
		fmt.Fprintf(e.stderr, "timings: %s %s\n", step, e.env.Now().Sub(began).Round(time.Microsecond))
	}
}

// command runs a command in this session.
func (e *evaluator) command(words []string, out io.Writer) error {
	common := e.common
	common.Kernel, common.Timings = "", false
	c := command.Find(words[0])
	if c == nil {
		return leaving(words)
	}
	open := func(common command.Common, o command.ScreenOptions) error {
		return e.want(common, o, out == e.terminal)
	}
	env := command.Env{Stdin: e.env.Stdin, Stdout: out, Stderr: e.errors, OpenScreen: open, Now: e.env.Now, After: e.env.After, Version: e.env.Version, Machine: e.env.Machine, Ask: e.ask, Session: e.target, Work: e.work, Line: e.line, Style: e.style, History: e.env.history}
	switch {
	case e.beside:
		env.Stdin, env.Style = strings.NewReader(""), show.Style{}
	case out == e.terminal:
		env.Page, env.Screen = e.env.pager(), e.env.screen()
	}
	code := c.Run(words[1:], common, env)
	e.api.Dispatch()
	if code != command.OK {
		return errFailed
	}
	return nil
}

// redirected does work whose output goes to a file or to a command of this machine, or where it always goes.
func (e *evaluator) redirected(to input.Redirect, work func(io.Writer) error) error {
	switch {
	case to.Pipe != "":
		e.line.Hide() // what the output goes to may have the terminal
		in, wait, err := shell.Pipe(to.Pipe, e.env.Stdout, e.env.Stderr)
		if err != nil {
			return fmt.Errorf("%q must be started, but can't be: %w", to.Pipe, disk.Cause(err))
		}
		err = work(in)
		in.Close()
		return errors.Join(err, e.shell(wait()))
	case to.File != "":
		mode := os.O_TRUNC
		if to.Append {
			mode = os.O_APPEND
		}
		f, err := os.OpenFile(to.File, os.O_WRONLY|os.O_CREATE|mode, 0o666)
		if err != nil {
			return fmt.Errorf("%s must be a file that can be written, but can't be: %w", to.File, disk.Cause(err))
		}
		err = work(f)
		if closing := f.Close(); err == nil && closing != nil {
			err = fmt.Errorf("%s must be written, but is not: %w", to.File, disk.Cause(closing))
		}
		return err
	}
	return work(e.terminal)
}

// shell is how a command of this machine has ended. At a terminal everybody sees what it says itself.
func (e *evaluator) shell(err error) error {
	var failed *shell.FailedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		e.note("%s", failed)
		return errFailed
	}
	return e.report(noShell(err))
}

// noShell is why no command of this machine can be run.
func noShell(err error) error {
	return fmt.Errorf("commands of this machine must be run by /bin/sh, but it can't be: %w", disk.Cause(err))
}

// mistaken is the error of a line that somebody took for a command; see input.Reader.
func (e *evaluator) mistaken(line string, isLua bool) error {
	words, err := input.Words(line)
	if err != nil {
		words = strings.Fields(line)
	}
	if e.api.VM.Environment().RawGetString(words[0]) != lua.LNil {
		return nil
	}
	d := diag.Diagnostic{Span: diag.Span{File: "command", Line: 1, Column: strings.Index(line, words[0]) + 1, Width: len(words[0])}, Code: diag.CommandLine, Excerpt: line}
	instead, habit := command.Instead(words)
	switch {
	case words[0] == "cellsh" && (len(words) == 1 || command.Find(words[1]) != nil):
		d.Message = "a command must be typed without cellsh in a session, but is typed with it"
		if d.Hint = "help shows the commands"; len(words) > 1 {
			d.Hint = "here it is: " + strings.TrimSpace(line[strings.Index(line, words[0])+len(words[0]):])
		}
	case habit:
		d.Message = fmt.Sprintf("%s must be a command or a variable, but is another tool's command", words[0])
		d.Hint = "here it is: " + instead
	case isLua:
		return nil
	default:
		d.Message = fmt.Sprintf("a line must be a command or Lua, but there is no command %s", words[0])
		if d.Hint = diag.DidYouMean(words[0], command.Names()); d.Hint == "" {
			d.Hint = "help shows the commands, and !" + words[0] + " runs one of this machine"
		}
	}
	return diag.List{d}
}

// leaving is what exit does.
func leaving(words []string) error {
	if len(words) == 1 {
		return errLeave
	}
	code, err := strconv.Atoi(words[1])
	if err != nil || code < 0 || code > 255 || len(words) > 2 {
		return diag.List{{Code: diag.Failed, Message: fmt.Sprintf("%s must be given nothing or a number from 0 to 255, but is given %q", words[0], strings.Join(words[1:], " "))}}
	}
	return exit{code}
}

// interrupt stops what runs, if anything does. It reports whether that was wanted often and for long since the statement began,
// and in vain.
func (e *evaluator) interrupt() bool {
	listens := e.work.Listening()
	e.work.Stop()
	e.api.VM.Interrupt()
	select {
	case e.interrupted <- struct{}{}:
	default:
	}
	now := e.env.Now()
	if listens || e.interrupts.Add(1) == 1 {
		e.first.Store(&now)
	}
	return e.interrupts.Load() > patience && now.Sub(*e.first.Load()) >= patientTime
}

// unless takes what stops a question for a no: a step that waits for an answer would keep the program from ending.
func unless(stopped <-chan struct{}, ask func(string) bool) func(string) bool {
	return func(question string) bool {
		answer := make(chan bool, 1)
		go func() { answer <- ask(question) }()
		select {
		case yes := <-answer:
			return yes
		case <-stopped:
			return false
		}
	}
}

// close ends the session with the kernel, at the last step, which it waits for.
func (e *evaluator) close() error {
	err := e.target.Steps.Close()
	e.api.Close()
	return err
}

// restore gives the terminal back, with its modes.
func (e *evaluator) restore() {
	if give := e.giveBack.Load(); give != nil {
		(*give)()
	}
	if modes := e.modes.Load(); modes != nil {
		_ = term.Restore(int(e.env.Stdin.Fd()), modes)
	}
}

func isTerminal(f *os.File) bool { return f != nil && editor.IsTerminal(f) }
