package api

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/lua/learn"
	"cellsh/lua/tables"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/study"
)

// denyReboot declares a policy that examples load.
const denyReboot = "policy \"web\" { cells = \"web-*\", deny = { \"system.reboot\" } }\n"

// where is the optional last argument of functions that ask policies.
var where = Param{"options", "table", "policy: a path or a list of paths, whose policies are asked; pending = true: those that are declared and not loaded are asked too. Without it those that are loaded are", true}

func engineEntries() []*Entry {
	question := Param{"question", "table", "cell, request, and the fields as a line of the command decide has them, those of a target in a table: target = { pid = 7 }", false}
	return []*Entry{
		{Name: "engine.load", Returns: "table", Params: []Param{{"paths", "string|string[]", "files and folders of policies; without it what was declared here and is pending, together with what is loaded", true},
			{"options", "table", "yes = true: load even if live cells lose policies that they have, or if there is nothing to load although something is loaded; without it that is an error. usable = true: where the kernel asks no programs, cells are made so that services run. only: the name of a policy, or a list of names: they alone are put in place of the loaded ones, all others stay. dry_run = true: load nothing, and say what would change", true}},
			Doc: `Checks policies and pushes their programs into the kernel, all or nothing. Gives generation, cells, programs and bytes, and
losses, a list with policy and cells, if cells have lost any, and overruled, a list with cell, profile and requests, if the
profiles of cells refuse what their policies allow. Where the kernel asks no programs stock is true; made says how
cells are made from now on, and frozen which live and stay as they are. An error says everything that is wrong; nothing has changed then.`,
			Example: denyReboot + `print(engine.load().generation)
--> 1`, call: engineLoad},
		{Name: "engine.unload", Returns: "table", Params: []Param{{"names", "string|string[]", "names of policies", false},
			{"options", "table", "yes and dry_run as for engine.load", true}},
			Doc: `Takes single policies out of what is loaded; all others stay as they are loaded, and what must never be allowed stays. Gives
what engine.load gives.`,
			Example: denyReboot + `policy "db" { cells = "db-*", deny = { "machdep" } }
engine.load()
print(engine.unload("db", { dry_run = true }).difference.changes[1].request)
engine.unload("db")
print(#engine.policies(), engine.policies()[1].name)
--> machdep.cacheflush
--> 1	web`, call: engineUnload},
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
		{Name: "engine.decide", Returns: "table", Params: []Param{question, where}, Doc: `Says how the policies answer a request of a cell: result, which is "allow", "grant" or "deny", reason, policy, file and line;
the same with would_ in front for policies in audit mode. The cell need not exist, and the kernel need not ask: engine.explain
says what it does.`,
			Example: denyReboot + `engine.load()
print(engine.decide{ cell = "web-1", request = "system.reboot" }.result)
--> deny`, call: func(b *binding, L *lua.LState) int {
				p, q, _ := b.asked(L, "engine.decide")
				d, err := p.Decide(q)
				if err != nil {
					raise(L, err)
				}
				L.Push(table(L, d.Report()))
				return 1
			}},
		{Name: "engine.explain", Returns: "table", Params: []Param{question, where}, Doc: `Says why a request of a cell is answered as it is: what engine.decide gives, and policies, a list with the tests that each
policy has passed, their values and lines, and misses, the smallest change of each field that turns the result, the
smallest first. What answers on the kernel at hand is in program (policies, fallback or none), profile, ports and revision,
and whether it asks programs in asks_programs; exists is false for a cell that does not, and near the name of one that
does. Where the policies are not asked, or do not deny it, final has what the kernel makes of the request in the end. It is
what the command explain writes with --json.`,
			Example: `policy "web" { on = { ["network.bind.privport"] = function(r)
  if r.port ~= 80 then return deny, "only port 80" end
end } }
local why = engine.explain({ cell = "web-1", request = "network.bind.privport", port = 22 },
  { pending = true })
print(why.result, why.reason, why.policies[1].tests[1].test)
print(why.misses[1].field, why.misses[1].to, why.misses[1].result)
--> deny	only port 80	r.port == 80
--> port	80	allow`, call: func(b *binding, L *lua.LState) int {
				p, q, supposed := b.asked(L, "engine.explain")
				e, err := b.Host.Explain(q, p, supposed)
				if err != nil {
					raise(L, err)
				}
				L.Push(table(L, e.Report()))
				return 1
			}},
		{Name: "engine.can", Returns: "table", Params: []Param{
			{"cell", "string", "name of a cell, which need not exist", false},
			{"request", "string", "a scope, an action or a request; all without it", true},
			{"options", "table", "policy and pending as for engine.decide; what is supposed to answer in place of what does on this kernel: program (policies, fallback or none), profile (low, medium, high or unknown), revision (" + secmodel.RevisionNames() + "), and ports, a list of those that the cell reserves", true}},
			Doc: `Says what a cell may do, in full: requests is a list with the cases of each request, where each has the requests that it
is about in words, the answer of the policies, and what finally becomes of them for root and for other users. It is what
the command can writes with --json.`,
			Example: `policy "web" { on = { ["network.bind.privport"] = function(r)
  if r.port == 80 then return grant, "web port" end
  return deny
end } }
local can = engine.can("web-1", "network.bind.privport", { pending = true })
for _, case in ipairs(can.requests[1].cases) do
  print(case.where, case.result, case.user.final)
end
--> r.port ~= 80	deny	refused
--> r.port == 80	grant	depends`, call: engineCan},
		{Name: "engine.check", Returns: "table", Params: []Param{
			{"paths", "string|string[]", "files and folders of policies; without it what was declared here and is pending, together with what is loaded", true},
			{"options", "table", "cells: a list of names of cells to look at too; proof = false leaves the proof out", true}},
			Doc: `Checks policies and loads nothing: ok, diagnostics, policies, grants, left_to_root, cells, programs, nevers, broken and
proof, which is what the command check writes with --json. What is wrong with policies is no error here.`,
			Example: `policy "web" { cells = "web-*", deny = { "machdep" } }
never("no reboot", { cells = "web-*", "system.reboot" })
local c = engine.check()
print(c.ok, c.broken[1].title, c.broken[1].explain)
--> false	no reboot	web-1 system.reboot`, call: engineCheck},
		{Name: "engine.diff", Returns: "table", Params: []Param{
			{"old", "string|string[]|number", "files and folders of policies, or a generation that is kept; nil for those that are loaded", false},
			{"new", "string|string[]|number", "files and folders of policies, or a generation; without it what was declared here and is pending, together with what is loaded", true},
			{"options", "table", "cells: a list of names of cells to look at too", true}},
			Doc: `Says exactly which requests change their answer between two sets of policies: changes, budgets and cells, which is what the
command diff writes with --json.`,
			Example: denyReboot + `engine.load()
policy "web" { cells = "web-*", deny = { "machdep.iopl" } }
for _, change in ipairs(engine.diff(nil).changes) do
  print(change.request, change.old.result, change.new.result)
end
--> system.reboot	deny	allow
--> machdep.iopl	allow	deny`, call: engineDiff},
		{Name: "engine.learn", Returns: "table", Params: []Param{
			{"filter", "table", "which decisions to learn from, as for kernel.events; all that are kept without it", true},
			{"options", "table", "policy: a path or a list of paths, whose policies are to be changed; without it those that are loaded. told: a table of fields with what the requests had, as words of the command learn: { port = \"8000-8099\" }. any_euid and any_cell = true: changes may be for all users, and for all cells of a policy. grant = true: rules may grant", true}},
			Doc: `Finds the smallest change of policies that allows what was denied, and writes nothing: rules, each with who asked for it; files,
with the texts that they would have; and difference, which is what engine.diff gives. allowed are requests that are not denied
any more, left those for which there is no change, with why, and refused those that the kernel's other models refuse all the
same. ok is true if nothing is left. It is what the command learn writes with --json.`,
			Example: `local name = os.tmpname()
local file = io.open(name, "w")
file:write([[policy "web" { cells = "web-1", deny = { "system" } }]])
file:close()
engine.load(name)
cell.create{ name = "web-1", root = "/cells/web-1" }:process{}:reboot()
local lesson = engine.learn{ request = "system.reboot" }
print(lesson.ok, lesson.rules[1].policy, lesson.rules[1].rule)
os.remove(name)
--> true	web	["system.reboot"] = function(r) if r.euid == 0 then return allow end end`, call: engineLearn},
		{Name: "engine.replay", Returns: "table", Params: []Param{
			{"log", "string", "decisions as the command log writes them with --json: an object a line, or one with all", false}, where},
			Doc: `Says which recorded decisions would have another result under policies; under those that are loaded as they come again after an
audit, if one runs. Gives decisions, same, flipped and open, which are numbers, and the lists flips and undecided, with count, cell,
euids, request, was, now, which is a list, and why. It is what the command replay writes with --json. A line that can't be read is
an error.`,
			Example: `policy "web" { deny = { "system.reboot" } }
local log = '{"model":"secmodel_celleval","time":1,"cell":"a","euid":0,"request":"system.reboot","result":"allow"}'
local r = engine.replay(log, { pending = true })
print(r.flipped, r.flips[1].was.result, r.flips[1].now[1].result)
--> 1	allow	deny`, call: engineReplay},
		{Name: "engine.rollback", Returns: "table", Params: []Param{{"generation", "number", "the one to go back to; without it the last one before the active that needs no confirmation", true}},
			Doc: "Loads an earlier generation again, as a new one. Gives what engine.load gives.",
			Example: denyReboot + `engine.load()
policy "web" { deny = { "machdep" } }
engine.load()
print(engine.rollback().generation)
--> 3`, call: func(b *binding, L *lua.LState) int {
				out, err := b.Host.Rollback(uint64(L.OptInt64(1, 0)))
				if err != nil {
					raise(L, err)
				}
				L.Push(loadedTable(L, out))
				return 1
			}},
		{Name: "engine.audit", Returns: "table|nil", Params: []Param{
			{"cells", "string|string[]", "names of cells that live; without them it says what is audited", true},
			{"options", "table", "seconds: for how long, which must be given; yes = true: it is known that nothing is refused there, without which it is an error", true}},
			Doc: `Has the policies of these cells refuse nothing for a time: what they would deny is recorded, and what they grant stays granted.
Gives what engine.load gives, with until, and audit, which has the assertions that do not hold there in nevers and what root in the
cells could do to the host in left_to_root. It ends by itself, with engine.end_audit, and with any load. Without cells it gives the
audit that runs, with generation, cells, since, until and back, or nil.`,
			Example: denyReboot + `engine.load()
local p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{ uid = 0 }
print(p:reboot())
engine.audit("web-1", { seconds = 1800, yes = true })
print(p:reboot(), engine.audit().cells[1])
engine.end_audit()
print(p:reboot(), engine.audit())
--> nil	EPERM	policy web (session:1)
--> true	web-1
--> nil	nil`, call: engineAudit},
		{Name: "engine.end_audit", Returns: "table|nil", Doc: "Ends the audit that runs: what was loaded before is loaded again. Gives what engine.load gives, or nil if none runs.",
			Example: `print(engine.end_audit())
--> nil`, call: func(b *binding, L *lua.LState) int {
				out, err := b.Host.EndAudit()
				switch {
				case err != nil:
					raise(L, err)
				case out == nil:
					L.Push(lua.LNil)
				default:
					L.Push(loadedTable(L, out))
				}
				return 1
			}},
		{Name: "engine.policies", Returns: "table[]", Doc: `Lists the policies that are loaded, and those that were declared here and are pending: name, cells, mode, file, line, and
pending.`,
			Example: denyReboot + `print(engine.policies()[1].name, engine.policies()[1].pending)
--> web	true`, call: enginePolicies},
		{Name: "engine.forget", Returns: "boolean", Params: []Param{{"name", "string", "name of a policy, or title of an assertion", false}},
			Doc: `Drops what was declared here under that name and is pending; gives false if nothing was. What is loaded stays: engine.unload
takes policies out of that.`,
			Example: denyReboot + `print(engine.forget("web"), engine.forget("web"), #engine.policies())
--> true	false	0`, call: func(b *binding, L *lua.LState) int {
				b.m.mustSettle(L)
				L.Push(lua.LBool(b.m.Forget(L.CheckString(1))))
				return 1
			}},
	}
}

