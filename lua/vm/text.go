package vm

import (
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy/kauth"
)

// stringFunctions is the string library of the sandbox: no Lua patterns, because matching them takes
// exponential time that no budget sees.
var stringFunctions = map[string]function{
	"byte": func(v *VM, L *lua.LState) int {
		s := L.CheckString(1)
		from := optInt(L, 2, 1)
		from, to := slice(s, from, optInt(L, 3, from))
		if to-from > maxUnpack {
			L.RaiseError("string.byte must give at most %d values, but would give more", maxUnpack)
		}
		v.meter.take(L, 16*int64(max(to-from, 0)))
		for i := from; i < to; i++ {
			L.Push(lua.LNumber(s[i]))
		}
		return max(to-from, 0)
	},
	"char": func(v *VM, L *lua.LState) int {
		b := make([]byte, L.GetTop())
		for i := range b {
			n := intArg(L, i+1)
			if n < 0 || n > 255 {
				L.ArgError(i+1, fmt.Sprintf("a byte must be 0 to 255, but is %d", n))
			}
			b[i] = byte(n)
		}
		v.grow(L, "string.char", len(b))
		L.Push(lua.LString(b))
		return 1
	},
	"find":   stringFind,
	"format": stringFormat,
	"glob": func(v *VM, L *lua.LState) int {
		s, pattern := L.CheckString(1), L.CheckString(2)
		v.meter.work(L, (len(s)+len(pattern))/bytesPerInstruction)
		L.Push(lua.LBool(kauth.MatchGlob(pattern, s)))
		return 1
	},
	"len": func(_ *VM, L *lua.LState) int {
		L.Push(lua.LNumber(len(L.CheckString(1))))
		return 1
	},
	"lower": stringMap(strings.ToLower),
	"upper": stringMap(strings.ToUpper),
	"reverse": stringMap(func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return string(b)
	}),
	"rep": func(v *VM, L *lua.LState) int {
		s, n := L.CheckString(1), intArg(L, 2)
		if n <= 0 || s == "" {
			L.Push(lua.LString(""))
			return 1
		}
		size := len(s) * n
		if size/n != len(s) {
			size = math.MaxInt
		}
		v.grow(L, "string.rep", size)
		L.Push(lua.LString(strings.Repeat(s, n)))
		return 1
	},
	"sub": func(_ *VM, L *lua.LState) int {
		s := L.CheckString(1)
		from, to := slice(s, intArg(L, 2), optInt(L, 3, -1))
		if from >= to {
			L.Push(lua.LString(""))
			return 1
		}
		L.Push(lua.LString(s[from:to]))
		return 1
	},
}

func stringMap(f func(string) string) function {
	return func(v *VM, L *lua.LState) int {
		s := L.CheckString(1)
		v.grow(L, "a string function", len(s))
		L.Push(lua.LString(f(s)))
		return 1
	}
}

// slice turns Lua's positions, from 1, negative from the end, both included, into Go's.
func slice(s string, from, to int) (int, int) {
	if from < 0 {
		from = max(len(s)+from+1, 1)
	} else if from == 0 {
		from = 1
	}
	if to < 0 {
		to = len(s) + to + 1
	}
	return min(from-1, len(s)), min(to, len(s))
}

// stringFind looks for plain text, whatever the fourth argument says.
func stringFind(v *VM, L *lua.LState) int {
	s, what := L.CheckString(1), L.CheckString(2)
	v.meter.work(L, (len(s)+len(what))/bytesPerInstruction)
	from, _ := slice(s, optInt(L, 3, 1), -1)
	i := strings.Index(s[from:], what)
	if i < 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(from + i + 1))
	L.Push(lua.LNumber(from + i + len(what)))
	return 2
}

// verb is one conversion of string.format: flags, width and precision of at most two digits, as in Lua 5.1.
var verb = regexp.MustCompile(`^%([-+ #0]*)(\d{0,2})(?:\.(\d{0,2}))?([a-zA-Z%])`)

func stringFormat(v *VM, L *lua.LState) int {
	form := L.CheckString(1)
	var b strings.Builder
	arg := 1
	for form != "" {
		i := strings.IndexByte(form, '%')
		if i < 0 {
			i = len(form)
		}
		b.WriteString(form[:i])
		if form = form[i:]; form == "" {
			break
		}
		m := verb.FindStringSubmatch(form)
		if m == nil {
			L.ArgError(1, "a conversion must be like %-8.3s, with at most two digits for width and precision")
		}
		form = form[len(m[0]):]
		spec := strings.TrimSuffix(m[0], m[4])
		if m[4] != "%" {
			arg++
		}
		switch m[4] {
		case "%":
			b.WriteByte('%')
		case "c":
			b.WriteByte(byte(intArg(L, arg)))
		case "d", "i", "u":
			fmt.Fprintf(&b, spec+"d", int64(L.CheckNumber(arg)))
		case "o", "x", "X":
			fmt.Fprintf(&b, spec+m[4], int64(L.CheckNumber(arg)))
		case "e", "E", "f", "g", "G":
			fmt.Fprintf(&b, spec+m[4], float64(L.CheckNumber(arg)))
		case "q":
			b.WriteString(quote(L.CheckString(arg)))
		case "s":
			fmt.Fprintf(&b, spec+"s", v.tostring(L, L.CheckAny(arg)))
		default:
			L.ArgError(1, "there is no conversion %"+m[4])
		}
		if b.Len() > MaxString {
			v.grow(L, "string.format", b.Len())
		}
	}
	v.grow(L, "string.format", b.Len())
	L.Push(lua.LString(b.String()))
	return 1
}

