package learn

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/edit"
	"cellsh/lua/format"
	"cellsh/lua/syntax"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// author writes random policies, with comments in them.
type author struct {
	t *rapid.T
	b strings.Builder
	n int
	*family
}

// family is requests of one kind, with what can be tested of them.
type family struct {
	scope, action string
	requests      []kauth.RequestID
	tests         []string
	// fill gives the fields of a request values.
	fill func(t *rapid.T, q *policy.Request)
}

// families are different in the kinds of their fields.
var families = []*family{
	{"network", "network.bind", []kauth.RequestID{kauth.MustFind("network.bind.port"), kauth.MustFind("network.bind.privport"), kauth.MustFind("network.bind.anyaddr")},
		[]string{"r.port == 80", "r.port == 443", "r.port and r.port < 1024", "r.port and r.port > 6000", "not r.port", "ports[r.port]", `r.type == "dgram"`, "r.port and r.port % 2 == 0", `r.addr and r.addr:within("10.0.0.0/8")`},
		func(t *rapid.T, q *policy.Request) {
			q.SetInt(kauth.FieldFamily, 2)
			q.SetInt(kauth.FieldType, rapid.SampledFrom([]int64{1, 2}).Draw(t, "type"))
			q.SetInt(kauth.FieldProtocol, 6)
			if !q.ID.Info().Fields.Has(kauth.FieldPort) {
				return
			}
			ports := []int64{0, 1024, 6000, 6001, 8080, 8081}
			if q.ID == kauth.MustFind("network.bind.privport") {
				ports = []int64{22, 23, 25, 53, 80, 443, 1023}
			}
			q.SetInt(kauth.FieldPort, rapid.SampledFrom(ports).Draw(t, "port"))
			addr, err := policy.ParseAddr(rapid.SampledFrom([]string{"10.1.2.3", "192.0.2.1", "2001:db8::1"}).Draw(t, "addr"))
			if err != nil {
				t.Fatal(err)
			}
			q.SetAddr(addr)
		}},
	{"system", "system.mount", []kauth.RequestID{kauth.MustFind("system.mount.new"), kauth.MustFind("system.mount.update"), kauth.MustFind("system.mount.unmount")},
		[]string{`r.flags and has(r.flags, "MNT_RDONLY")`, `r.flags and not has(r.flags, "MNT_NOSUID")`, "r.flags == 0", "r.flags and r.flags > 4", `r.fstype == "nfs"`, `r.fstype and r.fstype:glob("t*fs")`, "not r.fstype", "r.flags and has(r.flags, 5)"},
		func(t *rapid.T, q *policy.Request) {
			if q.ID.Info().Fields.Has(kauth.FieldFlags) {
				q.SetInt(kauth.FieldFlags, rapid.SampledFrom([]int64{0, 1, 4, 5, 8, 9, 13}).Draw(t, "flags"))
			}
			if q.ID.Info().Fields.Has(kauth.FieldFstype) {
				q.SetText(kauth.FieldFstype, rapid.SampledFrom([]string{"nfs", "tmpfs", "ffs", "ttfs"}).Draw(t, "fstype"))
			}
		}},
	{"process", "process.signal", []kauth.RequestID{kauth.MustFind("process.signal"), kauth.MustFind("process.nice"), kauth.MustFind("process.procfs.read")},
		[]string{`r.signal == "kill"`, "r.target.same_cell", "not r.target.is_self", "r.target.uid == r.uid", "r.target.euid == r.euid", "ids[r.target.uid]", "r.nice and r.nice < 0", "not r.signal", `r.target.cell == r.cell.name`, `r.target.cell == "db"`},
		func(t *rapid.T, q *policy.Request) {
			who := rapid.IntRange(0, 2).Draw(t, "target")
			q.SetInt(kauth.FieldTargetPID, 7)
			q.SetInt(kauth.FieldTargetIsInit, 0)
			q.SetInt(kauth.FieldTargetIsSelf, int64(who/2))
			q.SetInt(kauth.FieldTargetSameCell, int64(min(who, 1)))
			q.SetInt(kauth.FieldTargetUID, rapid.SampledFrom([]int64{0, 70, 1000}).Draw(t, "target uid"))
			q.SetInt(kauth.FieldTargetEUID, rapid.SampledFrom([]int64{0, 70, 1000}).Draw(t, "target euid"))
			if who == 2 {
				q.SetInt(kauth.FieldTargetUID, q.Int[kauth.FieldUID])
				q.SetInt(kauth.FieldTargetEUID, q.Int[kauth.FieldEUID])
			}
			q.SetText(kauth.FieldTargetCell, rapid.SampledFrom([]string{"", "web-1", "db", "?"}).Draw(t, "target cell"))
			if q.ID.Info().Fields.Has(kauth.FieldSignal) {
				q.SetInt(kauth.FieldSignal, rapid.SampledFrom([]int64{0, 9, 15}).Draw(t, "signal"))
			}
			if q.ID.Info().Fields.Has(kauth.FieldNice) {
				q.SetInt(kauth.FieldNice, rapid.SampledFrom([]int64{-20, -1, 0, 20}).Draw(t, "nice"))
			}
		}},
}

