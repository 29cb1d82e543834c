package analysis

import (
	"slices"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

func TestLint(t *testing.T) {
	leaf := func(r policy.Result, line int) rules.Outcome {
		return rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: line}}}
	}
	pass := leaf(policy.Pass, 0)
	// on is an entry with a function that makes a test.
	on := func(name string, test policy.Test, yes, no rules.Outcome) rules.Entry {
		var b graph.Builder[rules.Outcome]
		g := b.Graph(b.Node(test, b.Leaf(yes), b.Leaf(no), diag.Span{File: "f.lua", Line: 7}))
		return rules.Entry{Pattern: pattern(t, name), Function: &function{graph: func(id kauth.RequestID) *graph.Graph[rules.Outcome] {
			if test.Needs()&^id.Info().Fields != 0 {
				return graph.Constant(no)
			}
			return g
		}}, Span: diag.Span{File: "f.lua", Line: 6}}
	}
	static := func(name string, r policy.Result, line int) rules.Entry {
		return rules.Entry{Pattern: pattern(t, name), Result: r, Span: diag.Span{File: "f.lua", Line: line}}
	}
	same := policy.Test{Kind: policy.In, Field: kauth.FieldTargetSameCell, Set: interval.Single(1)}
	port := func(lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(lo, hi)}
	}
	for _, c := range []struct {
		name    string
		entries []rules.Entry
		want    []string
	}{
		{"nothing to say", []rules.Entry{on("network.bind.port", port(0, 80), leaf(policy.Deny, 8), pass), static("network", policy.Deny, 9)}, nil},
		{"a test that is always true", []rules.Entry{on("network.bind.port", port(0, 65535), leaf(policy.Deny, 8), pass)},
			[]string{"f.lua:7: lint.constant_test: this one is always true, because r.port is 0 to 65535"}},
		{"a test that is true for the ports that are asked", []rules.Entry{on("network.bind.privport", port(0, 1023), leaf(policy.Deny, 8), pass)},
			[]string{"f.lua:7: lint.constant_test: this one is always true, because r.port is 1 to 1023 in network.bind.privport"}},
		{"a test that is false for the ports that are asked", []rules.Entry{on("network.bind.port", port(80, 80), leaf(policy.Deny, 8), pass)},
			[]string{"f.lua:7: lint.constant_test: this one is always false, because r.port is 0 or 1024 to 65535 in network.bind.port"}},
		{"a test for both requests", []rules.Entry{on("network.bind", port(0, 1023), leaf(policy.Deny, 8), pass)}, nil},
		{"an entry that a function passes on to for ports that are not asked", []rules.Entry{static("network.bind", policy.Deny, 5), static("network.bind.port", policy.Allow, 6),
			static("network.bind.anyaddr", policy.Allow, 6), on("network.bind.privport", port(0, 2000), leaf(policy.Deny, 8), pass)},
			[]string{"f.lua:5: lint.shadowed_entry: network.bind never is", "f.lua:7: lint.constant_test: this one is always true"}},
		{"an exception that hides some denials", []rules.Entry{static("network.bind.port", policy.Allow, 5), on("network.bind", port(0, 500), leaf(policy.Deny, 8), pass)},
			[]string{"f.lua:5: lint.hidden_denial: the function for network.bind denies"}},
		{"an exception from a denial of all", []rules.Entry{static("network.bind.port", policy.Allow, 5), on("network.bind", port(0, 500), leaf(policy.Deny, 8), leaf(policy.Deny, 9))}, nil},
		{"an exception from a list", []rules.Entry{static("network.bind.port", policy.Allow, 5), static("network.bind", policy.Deny, 6)}, nil},
		{"a denial instead of a function", []rules.Entry{static("network.bind.port", policy.Deny, 5), on("network.bind", port(0, 500), leaf(policy.Deny, 8), pass)}, nil},
		{"an entry that is never asked", []rules.Entry{static("machdep", policy.Deny, 3), static("process.fork", policy.Allow, 4), static("network.bind", policy.Deny, 5),
			static("network.bind.port", policy.Allow, 6), static("network.bind.privport", policy.Allow, 6), static("network.bind.anyaddr", policy.Allow, 6)},
			[]string{"f.lua:5: lint.shadowed_entry: network.bind never is"}},
		{"an entry that a function passes on to", []rules.Entry{static("network.bind", policy.Deny, 5), on("network.bind.port", port(0, 80), leaf(policy.Deny, 8), pass),
			static("network.bind.privport", policy.Allow, 6), static("network.bind.anyaddr", policy.Allow, 6)}, nil},
		{"an entry that a function never passes on to", []rules.Entry{static("network.bind", policy.Deny, 5), on("network.bind.port", port(0, 80), leaf(policy.Deny, 8), leaf(policy.Allow, 8)),
			static("network.bind.privport", policy.Allow, 6), static("network.bind.anyaddr", policy.Allow, 6)}, []string{"f.lua:5: lint.shadowed_entry: network.bind never is"}},
		{"a rule that the kernel never asks is told elsewhere", []rules.Entry{static("network.smb", policy.Deny, 5)}, nil},
		{"a grant that is of use", []rules.Entry{static("system.reboot", policy.Grant, 5)}, nil},
		{"a grant that the profile refuses", []rules.Entry{on("process.signal", same, pass, leaf(policy.Grant, 8))},
			[]string{"f.lua:8: lint.useless_grant: refuses process.signal where not r.target.same_cell"}},
		{"a grant that the profile refuses for some", []rules.Entry{static("process.signal", policy.Grant, 8)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &rules.Policy{Name: "p", Default: rules.Default{Result: policy.Allow}, Entries: c.entries}
			list, err := Lint(compiler(p), []string{"web-1", "web-2"})
			if err != nil {
				t.Fatal(err)
			}
			if len(list) != len(c.want) {
				t.Fatalf("%v, want %q", list, c.want)
			}
			for i, d := range list {
				place, rest, _ := strings.Cut(c.want[i], ": ")
				code, words, _ := strings.Cut(rest, ": ")
				if d.Span.String() != place || string(d.Code) != code || !strings.Contains(d.Message, words) || d.Severity != diag.Warning {
					t.Errorf("%s, want %s", d.Error(), c.want[i])
				}
			}
		})
	}
}

