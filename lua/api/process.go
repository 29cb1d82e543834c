package api

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/lua/tables"
	"cellsh/policy/kauth"
)

// processRef is a simulated process as scripts hold it.
type processRef struct {
	in *binding
	*sim.Process
}

func (p processRef) typ() string    { return "process" }
func (p processRef) of() *binding   { return p.in }
func (p processRef) String() string { return "process " + p.Process.String() }

// processParams are those of a new process, in a cell or on the host.
var processParams = []Param{
	{"name", "string", "name of the program, sh without it", true},
	{"uid", "number", "real user id, 0 without it", true},
	{"euid", "number", "effective user id, uid without it", true},
	{"gid", "number", "real group id, 0 without it", true},
	{"egid", "number", "effective group id, gid without it", true},
	{"groups", "number[]", "supplementary groups, gid alone without it", true},
}

const oneProcess = oneCell + "local p = c:process{ uid = 80, gid = 80 }\n"

func processEntries() []*Entry {
	id := func(name, doc, result string, get func(sim.Credential) uint32) *Entry {
		return property("process."+name, "number", doc, oneProcess+"print(p."+name+")\n--> "+result, func(_ *lua.LState, p processRef) lua.LValue {
			return lua.LNumber(get(p.Credential()))
		})
	}
	list := []*Entry{
		property("process.pid", "number", "The process id.", oneProcess+"print(p.pid == p:getpid())\n--> true",
			func(_ *lua.LState, p processRef) lua.LValue { return lua.LNumber(p.PID()) }),
		id("uid", "The real user id.", "80", func(c sim.Credential) uint32 { return c.UID }),
		id("euid", "The effective user id.", "80", func(c sim.Credential) uint32 { return c.EUID }),
		id("gid", "The real group id.", "80", func(c sim.Credential) uint32 { return c.GID }),
		id("egid", "The effective group id.", "80", func(c sim.Credential) uint32 { return c.EGID }),
		property("process.groups", "number[]", "The supplementary groups.", oneProcess+"print(p.groups[1])\n--> 80",
			func(L *lua.LState, p processRef) lua.LValue {
				return values(L, p.Credential().Groups, func(g uint32) lua.LValue { return lua.LNumber(g) })
			}),
		property("process.cell", "number", "The id of the cell that the process is in, 0 for the host.", oneProcess+"print(p.cell)\n--> 1",
			func(_ *lua.LState, p processRef) lua.LValue { return lua.LNumber(p.Cell()) }),
		property("process.alive", "boolean", "Whether the process still runs; zombies do not.", oneProcess+"p:exit()\nprint(p.alive)\n--> false",
			func(_ *lua.LState, p processRef) lua.LValue { return lua.LBool(p.Alive()) }),
		property("process.root", "string", "The root directory as the host sees it.", oneProcess+"print(p.root)\n--> /cells/web-1",
			func(_ *lua.LState, p processRef) lua.LValue { return lua.LString(p.Root()) }),
	}
	for _, e := range list {
		e.Simulated = true
	}
	for _, c := range sim.Calls() {
		list = append(list, callEntry(&c))
	}
	return list
}

// callEntry makes the method for a system call.
func callEntry(c *sim.Call) *Entry {
	e := &Entry{Name: "process:" + c.Name, Kind: Method, Table: true, Simulated: true, Doc: c.Doc, Returns: "any", Example: callExamples[c.Name]}
	if c.Returns != "" {
		e.Doc += " Gives " + c.Returns + "."
	}
	if len(c.Asks) > 0 {
		e.Doc += "\nAsks: " + strings.Join(c.Asks, ", ") + "."
	}
	for i := range c.Params {
		p := &c.Params[i]
		e.Params = append(e.Params, Param{p.Name, paramType(p), p.Doc, p.Optional})
	}
	e.call = func(b *binding, L *lua.LState) int { return b.systemCall(L, c) }
	return e
}

func paramType(p *sim.Param) string {
	switch p.Kind {
	case sim.Integer:
		return "number"
	case sim.Switch:
		return "boolean"
	case sim.Named, sim.Anything:
		return "string|number"
	case sim.Integers:
		return "number[]"
	case sim.Word:
		quoted := make([]string, len(p.Words))
		for i, w := range p.Words {
			quoted[i] = `"` + w + `"`
		}
		return strings.Join(quoted, "|")
	}
	return "string"
}