// names are the entries that a policy can have for the family.
func (f *family) names() []string {
	out := []string{f.scope, f.action}
	for _, id := range f.requests {
		if !slices.Contains(out, id.String()) {
			out = append(out, id.String())
		}
	}
	return out
}

// pick is one of several.
func (a *author) pick(label string, list ...string) string {
	return rapid.SampledFrom(list).Draw(a.t, label)
}

func (a *author) chance(label string) bool { return rapid.Bool().Draw(a.t, label) }

// comment is one now and then, each with a number of its own.
func (a *author) comment() string {
	a.n++
	return a.pick("comment", "", "", fmt.Sprintf(" -- note %d", a.n))
}

// test is a condition on a request.
func (a *author) test() string {
	one := func() string {
		if rapid.IntRange(0, 2).Draw(a.t, "about") > 0 {
			return a.pick("test", a.tests...)
		}
		return a.pick("who", "r.euid == 0", "r.euid ~= 80", "r.uid == r.euid", `r:in_group("wheel")`, `r:in_group(5)`, "ids[r.euid]", `r.cell.name == "web-1"`)
	}
	switch rapid.IntRange(0, 4).Draw(a.t, "form") {
	case 0:
		return one() + " and " + one()
	case 1:
		return one() + " or " + one()
	case 2:
		return "not (" + one() + ")"
	}
	return one()
}

func (a *author) result() string {
	return a.pick("result", "deny", "deny", `deny, "no"`, `deny, "never"`, "allow", `grant, "yes"`)
}

// body is the statements of a function.
func (a *author) body(indent string, depth int) {
	for range rapid.IntRange(0, 3).Draw(a.t, "statements") {
		switch rapid.IntRange(0, 5).Draw(a.t, "statement") {
		case 0, 1:
			fmt.Fprintf(&a.b, "%sif %s then return %s end%s\n", indent, a.test(), a.result(), a.comment())
		case 2:
			if depth == 0 {
				continue
			}
			fmt.Fprintf(&a.b, "%sif %s then%s\n", indent, a.test(), a.comment())
			a.body(indent+"  ", depth-1)
			if a.chance("else") {
				fmt.Fprintf(&a.b, "%selseif %s then\n%s  return %s%s\n%selse\n", indent, a.test(), indent, a.result(), a.comment(), indent)
				a.body(indent+"  ", depth-1)
			}
			fmt.Fprintf(&a.b, "%send\n", indent)
		case 3:
			fmt.Fprintf(&a.b, "%sfor _, p in ipairs(low) do%s\n%s  if r.port == p then return %s end\n%send\n", indent, a.comment(), indent, a.result(), indent)
		case 4:
			fmt.Fprintf(&a.b, "%slocal x = %s\n%sif x then return %s end\n", indent, a.pick("value", "ports[r.port]", "ids[r.euid]", "r.euid == 80"), indent, a.result())
		default:
			fmt.Fprintf(&a.b, "%sif helper(r) then return %s end%s\n", indent, a.result(), a.comment())
		}
	}
	if a.chance("ends") {
		fmt.Fprintf(&a.b, "%sdo return %s end%s\n", indent, a.result(), a.comment())
	}
}

// policy writes one.
func (a *author) policy(name string) {
	inline := a.chance("inline")
	fmt.Fprintf(&a.b, "policy %q {%s\n", name, a.comment())
	fmt.Fprintf(&a.b, "  cells = %s,\n", a.pick("cells", `"web-1"`, `"web-*"`, `{ "web-1", "db" }`, `"*"`))
	if a.chance("default") {
		fmt.Fprintf(&a.b, "  default = %q,%s\n", a.pick("default", "deny", "deny", "allow"), a.comment())
	}
	taken := map[string]bool{}
	name = func() string {
		n := a.pick("entry", a.names()...)
		taken[n] = true
		return n
	}()
	if second := a.pick("list", append(a.names(), "")...); second != "" && !taken[second] {
		taken[second] = true
		if inline {
			fmt.Fprintf(&a.b, "  deny = { \"device\", %q },%s\n", second, a.comment())
		} else {
			fmt.Fprintf(&a.b, "  deny = {\n    %q,%s\n    \"machdep\"%s\n  },\n", second, a.comment(), a.comment())
		}
	}
	if a.chance("audit") && a.chance("really") {
		a.b.WriteString("  mode = \"audit\",\n")
	}
	a.b.WriteString("  on = {\n")
	if a.chance("named") {
		fmt.Fprintf(&a.b, "    [%q] = shared,%s\n", name, a.comment())
	} else {
		fmt.Fprintf(&a.b, "    [%q] = function(r)%s\n", name, a.comment())
		a.body("      ", 2)
		a.b.WriteString("    end\n")
	}
	fmt.Fprintf(&a.b, "  }%s\n}\n", a.pick("comma", "", ","))
}

