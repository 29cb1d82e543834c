package sim

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// Call describes one system call, or one operation on a device, of a simulated process.
type Call struct {
	// Name as scripts write it, "setrlimit".
	Name string
	// Doc says in full sentences what it does, what it asks, and with which number it fails.
	Doc string
	// Params in the order in which documentation lists them.
	Params []Param
	// Returns says what the value is, "" for none.
	Returns string
	// Asks names the requests that it can ask, as patterns of package kauth.
	Asks []string

	do func(p *Process, a Args) (any, kauth.Errno)
}

// ParamKind is what a parameter takes.
type ParamKind uint8

const (
	// Integer is a whole number between Min and Max. A *Process stands for its id.
	Integer ParamKind = iota
	// Text is a string.
	Text
	// Switch is true or false.
	Switch
	// Word is one of Words.
	Word
	// Named is a number, or one of its Names.
	Named
	// Integers is a list of whole numbers between Min and Max.
	Integers
	// Address is an IPv4 or IPv6 address; "" is any.
	Address
	// Anything is an integer, a string or nothing.
	Anything
)

// Param is a parameter of a call.
type Param struct {
	Name string
	Kind ParamKind
	Doc  string
	// Optional parameters have Default if they are left out, and the zero value of their kind if that is nil.
	Optional bool
	Default  any
	Words    []string
	Names    *kauth.Names
	Min, Max int64
}

// ArgumentError says which argument of a call is wrong.
type ArgumentError struct {
	Call string
	Text string
	// Hint says what to do, or is "".
	Hint string
}

func (e *ArgumentError) Error() string { return e.Call + ": " + e.Text }

// Diagnostics is one problem.
func (e *ArgumentError) Diagnostics() diag.List {
	return diag.List{{Code: diag.Failed, Message: e.Error(), Hint: e.Hint}}
}

// Args are the checked arguments of a call: int64, string, bool, []int64, policy.Addr or nil.
type Args map[string]any

func (a Args) int(name string) int       { return int(a.int64(name)) }
func (a Args) int64(name string) int64   { v, _ := a[name].(int64); return v }
func (a Args) uint32(name string) uint32 { return uint32(a.int64(name)) }
func (a Args) text(name string) string   { v, _ := a[name].(string); return v }
func (a Args) on(name string) bool       { v, _ := a[name].(bool); return v }

func (a Args) ints(name string) []int {
	list, _ := a[name].([]int64)
	out := make([]int, len(list))
	for i, v := range list {
		out[i] = int(v)
	}
	return out
}

func (a Args) addr(name string) policy.Addr { v, _ := a[name].(policy.Addr); return v }

// Calls gives all calls by name. The slice is the caller's.
func Calls() []Call { return slices.Clone(calls) }

// FindCall gives the call of that name.
func FindCall(name string) (*Call, bool) {
	i := sort.Search(len(calls), func(i int) bool { return calls[i].Name >= name })
	if i == len(calls) || calls[i].Name != name {
		return nil, false
	}
	return &calls[i], true
}

// Call makes the system call of that name. The error is an *ArgumentError if there is no such call or an
// argument is wrong; nothing has happened then. Otherwise the number says how the call ended, 0 for success.
func (p *Process) Call(name string, args map[string]any) (value any, errno kauth.Errno, err error) {
	c, ok := FindCall(name)
	if !ok {
		names := make([]string, len(calls))
		for i := range calls {
			names[i] = calls[i].Name
		}
		return nil, 0, &ArgumentError{name, "the call must be one of the simulated kernel, but is not", diag.DidYouMean(name, names)}
	}
	a, err := c.Bind(args)
	if err != nil {
		return nil, 0, err
	}
	value, errno = c.Do(p, a)
	return value, errno, nil
}

// Do makes the call with arguments that Bind has checked.
func (c *Call) Do(p *Process, a Args) (any, kauth.Errno) {
	var v any
	e := p.call(func() (e kauth.Errno) { v, e = c.do(p, a); return e })
	if e != 0 {
		return nil, e
	}
	return v, 0
}

// Bind checks arguments and fills in what was left out. Integers may come as int, int64 or float64.
func (c *Call) Bind(in map[string]any) (Args, error) {
	out := Args{}
	for name := range in {
		if !slices.ContainsFunc(c.Params, func(p Param) bool { return p.Name == name }) {
			names := make([]string, len(c.Params))
			for i, p := range c.Params {
				names[i] = p.Name
			}
			text := fmt.Sprintf("an argument must be one of %s, but is %s", strings.Join(names, ", "), name)
			if len(names) == 0 {
				text = "there must be no arguments, but there is " + name
			}
			return nil, &ArgumentError{c.Name, text, diag.DidYouMean(name, names)}
		}
	}
	for i := range c.Params {
		p := &c.Params[i]
		v, given := in[p.Name]
		if !given || v == nil {
			if !p.Optional {
				return nil, &ArgumentError{c.Name, fmt.Sprintf("%s must be given, but is missing", p.Name), p.Doc}
			}
			out[p.Name] = p.Default
			continue
		}
		checked, err := p.check(v)
		if err != nil {
			err.Call = c.Name
			return nil, err
		}
		out[p.Name] = checked
	}
	return out, nil
}

