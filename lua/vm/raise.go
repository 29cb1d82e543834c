package vm

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/library"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
)

// Error is what went wrong in Lua.
type Error struct {
	diag.Diagnostic
	// Problems are all that is wrong with a source, the Diagnostic first; nil for errors of running code.
	Problems diag.List
	// Incomplete says that more source could mend it; see syntax.File.
	Incomplete bool
	// Value is what error was called with, nil for errors of the machine.
	Value lua.LValue
	// Cause is the error of Go that a function of the machine's owner has raised, nil for others.
	Cause error
	// Exit is set where the code asked to end the program, with ExitCode.
	Exit     bool
	ExitCode int
}

// Diagnostics is the first of the problems.
func (e *Error) Diagnostics() diag.List { return diag.List{e.Diagnostic} }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// exitRequest travels through the interpreter as the value of an error.
type exitRequest struct{ code int }

// thrown travels through the interpreter in the place of an error's value, so that nobody takes its text for one of the
// interpreter's.
type thrown struct {
	value lua.LValue
	at    spot
}

// raised is what the interpreter's own error says about a value that was caught: where it was raised.
type raised struct {
	at spot
	// trace are the calls at that time, where somebody asked for them.
	trace string
	// cause is the error of Go that it says in words, nil if there is none.
	cause error
}

func (*raised) Error() string { return "raised" }

// throw raises an error with a value as it is.
func throw(L *lua.LState, x lua.LValue, at spot) {
	ud := L.NewUserData()
	ud.Value = thrown{x, at}
	L.Error(ud, 0)
}

// raise raises an error of a library function: its text, with the place of the call before it.
func (v *VM) raise(L *lua.LState, form string, args ...any) {
	v.raiseAt(L, callee, form, args...)
}

// raiseAt is raise for an error that is about a part of the place.
func (v *VM) raiseAt(L *lua.LState, p part, form string, args ...any) {
	place, line := v.at(L, 1)
	throw(L, lua.LString(place+fmt.Sprintf(form, args...)), spot{line, p})
}

// caused travels through the interpreter as the value of an error that has its cause in Go.
type caused struct {
	text  string
	cause error
}

// Raise raises an error of a function of Go: for Lua a text, with the place of the call before it; who calls the machine
// gets the cause with it. It does not return.
func Raise(L *lua.LState, text string, cause error) {
	ud := L.NewUserData()
	ud.Value = caused{text, cause}
	L.Error(ud, 0)
}

// protect is the function that calls others for the machine: with its arguments, the first of which it calls. Errors then
// come through onError.
func (v *VM) protect(L *lua.LState) int {
	L.Panic = v.onError
	if fn := L.Get(1); fn.Type() != lua.LTFunction && L.GetMetaField(fn, "__call") == lua.LNil {
		_, line := v.at(L, 1)
		throw(L, lua.LString(value.CallText(typeOf(fn))), spot{line, callee})
	}
	L.Call(L.GetTop()-1, lua.MultRet)
	return L.GetTop()
}

// onError is asked by the interpreter for every error, while the calls that led to it are still there.
func (v *VM) onError(L *lua.LState) {
	e := &lua.ApiError{Type: lua.ApiErrorRun, StackTrace: " "}
	var r raised
	x := L.Get(-1)
	e.Object, r.at = v.meaning(L, x)
	if ud, ok := x.(*lua.LUserData); ok {
		if f, ok := ud.Value.(caused); ok {
			r.cause = f.cause
		}
	}
	if v.tracing > 0 {
		r.trace = v.traceback(L, 0)
	}
	e.Cause = &r
	panic(e)
}

// meaning is the value of an error as Lua gets it, and its place.
func (v *VM) meaning(L *lua.LState, x lua.LValue) (lua.LValue, spot) {
	switch x := x.(type) {
	case *lua.LUserData:
		switch t := x.Value.(type) {
		case thrown:
			return t.value, t.at
		case caused:
			place, line := v.at(L, 1)
			return lua.LString(place + t.text), spot{line, callee}
		}
	case lua.LString:
		u, n, rest, line := v.cut(string(x))
		if n == nil {
			break
		}
		text, p := v.words(L, n, rest, line)
		if u.own {
			return lua.LString(text), spot{}
		}
		return lua.LString(position(u, n) + text), spot{line, p}
	}
	return x, spot{}
}

