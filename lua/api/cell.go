package api

import (
	"fmt"
	"sort"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/launch"
)

// cellRef is a cell as scripts hold it: its kernel and its id say which one it is, for ever.
type cellRef struct {
	in   *binding
	id   kernel.CellID
	name string
	root string
}

func (c cellRef) typ() string    { return "cell" }
func (c cellRef) of() *binding   { return c.in }
func (c cellRef) String() string { return fmt.Sprintf("cell %s (id %d)", c.name, c.id) }

// oneCell begins most examples.
const oneCell = "local c = cell.create{ name = \"web-1\", root = \"/cells/web-1\" }\n"

func cellEntries() []*Entry {
	return []*Entry{
		{Name: "cell.create", Table: true, Returns: "cell", Params: []Param{
			{"name", "string", "1 to 63 characters of A-Z a-z 0-9 . _ -", false},
			{"root", "string", "absolute path of the directory that members are chrooted to", false},
			{"profile", "string", "\"low\", \"medium\" or \"high\"; without it, if a loaded policy names the cell, low where the kernel asks programs, and elsewhere the one that fits the policies best; else the kernel's own, which is high", true},
			{"ports", "number[]", "ports that only this cell may bind, at most 32; without it, where the kernel asks no programs, those that the policies give it", true},
			{"nofile", "number|string", "limit of open files of what is started in the cell, or unlimited", true},
			{"as", "number|string", "limit of the address space in bytes, or a size like \"512M\", or unlimited", true},
			{"core", "number|string", "limit of core dumps in bytes, or a size, or unlimited", true},
			{"yes", "boolean", "true allows the root to be /, the host's own", true},
		}, Doc: `Makes a cell. If policies are loaded, limits that are not given are those of their budgets. Where the kernel asks programs
the cell has its program from the start or is not made at all; elsewhere profile, ports and limits are all that holds the
cell, and they stay as they are made. On the simulated kernel the root directory is made if it does not exist.`,
			Example: `local c = cell.create{ name = "web-1", root = "/cells/web-1", ports = { 443 } }
print(c)
--> cell web-1 (id 1)`, call: createCell},
		{Name: "cell.get", Returns: "cell|nil", Params: []Param{{"which", "string|number", "the name or the id of a cell", false}},
			Doc: "Gives the cell of that name or id, or nil if there is none. A string is always a name, a number always an id.",
			Example: `cell.create{ name = "web-1", root = "/cells/web-1" }
print(cell.get("web-1").id, cell.get(1).name, cell.get("web-2"))
--> 1	web-1	nil`, call: getCell},
		{Name: "cell.list", Returns: "cell[]", Doc: "Gives all cells, ordered by id.",
			Example: `cell.create{ name = "a", root = "/cells/a" }
cell.create{ name = "b", root = "/cells/b" }
for _, c in ipairs(cell.list()) do print(c.id, c.name) end
--> 1	a
--> 2	b`, call: func(b *binding, L *lua.LState) int {
				L.Push(values(L, b.cells(L), func(c kernel.Cell) lua.LValue { return b.cell(L, c) }))
				return 1
			}},
		{Name: "cell.current", Returns: "number", Doc: "Gives the id of the cell that this program runs in; 0 is the host.",
			Example: `print(cell.current())
--> 0`, call: func(b *binding, L *lua.LState) int {
				id, err := b.Host.Kernel.Current()
				if err != nil {
					raise(L, err)
				}
				L.Push(lua.LNumber(id))
				return 1
			}},
		{Name: "cell.attach", Returns: "table", Params: []Param{{"name", "string", "of a cell; all cells without it", true}},
			Doc: `Gives cells that other tools have made since the load the programs of the loaded policies. What must never be allowed is
checked for them. Gives generation, cells, programs and bytes.`,
			Example: `policy "web" { deny = { "system.reboot" } }
engine.load()
print(#cell.attach().cells)
--> 0`, call: func(b *binding, L *lua.LState) int {
				var names []string
				if L.GetTop() > 0 {
					names = []string{L.CheckString(1)}
				}
				out, err := b.Host.Attach(names...)
				if err != nil {
					raise(L, err)
				}
				L.Push(loadedTable(L, out))
				return 1
			}},
		property("cell.name", "string", "The name of the cell.", oneCell+"print(c.name)\n--> web-1",
			func(_ *lua.LState, c cellRef) lua.LValue { return lua.LString(c.name) }),
		property("cell.id", "number", "The kernel's number of the cell; it is never used again.", oneCell+"print(c.id)\n--> 1",
			func(_ *lua.LState, c cellRef) lua.LValue { return lua.LNumber(c.id) }),
		property("cell.root", "string", "The directory that members are chrooted to.", oneCell+"print(c.root)\n--> /cells/web-1",
			func(_ *lua.LState, c cellRef) lua.LValue { return lua.LString(c.root) }),
		{Name: "cell:stats", Kind: Method, Returns: "table", Doc: `Gives what the kernel counts: processes, references (zombies included), memory in bytes of virtual size, cpu1s and cpu10s
in percent of one processor, and age in seconds. With them come the stored limits nofile, as and core; the policies that
apply, covered, which is true if their program answers for the cell, program (policies, fallback or none) and profile (low,
medium, high or unknown), which say what does, and over, a list of budgets that it exceeds; and from
the evaluation model decisions, denied, granted and would_deny. The kernel samples once a second.`,
			Example: oneCell + `print(c:stats().processes, c:stats().denied)
--> 0	0`, call: cellStats},
		{Name: "cell:destroy", Kind: Method, Doc: "Removes the cell, which must have no members left.",
			Example: oneCell + `c:destroy()
print(#cell.list())
--> 0`, call: func(b *binding, L *lua.LState) int {
				c := b.live(L, receiver[cellRef](L))
				if err := b.Host.Destroy(c.Name); err != nil {
					raise(L, err)
				}
				return 0
			}},
		{Name: "cell:exec", Kind: Method, Table: true, Returns: "number", Params: []Param{
			{"cmd", "string[]", "the program and its arguments; without it a login shell", true},
			{"user", "string", "USER or USER:GROUP of the cell, names or numbers; root without it", true},
			{"env", "table", "variables in addition to PATH, HOME, USER, LOGNAME, SHELL and TERM", true},
		}, Doc: `Runs a command in the cell and gives its exit code: 128 and the signal if it died of one. With the simulated kernel it is
an ordinary command of this machine, which nothing isolates; it says so.`,
			Example: oneCell + `print(c:exec{ cmd = { "sh", "-c", "exit 3" } })
--> 3`, call: execCell},
		{Name: "cell:process", Kind: Method, Table: true, Simulated: true, Returns: "process", Params: processParams, Doc: `Makes a simulated process in the cell, as if the host's administrator had started it. Its methods are system calls, with
their arguments as a table or one after the other: p:kill{ pid = 1, signal = "term" } or p:kill(1, "term"). They give a
value, or nil, the error's name, and who refused.`,
			Example: oneCell + `local p = c:process{ uid = 80 }
print(p:setuid(0))
--> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0`, call: newProcess},
	}
}