// write writes a file.
func (a *author) write() string {
	fmt.Fprintf(&a.b, "local ports = { [80] = true, [8080] = true }%s\nlocal ids = { [0] = true, [70] = true }\nlocal low = { 22, 25 }%s\n", a.comment(), a.comment())
	fmt.Fprintf(&a.b, "local function helper(q)\n  if q.port == %d then return true end%s\n  return q.euid == 70\nend\n", rapid.SampledFrom([]int{22, 53, 8080}).Draw(a.t, "port"), a.comment())
	a.b.WriteString("local function shared(q)\n")
	fmt.Fprintf(&a.b, "  if q.port == 80 then return allow end%s\n  return %s%s\nend\n", a.comment(), a.pick("shared", "deny", `deny, "shared"`, "allow"), a.comment())
	a.policy("a")
	if a.chance("another") {
		a.policy("b")
	}
	if a.scope == "network" && a.chance("never") {
		a.b.WriteString("never(\"no telnet\", { \"network.bind.privport\", where = function(r) return r.port == 23 end })\npolicy \"telnet\" { on = { [\"network.bind.privport\"] = function(r) if r.port == 23 then return deny, \"telnet\" end end } }\n")
	}
	return a.b.String()
}

// request is a random one that a cell makes.
func (f *family) request(t *rapid.T) *policy.Request {
	draw := func(label string, list ...int64) int64 { return rapid.SampledFrom(list).Draw(t, label) }
	q := &policy.Request{ID: rapid.SampledFrom(f.requests).Draw(t, "request")}
	var groups []uint32
	for _, g := range []uint32{0, 5} {
		if rapid.Bool().Draw(t, "member") {
			groups = append(groups, g)
		}
	}
	euid := draw("euid", 0, 70, 80, 1000)
	q.SetCredential(uint32(draw("uid", euid, 1000)), uint32(euid), 100, 100, groups...)
	f.fill(t, q)
	return q
}

// says is what policies say, as the functions themselves answer; and what those in audit mode say.
func says(t *rapid.T, p *study.Policies, cell string, q *policy.Request) [2]policy.Result {
	var out [2]policy.Result
	for i, audit := range []bool{false, true} {
		r, err := answer(p, cell, q, audit)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = r
	}
	return out
}

