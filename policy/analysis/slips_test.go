package analysis

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// read is a function that denies, and reads a field on a line, where the request may lack it.
func read(name string, at int) func(kauth.RequestID, string) *rules.Compiled {
	return func(id kauth.RequestID, _ string) *rules.Compiled {
		f := kauth.FieldTargetPID
		if name != "target" {
			f, _ = kauth.FindField(name)
		}
		c := &rules.Compiled{Graph: graph.Constant(line(policy.Deny, 1)), Read: kauth.FieldSet(0).With(f)}
		if !id.Info().Fields.Has(f) {
			c.Absent = []rules.FieldRead{{Field: f, Name: name, Span: diag.Span{File: "f.lua", Line: at}}}
		}
		return c
	}
}

func TestSlipsOfAbsentFields(t *testing.T) {
	for _, c := range []struct {
		on, field  string
		want, hint string
	}{
		{"network.bind", "family", "", ""},
		// Some requests of the entry carry it.
		{"network.bind", "port", "", ""},
		{"network", "domain", "", ""},
		{"process", "target", "", ""},
		{"network.bind", "domain", "f.lua:7: a field must be one that the requests carry, but none of network.bind carries r.domain", "did you mean r.family?"},
		{"network.socket.open", "family", "f.lua:7: a field must be one that the requests carry, but none of network.socket.open carries r.family", "did you mean r.domain?"},
		{"network.bind.anyaddr", "port", "f.lua:7: a field must be one that the requests carry, but none of network.bind.anyaddr carries r.port",
			"r.port is carried by network.bind.port, network.bind.privport"},
		{"network.interface", "op", "f.lua:7: a field must be one that the requests carry, but none of network.interface carries r.op", "did you mean r.cmd?"},
		{"process.signal", "signal", "", ""},
		{"process.nice", "signal", "f.lua:7: a field must be one that the requests carry, but none of process.nice carries r.signal", "r.signal is carried by process.signal"},
		{"system.reboot", "target", "f.lua:7: a field must be one that the requests carry, but none of system.reboot carries r.target", "*"},
	} {
		t.Run(c.on+" "+c.field, func(t *testing.T) {
			p := rule(t, "p", c.on, nil)
			p.Entries[0].Function = &function{compiled: read(c.field, 7)}
			n := &rules.Never{Title: "t", Patterns: []kauth.Pattern{pattern(t, c.on)}, Where: &function{compiled: read(c.field, 7)}}
			for _, set := range []*rules.Set{{Policies: []*rules.Policy{p}}, {Nevers: []*rules.Never{n}}} {
				got, hint := "", ""
				list := Slips(rules.NewCompiler(set, rules.Options{}), []string{"web-1"})
				for _, s := range list {
					got, hint = s.Span.String()+": "+s.Message, s.Hint
					if s.Code != diag.DecisionAbsent || s.Severity != diag.Error {
						t.Errorf("%+v", s)
					}
				}
				if len(list) > 1 || got != c.want || hint != c.hint && c.hint != "*" {
					t.Errorf("%d: %s (%s)\nwant %s (%s)", len(list), got, hint, c.want, c.hint)
				}
			}
		})
	}
}

// An error that only the missing field causes is not told again.
func TestSlipProblems(t *testing.T) {
	at := func(line int, code diag.Code) diag.Diagnostic {
		return diag.Diagnostic{Span: diag.Span{File: "f.lua", Line: line}, Code: code}
	}
	slip := Slip{Diagnostic: at(7, diag.DecisionAbsent), field: "port"}
	got := SlipProblems(diag.List{at(7, diag.DecisionError), at(8, diag.DecisionError), at(7, diag.DecisionText)}, []Slip{slip})
	want := []diag.Diagnostic{at(8, diag.DecisionError), at(7, diag.DecisionText), at(7, diag.DecisionAbsent)}
	if !slices.EqualFunc(got, want, func(a, b diag.Diagnostic) bool { return a.Span == b.Span && a.Code == b.Code }) {
		t.Errorf("%v", got)
	}
}