func loadedTable(L *lua.LState, l *host.Loaded) lua.LValue { return table(L, l.Report()) }

// oneOrMany reads a string or a list of strings, which are called one and many in errors.
func oneOrMany(L *lua.LState, e string, v lua.LValue, one, many string) []string {
	switch x := v.(type) {
	case lua.LString:
		return []string{string(x)}
	case *lua.LTable:
	default:
		fail(L, "", "%s must be given %s or a list of %s, but is given %s", e, one, many, show(v))
	}
	list, err := listOf(v, "a list of "+many, text)
	if err != nil {
		fail(L, "", "what %s is given %s", e, err)
	}
	return list
}

// paths reads a path or a list of paths.
func paths(L *lua.LState, e string, v lua.LValue) []string {
	return oneOrMany(L, e, v, "a path", "paths")
}

// policyNames reads a name or a list of names of policies, at least one.
func policyNames(L *lua.LState, e string, v lua.LValue) []string {
	list := oneOrMany(L, e, v, "the name of a policy", "names")
	if len(list) == 0 {
		fail(L, "", "%s must be given the name of a policy or a list of names, but is given %s", e, show(v))
	}
	return list
}

// options reads the optional table of options in argument n.
func options(L *lua.LState, e string, n int) *fields {
	if L.Get(n) == lua.LNil {
		return &fields{L: L, e: "the options of " + e, t: L.NewTable()}
	}
	return tableArg(L, "the options of "+e, n)
}

