package oracle

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/arnodel/golua/lib/base"
	"github.com/arnodel/golua/lib/mathlib"
	"github.com/arnodel/golua/lib/packagelib"
	"github.com/arnodel/golua/lib/stringlib"
	"github.com/arnodel/golua/lib/tablelib"
	"github.com/arnodel/golua/runtime"

	"cellsh/judge/request"
)

//go:embed meaning.lua
var meaning string

// Meaning is the text that says in Lua what policies mean: run, it gives a function that reads a file, and one that
// answers.
func Meaning() string { return meaning }

// limits are what a file or a request may cost. No program that is generated comes near; one that is being made smaller
// may go on for ever. Memory has none: golua counts it wrongly where a source does not compile.
var limits = runtime.RuntimeContextDef{HardLimits: runtime.RuntimeResources{Cpu: 20_000_000}}

// File is a source of Lua.
type File struct {
	Name, Text string
}

// Answer is what a request is answered with.
type Answer struct {
	// Result is deny, grant or allow, or error where Lua raises one, or never ends.
	Result string
	// Reason of the result, or what the error is.
	Reason string
	// Said tells that a policy gave the answer, and not the absence of one.
	Said bool
}

// Machine holds policies and answers requests. It is not safe for concurrent use.
type Machine struct {
	runtime *runtime.Runtime
	output  strings.Builder
	ask     runtime.Value
	load    runtime.Value
	// dead says why it answers no more.
	dead string
}

// Open runs the files, and gives what went wrong in the first where something did, else "".
func Open(files []File) (m *Machine, problem string) {
	m = &Machine{}
	m.runtime = runtime.New(&m.output)
	// The libraries want to be listed in that of packages.
	for _, l := range []packagelib.Loader{base.LibLoader, packagelib.LibLoader, stringlib.LibLoader, tablelib.LibLoader, mathlib.LibLoader} {
		l.Run(m.runtime)
	}
	closure, err := m.runtime.CompileAndLoadLuaChunk("meaning", []byte(meaning), runtime.TableValue(m.runtime.GlobalEnv()))
	if err != nil {
		panic(err) // a text of ours
	}
	values, err := m.call(runtime.FunctionValue(closure), 2)
	if err != nil {
		panic(err)
	}
	m.load, m.ask = values[0], values[1]
	for _, f := range files {
		values, err := m.call(m.load, 1, runtime.StringValue(f.Text), runtime.StringValue(f.Name))
		if err != nil {
			m.dead = err.Error()
			return m, m.dead
		}
		if text, ok := values[0].TryString(); ok {
			m.dead = text
			return m, text
		}
	}
	return m, ""
}

// call calls a function of Lua and gives so many values of it.
func (m *Machine) call(f runtime.Value, results int, args ...runtime.Value) (values []runtime.Value, err error) {
	thread := m.runtime.MainThread()
	_, err = thread.CallContext(limits, func() error {
		end := runtime.NewTerminationWith(thread.CurrentCont(), results, false)
		if err := runtime.Call(thread, f, args, end); err != nil {
			return err
		}
		for i := range results {
			values = append(values, end.Get(i))
		}
		return nil
	})
	return values, err
}

// Ask gives the answer to a request.
func (m *Machine) Ask(q *request.Request) Answer {
	if m.dead != "" {
		return Answer{Result: "error", Reason: m.dead}
	}
	values, err := m.call(m.ask, 3, m.table(q))
	if err != nil {
		return Answer{Result: "error", Reason: err.Error()}
	}
	return Answer{Result: values[0].AsString(), Reason: values[1].AsString(), Said: values[2].AsBool()}
}

// table is the request as a table of Lua.
func (m *Machine) table(q *request.Request) runtime.Value {
	t := runtime.NewTable()
	set := func(t *runtime.Table, name string, v runtime.Value) {
		m.runtime.SetTable(t, runtime.StringValue(name), v)
	}
	var target *runtime.Table
	for name, v := range q.Values {
		if member, ok := strings.CutPrefix(name, "target."); ok {
			if target == nil {
				target = runtime.NewTable()
				set(t, "target", runtime.TableValue(target))
			}
			set(target, member, value(v))
			continue
		}
		set(t, name, value(v))
	}
	set(t, "cell", runtime.StringValue(q.Cell))
	set(t, "request", runtime.StringValue(q.Name))
	groups := runtime.NewTable()
	for i, g := range q.Groups {
		m.runtime.SetTable(groups, runtime.IntValue(int64(i+1)), runtime.IntValue(g))
	}
	set(t, "groups", runtime.TableValue(groups))
	return runtime.TableValue(t)
}

func value(v any) runtime.Value {
	switch v := v.(type) {
	case nil:
		return runtime.NilValue
	case int64:
		if v == request.Unlimited {
			return runtime.FloatValue(1 << 63)
		}
		return runtime.IntValue(v)
	case string:
		return runtime.StringValue(v)
	case bool:
		return runtime.BoolValue(v)
	}
	panic(fmt.Sprintf("a request must hold numbers, strings and booleans, but holds a %T", v))
}

// Run runs a script, and gives what it printed and what went wrong.
func Run(f File) (output, problem string) {
	m, problem := Open([]File{f})
	return m.output.String(), problem
}

// Compiles reports whether the text is Lua.
func Compiles(f File) bool {
	_, _, err := runtime.New(io.Discard).CompileLuaChunk(f.Name, []byte(f.Text))
	return err == nil
}