// What was asked for is allowed afterwards, and all that was not told stays as it is: comments, and the answers to other requests.
func TestLearnsWhatItTells(t *testing.T) {
	lessons, given := 0, 0
	why := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(families).Draw(t, "family")
		text := (&author{t: t, family: f}).write()
		if rapid.Bool().Draw(t, "in style") {
			if out, problems := format.Source("p.lua", text); len(problems) == 0 {
				text = out
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "line ends") == 0 {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		sources := []rules.Source{{File: "p.lua", Text: text}}
		base, _ := read(sources)
		if base.Loading.Failed() {
			t.Skip(base.Loading)
		}
		cells := []string{"web-1", "web-2", "db", "mail"}
		if c, err := base.Check(study.CheckOptions{Live: cells, ErrorsOnly: true}); err != nil || c.Problems.Failed() {
			t.Skip("the policies are wrong")
		}
		o := Options{Read: read, Groups: machine, Live: cells, AnyUser: rapid.Bool().Draw(t, "any user"), AnyCell: rapid.Bool().Draw(t, "any cell")}
		var asked []*Asked
		var wanted []*policy.Request
		var from []string
		for range rapid.IntRange(1, 3).Draw(t, "asked") {
			cell := rapid.SampledFrom(cells).Draw(t, "cell")
			q := f.request(t)
			d, err := base.Decide(&policy.Question{Cell: cell, Request: *q})
			if err != nil {
				t.Fatal(err)
			}
			a := &Asked{Cell: cell, Request: q.ID, EUID: uint32(q.Int[kauth.FieldEUID]), Denial: d.Answer, Count: 1}
			if d.Result != policy.Deny {
				if a.Denial, a.Audit = d.Would, true; d.Would.Result != policy.Deny {
					continue
				}
			}
			asked, wanted, from = append(asked, a), append(wanted, q), append(from, cell)
		}
		if len(asked) == 0 {
			t.Skip("nothing is denied")
		}
		if q := wanted[0]; len(asked) == 1 && rapid.Bool().Draw(t, "told") {
			for _, word := range strings.Fields(study.ExplainArgs("x", q))[2:] {
				word = strings.Trim(word, "'")
				name, value, _ := strings.Cut(word, "=")
				if fd, _ := kauth.FindField(name); fd.Info().Kind == kauth.KindGroups || fd == kauth.FieldEUID || value == "" || rapid.Bool().Draw(t, "unknown") {
					continue
				}
				if err := o.Told.Tell(word, machine); err != nil {
					t.Fatal(word, err)
				}
			}
		}
		l, err := Learn(base, asked, o)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		fail := func(form string, args ...any) {
			t.Helper()
			t.Fatalf("%s\n%s\n%s", text, lesson(l), fmt.Sprintf(form, args...))
		}
		lessons += len(asked)
		for i, a := range asked {
			if at := slices.IndexFunc(l.Left, func(u *Unlearned) bool { return u.Asked == a }); at >= 0 {
				given++
				why[shortWhy(l.Left[at].Why)]++
				continue
			}
			now := says(t, l.Policies, from[i], wanted[i])
			if now[0] == policy.Deny && !a.Audit || now[1] == policy.Deny && a.Audit {
				fail("%s is denied still", study.ExplainArgs(from[i], wanted[i]))
			}
		}
		after := text
		for _, f := range l.Files {
			after = f.After
		}
		if before, now := edit.Comments("p.lua", text), edit.Comments("p.lua", after); !slices.Equal(before, now) {
			fail("comments were %q and are %q", before, now)
		}
		if syntax.Read("p.lua", after).Problems.Failed() {
			fail("it can't be read")
		}
		if strings.Contains(text, "\r\n") && strings.Count(after, "\n") != strings.Count(after, "\r\n") {
			fail("lines end in two ways: %q", after)
		}
		if was, _ := format.Source("p.lua", text); was == text {
			if now, _ := format.Source("p.lua", after); now != after {
				fail("the file was in the one style, and is not")
			}
		}
		for range 20 {
			cell := rapid.SampledFrom(cells).Draw(t, "cell")
			q := f.request(t)
			if rapid.Bool().Draw(t, "near") {
				// One that was asked for, by another or elsewhere.
				near := *wanted[0]
				near.SetInt(kauth.FieldEUID, q.Int[kauth.FieldEUID])
				q = &near
			}
			was, now := says(t, base, cell, q), says(t, l.Policies, cell, q)
			told := slices.ContainsFunc(l.Difference.Requests, func(c analysis.Change) bool {
				return c.Request == q.ID && slices.Contains(c.Cells, cell) && c.Region.Contains(q)
			})
			switch {
			case was != now && !told:
				fail("%s was %v and is %v, which is not told", study.ExplainArgs(cell, q), was, now)
			case was == now && told:
				fail("%s is %v, but a change is told", study.ExplainArgs(cell, q), was)
			case was[0] != now[0] && (was[0] != policy.Deny || now[0] == policy.Grant), was[1] != now[1] && was[1] != policy.Deny:
				fail("%s was %v and is %v", study.ExplainArgs(cell, q), was, now)
			case cell != "mail" && q.Given.Has(kauth.FieldPort) && q.Int[kauth.FieldPort] == 23 && len(base.Set().Nevers) > 0 && now[0] != policy.Deny:
				fail("%s must never be allowed", study.ExplainArgs(cell, q))
			case was != now && !o.AnyUser && !slices.ContainsFunc(asked, func(a *Asked) bool { return int64(a.EUID) == q.Int[kauth.FieldEUID] }):
				fail("%s: nobody has asked for this user", study.ExplainArgs(cell, q))
			case was != now && !o.AnyCell && !slices.Contains(from, cell):
				fail("%s: nobody has asked for this cell", study.ExplainArgs(cell, q))
			}
		}
	})
	t.Logf("%d denials, no change for %d of them: %v", lessons, given, why)
}

// shortWhy is a reason without what is special about it.
func shortWhy(why string) string {
	if i := strings.IndexAny(why, "(:\""); i > 0 {
		return why[:i]
	}
	return why
}