// policies gives those that the options ask for; supposed says that these are not the loaded ones.
func (b *binding) policies(o *fields, e string) (p *study.Policies, supposed bool) {
	files := o.get("policy")
	pending := false
	o.flag("pending", &pending)
	var err error
	switch {
	case files != lua.LNil && pending:
		fail(o.L, "", "%s must have policy or pending, but have both", o.e)
	case files != lua.LNil:
		p = b.Reader.Read(paths(o.L, e, files))
	case pending:
		b.m.mustSettle(o.L)
		p, err = b.merged()
	default:
		p, err = b.Host.Policies()
	}
	if err == nil && p.Loading.Failed() {
		err = p.Loading
	}
	if err != nil {
		raise(o.L, err)
	}
	return p, files != lua.LNil || pending
}

// read gives the policies of paths, or with nil those that are loaded together with those that are pending.
func (b *binding) read(L *lua.LState, e string, v lua.LValue) *study.Policies {
	if v != lua.LNil {
		return b.Reader.Read(paths(L, e, v))
	}
	b.m.mustSettle(L)
	p, err := b.merged()
	if err != nil {
		raise(L, err)
	}
	return p
}

// liveNames are the names of the cells that exist.
func (b *binding) liveNames(L *lua.LState) []string {
	names, err := b.Host.LiveNames()
	if err != nil {
		raise(L, err)
	}
	return names
}