// quote writes a string as Lua source.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// reFunctions match regular expressions in linear time (RE2).
var reFunctions = map[string]function{
	// match gives the captures of the first match, or the match where there are none, or nil.
	"match": func(v *VM, L *lua.LState) int {
		s := L.CheckString(1)
		m := v.expression(L, 2, len(s)).FindStringSubmatch(s)
		if m == nil {
			L.Push(lua.LNil)
			return 1
		}
		if len(m) > 1 {
			m = m[1:]
		}
		for _, part := range m {
			L.Push(lua.LString(part))
		}
		return len(m)
	},
	// find gives where the first match from a position on begins and ends, or nil.
	"find": func(v *VM, L *lua.LState) int {
		s := L.CheckString(1)
		from, _ := slice(s, optInt(L, 3, 1), -1)
		m := v.expression(L, 2, len(s)-from).FindStringIndex(s[from:])
		if m == nil {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(from + m[0] + 1))
		L.Push(lua.LNumber(from + m[1]))
		return 2
	},
	// replace gives the string with every match replaced; $1 stands for a capture.
	"replace": func(v *VM, L *lua.LState) int {
		s, with := L.CheckString(1), L.CheckString(3)
		re := v.expression(L, 2, len(s))
		var out []byte
		last := 0
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			out = append(out, s[last:m[0]]...)
			out = re.ExpandString(out, with, s, m)
			last = m[1]
			if len(out) > MaxString {
				break
			}
		}
		v.grow(L, "re.replace", len(out)+len(s)-last)
		L.Push(lua.LString(append(out, s[last:]...)))
		return 1
	},
}

// maxExpression bounds the source of a regular expression.
const maxExpression = 1000

// compileStep is how many instructions it takes to compile one step of a regular expression.
const compileStep = 50

// expression compiles the regular expression of an argument, for a text of that many bytes. Its repetitions multiply: a
// short one can stand for a hundred thousand steps for each byte of the text, which the budget must see.
func (v *VM) expression(L *lua.LState, n, bytes int) *regexp.Regexp {
	src := L.CheckString(n)
	if len(src) > maxExpression {
		L.ArgError(n, fmt.Sprintf("a regular expression must have at most %d bytes, but has %d", maxExpression, len(src)))
	}
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		L.ArgError(n, err.Error())
	}
	steps := 0
	if prog, err := syntax.Compile(tree.Simplify()); err == nil {
		steps = len(prog.Inst)
	}
	v.meter.work(L, steps*(compileStep+bytes))
	re, err := regexp.Compile(src)
	if err != nil {
		L.ArgError(n, err.Error())
	}
	return re
}

var tableFunctions = map[string]function{
	"concat": func(v *VM, L *lua.LState) int {
		t := v.tableArg(L, 1)
		sep := L.OptString(2, "")
		from, to := optInt(L, 3, 1), optInt(L, 4, t.Len())
		var b strings.Builder
		for i := from; i <= to; i++ {
			x := t.RawGetInt(i)
			if !lua.LVCanConvToString(x) {
				L.RaiseError("the elements that table.concat joins must be strings or numbers, but element %d is %s", i, x.Type())
			}
			b.WriteString(lua.LVAsString(x))
			if i < to {
				b.WriteString(sep)
			}
			if b.Len() > MaxString {
				v.grow(L, "table.concat", b.Len())
			}
		}
		v.grow(L, "table.concat", b.Len())
		L.Push(lua.LString(b.String()))
		return 1
	},
	"insert": func(v *VM, L *lua.LState) int {
		t := v.changeable(L, 1)
		v.meter.take(L, 16)
		if L.GetTop() == 2 {
			t.Append(L.Get(2))
			return 0
		}
		at := intArg(L, 2)
		v.meter.take(L, growth(t.MaxN(), lua.LNumber(at)))
		t.Insert(at, L.CheckAny(3))
		return 0
	},
	"remove": func(v *VM, L *lua.LState) int {
		t := v.changeable(L, 1)
		L.Push(t.Remove(optInt(L, 2, -1)))
		return 1
	},
	"sort": func(v *VM, L *lua.LState) int {
		t := v.changeable(L, 1)
		var less *lua.LFunction
		if L.GetTop() > 1 {
			less = L.CheckFunction(2)
		}
		list := make([]lua.LValue, t.Len())
		for i := range list {
			list[i] = t.RawGetInt(i + 1)
		}
		v.meter.take(L, 16*int64(len(list)))
		v.sort(L, list, less)
		for i, x := range list {
			t.RawSetInt(i+1, x)
		}
		return 0
	},
	"getn": func(v *VM, L *lua.LState) int {
		L.Push(lua.LNumber(v.tableArg(L, 1).Len()))
		return 1
	},
	"maxn": func(v *VM, L *lua.LState) int {
		L.Push(lua.LNumber(v.tableArg(L, 1).MaxN()))
		return 1
	},
}

func (v *VM) sort(L *lua.LState, list []lua.LValue, less *lua.LFunction) {
	before := func(a, b lua.LValue) bool {
		v.meter.work(L, 1)
		if less == nil {
			return L.LessThan(a, b)
		}
		L.Push(less)
		L.Push(a)
		L.Push(b)
		L.Call(2, 1)
		ok := lua.LVAsBool(L.Get(-1))
		L.Pop(1)
		return ok
	}
	slices.SortStableFunc(list, func(a, b lua.LValue) int {
		switch {
		case before(a, b):
			return -1
		case before(b, a):
			return 1
		}
		return 0
	})
}