// cut divides a text of the interpreter's into the place, which begins it as "file:number: ", and what is wrong.
func (v *VM) cut(text string) (u *unit, n syntax.Node, rest string, line int) {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], ':')
		if i < 0 {
			return nil, nil, "", 0
		}
		at += i + 1
		digits := len(text[at:]) - len(strings.TrimLeft(text[at:], "0123456789"))
		if !strings.HasPrefix(text[at+digits:], ": ") {
			continue
		}
		line, _ := strconv.Atoi(text[at : at+digits])
		if u, n := v.place(line); n != nil && u.File.Name == text[:at-1] {
			return u, n, text[at+digits+2:], line
		}
	}
}

// The interpreter's messages, in the words of ours, and what they are about. Submatches are types.
var rewordings = []struct {
	pattern *regexp.Regexp
	words   func(v *VM, L *lua.LState, n syntax.Node, line int, m []string) (string, part)
}{
	{regexp.MustCompile(`^attempt to index a non-table object\((\w+)\) with key '`), func(_ *VM, _ *lua.LState, _ syntax.Node, _ int, m []string) (string, part) {
		return value.IndexText(typeNamed(m[1])), key
	}},
	{regexp.MustCompile(`^attempt to call a non-function object$`), func(_ *VM, L *lua.LState, _ syntax.Node, line int, _ []string) (string, part) {
		if x := called(L, line); x != nil {
			return value.CallText(typeOf(x)), callee
		}
		return "what is called must be a function, but is not", callee
	}},
	{regexp.MustCompile(`^attempt to compare (\w+) with (\w+)$`), func(_ *VM, _ *lua.LState, n syntax.Node, _ int, m []string) (string, part) {
		parts := [...]part{left, right}
		if b, ok := n.(*syntax.BinaryExpr); ok && (b.Op == syntax.Greater || b.Op == syntax.GreaterEqual) {
			parts = [...]part{right, left}
		}
		about := whole
		for i, p := range parts {
			if m[i+1] == "nil" {
				about = p
			}
		}
		return value.CompareText(typeNamed(m[1]), typeNamed(m[2])), about
	}},
	{regexp.MustCompile(`^table index is (NaN|nil)$`), func(_ *VM, _ *lua.LState, _ syntax.Node, _ int, m []string) (string, part) {
		if m[1] == "nil" {
			return value.ErrNilKey.Error(), key
		}
		return value.ErrNaNKey.Error(), key
	}},
	{regexp.MustCompile(`^stack overflow$`), func(*VM, *lua.LState, syntax.Node, int, []string) (string, part) {
		return fmt.Sprintf("calls must lie at most %d deep, but lie deeper", maxCalls), callee
	}},
	{regexp.MustCompile(`^too many recursions in [gs]ettable$`), func(*VM, *lua.LState, syntax.Node, int, []string) (string, part) {
		return fmt.Sprintf("tables must inherit from each other at most %d deep, but do so deeper", lua.MaxTableGetLoop), key
	}},
	{regexp.MustCompile(`^registry overflow$`), func(*VM, *lua.LState, syntax.Node, int, []string) (string, part) {
		return "the values of all calls together must fit the machine's stack, but do not", callee
	}},
	{regexp.MustCompile(`^(?s)bad argument #(\d+) to .*? \((.*)\)$`), func(v *VM, L *lua.LState, _ syntax.Node, _ int, m []string) (string, part) {
		// The interpreter doesn't know the names of functions of Go.
		name := "what is called"
		if frame, ok := L.GetStack(0); ok {
			if fn, err := L.GetInfo("f", frame, lua.LNil); err == nil {
				if b, ok := v.Builtin(fn.(*lua.LFunction)); ok {
					name = b.Name
				}
			}
		}
		expected, got, ok := strings.Cut(m[2], " expected, got ")
		if !ok {
			return fmt.Sprintf("argument %s of %s: %s", m[1], name, m[2]), callee
		}
		if got != "nil" && got != "userdata" {
			got = "a " + got
		}
		return fmt.Sprintf("argument %s of %s must be a %s, but is %s", m[1], name, expected, got), callee
	}},
}

