package api

import (
	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/engine"
	"cellsh/policy"
	"cellsh/policy/rules"
)

// denyReboot declares a policy that examples load.
const denyReboot = "policy \"web\" { cells = \"web-*\", deny = { \"system.reboot\" } }\n"

// where is the optional last argument of functions that ask policies.
var where = Param{"options", "table", "policy: a path or a list of paths, whose policies are asked; pending = true: those that are declared and not loaded are asked too. Without it those that are loaded are", true}

func engineEntries() []*Entry {
	question := Param{"question", "table", "cell, request, and the fields as a line of the command decide has them", false}
	return []*Entry{
		{Name: "engine.load", Returns: "table", Params: []Param{{"paths", "string|string[]", "files and folders of policies; without it what was declared here and is pending, together with what is loaded", true}},
			Doc: `Checks policies and pushes their programs into the kernel, all or nothing. Gives generation, cells, programs and bytes. An
error says everything that is wrong; nothing has changed then.`,
			Example: denyReboot + `print(engine.load().generation)
--> 1`, call: engineLoad},
		{Name: "engine.loaded", Returns: "number|nil", Params: []Param{{"paths", "string|string[]", "files and folders of policies", false}},
			Doc: `Gives the number of the active generation if it was loaded from these files and they have not changed since, so that loading
them again would change nothing; else nil.`,
			Example: `local name = os.tmpname()
local file = io.open(name, "w")
file:write([[policy "web" { deny = { "system.reboot" } }]])
file:flush()
engine.load(name)
print(engine.loaded(name))
file:write("-- more")
file:close()
print(engine.loaded(name))
os.remove(name)
--> 1
--> nil`, call: engineLoaded},
		{Name: "engine.decide", Returns: "table", Params: []Param{question, where}, Doc: `Says how a request of a cell is answered: result, which is "allow", "grant" or "deny", reason, policy, file and line; the
same with would_ in front for policies in audit mode. The cell need not exist.`,
			Example: denyReboot + `engine.load()
print(engine.decide{ cell = "web-1", request = "system.reboot" }.result)
--> deny`, call: func(a *API, L *lua.LState) int {
				p, q := a.asked(L)
				d, err := p.Decide(q)
				if err != nil {
					raise(L, err)
				}
				L.Push(engine.DecisionTable(L, d))
				return 1
			}},
		{Name: "engine.rollback", Returns: "table", Params: []Param{{"generation", "number", "the one to go back to; without it the one before the active", true}},
			Doc: "Loads an earlier generation again, as a new one. Gives what engine.load gives.",
			Example: denyReboot + `engine.load()
policy "web" { deny = { "machdep" } }
engine.load()
print(engine.rollback().generation)
--> 3`, call: func(a *API, L *lua.LState) int {
				out, err := a.Host.Rollback(uint64(L.OptInt64(1, 0)))
				if err != nil {
					raise(L, err)
				}
				L.Push(loadedTable(L, out))
				return 1
			}},
		{Name: "engine.policies", Returns: "table[]", Doc: `Lists the policies that are loaded, and those that were declared here and are pending: name, cells, mode, file, line, and
pending.`,
			Example: denyReboot + `print(engine.policies()[1].name, engine.policies()[1].pending)
--> web	true`, call: enginePolicies},
	}
}

func loadedTable(L *lua.LState, l *engine.Loaded) lua.LValue { return table(L, l.Report()) }

// paths reads a path or a list of paths.
func paths(L *lua.LState, e string, v lua.LValue) []string {
	switch x := v.(type) {
	case lua.LString:
		return []string{string(x)}
	case *lua.LTable:
		var list []string
		for i := 1; i <= x.MaxN(); i++ {
			s, ok := x.RawGetInt(i).(lua.LString)
			if !ok {
				fail(L, "", "a path for %s must be a string, but is %s", e, show(x.RawGetInt(i)))
			}
			list = append(list, string(s))
		}
		return list
	}
	fail(L, "", "%s must be given a path or a list of paths, but is given %s", e, show(v))
	return nil
}

// policies gives those that the options in argument n ask for.
func (a *API) policies(L *lua.LState, e string, n int) *engine.Policies {
	var p *engine.Policies
	var err error
	o := &fields{L: L, e: "the options of " + e, t: L.NewTable()}
	if L.Get(n) != lua.LNil {
		o = tableArg(L, "the options of "+e, n)
	}
	files, pending := o.get("policy"), o.get("pending")
	o.done()
	switch {
	case files != lua.LNil:
		p = engine.Read(paths(L, e, files), a.Host.Options())
	case lua.LVAsBool(pending):
		a.mustSettle(L)
		p, err = a.Merged()
	default:
		p, err = a.Host.Policies()
	}
	if err == nil && p.Loading.Failed() {
		err = p.Loading
	}
	if err != nil {
		raise(L, err)
	}
	return p
}

// mustSettle makes what the running statement has declared pending.
func (a *API) mustSettle(L *lua.LState) {
	problems := a.settle()
	if problems.Failed() {
		raise(L, problems)
	}
	if len(problems) > 0 {
		a.Report(problems)
	}
}

// asked reads the question and the options of a function.
func (a *API) asked(L *lua.LState) (*engine.Policies, *policy.Question) {
	q, err := engine.QuestionFromTable(L.CheckTable(1))
	if err != nil {
		raise(L, err)
	}
	return a.policies(L, "engine", 2), q
}

func engineLoad(a *API, L *lua.LState) int {
	a.mustSettle(L)
	var out *engine.Loaded
	var err error
	if v := L.Get(1); v == lua.LNil {
		out, _, err = a.LoadPending(engine.LoadOptions{})
	} else {
		out, _, err = a.Host.Load(engine.Read(paths(L, "engine.load", v), a.Host.Options()), engine.LoadOptions{})
	}
	if err != nil {
		raise(L, err)
	}
	L.Push(loadedTable(L, out))
	return 1
}

func engineLoaded(a *API, L *lua.LState) int {
	p := engine.Read(paths(L, "engine.loaded", L.Get(1)), a.Host.Options())
	if p.Loading.Failed() {
		raise(L, p.Loading)
	}
	n, err := a.Host.Holds(p)
	if err != nil {
		raise(L, err)
	}
	if n == 0 {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(n))
	return 1
}

func enginePolicies(a *API, L *lua.LState) int {
	a.mustSettle(L)
	loaded, err := a.Host.Policies()
	if err != nil {
		raise(L, err)
	}
	type row struct {
		Name    string   `json:"name"`
		Cells   []string `json:"cells"`
		Mode    string   `json:"mode"`
		File    string   `json:"file"`
		Line    int      `json:"line"`
		Pending bool     `json:"pending,omitempty"`
	}
	var rows []row
	add := func(list []*rules.Policy, pending bool) {
		for _, p := range list {
			r := row{Name: p.Name, Cells: []string{}, Mode: p.Mode(), File: p.Span.File, Line: p.Span.Line, Pending: pending}
			for _, g := range p.Cells {
				r.Cells = append(r.Cells, g.Pattern)
			}
			rows = append(rows, r)
		}
	}
	add(loaded.Set().Policies, false)
	add(a.pending.Policies, true)
	L.Push(values(L, rows, func(r row) lua.LValue { return table(L, r) }))
	return 1
}