// asked reads the question and the options of a function.
func (b *binding) asked(L *lua.LState, e string) (p *study.Policies, q *policy.Question, supposed bool) {
	q, err := tables.Question(tableArg(L, e, 1).t)
	if err != nil {
		raise(L, err)
	}
	o := options(L, e, 2)
	p, supposed = b.policies(o, e)
	o.done()
	return p, q, supposed
}

func engineCan(b *binding, L *lua.LState) int {
	const e = "engine.can"
	cell, ok := L.Get(1).(lua.LString)
	if !ok || cell == "" {
		fail(L, "", "%s must be given the name of a cell, but is given %s", e, show(L.Get(1)))
	}
	var pattern *kauth.Pattern
	switch v := L.Get(2).(type) {
	case *lua.LNilType:
	case lua.LString:
		p, err := study.ParsePattern(string(v))
		if err != nil {
			raise(L, err)
		}
		pattern = &p
	default:
		fail(L, "", "%s must be given the name of a request, but is given %s", e, show(v))
	}
	o := options(L, e, 3)
	can := study.Supposition{Program: o.text("program", false), Profile: o.text("profile", false), Revision: o.text("revision", false)}
	if v := o.get("ports"); v != lua.LNil {
		var err error
		can.Ports, err = kernel.ParsePorts(o.plain("ports", v))
		o.check(err)
	}
	p, supposed := b.policies(o, e)
	o.done()
	out, err := b.Host.Can(string(cell), pattern, p, supposed, can)
	if err != nil {
		raise(L, err)
	}
	L.Push(table(L, out.Report()))
	return 1
}

// checkEffort bounds the proof of engine.check; the command prove has no bound.
const checkEffort = 20_000_000

func engineCheck(b *binding, L *lua.LState) int {
	const e = "engine.check"
	o := options(L, e, 2)
	proof := true
	o.flag("proof", &proof)
	cells := o.strings("cells")
	o.done()
	c, err := b.read(L, e, L.Get(1)).Check(study.CheckOptions{Live: b.liveNames(L), Cells: cells, Unasked: !b.Host.Evaluates(), Effort: checkEffort, NoProof: !proof})
	if err != nil {
		raise(L, err)
	}
	L.Push(table(L, c.Report()))
	return 1
}

