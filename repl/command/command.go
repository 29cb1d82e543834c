package command

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"cellsh/kernel/connect"
	"cellsh/policy"
	"cellsh/policy/diag"
)

// Env is what a command may touch.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Ask asks the user for a yes; nil where nobody can be asked.
	Ask func(question string) (yes bool)
	// Version of the program.
	Version string
	// Machine that the program runs on.
	Machine connect.Machine
	// Session is the kernel of a session, which its commands share, with Pending; nil opens one for each command.
	Session *Target
}

// Exit codes.
const (
	OK     = 0
	Failed = 1
	Usage  = 2
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
	// Setup declares the flags of its own, and gives what does the work with the arguments that are no flags.
	Setup func(*flag.FlagSet) func(*Invocation) error
}

// Common are the flags of every command. They may stand before its name too.
type Common struct {
	// Policy are paths of policies to use instead of what is loaded.
	Policy stringList
	// Kernel is what connect.Options.Target takes.
	Kernel                  string
	ReadOnly, JSON, Timings bool
}

// Declare declares the flags; those that are set already keep their values.
func (c *Common) Declare(fs *flag.FlagSet) {
	fs.Var(&c.Policy, "policy", "use the policies of `PATH` instead of what is loaded; repeats")
	fs.StringVar(&c.Kernel, "k", c.Kernel, "the `KERNEL`: sim, sim:FILE or netbsd; without it the running system if that is NetBSD, else sim (sim,april and sim,stock: other builds)")
	fs.BoolVar(&c.ReadOnly, "readonly", c.ReadOnly, "refuse whatever would change cells or policies")
	fs.BoolVar(&c.JSON, "json", c.JSON, "write results as JSON")
	fs.BoolVar(&c.Timings, "timings", c.Timings, "say how long each step took")
}

// stringList is a flag that may be given several times.
type stringList []string

func (l *stringList) String() string { return strings.Join(*l, ",") }

// Set adds a value.
func (l *stringList) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// cellList is a flag with the name of a cell that may be given several times. The cells need not exist.
type cellList []string

func (l *cellList) String() string { return strings.Join(*l, ",") }

// Set adds a name.
func (l *cellList) Set(s string) error {
	if problem := policy.CheckName(s); problem != "" {
		return errors.New(problem)
	}
	*l = append(*l, s)
	return nil
}

// Invocation is one run of a command.
type Invocation struct {
	Env
	Common
	Command *Command
	Args    []string

	out     *Output
	target  *Target
	timings timings
}

// usageError makes the exit code 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(form string, args ...any) error { return &usageError{fmt.Sprintf(form, args...)} }

// quiet is an error whose problems have been written already.
type quiet struct{ code int }

func (q quiet) Error() string { return fmt.Sprintf("exit code %d", q.code) }

// commands is the table, by name.
var commands []*Command

func register(c *Command) {
	commands = append(commands, c)
	slices.SortFunc(commands, func(a, b *Command) int { return strings.Compare(a.Name, b.Name) })
}

// All lists the commands, by name.
func All() []*Command { return slices.Clone(commands) }

