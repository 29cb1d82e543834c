package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	"cellsh/kernel/connect"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/progress"
	"cellsh/policy/report"
	"cellsh/repl/flags"
	"cellsh/repl/waiting"
)

// Env is what a command may touch.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// After gives a channel that is sent the time once, after the duration; nil is the system's clock.
	After func(time.Duration) <-chan time.Time
	// Ask asks the user for a yes; nil where nobody can be asked.
	Ask func(question string) (yes bool)
	// Page shows text that may be longer than the screen; nil writes it to Stdout.
	Page func(text string) error
	// Screen is the terminal that Stdout is; nil where it is none.
	Screen *Screen
	// OpenScreen is told to open the screen once the command has ended. The error says why there can be none.
	OpenScreen func(Common, ScreenOptions) error
	// Version of the program.
	Version string
	// Machine that the program runs on.
	Machine connect.Machine
	// Work is told where the command is, and when it must end; nil is never. Line shows that at the terminal that Stdout and
	// Stderr may be, and gives way to what is written there; nil shows nothing.
	Work *progress.Work
	Line *waiting.Line
	// Session is the kernel of a session, which its commands share, with Pending; nil opens one for each command.
	Session *Target
}

// Exit codes.
const (
	OK     = 0
	Failed = 1
	Usage  = 2
	// Interrupted by Ctrl-C, as shells have it.
	Interrupted = 128 + int(syscall.SIGINT)
	// Changed: with --exit-code, something changes.
	Changed = 5
)

// Command is one entry of the table.
type Command struct {
	Name string
	// Args is the synopsis of its arguments.
	Args string
	// Short is one line for the list of commands; Long is the help text, with examples that run as tests.
	Short, Long string
	// Verbatim says that what follows the first argument is no flag any more once it does not look like one: the
	// words of a command for a cell.
	Verbatim bool
	// Without names the common flags that mean nothing to the command, and are refused.
	Without []string
	// Changes says that the command changes cells or policies: a state file is locked for it, and saved.
	Changes bool
	// Reaches says that the command reaches what runs in cells, and changes neither cells nor policies: it is refused with
	// --readonly, and locks nothing.
	Reaches bool
	// Setup declares the flags of its own, and gives what does the work with the arguments that are no flags.
	Setup func(*flags.Set) func(*Invocation) error
}

// Common are the flags of every command. They may stand before its name too.
type Common struct {
	// Policy are paths of policies to use instead of what is loaded.
	Policy []string
	// Kernel is what connect.Options.Target takes.
	Kernel                  string
	ReadOnly, JSON, Timings bool
}

// Declare declares the flags; those that are set already keep their values.
func (c *Common) Declare(fs *flags.Set) {
	fs.List(&c.Policy, "policy", "PATH", "use the policies of PATH instead of what is loaded; repeats")
	fs.Text(&c.Kernel, "k", "KERNEL", "the KERNEL: sim, sim:FILE or netbsd; without it the running system if that is NetBSD, else sim (sim,april and sim,stock: other builds)")
	fs.Switch(&c.ReadOnly, "readonly", "refuse whatever would change cells or policies")
	fs.Switch(&c.JSON, "json", "write results as JSON")
	fs.Switch(&c.Timings, "timings", "say how long each step took")
}

// given are the names of those that are set.
func (c *Common) given() []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"policy", len(c.Policy) > 0}, {"k", c.Kernel != ""}, {"readonly", c.ReadOnly}, {"json", c.JSON}, {"timings", c.Timings}} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// cellList declares a flag with the name of a cell that may be given several times. The cells need not exist.
func cellList(fs *flags.Set, to *[]string, usage string) {
	fs.Each("cell", "NAME", usage, func(name string) string {
		*to = append(*to, name)
		return policy.CheckName(name)
	})
}

// Invocation is one run of a command.
type Invocation struct {
	Env
	Common
	Command *Command
	Args    []string

	// looks says that this run only looks, though the command changes things: a dry run.
	looks   bool
	out     *Output
	target  *Target
	timings timings
	// noted are the notes that are not said again.
	noted []string
}

// usageError makes the exit code 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(form string, args ...any) error { return &usageError{fmt.Sprintf(form, args...)} }

// quiet is an error whose problems have been written already.
type quiet struct{ code int }

func (q quiet) Error() string { return fmt.Sprintf("exit code %d", q.code) }

// Run runs the command with the arguments that follow its name, and gives the exit code.
func (c *Command) Run(args []string, common Common, env Env) int {
	if env.Now == nil {
		env.Now = time.Now
	}
	if env.After == nil {
		env.After = time.After
	}
	out := &Output{To: env.Line.Writer(env.Stdout)}
	env.Stderr = env.Line.Writer(env.Stderr)
	env.Stdout = out
	code := c.run(args, common, env, out)
	err := out.Err()
	if err == nil {
		return code
	}
	// Where nobody reads any more, as with head(1), there is nobody to tell, either.
	if !errors.Is(err, syscall.EPIPE) {
		diag.Write(env.Stderr, diag.Of(err))
	}
	return max(code, Failed)
}

