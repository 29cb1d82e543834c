package api

import (
	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

func kernelEntries() []*Entry {
	return []*Entry{
		{Name: "kernel.info", Returns: "table", Doc: `Says which kernel this is: name, version, revision of secmodel_cell, simulated, vocabulary, hz, and the capabilities that
it has and those that are missing, each with how that was found.`,
			Example: `local k = kernel.info()
print(k.name, k.revision, k.capabilities.evaluation)
--> sim	current	the evaluation model is built in`, call: func(b *binding, L *lua.LState) int {
				L.Push(table(L, host.KernelReport(b.Host.Kernel.Info())))
				return 1
			}},
		{Name: "kernel.events", Returns: "table[], number", Params: []Param{{"options", "number|table", eventOptions(), true}},
			Doc: `Gives the decisions that the kernel tells of afterwards, oldest first. The evaluation model keeps denials, grants, what
policies in audit mode would have denied and what they record, and of these only the last. The second result is how many of
them came after the given number and are not kept any more. Denials by secmodel_cell itself, by the profile of a cell, are
taken from the kernel's log, which root of the host can read and which tells at most one a second of each kind. They have no
numbers: after a number come those that are later than that decision, if it is kept, and else all.

Each has model, which is secmodel_celleval or secmodel_cell; time, in seconds since the kernel's start; at, the time of day
in UTC; cell, id, euid, request, result, reason; and unknown, a list of the fields of the request that the kernel does not
keep. Those of secmodel_celleval have sequence, generation, pid, policy, file and line too, and those of secmodel_cell
limited = true, log, which is the line of the kernel's log, and in place of request a list requests where the log does not
tell which it was.`,
			Example: `policy "web" { deny = { "system.reboot" } }
engine.load()
local p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
p:reboot()
print(kernel.events()[1].request, kernel.events()[1].result)
print(#kernel.events{ cell = "web-*", result = { "grant", "would-deny" } })
--> system.reboot	deny
--> 0`, call: kernelEvents},
		{Name: "kauth.requests", Returns: "string[]", Params: []Param{{"pattern", "string", "a scope, an action, a request, or a glob over the names of requests; all without it", true}},
			Doc: "Lists the names of requests, in the order of the kernel's numbers.",
			Example: `for _, name in ipairs(kauth.requests("network.bind")) do print(name) end
--> network.bind.port
--> network.bind.privport
--> network.bind.anyaddr`, call: kauthRequests},
		{Name: "kauth.request", Returns: "table", Params: []Param{{"name", "string", "the full name of a request", false}},
			Doc: `Tells about a request: name, scope, fields, a list with the name, the kind and a line about each field that it carries;
deny, what a system call fails with if it is denied; root and user, what the stock models answer; number, with scope,
action and req as the kernel has them; and never_raised, probe and spin, which are true if the kernel never asks it, if a
denial only picks a behaviour, and if it is asked under a spin lock, where policies are not asked.`,
			Example: `local r = kauth.request("network.bind.privport")
print(r.deny)
for _, f in ipairs(r.fields) do
  if f.name == "port" then print(f.doc) end
end
--> EACCES (EPERM for AppleTalk)
--> port to bind, 0 for one that the kernel chooses`, call: kauthRequest},
	}
}

func kauthRequests(_ *binding, L *lua.LState) int {
	pattern := L.OptString(1, "*")
	var list []string
	for _, id := range policy.FindRequests(pattern) {
		list = append(list, id.String())
	}
	if len(list) == 0 {
		fail(L, policy.PatternHint(pattern), "a pattern must match a request, but %q matches none", pattern)
	}
	L.Push(stringList(L, list))
	return 1
}

func kauthRequest(b *binding, L *lua.LState) int {
	name := L.CheckString(1)
	id, ok := kauth.Find(name)
	if !ok {
		fail(L, policy.RequestHint(name), "a request must be one of the kernel's, but is %q", name)
	}
	info, v := id.Info(), b.Host.Kernel.Info().Vocabulary
	flags := v.Flags(id)
	type field struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
		Doc  string `json:"doc"`
	}
	type number struct {
		Scope  string `json:"scope"`
		Action int    `json:"action"`
		Req    int    `json:"req"`
	}
	out := struct {
		Name        string  `json:"name"`
		Scope       string  `json:"scope"`
		Fields      []field `json:"fields"`
		Deny        string  `json:"deny"`
		Root        string  `json:"root"`
		User        string  `json:"user"`
		Number      *number `json:"number,omitempty"`
		NeverRaised bool    `json:"never_raised,omitempty"`
		Probe       bool    `json:"probe,omitempty"`
		Spin        bool    `json:"spin,omitempty"`
	}{Name: name, Scope: info.Scope.String(), Fields: []field{}, Deny: info.DenyText, Root: info.StockRoot, User: info.StockUser,
		NeverRaised: flags.Has(kauth.NeverRaised), Probe: flags.Has(kauth.Probe), Spin: flags.Has(kauth.Spin)}
	for _, f := range info.Fields.Fields() {
		if f != kauth.FieldMembers {
			out.Fields = append(out.Fields, field{f.String(), f.Info().Kind.What(), f.Info().Doc})
		}
	}
	if n, ok := v.Number(id); ok {
		out.Number = &number{info.Scope.String(), int(n.Action), int(n.Req)}
	}
	L.Push(table(L, out))
	return 1
}

// eventOptions says what kernel.events takes.
func eventOptions() string {
	text := "a sequence number, after which to begin, or a table: after, such a number"
	for _, k := range host.FilterKeys() {
		text += "; " + k.Name + ", a string or a list of them: " + k.Doc
	}
	return text
}

func kernelEvents(b *binding, L *lua.LState) int {
	const name = "kernel.events"
	var f host.Filter
	after := uint64(0)
	if _, ok := L.Get(1).(*lua.LTable); ok {
		t := tableArg(L, name, 1)
		if n, ok := t.number("after", 0, kauth.MaxExact); ok {
			after = uint64(n)
		}
		for _, k := range host.FilterKeys() {
			for _, value := range t.oneOrMore(k.Name) {
				t.check(f.Add(k.Name, value, b.Host.Now()))
			}
		}
		t.done()
	} else if n := L.OptNumber(1, 0); n > 0 {
		after = uint64(n)
	}
	batch, err := b.Host.Log(after).Next()
	if err == nil {
		_, err = f.Known(b.Host, batch.List)
	}
	if err != nil {
		raise(L, err)
	}
	L.Push(values(L, f.Choose(batch.List), func(r host.Recorded) lua.LValue { return table(L, r.Report()) }))
	L.Push(lua.LNumber(batch.Lost))
	return 2
}
