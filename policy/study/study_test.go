package study_test

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
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