// words says what the interpreter says in our words.
func (v *VM) words(L *lua.LState, n syntax.Node, text string, line int) (string, part) {
	for _, r := range rewordings {
		if m := r.pattern.FindStringSubmatch(text); m != nil {
			return r.words(v, L, n, line, m)
		}
	}
	return text, callee
}

// called is what the call of a line calls, nil if it is not known.
func called(L *lua.LState, line int) lua.LValue {
	frame, ok := L.GetStack(0)
	if !ok {
		return nil
	}
	fn, err := L.GetInfo("fl", frame, lua.LNil)
	f, isFunction := fn.(*lua.LFunction)
	if err != nil || !isFunction || f.IsG || frame.CurrentLine != line {
		return nil
	}
	for pc, at := range f.Proto.DbgSourcePositions {
		if at != line {
			continue
		}
		// The opcode, and the register that comes first.
		i := f.Proto.Code[pc]
		register := int(i>>18) & 0xff
		switch int(i >> 26) {
		case lua.OP_TFORLOOP:
			register += 3
		case lua.OP_CALL, lua.OP_TAILCALL:
		default:
			continue
		}
		if name, x := L.GetLocal(frame, register+1); name != "" && x != nil {
			return x
		}
	}
	return nil
}

func typeOf(x lua.LValue) value.Type { return typeNamed(x.Type().String()) }

func typeNamed(name string) value.Type {
	for t := value.NilType; t <= value.ThreadType; t++ {
		if t.String() == name {
			return t
		}
	}
	return value.UserdataType
}

// caught is what an error was raised with, as Lua gets it. What code must not go on after is raised again: that the program
// is to end, and that the interpreter itself has failed, so that its stacks can't be relied on.
func (v *VM) caught(L *lua.LState, err error) (lua.LValue, *raised) {
	ae, ok := err.(*lua.ApiError)
	if !ok {
		return lua.LString(err.Error()), &raised{}
	}
	if isExit(ae.Object) || failed(ae) {
		panic(ae)
	}
	if r, ok := ae.Cause.(*raised); ok {
		return ae.Object, r
	}
	// It was raised before protect could say who is to be asked.
	x, _ := v.meaning(L, ae.Object)
	return x, &raised{}
}

func isExit(x lua.LValue) bool {
	ud, ok := x.(*lua.LUserData)
	if !ok {
		return false
	}
	_, ok = ud.Value.(exitRequest)
	return ok
}

// failed reports whether the interpreter itself has failed.
func failed(ae *lua.ApiError) bool { return ae.Type == lua.ApiErrorPanic }

// wrap turns any error into an *Error.
func (v *VM) wrap(err error) *Error {
	var list diag.List
	var ae *lua.ApiError
	e := &Error{Diagnostic: diag.Diagnostic{Code: diag.Runtime}}
	switch {
	case errors.As(err, &list):
		list = v.files.Fill(list)
		e.Problems, e.Diagnostic = list, list[0]
	case errors.As(err, &ae):
		v.explain(e, ae)
	default:
		e.Message = err.Error()
	}
	if code := codeOf(e.Cause); code != "" {
		e.Code = code
	}
	if reason := v.meter.failed; reason != nil && e.Problems == nil {
		e.Code, e.Hint = reason.code, reason.hint
		e.Message = reason.text
	}
	if e.Excerpt == "" {
		e.Excerpt = v.files.Line(e.File, e.Line)
	}
	return e
}