func (p *Param) wrong(want string, v any) *ArgumentError {
	if s, ok := v.(string); ok {
		v = fmt.Sprintf("%q", s)
	}
	return &ArgumentError{Text: fmt.Sprintf("%s must be %s, but is %v", p.Name, want, v)}
}

func (p *Param) check(v any) (any, *ArgumentError) {
	switch p.Kind {
	case Integer:
		if proc, ok := v.(*Process); ok {
			return int64(proc.pid), nil
		}
		n, ok := integer(v)
		switch {
		case !ok:
			return nil, p.wrong("an integer", v)
		case n < p.Min || n > p.Max:
			return nil, p.wrong(fmt.Sprintf("%d to %d", p.Min, p.Max), n)
		}
		return n, nil
	case Named:
		if n, ok := integer(v); ok {
			return n, nil
		}
		s, _ := v.(string)
		if n, ok := p.Names.Value(s); ok {
			return n, nil
		}
		err := p.wrong(p.Names.What(), v)
		if n, ok := p.Names.Meant(s); ok {
			name, _ := p.Names.Name(n)
			err.Hint = fmt.Sprintf("write %q", name)
		} else {
			err.Hint = diag.DidYouMean(s, p.Names.All())
		}
		return nil, err
	case Switch:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, p.wrong("true or false", v)
	case Word:
		s, ok := v.(string)
		if ok && slices.Contains(p.Words, s) {
			return s, nil
		}
		err := p.wrong("one of "+strings.Join(p.Words, ", "), v)
		err.Hint = diag.DidYouMean(s, p.Words)
		return nil, err
	case Integers:
		list, ok := v.([]any)
		if !ok {
			if ints, is := v.([]int64); is {
				for _, n := range ints {
					list = append(list, n)
				}
				ok = true
			}
		}
		if !ok {
			return nil, p.wrong("a list of integers", v)
		}
		out := make([]int64, len(list))
		for i, x := range list {
			n, ok := integer(x)
			if !ok || n < p.Min || n > p.Max {
				return nil, p.wrong(fmt.Sprintf("a list of integers from %d to %d", p.Min, p.Max), x)
			}
			out[i] = n
		}
		return out, nil
	case Address:
		s, ok := v.(string)
		if !ok {
			return nil, p.wrong("an address", v)
		}
		if s == "" {
			return policy.Addr{}, nil
		}
		a, err := policy.ParseAddr(s)
		if err != nil {
			return nil, p.wrong("an address like 10.0.0.1 or 2001:db8::1", v)
		}
		return a, nil
	case Anything:
		if n, ok := integer(v); ok {
			return n, nil
		}
		if s, ok := v.(string); ok {
			return s, nil
		}
		return nil, p.wrong("an integer or a string", v)
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	return nil, p.wrong("a string", v)
}

// integer takes the number types that callers have.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		// Beyond 2^53 a float64 does not say which integer is meant.
		if n == math.Trunc(n) && math.Abs(n) <= 1<<53 {
			return int64(n), true
		}
	}
	return 0, false
}

func toInt64[T int | uint32](list []T) []int64 {
	out := make([]int64, len(list))
	for i, v := range list {
		out[i] = int64(v)
	}
	return out
}

func toUint32(list []int) []uint32 {
	out := make([]uint32, len(list))
	for i, v := range list {
		out[i] = uint32(v)
	}
	return out
}

// other gives a living process, the caller for 0.
func (p *Process) other(pid int) (*Process, kauth.Errno) {
	if pid == 0 {
		return p, 0
	}
	if t := p.k.find(pid); t != nil {
		return t, 0
	}
	return nil, kauth.ESRCH
}

var callAsk = Call{
	Name: "ask",
	Doc:  "Asks a request by itself, for code that is not simulated: of other machines, or of drivers that are missing. Fields that are not given are 0; the target is a process. EPERM if it is denied.",
	Params: []Param{
		{Name: "request", Kind: Text, Doc: "full name of the request"},
		{Name: "pid", Kind: Integer, Doc: "target", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		id, ok := kauth.Find(a.text("request"))
		if !ok {
			return nil, kauth.EINVAL
		}
		return nil, p.askAlone(id, a.int("pid"))
	},
}

// askAlone asks a request without any object but a target.
func (p *Process) askAlone(id kauth.RequestID, pid int) kauth.Errno {
	t, e := p.other(pid)
	if e != 0 {
		return e
	}
	q := p.ask(id)
	for _, f := range (id.Info().Fields &^ kauth.Credential).Fields() {
		lo, hi := id.Range(f)
		switch f.Info().Kind {
		case kauth.KindString:
			q.text(f, "")
		case kauth.KindAddr:
			q.r.SetAddr(policy.Addr{})
		default:
			q.with(f, min(max(0, lo), hi))
		}
	}
	if id.Info().Scope == kauth.Process {
		q.about(t)
	}
	return q.answer()
}
