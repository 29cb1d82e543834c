package declare

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Words are the functions that declare.
var Words = []string{"policy", "never"}

// Constants are the other names that policy files know: the results, and unlimited.
func Constants() map[string]value.Value {
	c := map[string]value.Value{"record": value.String("record"), "unlimited": value.Number(kauth.Unlimited)}
	for r := policy.Allow; r <= policy.Deny; r++ {
		c[r.String()] = value.String(r.String())
	}
	return c
}

// Functions makes a decision function of a value of the type function that is no *value.Builtin. Those of a where give
// true or false, the others results. It gives nil for a function whose source nobody has.
type Functions func(f value.Value, where bool) rules.Function

// Declarations collects what the words declare. It is not safe for concurrent use.
type Declarations struct {
	functions Functions
	// vocabulary of the kernel that the policies are for.
	vocabulary *kauth.Vocabulary
	policies   []*rules.Policy
	nevers     []*rules.Never
	// elements of all lists together.
	elements int
	problems diag.List
	// unreported are the problems that are too many to be kept.
	unreported unreported
	// files that problems are in, by name.
	files map[string]*syntax.File
	// running is the file that is run, "" outside of files.
	running string
	// begun are the declarations of the running file that have a name and no table yet; nil outside of files.
	begun map[*context]bool
	// skipping are the actions of which it was said that their rules skip requests.
	skipping map[kauth.Pattern]bool
}

// New is empty. Policies are for a kernel with the vocabulary; nil is kauth.Newest.
func New(f Functions, v *kauth.Vocabulary) *Declarations {
	if v == nil {
		v = kauth.Newest()
	}
	return &Declarations{functions: f, vocabulary: v, files: map[string]*syntax.File{}, skipping: map[kauth.Pattern]bool{}}
}

// Policies are those that were declared, in the order of the declarations, with all of a name.
func (d *Declarations) Policies() []*rules.Policy { return d.policies }

// Nevers are the assertions in the order of the declarations, without those that are wrong.
func (d *Declarations) Nevers() []*rules.Never { return d.nevers }

// Set is what was declared, sorted by name. Problems between policies are added to Problems.
func (d *Declarations) Set() *rules.Set {
	set := &rules.Set{Nevers: d.nevers}
	seen := map[string]*rules.Policy{}
	for _, p := range d.policies {
		if same, twice := seen[p.Name]; twice {
			first, hint := same.Span, ""
			if first == p.Span && same.File != p.File {
				hint = "a module is run for each file that needs it, and in a folder also by itself; declare policies elsewhere"
			}
			d.Report(diag.Diagnostic{Span: p.Span, Code: diag.PolicyDuplicate, Hint: hint,
				Message: fmt.Sprintf("a policy's name must be its own, but %s is used twice", describe(value.String(p.Name))),
				Related: []diag.Related{{Span: first, Message: "the first is here"}}})
			continue
		}
		seen[p.Name] = p
		set.Policies = append(set.Policies, p)
	}
	slices.SortFunc(set.Policies, func(a, b *rules.Policy) int { return strings.Compare(a.Name, b.Name) })
	return set
}

// Problems are all that were found, sorted, with the lines that they speak of. If there are very many the last of them
// counts those that are left out.
func (d *Declarations) Problems() diag.List {
	list := slices.Clone(d.problems)
	if d.unreported.number > 0 {
		list = append(list, diag.Diagnostic{Severity: d.unreported.worst, Code: diag.PolicyLimit,
			Message: fmt.Sprintf("a load tells at most %d problems, but has %d more", maxProblems, d.unreported.number)})
	}
	return list.Sort()
}

// Found are the problems so far, in the order in which they were found. All is false if some were left out.
func (d *Declarations) Found() (list diag.List, all bool) {
	return d.problems, d.unreported.number == 0
}

// Clear forgets what was declared.
func (d *Declarations) Clear() {
	d.policies, d.nevers, d.problems, d.elements = nil, nil, nil, 0
	d.unreported = unreported{}
	clear(d.skipping)
}

// The limits of a load. The machine's ceiling for memory sees only what Lua has; what is made of it here is larger.
const (
	maxDeclarations = 10_000
	// MaxElements is how many elements a table of a declaration can have.
	MaxElements    = 10_000
	maxAllElements = 1_000_000
	maxProblems    = 1_000
)

// unreported are problems beyond the limit: how many, and the severity of the worst.
type unreported struct {
	number int
	worst  diag.Severity
}