// A test that is always true in one cell is told only if it is so in all.
func TestLintLooksAtAllCells(t *testing.T) {
	lone := func(set interval.Set) *rules.Policy {
		return rule(t, "p", "network.bind.privport", func(kauth.RequestID) *graph.Graph[rules.Outcome] {
			var b graph.Builder[rules.Outcome]
			deny, allow := b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Deny}}), b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Allow}})
			inner := b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(0, 80)}, deny, allow, diag.Span{File: "f.lua", Line: 3})
			return b.Graph(b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: set}, inner, allow, diag.Span{File: "f.lua", Line: 2}))
		})
	}
	narrow, wide := lone(interval.Between(0, 10)), lone(interval.Between(0, 1000))
	narrow.Cells, wide.Cells = []rules.Glob{{Pattern: "web-1"}}, []rules.Glob{{Pattern: "web-2"}}
	c := compiler(narrow, wide)
	for cells, want := range map[string]int{"web-1": 1, "web-2": 0, "web-1 web-2": 0} {
		list, err := Lint(c, strings.Fields(cells))
		if err != nil || len(list) != want {
			t.Errorf("%s: %v, %v, want %d", cells, list, err, want)
		}
	}
}

func TestGrantsAreThoseThatRequestsGet(t *testing.T) {
	all := fixed(t, "all", "machdep", policy.Grant)
	audit := fixed(t, "audit", "system.reboot", policy.Grant)
	audit.Audit = true
	// The more general grant is hidden by an entry that always answers, except for one request.
	hidden := fixed(t, "hidden", "network.bind", policy.Grant)
	for _, name := range []string{"network.bind.port", "network.bind.anyaddr"} {
		hidden.Entries = append(hidden.Entries, rules.Entry{Pattern: pattern(t, name), Result: policy.Deny})
	}
	list, err := Grants(compiler(all, audit, hidden), []string{"web-1", "web-2"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range list {
		s := g.Policy + " " + g.Span.String()
		if g.Audit {
			s += " audit"
		}
		got = append(got, s)
	}
	if want := []string{"all all.lua:2", "audit audit.lua:2 audit", "hidden hidden.lua:2"}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	asked := 0
	for _, id := range kauth.Newest().Requests() {
		if pattern(t, "machdep").Matches(id) {
			asked++
		}
	}
	if len(list[0].Requests) != asked {
		t.Errorf("%d requests of machdep, want %d", len(list[0].Requests), asked)
	}
	if want := []kauth.RequestID{request(t, "network.bind.privport")}; !slices.Equal(list[2].Requests, want) {
		t.Errorf("%v, want %v", list[2].Requests, want)
	}
}

func TestLintFindsAssertionsAboutNothing(t *testing.T) {
	where := func(set interval.Set) rules.Function {
		return &function{graph: func(id kauth.RequestID) *graph.Graph[rules.Outcome] {
			var b graph.Builder[rules.Outcome]
			yes, no := b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Allow}}), b.Leaf(rules.Outcome{})
			if !id.Info().Fields.Has(kauth.FieldPort) {
				return b.Graph(no)
			}
			return b.Graph(b.Node(policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: set}, yes, no, diag.Span{}))
		}}
	}
	never := func(title, on, cells string, f rules.Function) *rules.Never {
		return &rules.Never{Title: title, Patterns: []kauth.Pattern{pattern(t, on)}, Cells: []rules.Glob{{Pattern: cells}}, Where: f, Span: diag.Span{File: "n.lua", Line: 1}}
	}
	set := &rules.Set{Nevers: []*rules.Never{
		never("about ports", "network.bind", "*", where(interval.Between(80, 90))),
		never("about everything", "system.reboot", "*", nil),
		never("about no port", "network.bind", "*", where(interval.Between(70000, 80000))),
		never("about no field", "system.reboot", "*", where(interval.Between(0, 90))),
	}}
	list, err := Lint(rules.NewCompiler(set, rules.Options{}), []string{"web-1"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, d.Message)
	}
	want := []string{`an assertion should be about some request, but where of "about no field" never holds`, `an assertion should be about some request, but where of "about no port" never holds`}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A long chain of tests that alternate between fields has too many cases to be worked out: remarks about it are made from
