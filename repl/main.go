package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel/connect"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/repl/command"
	"cellsh/repl/flags"
	"cellsh/repl/input"
	"cellsh/repl/pager"
	"cellsh/repl/show"
	"cellsh/repl/waiting"
)

// Env is what the program may touch.
type Env struct {
	Stdin, Stdout, Stderr *os.File
	Getenv                func(string) string
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Version of the program.
	Version string
	// After gives a channel that is sent the time once, after the duration; nil is the system's clock.
	After func(time.Duration) <-chan time.Time
	// Machine that the program runs on; the zero value is the one that it does run on.
	Machine connect.Machine
}

// signalled and the number of the signal is the exit code of a program that a signal ended, as shells have it.
const signalled = 128

// grace is how long it may take until work stops that was told to.
const grace = 100 * time.Millisecond

// Of a session what runs is only asked to stop by Ctrl-C, so often, and in any case for so long.
const (
	patience    = 2
	patientTime = 2 * time.Second
)

// Main is the program with these arguments; it gives the exit code.
func Main(args []string, env Env) int {
	if env.Now == nil {
		env.Now = time.Now
	}
	if env.After == nil {
		env.After = time.After
	}
	// Who reads what is written may stop reading; work that has begun is still done to its end, and kept.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)
	var common command.Common
	var lines []string
	var version, bare bool
	var fs flags.Set
	common.Declare(&fs)
	fs.List(&lines, "e", "LUA", "run LUA; repeats")
	fs.Switch(&version, "version", "say which version it is")
	fs.Switch(&bare, "norc", "begin a session without ~/.config/cellsh/init.lua")
	rest, err := fs.Read(args, flags.First)
	switch {
	case errors.Is(err, flags.ErrHelp):
		if page := env.pager(); page != nil {
			_ = page(command.Overview())
		} else {
			fmt.Fprint(env.Stdout, command.Overview())
		}
		return command.OK
	case err != nil:
		return env.usage(err.Error())
	case version:
		fmt.Fprintf(env.Stdout, "cellsh %s\n", env.Version)
		return command.OK
	case len(lines) > 0 && len(rest) > 0:
		return env.usage(fmt.Sprintf("-e runs what it is given, but %q is given too", rest[0]))
	case bare && len(lines) > 0:
		return env.usage(bareRefused("-e"))
	case bare && len(rest) > 0 && rest[0] != "screen":
		return env.usage(bareRefused(fmt.Sprintf("%q", rest[0])))
	case len(lines) == 0 && len(rest) == 0:
		return env.evaluate(common, func(e *evaluator) error {
			e.bare = bare
			return e.session()
		})
	case len(lines) == 0:
		if c := command.Find(rest[0]); c != nil {
			code, screen := env.command(c, rest[1:], common)
			if code != command.OK || screen == nil {
				return code
			}
			return env.screenOf(screen, bare)
		}
		if !isScript(rest[0]) {
			return env.usage(command.Unknown(rest))
		}
	}
	if common.JSON || len(common.Policy) > 0 {
		return env.usage("--json and --policy must be given to a command, but are given to Lua; engine.decide and others take a table with policy = PATH")
	}
	return env.evaluate(common, func(e *evaluator) error {
		work := func() error { return e.file(rest[0], rest[1:]) }
		if len(lines) > 0 {
			work = func() error { return e.lines(lines) }
		}
		err := work()
		if err == nil {
			e.forgotten()
		}
		return err
	})
}

