package api

import (
	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel"
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
		{Name: "kernel.events", Returns: "table[], number", Params: []Param{{"after", "number", "sequence number; without it all that the kernel has kept", true}},
			Doc: `Gives the decisions that the evaluation model has recorded, oldest first: sequence, time in seconds since the kernel's
start, cell, id, pid, euid, request, result, reason, policy, file and line. The kernel keeps denials, grants and what
policies in audit mode would have denied, and of these only the last. The second result is how many came after that number
and are not kept any more.`,
			Example: `policy "web" { deny = { "system.reboot" } }
engine.load()
local p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
p:reboot()
print(kernel.events()[1].request, kernel.events()[1].result)
--> system.reboot	deny`, call: func(b *binding, L *lua.LState) int {
				after := uint64(0)
				if n := L.OptNumber(1, 0); n > 0 {
					after = uint64(n)
				}
				list, lost, err := b.Host.Tail(after).Next()
				if err != nil {
					raise(L, err)
				}
				L.Push(values(L, list, func(e kernel.Event) lua.LValue { return table(L, host.EventReport(&e)) }))
				L.Push(lua.LNumber(lost))
				return 2
			}},
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
	var matching func(kauth.RequestID) bool
	if p, ok := kauth.FindPattern(pattern); ok {
		matching = p.Matches
	} else {
		matching = func(id kauth.RequestID) bool { return kauth.MatchGlob(pattern, id.String()) }
	}
	var list []string
	for id := range kauth.RequestID(kauth.NumRequests) {
		if matching(id) {
			list = append(list, id.String())
		}
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