// systemCall makes a call of a process. The arguments are one table with names, or come one after the other.
func (b *binding) systemCall(L *lua.LState, c *sim.Call) int {
	p := receiver[processRef](L)
	args := map[string]any{}
	if t, ok := L.Get(2).(*lua.LTable); ok && L.GetTop() == 2 && t.MaxN() == 0 {
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			args[k.String()] = b.argument(L, c, k.String(), v)
		}
	} else {
		// As for most functions of Lua, nil at the end is the same as nothing.
		for L.GetTop() > 1 && L.Get(-1) == lua.LNil {
			L.Pop(1)
		}
		switch n := L.GetTop() - 1; {
		case n > 0 && len(c.Params) == 0:
			fail(L, "", "%s takes no arguments, but is given %d", c.Name, n)
		case n > len(c.Params):
			fail(L, "", "%s must be given at most %d arguments, but is given %d", c.Name, len(c.Params), n)
		}
		for i := 2; i <= L.GetTop(); i++ {
			args[c.Params[i-2].Name] = b.argument(L, c, c.Params[i-2].Name, L.Get(i))
		}
	}
	bound, err := c.Bind(args)
	if err != nil {
		raise(L, err)
	}
	var value any
	var errno kauth.Errno
	asked := b.Simulator.Trace(func() { value, errno = c.Do(p.Process, bound) })
	if errno != 0 {
		L.Push(lua.LNil)
		L.Push(lua.LString(errno.Name()))
		if who := refuser(asked); who != "" {
			L.Push(lua.LString(who))
			return 3
		}
		return 2
	}
	L.Push(b.callValue(L, c, value))
	return 1
}

// argument is the argument of a call of that name: a plain value, or a process of the same kernel.
func (b *binding) argument(L *lua.LState, c *sim.Call, name string, v lua.LValue) any {
	x, err := tables.Plain(v, func(v lua.LValue) (any, bool) {
		p, ok := objectOf(v).(processRef)
		if ok && p.in != b {
			fail(L, "", "%s: %s must be a process of the same kernel, but is one of another", c.Name, name)
		}
		return p.Process, ok
	})
	if err != nil {
		fail(L, "", "%s: %s %s", c.Name, name, err)
	}
	return x
}

// makers are the calls whose value is a new process.
var makers = map[string]bool{"fork": true, "vfork": true, "posix_spawn": true}

func (b *binding) callValue(L *lua.LState, c *sim.Call, value any) lua.LValue {
	switch x := value.(type) {
	case nil:
		return lua.LTrue
	case bool:
		return lua.LBool(x)
	case int64:
		if makers[c.Name] {
			if p, ok := b.Simulator.Process(int(x)); ok {
				return b.m.object(L, processRef{b, p})
			}
		}
		return lua.LNumber(x)
	case string:
		return lua.LString(x)
	case []int64:
		return values(L, x, func(n int64) lua.LValue { return lua.LNumber(n) })
	case []string:
		return stringList(L, x)
	}
	return lua.LString(fmt.Sprint(value))
}

// refuser says who denied the last question that was denied.
func refuser(asked []sim.Question) string {
	for i := len(asked) - 1; i >= 0; i-- {
		if q := &asked[i]; q.Errno != 0 {
			return q.Why()
		}
	}
	return ""
}

func newProcess(b *binding, L *lua.LState) int {
	c := b.live(L, receiver[cellRef](L))
	return b.spawn(L, c.ID)
}

// spawn makes a process with the ids of the table that is the last argument.
func (b *binding) spawn(L *lua.LState, cell kernel.CellID) int {
	spec := sim.SpawnSpec{Cell: cell}
	if t, ok := L.Get(L.GetTop()).(*lua.LTable); ok {
		f := &fields{L: L, e: "process", t: t}
		spec.Name = f.text("name", false)
		id := func(key string) *uint32 {
			n, ok := f.number(key, 0, 1<<32-1)
			if !ok {
				return nil
			}
			v := uint32(n)
			return &v
		}
		if v := id("uid"); v != nil {
			spec.UID = *v
		}
		if v := id("gid"); v != nil {
			spec.GID = *v
		}
		spec.EUID, spec.EGID = id("euid"), id("egid")
		for _, g := range f.numbers("groups", 0, 1<<32-1) {
			spec.Groups = append(spec.Groups, uint32(g))
		}
		f.done()
	}
	p, err := b.Simulator.Spawn(spec)
	if err != nil {
		raise(L, err)
	}
	L.Push(b.m.object(L, processRef{b, p}))
	return 1
}