// ways through it, and what is not known is said.
func TestRemarksAboutManyCases(t *testing.T) {
	fields := []kauth.Field{kauth.FieldPort, kauth.FieldUID, kauth.FieldGID, kauth.FieldEUID}
	leaf := func(r policy.Result, line int) rules.Outcome {
		return rules.Outcome{Answer: policy.Answer{Result: r, Source: policy.Source{File: "f.lua", Line: line}}}
	}
	is := func(f kauth.Field, v int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: f, Set: interval.Single(v)}
	}
	const n = 400
	var b graph.Builder[rules.Outcome]
	at := b.Leaf(leaf(policy.Deny, 1))
	for i := range n {
		result := policy.Deny
		if i%4 == 1 {
			result = policy.Grant
		}
		at = b.Node(is(fields[i%4], int64(1+i)), b.Leaf(leaf(result, 10+i)), at, diag.Span{File: "f.lua", Line: 10 + i})
	}
	// The last line of the chain asks what line 10+n-1 has answered: nobody gets its grant.
	again := b.Node(is(fields[(n-1)%4], n), b.Leaf(leaf(policy.Grant, 5000)), b.Leaf(leaf(policy.Deny, 5001)), diag.Span{File: "f.lua", Line: 5000})
	at = b.Node(is(fields[(n-1)%4], n), b.Leaf(leaf(policy.Deny, 5002)), b.Node(is(kauth.FieldEGID, 7), again, at, diag.Span{File: "f.lua", Line: 4999}), diag.Span{File: "f.lua", Line: 5002})
	g := b.Graph(at)
	entry := rules.Entry{Pattern: pattern(t, "network.bind.port"), Function: &function{graph: func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g }}}
	c := compiler(&rules.Policy{Name: "p", Default: rules.Default{Result: policy.Allow}, Entries: []rules.Entry{entry}})
	grants, err := Grants(c, []string{"web-1"})
	if err != nil {
		t.Fatal(err)
	}
	lines := map[int]bool{}
	for _, x := range grants {
		lines[x.Line] = true
		if x.Unsure {
			t.Errorf("it must be known whether any request gets the grant of line %d, but is not", x.Line)
		}
	}
	if lines[5000] || len(lines) != n/4 {
		t.Errorf("%d of %d lines with grants are listed; the one that nobody gets: %t", len(lines), n/4, lines[5000])
	}
	list, err := Lint(c, []string{"web-1"})
	if err != nil {
		t.Fatal(err)
	}
	said := slices.ContainsFunc(list, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Note && d.Code == diag.TooLarge && strings.Contains(d.Message, "network.bind.port")
	})
	if !said {
		t.Errorf("it must be said what was not looked at, but is not: %v", list)
	}
	proof, err := Prove(c, []string{"web-1"}, ProveOptions{Effort: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	if !proof.Limited || proof.TooLarge != 1 || proof.Programs != 0 {
		t.Errorf("the proof is %+v", proof)
	}
}

// A denial by the name of a cell is told of if a cell without a name escapes it, and no other.
func TestUnknownCells(t *testing.T) {
	id := request(t, "process.signal")
	is := func(name string) policy.Test {
		return policy.Test{Kind: policy.Is, Field: kauth.FieldTargetCell, Text: name}
	}
	glob := func(pattern string) policy.Test {
		return policy.Test{Kind: policy.Glob, Field: kauth.FieldTargetCell, Text: pattern}
	}
	same := policy.Test{Kind: policy.In, Field: kauth.FieldTargetSameCell, Set: interval.Single(1)}
	for _, c := range []struct {
		what string
		// The tests that must be answered with yes, or with no, for a denial.
		yes, no []policy.Test
		// either are tests of which one is enough.
		either []policy.Test
		told   bool
	}{
		{"a name", []policy.Test{is("db-1")}, nil, nil, true},
		{"a pattern", []policy.Test{glob("db-*")}, nil, nil, true},
		{"the host", []policy.Test{is("")}, nil, nil, false},
		{"all but a name", nil, []policy.Test{is("web-1")}, nil, false},
		{"all but a pattern", nil, []policy.Test{glob("web-*")}, nil, false},
		{"all but the host", nil, []policy.Test{is("")}, nil, false},
		{"any cell and the host", []policy.Test{glob("*")}, nil, nil, false},
		{"a name, and no name", nil, nil, []policy.Test{is("db-1"), is("?")}, false},
		{"a name, or one's own cell", []policy.Test{same}, nil, []policy.Test{is("db-1"), is("web-1")}, true},
		{"all but no name", nil, []policy.Test{is("?")}, nil, true},
		{"what is not about names", []policy.Test{same}, nil, nil, false},
	} {
		var b graph.Builder[rules.Outcome]
		deny := b.Leaf(rules.Outcome{Answer: policy.Answer{Result: policy.Deny, Source: policy.Source{File: "f.lua", Line: 3}}, Column: 7})
		pass := b.Leaf(rules.Outcome{})
		at := deny
		if len(c.either) > 0 {
			at = pass
			for _, x := range c.either {
				at = b.Node(x, deny, at, diag.Span{})
			}
		}
		for _, x := range c.yes {
			at = b.Node(x, at, pass, diag.Span{})
		}
		for _, x := range c.no {
			at = b.Node(x, pass, at, diag.Span{})
		}
		g := b.Graph(at)
		list, err := Lint(compiler(rule(t, "p", id.String(), func(kauth.RequestID) *graph.Graph[rules.Outcome] { return g })), []string{"web-1"})
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == diag.LintUnknownCell && d.Line == 3 && d.Column == 7 })
		if told != c.told {
			t.Errorf("%s: told is %v: %v", c.what, told, list)
		}
	}
}
