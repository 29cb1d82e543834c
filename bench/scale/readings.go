package scale

import (
	"runtime/debug"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel/host"
	"cellsh/lua/syntax"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Readings say how much processor time of a load each reading of Lua takes.
type Readings struct {
	// First is our own: the parser, the executor of the files, and the graphs that it makes of functions. Second is
	// gopher-lua: the files on the lowered tree, and the questions that each load asks of functions.
	First, Second time.Duration
	// All is the whole load: both, their comparison, and what makes programs of the graphs.
	All time.Duration
	// Asked is how many questions the second reading answered.
	Asked int
}

// ReadingsOf loads policies for a host with one cell, and says what each reading takes of it. The files of the second
// reading are timed in a run of their own.
func ReadingsOf(sources []rules.Source) (Readings, error) {
	h, err := Host([]string{"cell-1"})
	if err != nil {
		return Readings{}, err
	}
	var r Readings
	files, err := second(sources)
	if err != nil {
		return r, err
	}
	// As a program that was just started.
	debug.FreeOSMemory()
	start := processorTime()
	p := reader.Load(sources)
	if p.Loading.Failed() {
		return r, p.Loading
	}
	read := processorTime() - start
	seen := map[rules.Function]rules.Function{}
	for _, policy := range p.Set().Policies {
		for i := range policy.Entries {
			if f := policy.Entries[i].Function; f != nil {
				if seen[f] == nil {
					seen[f] = &timed{Function: f, in: &r}
				}
				policy.Entries[i].Function = seen[f]
			}
		}
	}
	start = processorTime()
	loaded, _, err := h.Load(p, host.LoadOptions{})
	if err != nil {
		return r, err
	}
	r.All = read + processorTime() - start
	// Of few rules the clock can say less of both runs than of one.
	r.First += max(0, read-files)
	r.Second += files
	r.Asked = loaded.Witnessed.Asked
	return r, nil
}

// timed is a function whose readings are timed.
type timed struct {
	rules.Function
	in *Readings
}

// Compile is what the first reading does.
func (t *timed) Compile(request kauth.RequestID, cell string) *rules.Compiled {
	start := processorTime()
	defer func() { t.in.First += processorTime() - start }()
	return t.Function.Compile(request, cell)
}

// Ask is what the second does.
func (t *timed) Ask(q *policy.Request, cell string) (policy.Answer, int64, error) {
	start := processorTime()
	defer func() { t.in.Second += processorTime() - start }()
	return t.Function.Ask(q, cell)
}

// second times what gopher-lua does with the files: the words of policies do nothing.
func second(sources []rules.Source) (time.Duration, error) {
	var took time.Duration
	for _, s := range sources {
		file := syntax.Read(s.File, s.Text)
		start := processorTime()
		m := vm.New(vm.Options{Level: vm.Policy})
		nothing := m.L.NewFunction(func(*lua.LState) int { return 0 })
		word := m.Function(vm.Builtin{Name: "policy"}, func(L *lua.LState) int {
			L.Push(nothing)
			return 1
		})
		for _, name := range []string{"deny", "allow", "grant"} {
			m.Define(name, lua.LString(name))
		}
		m.Define("policy", word)
		fn, err := m.CompileTree(m.NewEnvironment(), file)
		if err != nil {
			return 0, err
		}
		if _, err := m.Call(fn); err != nil {
			return 0, err
		}
		took += processorTime() - start
	}
	return took, nil
}
