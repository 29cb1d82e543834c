package api

import (
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/policy/report"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

func simEntries() []*Entry {
	list := []*Entry{
		{Name: "sim.process", Table: true, Returns: "process", Params: processParams, Doc: "Makes a simulated process on the host, with the ids of the table.",
			Example: `print(sim.process{ uid = 0 }:sysctl_read("kern.securelevel"))
--> -1`, call: func(b *binding, L *lua.LState) int { return b.spawn(L, 0) }},
		{Name: "sim.advance", Params: []Param{{"seconds", "number", "how far, more than 0", false}}, Doc: "Moves the clock of the simulated kernel. Cells are sampled at every full second.",
			Example: oneCell + `c:process{}
sim.advance(1)
print(c:stats().processes)
--> 1`, call: func(b *binding, L *lua.LState) int {
				n := L.CheckNumber(1)
				if !(n > 0 && n <= maxAdvance) {
					fail(L, "", "seconds must be more than 0 and at most %d, but is %v", maxAdvance, n)
				}
				b.Simulator.Advance(time.Duration(float64(n) * float64(time.Second)))
				b.m.tell() // time has passed
				return 0
			}},
		{Name: "sim.log", Returns: "string[], number", Doc: "Gives the lines of the simulated kernel's message buffer, as dmesg(8) does, and how many earlier ones are not kept any more.",
			Example: `cell.create{ name = "web-1", root = "/cells/web-1" }
local lines, lost = sim.log()
print(#lines > 0, lost)
--> true	0`, call: func(b *binding, L *lua.LState) int {
				lines, lost := b.Simulator.Log()
				L.Push(values(L, lines, func(l sim.LogLine) lua.LValue { return lua.LString(l.String()) }))
				L.Push(lua.LNumber(lost))
				return 2
			}},
		{Name: "sim.trace", Returns: "table[]", Params: []Param{{"fn", "function", "makes system calls", false}},
			Doc: `Calls a function and gives the kauth questions that were asked meanwhile: request, pid, allowed, why, and answers, a list of
what each model said: model, result and reason, and for policies policy, file and line.`,
			Example: oneCell + `local p = c:process{}
for _, q in ipairs(sim.trace(function() p:setuid(80) end)) do print(q.request, q.allowed) end
--> process.setid	true`, call: simTrace},
		{Name: "sim.settings", Returns: "table", Params: []Param{{"changes", "table", "settings to change", true}},
			Doc: "Gives what the stock models look at, after changing what is given: " + settingNames() + `. Nobody is asked: it is
as if the machine had started that way.`,
			Example: `sim.settings{ securelevel = 1 }
print(sim.settings().securelevel)
--> 1`, call: simSettings},
		{Name: "sim.kernel", Table: true, Returns: "table", Params: []Param{
			{"revision", "string", "of secmodel_cell: " + secmodel.RevisionNames(), true},
			{"evaluation", "boolean", "false leaves the evaluation model out", true},
			{"securelevel", "number", "-1 to 2", true},
			{"hz", "number", "clock ticks a second", true},
			{"can", "boolean", "built with option CAN, which GENERIC leaves out", true},
			{"sctp", "boolean", "built with option SCTP, which GENERIC leaves out", true},
		}, Doc: `Makes another simulated kernel, for tests. Gives a table with cell, kernel, kauth, engine and sim for it: hooks of its
cell.on are told of what happens there. Policies that were declared and are pending are those of the session or script, and can
be loaded into any.`,
			Example: `local april = sim.kernel{ revision = "april" }
print(april.kernel.info().revision, #april.cell.list())
--> april	0`, call: simKernel},
	}
	for _, e := range list {
		// Another kernel can be made beside any.
		e.Simulated = e.Name != "sim.kernel"
	}
	return list
}

// maxAdvance is how many seconds the clock can be moved at once.
const maxAdvance = 1_000_000

func simTrace(b *binding, L *lua.LState) int {
	fn := L.CheckFunction(1)
	type answer struct {
		Model string `json:"model"`
		report.Answer
	}
	type question struct {
		Request string   `json:"request"`
		PID     int      `json:"pid"`
		Allowed bool     `json:"allowed"`
		Why     string   `json:"why"`
		Answers []answer `json:"answers"`
	}
	asked := b.Simulator.Trace(func() {
		L.Push(fn)
		L.Call(0, 0)
	})
	L.Push(values(L, asked, func(q sim.Question) lua.LValue {
		out := question{Request: q.Request.ID.String(), PID: q.PID, Allowed: q.Errno == 0, Why: q.Why(), Answers: []answer{}}
		for _, x := range q.Answers {
			out.Answers = append(out.Answers, answer{x.Model, report.One(x.Answer)})
		}
		return table(L, out)
	}))
	return 1
}

// settingNames lists the settings with their values, for help.
func settingNames() string {
	var list []string
	for i := range stock.NumSettings {
		which := stock.Setting(i)
		name := which.String()
		if !which.Switch() {
			lo, hi := which.Range()
			name += fmt.Sprintf(" (%d to %d)", lo, hi)
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

func simSettings(b *binding, L *lua.LState) int {
	s := b.Simulator.Settings()
	if L.GetTop() > 0 {
		f := tableArg(L, "sim.settings", 1)
		for i := range s {
			which := stock.Setting(i)
			if which.Switch() {
				on := s[i] != 0
				f.flag(which.String(), &on)
				s[i] = 0
				if on {
					s[i] = 1
				}
				continue
			}
			lo, hi := which.Range()
			if n, ok := f.number(which.String(), int64(lo), int64(hi)); ok {
				s[i] = int(n)
			}
		}
		f.done()
		if err := b.Simulator.SetSettings(s); err != nil {
			raise(L, err)
		}
	}
	out := map[string]any{}
	for i, v := range s {
		out[stock.Setting(i).String()] = v
		if stock.Setting(i).Switch() {
			out[stock.Setting(i).String()] = v != 0
		}
	}
	L.Push(table(L, out))
	return 1
}

func simKernel(b *binding, L *lua.LState) int {
	var o sim.Options
	if L.GetTop() > 0 {
		f := tableArg(L, "sim.kernel", 1)
		if name := f.text("revision", false); name != "" {
			rev, ok := secmodel.ParseRevision(name)
			if !ok {
				f.bad("revision", secmodel.RevisionNames(), lua.LString(name))
			}
			o.Revision = rev
		}
		evaluation := true
		f.flag("evaluation", &evaluation)
		o.NoEvaluation = !evaluation
		if n, ok := f.number("securelevel", -1, 2); ok {
			settings := stock.DefaultSettings().With(stock.SettingSecurelevel, int(n))
			o.Settings = &settings
		}
		if n, ok := f.number("hz", 1, 10000); ok {
			o.HZ = int(n)
		}
		f.flag("can", &o.CAN)
		f.flag("sctp", &o.SCTP)
		f.done()
	}
	k, err := sim.New(o)
	if err != nil {
		raise(L, err)
	}
	reader := b.Reader
	reader.Vocabulary = k.Info().Vocabulary
	h := host.New(k, &host.Memory{}, reader.Load, b.Host.Now)
	h.Work = b.Host.Work
	other := b.m.bind(Kernel{Host: h, Reader: reader, Simulator: k})
	t := L.NewTable()
	for name, v := range other.globals() {
		if v.Type() == lua.LTTable {
			t.RawSetString(name, v)
		}
	}
	L.Push(b.m.VM.Protect("a kernel", t))
	return 1
}
