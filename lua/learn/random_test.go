package learn

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

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
}

func (a *author) pick(label string, list ...string) string {
	return rapid.SampledFrom(list).Draw(a.t, label)
}

func (a *author) chance(label string) bool { return rapid.Bool().Draw(a.t, label) }

// comment is one now and then, each with a number of its own.
func (a *author) comment() string {
	a.n++
	return a.pick("comment", "", "", fmt.Sprintf(" -- note %d", a.n))
}

// test is a condition on a request of network.bind.
func (a *author) test() string {
	one := func() string {
		return a.pick("test", "r.port == 80", "r.port == 443", "r.port and r.port < 1024", "r.port and r.port > 6000", "not r.port", "r.euid == 0", "r.euid ~= 80", "r.uid == r.euid",
			`r:in_group("wheel")`, `r:in_group(5)`, "ports[r.port]", "ids[r.euid]", `r.type == "dgram"`, `r.cell.name == "web-1"`, "r.port and r.port % 2 == 0", `r.addr and r.addr:within("10.0.0.0/8")`)
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
		n := a.pick("entry", "network.bind", "network.bind.port", "network.bind.privport", "network.bind.anyaddr", "network")
		if taken[n] {
			return ""
		}
		taken[n] = true
		return n
	}()
	if second := a.pick("list", "network.bind.port", "network", "network.bind.anyaddr", ""); second != "" && !taken[second] {
		taken[second] = true
		if inline {
			fmt.Fprintf(&a.b, "  deny = { \"system\", %q },%s\n", second, a.comment())
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
	if a.chance("never") {
		a.b.WriteString("never(\"no telnet\", { \"network.bind.privport\", where = function(r) return r.port == 23 end })\npolicy \"telnet\" { on = { [\"network.bind.privport\"] = function(r) if r.port == 23 then return deny, \"telnet\" end end } }\n")
	}
	return a.b.String()
}

var binds = []kauth.RequestID{kauth.MustFind("network.bind.port"), kauth.MustFind("network.bind.privport"), kauth.MustFind("network.bind.anyaddr")}

// request is a random one that a cell makes.
func request(t *rapid.T, id kauth.RequestID) *policy.Request {
	draw := func(label string, list ...int64) int64 { return rapid.SampledFrom(list).Draw(t, label) }
	q := &policy.Request{ID: id}
	var groups []uint32
	for _, g := range []uint32{0, 5} {
		if rapid.Bool().Draw(t, "member") {
			groups = append(groups, g)
		}
	}
	euid := draw("euid", 0, 70, 80, 1000)
	q.SetCredential(uint32(draw("uid", euid, 1000)), uint32(euid), 100, 100, groups...)
	for f, values := range map[kauth.Field][]int64{kauth.FieldFamily: {2}, kauth.FieldType: {1, 2}, kauth.FieldProtocol: {6}} {
		q.SetInt(f, draw(f.String(), values...))
	}
	if q.ID.Info().Fields.Has(kauth.FieldPort) {
		if id == binds[1] {
			q.SetInt(kauth.FieldPort, draw("low", 22, 23, 25, 53, 80, 443, 1023))
		} else {
			q.SetInt(kauth.FieldPort, draw("high", 0, 1024, 6000, 6001, 8080, 8081))
		}
		addr, err := policy.ParseAddr(rapid.SampledFrom([]string{"10.1.2.3", "192.0.2.1", "2001:db8::1"}).Draw(t, "addr"))
		if err != nil {
			t.Fatal(err)
		}
		q.SetAddr(addr)
	}
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
		text := (&author{t: t}).write()
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
			q := request(t, rapid.SampledFrom(binds).Draw(t, "request"))
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
		if q := wanted[0]; len(asked) == 1 && q.Given.Has(kauth.FieldPort) && rapid.Bool().Draw(t, "told") {
			for _, word := range []string{fmt.Sprintf("port=%d", q.Int[kauth.FieldPort]), "addr=" + q.Addr.String()} {
				if err := o.Told.Tell(word, machine); err != nil {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "enough") {
					break
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
		if before, now := comments("p.lua", text), comments("p.lua", after); !slices.Equal(before, now) {
			fail("comments were %q and are %q", before, now)
		}
		if syntax.Read("p.lua", after).Problems.Failed() {
			fail("it can't be read")
		}
		for range 20 {
			cell := rapid.SampledFrom(cells).Draw(t, "cell")
			q := request(t, rapid.SampledFrom(binds).Draw(t, "request"))
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
			case cell != "mail" && q.ID == binds[1] && q.Int[kauth.FieldPort] == 23 && len(base.Set().Nevers) > 0 && now[0] != policy.Deny:
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
		return why[:i] + why[max(i, strings.LastIndex(why, ":")):]
	}
	return why
}