// isScript reports whether an argument is a script and no command that is misspelt.
func isScript(name string) bool {
	if name == "-" || strings.HasSuffix(name, ".lua") || strings.ContainsRune(name, os.PathSeparator) {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (env *Env) usage(text string) int {
	fmt.Fprintf(env.Stderr, "cellsh: %s\nrun: cellsh help\n", text)
	return command.Usage
}

// catch gives the signals that end the program, but for those that who started it has made it deaf to, as nohup(1) does.
func catch(list ...os.Signal) chan os.Signal {
	signals := make(chan os.Signal, 1)
	for _, s := range list {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals
}

// wantedScreen is a screen that a command has asked for.
type wantedScreen struct {
	common  command.Common
	options command.ScreenOptions
}

// command runs a single command, and gives the exit code, and the screen that is to be opened now; nil for none. One that is told to stop does so where nothing is left half done, or
// says in its own way what it makes of that; one that does not in time, because it waits for something, say, is not waited
// for, unless it changes something just then.
func (env Env) command(c *command.Command, args []string, common command.Common) (int, *wantedScreen) {
	var wanted *wantedScreen
	open := func(common command.Common, o command.ScreenOptions) error {
		wanted = &wantedScreen{common, o}
		return env.screenRefused(o)
	}
	work, line := progress.New(), env.line()
	signals := catch(os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	end := line.Watch(c.Name, work)
	defer end()
	ended := make(chan int, 1)
	go func() {
		ended <- c.Run(args, common, command.Env{Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, OpenScreen: open, Now: env.Now, After: env.After, Version: env.Version, Machine: env.Machine, Ask: env.asker(line), Page: env.pager(), Screen: env.screen(), Work: work, Line: line})
	}()
	told := command.Interrupted // the exit code of the signal that has ended it
	var late <-chan time.Time
	for {
		select {
		case code := <-ended:
			if code == command.Interrupted {
				return told, nil
			}
			return code, wanted
		case s := <-signals:
			if n, ok := s.(syscall.Signal); ok && late == nil {
				told = signalled + int(n)
			}
			work.Stop()
			late = env.After(grace)
		case <-late:
			if work.Abandon() {
				line.Hide()
				env.problems(diag.List{{Code: diag.Interrupted, Message: command.StoppedText(work, c)}})
				return told, nil
			}
			late = env.After(grace)
		}
	}
}

// line is the line at the terminal that says what is waited for; nil where there is no terminal.
func (env *Env) line() *waiting.Line {
	if !isTerminal(env.Stderr) {
		return nil
	}
	return waiting.New(waiting.Options{To: env.Stderr, Plain: env.plain(), After: env.After, Now: env.Now, Columns: func() int { return columns(env.Stderr) }})
}

// plain reports whether the terminal can't move its cursor.
func (env *Env) plain() bool {
	name := env.Getenv("TERM")
	return name == "" || name == "dumb"
}

// screen is the terminal that results are shown on; nil where it is none.
func (env *Env) screen() *command.Screen {
	if !isTerminal(env.Stdout) {
		return nil
	}
	return &command.Screen{Plain: env.plain(), Size: func() (int, int) { return screenSize(env.Stdout) }}
}

// pager shows text that is longer than the screen, where there is one; nil where there is none.
func (env *Env) pager() func(text string) error {
	if !isTerminal(env.Stdin) || !isTerminal(env.Stdout) || env.plain() {
		return nil
	}
	p := &pager.Pager{Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, Command: env.Getenv("PAGER")}
	return func(text string) error { return p.Show(show.Text(text)) }
}

// evaluate opens the kernel for work, and gives the exit code.
func (env Env) evaluate(common command.Common, work func(*evaluator) error) int {
	e, err := newEvaluator(env, common)
	if err != nil {
		env.problems(err)
		return command.Failed
	}
	signals := catch(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	ended, closed := make(chan error, 1), make(chan error, 1)
	go func() { ended <- work(e) }()
	told := 0 // the exit code once a signal has told the program to end
	for {
		select {
		case err := <-ended:
			if told == 0 {
				signal.Stop(signals)
				return e.end(err)
			}
		case err := <-closed:
			if err != nil {
				env.problems(err)
			}
			e.restore()
			return told
		case s := <-signals:
			if n, ok := s.(syscall.Signal); ok && s != os.Interrupt && told == 0 {
				// Its terminal is gone, or it shall end. What is not confirmed can't be any more: whoever could has perhaps
				// been cut off by it. This waits for what runs, and meanwhile signals count.
				told = signalled + int(n)
				close(e.ending)
				go func() { closed <- e.close() }()
			}
			if e.interrupt() {
				// What runs does not listen.
				e.restore()
				return command.Interrupted
			}
		}
	}
}

// end gives up the kernel after the work, and gives the exit code.
func (e *evaluator) end(err error) int {
	code := command.OK
	var end exit
	switch {
	case errors.As(err, &end):
		code = end.code
		if errors.Is(err, errFailed) {
			code = max(code, command.Failed)
		}
	case errors.Is(err, errInterrupted):
		code = command.Interrupted
	case err != nil:
		code = command.Failed
	}
	if err := e.close(); err != nil {
		// What has failed already with that is not told again.
		if u := new(host.UnsavedError); code == command.OK || !errors.As(err, &u) || !u.Again {
			e.env.problems(err)
		}
		code = max(code, command.Failed)
	}
	return code
}

// forgotten says what a script has declared and is dropped, because nobody has loaded it.
func (e *evaluator) forgotten() {
	pending := e.api.Pending().Policies
	if len(pending) == 0 {
		return
	}
	what := "policy " + pending[0].Name + " was"
	if n := len(pending); n > 1 {
		what = fmt.Sprintf("policy %s and %d more were", pending[0].Name, n-1)
	}
	e.note("%s declared and not loaded: the command load takes files of policies, and engine.load() what was declared", what)
}

// problems writes what went wrong where there is no evaluator.
func (env *Env) problems(err error) {
	_ = show.NewStyle(isTerminal(env.Stderr), env.Getenv).Problems(env.Stderr, diag.Of(err))
}

// errInterrupted ends a script that was interrupted.
var errInterrupted = errors.New("interrupted")

// lines runs texts as a session would, up to the first that fails.
func (e *evaluator) lines(texts []string) error {
	r := input.NewScript(isCommand)
	r.Mistaken = e.mistaken
	for _, text := range texts {
		if err := e.feed(r, text); err != nil {
			return e.left(err)
		}
	}
	return e.report(r.End())
}

// feed runs what a text completes, up to the first statement that fails.
func (e *evaluator) feed(r *input.Reader, text string) error {
	statements, err := r.Add(text)
	for _, s := range statements {
		if err := e.statement(s); err != nil {
			return err
		}
	}
	return e.report(err)
}

// file runs a script; - is standard input.
func (e *evaluator) file(name string, args []string) error {
	text, err := readScript(name, e.env.Stdin)
	if err != nil {
		return e.report(err)
	}
	return e.script(name, text, args)
}

func readScript(name string, stdin io.Reader) (string, error) {
	problem := func(form string, args ...any) error {
		return diag.List{{Span: diag.Span{File: name}, Code: diag.FileRead, Message: fmt.Sprintf(form, args...)}}
	}
	from := stdin
	if name != "-" {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return "", problem("a script must exist, but does not")
		case err != nil:
			return "", problem("a script must be readable, but is not: %s", disk.Cause(err))
		case info.IsDir():
			return "", problem("a script must be a file, but is a folder")
		}
		f, err := os.Open(name)
		if err != nil {
			return "", problem("a script must be readable, but is not: %s", disk.Cause(err))
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, syntax.MaxSource+1))
	if err != nil {
		return "", problem("a script must be readable, but is not: %s", disk.Cause(err))
	}
	return string(text), nil
}

// leave are the words that end a session.
var leave = []string{"exit", "quit"}

func isCommand(word string) bool { return command.Find(word) != nil || slices.Contains(leave, word) }