// Find gives the command of that name, or nil.
func Find(name string) *Command {
	for _, c := range commands {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Unknown says that there is no command of that name, and which one was meant.
func Unknown(name string) string {
	text := "there is no command " + plainWord(name)
	if near := diag.Nearest(name, Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return text
}

// Run runs the command with the arguments that follow its name, and gives the exit code.
func (c *Command) Run(args []string, common Common, env Env) int {
	if env.Now == nil {
		env.Now = time.Now
	}
	out := &Output{To: env.Stdout}
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
	rest, err := parse(args, fs, c.Verbatim)
	if err == nil {
		err = c.refuse(&common)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(env.Stdout, c.Help())
		return OK
	case err != nil:
		fmt.Fprintf(env.Stderr, "cellsh %s: %s\nrun: cellsh help %s\n", c.Name, FlagError(err, fs), c.Name)
		return Usage
	}
	inv.Args = rest
	err = inv.finish(work(inv))
	var u *usageError
	var q quiet
	switch {
	case err == nil || out.err != nil && errors.Is(err, out.err):
		return OK // what could not be written is told by who asked
	case errors.As(err, &u):
		fmt.Fprintf(env.Stderr, "cellsh %s: %s\nusage: %s\n", c.Name, u.text, c.synopsis())
		return Usage
	case errors.As(err, &q):
		return q.code
	}
	inv.problems(diag.Of(err))
	return Failed
}

// flags are all that the command takes, and what does the work once they are parsed.
func (c *Command) flags(common *Common) (*flag.FlagSet, func(*Invocation) error) {
	all, fs := NewFlags(), NewFlags()
	common.Declare(all)
	all.VisitAll(func(f *flag.Flag) {
		if !slices.Contains(c.Without, f.Name) {
			fs.Var(f.Value, f.Name, f.Usage)
		}
	})
	return fs, c.Setup(fs)
}

// refuse says which of the common flags that were given before the command mean nothing to it.
func (c *Command) refuse(given *Common) error {
	for _, name := range c.Without {
		set := map[string]bool{"policy": len(given.Policy) > 0, "k": given.Kernel != "", "readonly": given.ReadOnly, "json": given.JSON, "timings": given.Timings}
		if set[name] {
			return errors.New(undefined + name)
		}
	}
	return nil
}

// undefined is how package flag begins to say that there is no such flag.
const undefined = "flag provided but not defined: -"

// FlagError says in words what is wrong with the flags on a command line.
func FlagError(err error, fs *flag.FlagSet) string {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, undefined); ok {
		var names []string
		fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		text = "there is no flag " + plainWord(dashes(name))
		if near := diag.Nearest(name, names); near != "" {
			text += "; did you mean " + dashes(near) + "?"
		}
		return text
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return dashes(name) + " must be given a value"
	}
	var value, name string
	if _, err := fmt.Sscanf(text, "invalid value %q for flag -%s", &value, &name); err == nil {
		name = strings.TrimSuffix(name, ":")
		if f := fs.Lookup(name); f != nil {
			if _, ok := f.Value.(*cellList); ok {
				return dashes(name) + ": the name of a cell " + policy.CheckName(value)
			}
			return fmt.Sprintf("%s must be %s, but is %q", dashes(name), kindOf(f), value)
		}
	}
	if _, err := fmt.Sscanf(text, "invalid boolean value %q for -%s", &value, &name); err == nil {
		return fmt.Sprintf("%s takes no value, but is given %q", dashes(strings.TrimSuffix(name, ":")), value)
	}
	return text
}

// plainWord is what was typed as it can stand in a message: cut where it is long, quoted where it is no word.
func plainWord(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "..."
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// dashes writes a flag as people do.
func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// kindOf says what the value of a flag must be.
func kindOf(f *flag.Flag) string {
	if k, ok := f.Value.(interface{ kind() string }); ok {
		return k.kind()
	}
	if g, ok := f.Value.(flag.Getter); ok {
		switch g.Get().(type) {
		case int, int64, uint, uint64, float64:
			return "a number"
		case time.Duration:
			return "a time such as 30s"
		}
	}
	return "a value of another form"
}

// NewFlags makes an empty set of flags that writes nothing by itself.
func NewFlags() *flag.FlagSet {
	fs := flag.NewFlagSet("cellsh", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// parse reads flags, which may stand between and after the arguments, up to --; if verbatim is set only before and
// after the first one.
func parse(args []string, fs *flag.FlagSet, verbatim bool) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return rest, err
		}
		consumed := len(args) - fs.NArg()
		if consumed > 0 && args[consumed-1] == "--" || verbatim && len(rest) > 0 {
			return append(rest, fs.Args()...), nil
		}
		args = fs.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// Names lists the names of all commands.
func Names() []string {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return names
}

// listing is a line for each command.
func listing() string {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-12s %s\n", c.Name, c.Short)
	}
	return b.String()
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
		fs.VisitAll(func(f *flag.Flag) {
			if (mine.Lookup(f.Name) != nil) == own {
				lines = append(lines, flagLine(f))
			}
		})
		if len(lines) > 0 {
			b.WriteString(map[bool]string{true: "\nflags:\n", false: "\nflags of every command:\n"}[own])
			b.WriteString(strings.Join(lines, ""))
		}
	}
	return b.String()
}

// AllFlags are all that the command takes.
func (c *Command) AllFlags() *flag.FlagSet {
	fs, _ := c.flags(new(Common))
	return fs
}

// OwnFlags are those that the command does not share with all others.
func (c *Command) OwnFlags() *flag.FlagSet {
	common, own := NewFlags(), NewFlags()
	new(Common).Declare(common)
	c.AllFlags().VisitAll(func(f *flag.Flag) {
		if common.Lookup(f.Name) == nil {
			own.Var(f.Value, f.Name, f.Usage)
		}
	})
	return own
}

func flagLine(f *flag.Flag) string {
	arg, text := flag.UnquoteUsage(f)
	name := dashes(f.Name)
	if arg != "" {
		name += " " + strings.ToUpper(arg)
	}
	const column = 21
	return fmt.Sprintf("  %-18s ", name) + strings.TrimLeft(wrap(column, text), " ")
}

// problems writes problems to Stderr, or to Stdout as JSON.
func (inv *Invocation) problems(l diag.List) {
	if inv.JSON {
		inv.json(map[string]any{"ok": !l.Failed(), "diagnostics": nonNil(l)})
		return
	}
	diag.Write(inv.Stderr, l)
}

// json writes a value on one line.
func (inv *Invocation) json(v any) error {
	e := json.NewEncoder(inv.Stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// nonNil makes an empty list [] in JSON.
func nonNil[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	if strings.HasSuffix(what, "s") {
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