func (c *Command) run(args []string, common Common, env Env, out *Output) int {
	inv := &Invocation{Env: env, Common: common, Command: c, out: out}
	inv.timings.start(env.Now)
	fs, work := c.flags(&inv.Common)
	place := flags.Anywhere
	if c.Verbatim {
		place = flags.AroundFirst
	}
	rest, err := fs.Read(args, place)
	if err == nil {
		err = c.refuse(fs, &common)
	}
	switch {
	case errors.Is(err, flags.ErrHelp):
		_ = inv.page(inv.help(c))
		return OK
	case err != nil:
		fmt.Fprintf(env.Stderr, "%s: %s\nrun: %s\n", inv.called(c.Name), err, inv.called("help "+c.Name))
		return Usage
	}
	inv.Args = rest
	err = inv.Work.Run(func() error { return work(inv) })
	inv.Line.Hide() // what is left to do takes no time
	if errors.Is(err, progress.ErrStopped) {
		err = inv.stopped()
	}
	// With JSON the result says it all the same.
	if inv.target != nil && inv.target.Steps != nil && inv.target.Steps.Told(err) && !inv.JSON {
		err = quiet{Failed}
	}
	err = inv.finish(err)
	var u *usageError
	var q quiet
	switch {
	case err == nil || out.err != nil && errors.Is(err, out.err):
		return OK // what could not be written is told by who asked
	case errors.As(err, &u):
		fmt.Fprintf(env.Stderr, "%s: %s\nusage: %s\n", inv.called(c.Name), u.text, inv.called(strings.TrimPrefix(c.synopsis(), "cellsh ")))
		return Usage
	case errors.As(err, &q):
		return q.code
	}
	if inv.Work.Abandoned() {
		return Interrupted // it was said
	}
	if errors.As(err, new(*stopped)) {
		inv.problems(diag.Of(err))
		return Interrupted
	}
	inv.problems(diag.Of(err))
	return Failed
}

// stopped says that a command was interrupted, and what it had done until then.
type stopped struct{ text string }

func (e *stopped) Error() string { return e.text }

// Diagnostics is the error as a problem.
func (e *stopped) Diagnostics() diag.List {
	return diag.List{{Code: diag.Interrupted, Message: e.text}}
}

// stopped is the error of a command that was stopped. What it has worked out is not to be trusted.
func (inv *Invocation) stopped() error {
	if inv.Session != nil {
		inv.Session.Host.Forget()
	}
	return &stopped{StoppedText(inv.Work, inv.Command)}
}

// StoppedText says that a command was interrupted, and what it had done until then.
func StoppedText(w *progress.Work, c *Command) string {
	switch done := w.Changes(); {
	case len(done) > 0:
		return "interrupted; before that: " + strings.Join(done, ", ")
	case c.Changes:
		return "interrupted: nothing has changed"
	}
	return "interrupted"
}

// flags are all that the command takes, and what does the work once they are read.
func (c *Command) flags(common *Common) (*flags.Set, func(*Invocation) error) {
	var all flags.Set
	common.Declare(&all)
	fs := all.Without(c.Without...)
	return fs, c.Setup(fs)
}

// refuse says which of the common flags that were given before the command mean nothing to it.
func (c *Command) refuse(fs *flags.Set, given *Common) error {
	for _, name := range given.given() {
		switch {
		case slices.Contains(c.Without, name) && fs.Has(name):
			return fmt.Errorf("--%s must stand behind the command, where it means something else, but stands before it", name)
		case slices.Contains(c.Without, name):
			return fs.Unknown(name)
		}
	}
	return nil
}

// synopsis is how the command is called.
func (c *Command) synopsis() string { return strings.TrimSpace("cellsh " + c.Name + " " + c.Args) }

// Help is the text about the command.
func (c *Command) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n%s\n", c.synopsis(), strings.TrimSpace(c.Long))
	fs := c.AllFlags()
	mine := c.OwnFlags()
	for _, own := range []bool{true, false} {
		var lines []string
		for _, f := range fs.All() {
			if mine.Has(f.Name) == own {
				lines = append(lines, flagLine(f))
			}
		}
		if len(lines) > 0 {
			b.WriteString(map[bool]string{true: "\nflags:\n", false: "\nflags of every command:\n"}[own])
			b.WriteString(strings.Join(lines, ""))
		}
	}
	return b.String()
}

// AllFlags are all that the command takes.
func (c *Command) AllFlags() *flags.Set {
	fs, _ := c.flags(new(Common))
	return fs
}

// OwnFlags are those that the command does not share with all others.
func (c *Command) OwnFlags() *flags.Set {
	var own flags.Set
	c.Setup(&own)
	return &own
}

func flagLine(f *flags.Flag) string {
	name := f.String()
	if f.Value != "" {
		name += " " + f.Value
	}
	const column = 21
	return fmt.Sprintf("  %-18s ", name) + strings.TrimLeft(wrap(column, f.Usage), " ")
}

// problems writes problems to Stderr, or to Stdout as JSON.
func (inv *Invocation) problems(l diag.List) {
	if inv.JSON {
		inv.json(map[string]any{"ok": !l.Failed(), "diagnostics": report.List(l)})
		return
	}
	diag.Write(inv.Stderr, l)
}

// called is how a command is called where this one was.
func (inv *Invocation) called(command string) string {
	if inv.Session != nil {
		return command
	}
	return "cellsh " + command
}

// help is the text about a command, as it is called here.
func (inv *Invocation) help(c *Command) string {
	text, _ := strings.CutPrefix(c.Help(), "usage: cellsh ")
	return "usage: " + inv.called(text)
}

// page writes text that may be longer than the screen. Who shows it gets the signals meanwhile.
func (inv *Invocation) page(text string) error {
	if inv.Page == nil {
		_, err := io.WriteString(inv.Stdout, text)
		return err
	}
	_, end := inv.Work.Listen()
	defer end()
	inv.Line.Hide()
	return inv.Page(text)
}

// json writes a value on one line.
func (inv *Invocation) json(v any) error { return report.Write(inv.Stdout, v) }

// jsonLine is the line that json writes of a report.
func jsonLine(v any) []byte {
	var b bytes.Buffer
	if err := report.Write(&b, v); err != nil {
		panic("command: a report that can't be written: " + err.Error())
	}
	return b.Bytes()
}