func TestSlipsOfSilentFunctions(t *testing.T) {
	port := func(lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(lo, hi)}
	}
	// both denies what answers two tests with yes.
	both := func(x, y policy.Test) *graph.Graph[rules.Outcome] {
		var b graph.Builder[rules.Outcome]
		pass := b.Leaf(rules.Outcome{})
		return b.Graph(b.Node(x, b.Node(y, b.Leaf(line(policy.Deny, 3)), pass, diag.Span{}), pass, diag.Span{}))
	}
	constant := func(o rules.Outcome) *graph.Graph[rules.Outcome] { return graph.Constant(o) }
	id := request(t, "network.bind.port")
	for _, c := range []struct {
		name string
		on   string
		make func(id kauth.RequestID, cell string) (g *graph.Graph[rules.Outcome], cellRead bool)
		want string
	}{
		{"nothing at all", "network.bind.port", func(kauth.RequestID, string) (*graph.Graph[rules.Outcome], bool) {
			return constant(rules.Outcome{}), false
		},
			"a function must answer some request, but this one answers none of network.bind.port in cells web-1, web-2"},
		{"always", "network.bind.port", func(kauth.RequestID, string) (*graph.Graph[rules.Outcome], bool) {
			return constant(line(policy.Allow, 3)), false
		}, ""},
		{"only an error", "network.bind.port", func(kauth.RequestID, string) (*graph.Graph[rules.Outcome], bool) {
			return constant(rules.Outcome{Fault: &rules.Fault{}}), false
		}, ""},
		{"some", "network.bind.port", func(kauth.RequestID, string) (*graph.Graph[rules.Outcome], bool) {
			return both(port(0, 80), port(80, 90)), false
		}, ""},
		{"none, although it has an answer", "network.bind.port", func(kauth.RequestID, string) (*graph.Graph[rules.Outcome], bool) {
			return both(port(0, 80), port(81, 90)), false
		}, "a function must answer some request, but this one answers none of network.bind.port in cells web-1, web-2"},
		{"one request of many", "network", func(x kauth.RequestID, _ string) (*graph.Graph[rules.Outcome], bool) {
			if x == id {
				return constant(line(policy.Deny, 3)), false
			}
			return constant(rules.Outcome{}), false
		}, ""},
		{"one cell of two", "network.bind.port", func(_ kauth.RequestID, cell string) (*graph.Graph[rules.Outcome], bool) {
			if cell == "web-2" {
				return constant(line(policy.Deny, 3)), true
			}
			return constant(rules.Outcome{}), true
		}, ""},
		{"another cell", "network.bind.port", func(_ kauth.RequestID, cell string) (*graph.Graph[rules.Outcome], bool) {
			return constant(rules.Outcome{}), true
		}, "a function must answer some request, but this one answers none of network.bind.port in cells web-1, web-2"},
		{"what is never asked", "network.smb", func(kauth.RequestID, string) (*graph.Graph[rules.Outcome], bool) {
			return constant(rules.Outcome{}), false
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := rule(t, "p", c.on, nil)
			cellRead := false
			p.Entries[0].Function = &function{compiled: func(id kauth.RequestID, cell string) *rules.Compiled {
				g, reads := c.make(id, cell)
				cellRead = reads
				return &rules.Compiled{Graph: g, CellRead: reads}
			}}
			got := ""
			for _, s := range Slips(compiler(p), []string{"web-1", "web-2"}) {
				got = s.Message
				if s.Code != diag.DecisionSilent || s.Severity != diag.Error || s.Span.Line != 1 || s.CellRead != cellRead {
					t.Errorf("%+v", s)
				}
			}
			if got != c.want {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
	// A policy for no cell that is looked at may answer in others.
	p := rule(t, "p", "network.bind.port", func(kauth.RequestID) *graph.Graph[rules.Outcome] { return constant(rules.Outcome{}) })
	p.Cells = []rules.Glob{{Pattern: "db-1"}}
	if list := Slips(compiler(p), []string{"web-1"}); len(list) > 0 {
		t.Errorf("%v", list)
	}
}

// What is called silent answers nothing.
func TestSilentIsExact(t *testing.T) {
	ids := kauth.Newest().Requests()
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "request")
		g := smallGraph(rt, id)
		silent := len(Slips(compiler(rule(t, "p", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g })), []string{"web-1"})) > 0
		p := possibleTests(g, "web-1", id)
		answers := g.Root < 0 && g.Leaf(g.Root).Result != policy.Pass
		at := func(r graph.Ref, taken bool) {
			if r < 0 && taken && g.Leaf(r).Result != policy.Pass {
				answers = true
			}
		}
		for i := range g.Nodes {
			at(g.Nodes[i].Yes, p.yes[i])
			at(g.Nodes[i].No, p.no[i])
		}
		if silent == answers {
			rt.Fatalf("silent is %v, but answers is %v", silent, answers)
		}
	})
}