func engineDiff(b *binding, L *lua.LState) int {
	const e = "engine.diff"
	o := options(L, e, 3)
	cells := o.strings("cells")
	o.done()
	side := func(v lua.LValue) *study.Policies {
		number := uint64(0)
		switch n, ok := v.(lua.LNumber); {
		case ok && (n < 1 || n != lua.LNumber(uint64(n))):
			fail(L, "", "a generation for %s must be a whole number from 1, but is %s", e, v)
		case ok:
			number = uint64(n)
		case v != lua.LNil:
			return b.read(L, e, v)
		}
		p, err := b.Host.GenerationPolicies(number)
		if err != nil {
			raise(L, err)
		}
		return p
	}
	old := side(L.Get(1))
	var new *study.Policies
	if v := L.Get(2); v != lua.LNil {
		new = side(v)
	} else {
		new = b.read(L, e, v)
	}
	d, err := b.Host.Diff(old, new, cells)
	if err != nil {
		raise(L, err)
	}
	L.Push(table(L, d.Report()))
	return 1
}

func engineLearn(b *binding, L *lua.LState) int {
	const e = "engine.learn"
	var f host.Filter
	filter := options(L, e, 1)
	filter.e = "the filter of " + e
	for _, k := range host.FilterKeys() {
		for _, value := range filter.oneOrMore(k.Name) {
			filter.check(f.Add(k.Name, value, b.Host.Now()))
		}
	}
	filter.done()
	o := options(L, e, 2)
	files := o.get("policy")
	var anyUser, anyCell, grant bool
	o.flag("any_euid", &anyUser)
	o.flag("any_cell", &anyCell)
	o.flag("grant", &grant)
	var told learn.Told
	if v := o.get("told"); v != lua.LNil {
		words, ok := o.plain("told", v).(map[string]any)
		if !ok {
			o.bad("told", "a table of fields", v)
		}
		for _, name := range slices.Sorted(maps.Keys(words)) {
			word := fmt.Sprint(words[name])
			if n, ok := words[name].(float64); ok {
				word = strconv.FormatFloat(n, 'f', -1, 64)
			}
			o.check(told.Tell(name+"="+word, b.Reader.Groups))
		}
	}
	o.done()
	p, err := b.Host.Enforced()
	if files != lua.LNil {
		p, err = b.Reader.Read(paths(L, e, files)), nil
	}
	if err != nil {
		raise(L, err)
	}
	batch, err := b.Host.Log(0).Next()
	if err == nil {
		_, err = f.Known(b.Host, batch.List)
	}
	if err != nil {
		raise(L, err)
	}
	on, err := learn.On(b.Host, b.Reader, files != lua.LNil)
	if err != nil {
		raise(L, err)
	}
	on.Told, on.AnyUser, on.AnyCell, on.Grant = told, anyUser, anyCell, grant
	asked, others := learn.Fold(f.Choose(batch.List))
	lesson, err := learn.Learn(p, asked, on)
	if err != nil {
		raise(L, err)
	}
	L.Push(table(L, lesson.Report(others)))
	return 1
}

func engineLoad(b *binding, L *lua.LState) int {
	const e = "engine.load"
	b.m.mustSettle(L)
	var o host.LoadOptions
	f := options(L, e, 2)
	dry := loadOptions(f, &o)
	f.flag("usable", &o.Usable)
	var only []string
	if v := f.get("only"); v != lua.LNil {
		only = policyNames(L, "only of "+f.e, v)
	}
	f.done()
	var p *host.Proposal
	var err error
	switch v := L.Get(1); {
	case v == lua.LNil && only != nil:
		fail(L, "", "%s must be given paths with only, but is given none", e)
	case v == lua.LNil:
		p, err = b.propose()
	case only != nil:
		p, err = b.Host.Only(b.Reader.Read(paths(L, e, v)), only)
	default:
		p = host.Whole(b.Reader.Read(paths(L, e, v)))
	}
	if err != nil {
		raise(L, err)
	}
	return b.load(L, p, o, dry)
}