// codeOf is the code that all errors have that the cause of an error is in words, "" where it is only words, or several things.
func codeOf(cause error) diag.Code {
	code := diag.Code("")
	for _, d := range diag.Of(cause) {
		if d.Severity != diag.Error {
			continue
		}
		if code != "" && d.Code != code {
			return ""
		}
		code = d.Code
	}
	if code == diag.Failed {
		return ""
	}
	return code
}

// placed is what the text of an error begins with.
var placed = regexp.MustCompile(`^(?s)(.*?):(\d+): (.*)$`)

// maxPlaces is how many places a text may have at its beginning to be shown with them: those that coroutines have passed it on
// at. Recursion has hundreds.
const maxPlaces = 3

// innermost leaves of the places that a text begins with only the last, if there are very many: what is wrong comes after
// them.
func (v *VM) innermost(text string) string {
	last, rest := "", text
	for n := 0; ; n++ {
		m := placed.FindStringSubmatch(rest)
		if m == nil || !v.files.Has(m[1]) {
			if n > maxPlaces {
				return last + rest
			}
			return text
		}
		last, rest = m[1]+":"+m[2]+": ", m[3]
	}
}

func (v *VM) explain(e *Error, ae *lua.ApiError) {
	var x lua.LValue
	var at spot
	if r, ok := ae.Cause.(*raised); ok {
		x, at, e.Cause = ae.Object, r.at, r.cause
	} else {
		x, at = v.meaning(v.L, ae.Object)
	}
	e.Value = x
	text := ""
	if ud, ok := x.(*lua.LUserData); ok {
		if exit, ok := ud.Value.(exitRequest); ok {
			e.Exit, e.ExitCode, e.Message = true, exit.code, fmt.Sprintf("the script ends with %d", exit.code)
			return
		}
	}
	if Plain(x) != nil {
		text = plainText(x)
	} else {
		text = value.OddErrorText(typeOf(x), v.shown(x))
		if s, ok := v.L.GetMetaField(x, "__tostring").(*lua.LFunction); ok && !v.explaining {
			// What it raises in turn is not asked for its text: that could go on for ever.
			v.explaining = true
			defer func() { v.explaining = false }()
			if out, err := v.call(s, []lua.LValue{x}); err == nil && len(out) > 0 {
				text = out[0].String()
			}
		}
	}
	span, known := v.span(at)
	if known {
		e.Span = span
	}
	u, n := v.place(at.line)
	// A text that was caught and raised again still says where it came from.
	here := false
	if m := placed.FindStringSubmatch(text); m != nil && v.files.Has(m[1]) {
		text = v.innermost(m[3])
		if !known || position(u, n) != m[1]+":"+m[2]+": " {
			e.Span = diag.Span{File: m[1]}
			e.Line, _ = strconv.Atoi(m[2])
		} else {
			here = true
			if v.options.Level != Session {
				e.Hint = library.AbsentIn(n)
			}
		}
	}
	if failed(ae) {
		e.Message = "the interpreter failed: " + strings.SplitN(text, "\n", 2)[0]
		return
	}
	text = diag.Cut(text, maxMessage)
	e.Message = text
	if here {
		e.Message = named(n, text)
	}
}

// shown is a value for messages: in a line, with what tables hold.
func (v *VM) shown(x lua.LValue) string {
	d := value.Describer[lua.LValue]{
		Plain: Plain,
		Pairs: func(x lua.LValue) iter.Seq2[lua.LValue, lua.LValue] {
			t, ok := x.(*lua.LTable)
			if !ok {
				return nil
			}
			if p := protectionOf(t); p != nil {
				t = p.real
			}
			return func(yield func(k, x lua.LValue) bool) {
				for k, x := t.Next(lua.LNil); k != lua.LNil && yield(k, x); k, x = t.Next(k) {
				}
			}
		},
		Other: func(x lua.LValue) string { return x.Type().String() },
	}
	return d.Describe(x)
}

// maxMessage is how much of an error's text is kept.
const maxMessage = 1000