// cells lists the cells of the kernel.
func (b *binding) cells(L *lua.LState) []kernel.Cell {
	cells, err := b.Host.Kernel.List()
	if err != nil {
		raise(L, err)
	}
	return cells
}

func (b *binding) cell(L *lua.LState, c kernel.Cell) lua.LValue {
	return b.m.object(L, cellRef{b, c.ID, c.Name, c.Root})
}

// live is the cell as the kernel has it now.
func (b *binding) live(L *lua.LState, c cellRef) kernel.Cell {
	for _, k := range b.cells(L) {
		if k.ID == c.id {
			return k
		}
	}
	fail(L, "", "%s must exist, but was destroyed", c)
	return kernel.Cell{}
}

func createCell(b *binding, L *lua.LState) int {
	f := tableArg(L, "cell.create", 1)
	f.text("name", true)
	f.text("root", true)
	var spec kernel.Spec
	for _, key := range kernel.SpecKeys() {
		if v := f.get(key); v != lua.LNil {
			f.check(spec.Set(key, f.plain(key, v)))
		}
	}
	f.done()
	id, err := b.Host.Create(spec)
	if err != nil {
		raise(L, err)
	}
	L.Push(b.m.object(L, cellRef{b, id, spec.Name, spec.Root}))
	return 1
}

func getCell(b *binding, L *lua.LState) int {
	which := L.Get(1)
	is := func(c kernel.Cell) bool { return lua.LNumber(c.ID) == which }
	switch which.Type() {
	case lua.LTString:
		is = func(c kernel.Cell) bool { return lua.LString(c.Name) == which }
	case lua.LTNumber:
	default:
		fail(L, "", "cell.get must be given a name or an id, but is given a %s", which.Type())
	}
	for _, c := range b.cells(L) {
		if is(c) {
			L.Push(b.cell(L, c))
			return 1
		}
	}
	L.Push(lua.LNil)
	return 1
}

func cellStats(b *binding, L *lua.LState) int {
	c := b.live(L, receiver[cellRef](L))
	list, err := b.Host.Usage()
	if err != nil {
		raise(L, err)
	}
	for i := range list {
		if list[i].ID == c.ID {
			L.Push(table(L, list[i].Report()))
			return 1
		}
	}
	fail(L, "", "cell %s must exist, but was destroyed", c.Name)
	return 0
}

func execCell(b *binding, L *lua.LState) int {
	c := b.live(L, receiver[cellRef](L))
	command := launch.Command{Cell: c}
	if L.GetTop() > 1 {
		f := tableArg(L, "exec", 2)
		command.User = f.text("user", false)
		command.Args = listField(f, "cmd", "a list of strings", word)
		if v := f.get("cmd"); v != lua.LNil && len(command.Args) == 0 {
			f.bad("cmd", "a list of strings", v)
		}
		if v := f.get("env"); v != lua.LNil {
			t, ok := v.(*lua.LTable)
			if !ok {
				f.bad("env", "a table of strings", v)
			}
			for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
				if !lua.LVCanConvToString(v) || k.Type() != lua.LTString {
					f.bad("env", "a table of strings", v)
				}
				command.Env = append(command.Env, k.String()+"="+v.String())
			}
			sort.Strings(command.Env)
		}
		f.done()
	}
	status, err := b.run(command)
	if err != nil {
		raise(L, err)
	}
	b.m.tell() // it may have taken long
	L.Push(lua.LNumber(status.Exit()))
	return 1
}