func engineUnload(b *binding, L *lua.LState) int {
	const e = "engine.unload"
	b.m.mustSettle(L)
	names := policyNames(L, e, L.Get(1))
	var o host.LoadOptions
	f := options(L, e, 2)
	dry := loadOptions(f, &o)
	f.done()
	p, err := b.Host.Unload(names)
	if err != nil {
		raise(L, err)
	}
	return b.load(L, p, o, dry)
}

// loadOptions reads the options that engine.load and engine.unload both have, and gives whether nothing shall be done.
func loadOptions(f *fields, o *host.LoadOptions) (dry bool) {
	f.flag("yes", &o.Yes)
	f.flag("dry_run", &dry)
	o.Compare = dry
	return dry
}

// load loads what is proposed, or with dry says what that would do.
func (b *binding) load(L *lua.LState, p *host.Proposal, o host.LoadOptions, dry bool) int {
	if dry {
		plan, err := b.Host.Plan(p, o)
		if err != nil {
			raise(L, err)
		}
		L.Push(table(L, plan.Report()))
		return 1
	}
	out, _, err := b.Host.LoadProposal(p, o)
	if err != nil {
		raise(L, err)
	}
	L.Push(loadedTable(L, out))
	return 1
}

func engineAudit(b *binding, L *lua.LState) int {
	const e = "engine.audit"
	b.m.mustSettle(L)
	if L.Get(1) == lua.LNil {
		a, err := b.Host.Audit()
		switch {
		case err != nil:
			raise(L, err)
		case a == nil:
			L.Push(lua.LNil)
		default:
			L.Push(table(L, a.Report()))
		}
		return 1
	}
	cells := oneOrMany(L, e, L.Get(1), "the name of a cell", "names")
	f := options(L, e, 2)
	seconds, given := f.number("seconds", 1, int64(host.MaxAudit/time.Second))
	var o host.LoadOptions
	f.flag("yes", &o.Yes)
	f.done()
	switch {
	case len(cells) == 0:
		fail(L, "", "%s must be given the name of a cell or a list of names, but is given %s", e, show(L.Get(1)))
	case !given:
		fail(L, "", "%s must have seconds, for how long the audit lasts", f.e)
	}
	p, err := b.Host.ProposeAudit(cells, time.Duration(seconds)*time.Second)
	if err != nil {
		raise(L, err)
	}
	plan, err := b.Host.Plan(p, o)
	if err == nil && plan.Problem != nil {
		err = plan.Problem
	}
	var out *host.Loaded
	if err == nil {
		out, err = b.Host.Carry(plan)
	}
	if err != nil {
		raise(L, err)
	}
	L.Push(table(L, host.AuditedReport{LoadReport: out.Report(), Audit: plan.Audit.Report()}))
	return 1
}

func engineReplay(b *binding, L *lua.LState) int {
	const e = "engine.replay"
	text, ok := L.Get(1).(lua.LString)
	if !ok {
		fail(L, "", "%s must be given the text of a log, but is given %s", e, show(L.Get(1)))
	}
	o := options(L, e, 2)
	p, supposed := b.policies(o, e)
	o.done()
	from, err := host.ReadRecorded("log", strings.NewReader(string(text)))
	if err == nil {
		err = from.Err()
	}
	if err == nil && !supposed {
		p, err = b.Host.Enforced()
	}
	var out *host.Replayed
	if err == nil {
		out, err = b.Host.Replay(from, p)
	}
	if err != nil {
		raise(L, err)
	}
	L.Push(table(L, out.Report(from)))
	return 1
}

func engineLoaded(b *binding, L *lua.LState) int {
	p := b.Reader.Read(paths(L, "engine.loaded", L.Get(1)))
	if p.Loading.Failed() {
		raise(L, p.Loading)
	}
	n, err := b.Host.Holds(p)
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

func enginePolicies(b *binding, L *lua.LState) int {
	b.m.mustSettle(L)
	loaded, err := b.Host.Policies()
	if err != nil {
		raise(L, err)
	}
	type row struct {
		study.PolicyReport
		Pending bool `json:"pending,omitempty"`
	}
	var rows []row
	add := func(list []*rules.Policy, pending bool) {
		for _, p := range list {
			rows = append(rows, row{study.ReportPolicy(p), pending})
		}
	}
	add(loaded.Set().Policies, false)
	add(b.m.pending.Policies, true)
	L.Push(values(L, rows, func(r row) lua.LValue { return table(L, r) }))
	return 1
}
