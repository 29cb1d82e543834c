package command

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cellsh/lua/engine"
	"cellsh/policy/diag"
)

// Env is what a command may touch.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Version of the program.
	Version string
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
	// Flags declares flags of its own.
	Flags func(*flag.FlagSet, *Options)
	// Run does the work with the arguments that are no flags.
	Run func(*Invocation) error
}

// Options are the values of all flags. A command takes only those that it declares, and the common ones.
type Options struct {
	// Common to all commands.
	Policy   stringList
	JSON     bool
	ReadOnly bool
	Kernel   string
	// Of single commands.
	Cells     stringList
	Run       string
	Verbose   bool
	Threshold float64
	Full      bool
	NoProof   bool
	Stage     string
	NoOpt     bool
	Strict    bool
	Program   string
	Profile   string
	Revision  string
	Ports     string
	Request   string
}

// stringList is a flag that may be given several times.
type stringList []string

func (l *stringList) String() string { return strings.Join(*l, ",") }

// Set adds a value.
func (l *stringList) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// Invocation is one run of a command.
type Invocation struct {
	Env
	Options
	Command *Command
	Args    []string
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

// Main runs the command that the arguments name, and gives the exit code.
func Main(args []string, env Env) int {
	if env.Now == nil {
		env.Now = time.Now
	}
	var o Options
	rest, err := parse(args, commonFlags(&o), true)
	switch {
	case errors.Is(err, flag.ErrHelp) || err == nil && len(rest) > 0 && rest[0] == "help":
		return help(rest, env)
	case err != nil:
		fmt.Fprintln(env.Stderr, "cellsh:", err)
		return Usage
	case len(rest) == 0:
		fmt.Fprint(env.Stderr, overview())
		return Usage
	}
	c := Find(rest[0])
	if c == nil {
		fmt.Fprintf(env.Stderr, "cellsh: there is no command %s", rest[0])
		if near := diag.Nearest(rest[0], commandNames()); near != "" {
			fmt.Fprintf(env.Stderr, "; did you mean %s?", near)
		}
		fmt.Fprintln(env.Stderr, "\nrun: cellsh help")
		return Usage
	}
	return c.run(rest[1:], o, env)
}

func (c *Command) run(args []string, o Options, env Env) int {
	fs := commonFlags(&o)
	if c.Flags != nil {
		c.Flags(fs, &o)
	}
	rest, err := parse(args, fs, false)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(env.Stdout, c.help())
		return OK
	case err != nil:
		fmt.Fprintf(env.Stderr, "cellsh %s: %s\nrun: cellsh help %s\n", c.Name, err, c.Name)
		return Usage
	}
	inv := &Invocation{Env: env, Options: o, Command: c, Args: rest}
	err = c.Run(inv)
	var u *usageError
	var q quiet
	switch {
	case err == nil:
		return OK
	case errors.As(err, &u):
		fmt.Fprintf(env.Stderr, "cellsh %s: %s\nusage: cellsh %s %s\n", c.Name, u.text, c.Name, c.Args)
		return Usage
	case errors.As(err, &q):
		return q.code
	}
	inv.problems(engine.Problem(err))
	return Failed
}

// commonFlags are those of every command; they may stand before its name too.
func commonFlags(o *Options) *flag.FlagSet {
	fs := flag.NewFlagSet("cellsh", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.Var(&o.Policy, "policy", "use the policies of `PATH` instead of what is loaded; repeats")
	fs.BoolVar(&o.JSON, "json", o.JSON, "write results as JSON")
	return fs
}

// parse reads flags, which may stand between and after the arguments, up to --. If first is set it ends at the first
// argument.
func parse(args []string, fs *flag.FlagSet, first bool) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return rest, err
		}
		consumed := len(args) - fs.NArg()
		if consumed > 0 && args[consumed-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		args = fs.Args()
		if len(args) == 0 {
			return rest, nil
		}
		if first {
			return args, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

func commandNames() []string {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return names
}

// help writes the overview, or the help of a command.
func help(args []string, env Env) int {
	if len(args) < 2 {
		fmt.Fprint(env.Stdout, overview())
		return OK
	}
	c := Find(args[1])
	if c == nil {
		fmt.Fprintf(env.Stderr, "cellsh: there is no command %s\n", args[1])
		return Usage
	}
	fmt.Fprint(env.Stdout, c.help())
	return OK
}

func overview() string {
	var b strings.Builder
	b.WriteString("cellsh is the policy shell for NetBSD Cells.\n\nusage: cellsh COMMAND [ARGUMENT...]\n\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-10s %s\n", c.Name, c.Short)
	}
	b.WriteString("\nrun: cellsh help COMMAND\n")
	return b.String()
}

func (c *Command) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: cellsh %s %s\n\n%s\n", c.Name, c.Args, strings.TrimSpace(c.Long))
	var o Options
	fs := commonFlags(&o)
	if c.Flags != nil {
		c.Flags(fs, &o)
	}
	b.WriteString("\nflags:\n")
	fs.VisitAll(func(f *flag.Flag) {
		arg, text := flag.UnquoteUsage(f)
		name := "--" + f.Name
		if arg != "" {
			name += "=" + strings.ToUpper(arg)
		}
		fmt.Fprintf(&b, "  %-18s %s\n", name, text)
	})
	return b.String()
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
	return fmt.Sprintf("%d %ss", n, what)
}