// Report adds a problem, with the lines that it speaks of.
func (d *Declarations) Report(p diag.Diagnostic) {
	p.Excerpt = d.line(p.Span)
	p.Related = slices.Clone(p.Related)
	for i := range p.Related {
		p.Related[i].Excerpt = d.line(p.Related[i].Span)
	}
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, p)
		return
	}
	if d.unreported.number == 0 || p.Severity < d.unreported.worst {
		d.unreported.worst = p.Severity
	}
	d.unreported.number++
}

// Know remembers a source, for the lines of problems in it. Files that words are called in are known.
func (d *Declarations) Know(f *syntax.File) {
	if f != nil {
		d.files[f.Name] = f
	}
}

// line is the line of the source that a place is on, "" if it is not known.
func (d *Declarations) line(at diag.Span) string {
	if f := d.files[at.File]; f != nil {
		return f.Line(at.Line)
	}
	return ""
}

// Begin says that a policy file is run from now on: that each declaration has its table is looked at in the end.
func (d *Declarations) Begin(file string) { d.begun, d.running = map[*context]bool{}, file }

// End says that the file has ended, and whether by itself. Without an error the declarations that it began and did not
// finish are problems.
func (d *Declarations) End(failed bool) {
	if !failed {
		for c := range d.begun {
			c.wrong(c.whole, "write: "+forms[c.word], "what a %s declares must be a table, but is missing", c.word)
		}
	}
	d.begun, d.running = nil, ""
}

// forms show how declarations are written, and titles say what their strings are.
var forms = map[string]string{"policy": `policy "name" { ... }`, "never": `never("title", { ... })`}
var titles = map[string]string{"policy": "name", "never": "title"}

// Call is a call of a word. It gives what the word gives: a function that takes the table, or nil if the table was
// among the arguments.
func (d *Declarations) Call(word string, args []value.Value, at Site) func(args []value.Value, at Site) {
	d.Know(at.File)
	first := argument(args, 0)
	name, named := first.(value.String)
	c := &context{d: d, word: word, name: string(name), named: named, whole: at.Place(), written: &literal{}}
	c.title = c.whole
	if written, ok := at.arg(0).(*syntax.StringExpr); ok && named && written.Value == c.name {
		c.title = text(at.File, written)
	}
	if !named {
		c.wrong(c.whole, "write: "+forms[word], "the %s of a %s must be a string, but is %s", titles[word], word, describe(first))
	}
	if len(args) > 1 {
		c.take(args[1], at, 1)
		return nil
	}
	if d.begun != nil && named {
		d.begun[c] = true
	}
	return func(args []value.Value, at Site) {
		delete(d.begun, c)
		d.Know(at.File)
		second := *c
		if at.File != nil {
			second.whole = at.Place()
		}
		second.take(argument(args, 0), at, 0)
	}
}

func argument(args []value.Value, i int) value.Value {
	if i < len(args) {
		return args[i]
	}
	return value.Nil{}
}

// context is one declaration that is being made.
type context struct {
	d    *Declarations
	word string
	// name is what it is called, if that is a string.
	name  string
	named bool
	// title is the place of the name, whole that of the declaration.
	title, whole diag.Span
	written      *literal
}

// take makes the declaration of a value, which is an argument of the call.
func (c *context) take(v value.Value, at Site, index int) {
	t, ok := v.(*value.Table)
	switch {
	case !ok:
		c.wrong(c.whole, "write: "+forms[c.word], "what a %s declares must be a table, but is %s", c.word, describe(v))
		return
	case !c.named:
		return
	}
	if written := at.arg(index); written != nil {
		c.written = literalOf(at.File, written)
	}
	if c.word == "never" {
		c.never(t)
	} else {
		c.policy(t)
	}
}

func (c *context) wrong(at diag.Span, hint, form string, args ...any) {
	c.problem(diag.PolicyValue, at, hint, form, args...)
}

func (c *context) problem(code diag.Code, at diag.Span, hint, form string, args ...any) {
	c.note(diag.Error, code, at, hint, form, args...)
}

func (c *context) note(s diag.Severity, code diag.Code, at diag.Span, hint, form string, args ...any) {
	c.d.Report(diag.Diagnostic{Span: at, Severity: s, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint})
}

// describe says what a value is, for messages.
func describe(v value.Value) string {
	switch x := v.(type) {
	case value.String:
		return fmt.Sprintf("%q", diag.Short(string(x)))
	case value.Number:
		switch {
		case x == value.Number(kauth.Unlimited):
			return "unlimited"
		case x == value.Number(math.Trunc(float64(x))) && math.Abs(float64(x)) < 1<<63:
			return strconv.FormatInt(int64(x), 10)
		}
		return value.Format(x)
	case value.Bool:
		return strconv.FormatBool(bool(x))
	case value.Nil:
		return "nil"
	}
	return "a " + v.Type().String()
}
