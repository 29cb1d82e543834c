package study_test

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/secmodel"
	"cellsh/policy/study"
)

// twentyRules is a policy with so many rules, for cells web-*.
func twentyRules() string {
	var b strings.Builder
	b.WriteString("policy 'web' { cells = { 'web-*' }, on = { ['network.bind'] = function(r)\n")
	for i := range 20 {
		fmt.Fprintf(&b, "if r.port == %d and r.addr and r.addr:within('10.%d.0.0/16') then return deny, 'rule %d' end\n", 8000+i, i, i)
	}
	b.WriteString("end } }\n")
	return b.String()
}

// faulty is a policy for another cell, which goes wrong for many requests.
const faulty = `policy "other" { cells = { "other" }, on = {
	network = function(r) if r.port < 5 then return deny end end,
	process = function(r) if r.signal < 5 then return deny end end } }`

// decider has the policies, of which the cell other is faulty or not there, and a question to them.
func decider(t testing.TB, more string) (*study.Policies, *policy.Question) {
	t.Helper()
	p := loader.Reader{}.Load([]rules.Source{{File: "web.lua", Text: twentyRules() + more}})
	if err := p.Usable("other"); (err != nil) != (more != "") {
		t.Fatal(err)
	}
	q := &policy.Question{Cell: "web-1"}
	var ok bool
	if q.ID, ok = kauth.Find("network.bind.port"); !ok {
		t.Fatal("no such request")
	}
	q.SetCredential(80, 80, 80, 80)
	q.SetInt(kauth.FieldPort, 8019)
	a, err := policy.ParseAddr("10.19.0.1")
	if err != nil {
		t.Fatal(err)
	}
	q.SetAddr(a)
	return p, q
}

// What is checked of a cell is checked once, not for each question, and other cells have no part in it. A check that
// comes back would allocate.
func TestDecideChecksOnce(t *testing.T) {
	const most = 10
	for name, more := range map[string]string{"alone": "", "another cell is faulty": faulty} {
		p, q := decider(t, more)
		n := testing.AllocsPerRun(100, func() {
			if d, err := p.Decide(q); err != nil || d.Result != policy.Deny || d.Reason != "rule 19" {
				t.Fatal(d, err)
			}
		})
		if n > most {
			t.Errorf("%s: a decision allocates %g times, want at most %d", name, n, most)
		}
	}
	// What is refused is refused again, as cheaply.
	p, q := decider(t, faulty)
	q.Cell = "other"
	if n := testing.AllocsPerRun(100, func() {
		if _, err := p.Decide(q); err == nil {
			t.Fatal("the policy of the cell is faulty")
		}
	}); n > most {
		t.Errorf("a refusal allocates %g times, want at most %d", n, most)
	}
}

// BenchmarkDecide asks the same again and again.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct{ name, more string }{{"alone", ""}, {"another cell is faulty", faulty}} {
		b.Run(c.name, func(b *testing.B) {
			p, q := decider(b, c.more)
			b.ReportAllocs()
			for b.Loop() {
				if d, err := p.Decide(q); err != nil || d.Result != policy.Deny {
					b.Fatal(d, err)
				}
			}
		})
	}
}

// byName are a policy and an assertion that look at the names of cells.
const byName = `policy "web" { on = { ["system.reboot"] = function(r) if r.cell.name ~= "web-2" then return deny end end } }
never("no cell but web-2 reboots", { "system.reboot", where = function(r) return r.cell.name ~= "web-9" end })
policy "nine" { cells = "web-9", on = { ["network.route"] = function() return deny end } }`

// What is found out about a cell holds for those that nothing tells apart from it, and for no others.
func TestAlikeCells(t *testing.T) {
	p := loader.Reader{}.Load([]rules.Source{{File: "web.lua", Text: byName}})
	for _, c := range []struct {
		cell string
		good bool
		lax  string
	}{{"web-1", true, "medium"}, {"web-3", true, "medium"}, {"web-2", false, "low"}, {"web-9", true, "medium"}, {"web-1", true, "medium"}, {"web-2", false, "low"}} {
		if err := p.Attachable(c.cell); (err == nil) != c.good {
			t.Errorf("%s: %v", c.cell, err)
		}
		f, err := p.Fit(c.cell, secmodel.Current, analysis.Strict)
		if err != nil {
			t.Fatal(err)
		}
		if f.Cell != c.cell || f.Best().Profile.String() != c.lax {
			t.Errorf("%s: the fit is of %s: %s", c.cell, f.Cell, f.Best().Profile)
		}
	}
}

// A cell like one that is known costs next to nothing: neither its fit nor its assertions are worked out again.
func TestAlikeCellsAreNotWorkedOutAgain(t *testing.T) {
	p := loader.Reader{}.Load([]rules.Source{{File: "web.lua", Text: twentyRules() + `never("no routes", { "network.bind.anyaddr", cells = "db-*" })`}})
	n := 0
	look := func() {
		n++
		cell := fmt.Sprintf("web-%d", n)
		if err := p.Attachable(cell); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Fit(cell, secmodel.Current, analysis.Strict); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if allocations := testing.AllocsPerRun(100, look); allocations > 50 {
		t.Errorf("one more cell takes %g allocations", allocations)
	}
}

// readsNames are policies of which functions read the names of cells; most of them say the same for most.
const readsNames = `
local special = { ["web-2"] = true, ["web-5"] = true }
policy "some" { on = { ["system.sysvipc"] = function(r) if not special[r.cell.name] then return deny, "not here" end end } }
policy "ports" { on = { ["network.bind.port"] = function(r)
  if r.cell.name == "web-2" and r.port == 8080 then return deny, "its own" end
  if r.port == 9090 then return deny, "nobody's" end
end } }
policy "named" { cells = "db-*", on = { ["network.bind.port"] = function(r) if r.port == 1 then return deny, r.cell.name end end } }`

// Cells of which functions read the name, and say the same, are of a kind; nothing that is told of one of them is missed for
// the others.
func TestKinds(t *testing.T) {
	p := loader.Reader{}.Load([]rules.Source{{File: "web.lua", Text: readsNames}})
	if p.Loading.Failed() {
		t.Fatal(p.Loading)
	}
	cells := []string{"web-1", "web-2", "web-3", "web-4", "web-5", "db-1", "db-2"}
	same := map[string]string{"web-3": "web-1", "web-4": "web-1"}
	for i, a := range cells {
		for _, b := range cells[:i] {
			x, err := p.Program(a)
			if err != nil {
				t.Fatal(err)
			}
			y, err := p.Program(b)
			if err != nil {
				t.Fatal(err)
			}
			alike := x.Kind() == y.Kind()
			if want := same[a] == b || same[a] != "" && same[a] == same[b]; alike != want {
				t.Errorf("%s and %s are of a kind: %v, want %v", a, b, alike, want)
			}
			if alike && x.Program != y.Program || !x.CellRead {
				t.Errorf("%s and %s are of a kind, but have different programs", a, b)
			}
		}
	}
	first, err := p.Fit("web-1", secmodel.Current, analysis.Strict)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Fit("web-4", secmodel.Current, analysis.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if &first.Profiles[0].Laxer[0] != &again.Profiles[0].Laxer[0] {
		t.Error("the fit of a cell of the same kind was worked out again")
	}
	for _, cell := range cells {
		if err := p.Attachable(cell); err != nil {
			t.Errorf("%s: %v", cell, err)
		}
	}
}
