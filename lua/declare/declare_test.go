package declare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// function stands for a function written in Lua.
type function struct{ name string }

func (*function) Type() value.Type { return value.FunctionType }

// decision is what is made of one.
type decision struct {
	of    *function
	where bool
}

func (*decision) Compile(kauth.RequestID, string) *rules.Compiled { return nil }
func (*decision) Ask(*policy.Request, string) (policy.Answer, int64, error) {
	return policy.Answer{}, 1, nil
}
func (*decision) Span() diag.Span { return diag.Span{} }

// fresh collects. A function without a name is one whose source nobody has.
func fresh() *Declarations {
	return New(func(f value.Value, where bool) rules.Function {
		if f := f.(*function); f.name != "" {
			return &decision{f, where}
		}
		return nil
	}, nil)
}

// table makes a table of keys and values that follow each other.
func table(t *testing.T, pairs ...value.Value) *value.Table {
	t.Helper()
	x := &value.Table{}
	for i := 0; i < len(pairs); i += 2 {
		if err := x.Set(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// calls are the calls of a source, the outermost of each statement first.
func calls(t *testing.T, text string) []Site {
	t.Helper()
	f := syntax.Read("p.lua", text)
	if f.Problems.Failed() {
		t.Fatal(f.Problems)
	}
	var sites []Site
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			sites = append(sites, Site{f, c})
		}
		return true
	})
	return sites
}

// The place of a declaration is that of the word, or of what is called in its stead.
func TestPlace(t *testing.T) {
	for text, want := range map[string]string{
		`policy "p" {}`:         "1:1+6",
		`  never("t", {})`:      "1:3+5",
		`words.policy("p", {})`: "1:1+12",
		`(policy) "p" {}`:       "1:2+6",
		"words\n  :policy{}":    "2:4+6",
		`pcall(policy, "p")`:    "1:7+6",
		`pcall(policy "p", {})`: "1:7+6",
		`pcall()`:               "1:1+5",
		"x =\n policy \"p\" {}": "2:2+6",
		`for f in f() do end`:   "1:10+1",
	} {
		at := calls(t, text)[0].Place()
		if got := fmt.Sprintf("%d:%d+%d", at.Line, at.Column, at.Width); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	f := syntax.Read("p.lua", "")
	if at := (Site{File: f}).Place(); at != (diag.Span{File: "p.lua"}) {
		t.Errorf("a call that is not written must be somewhere in its file, but is at %v", at)
	}
	if at := (Site{}).Place(); at != (diag.Span{}) {
		t.Errorf("a call from nowhere must be nowhere, but is at %v", at)
	}
}

// What is declared without any source is declared all the same.
func TestWithoutSource(t *testing.T) {
	d := fresh()
	f := &function{"f"}
	body := table(t, value.String("cells"), value.String("web-*"), value.String("deny"), table(t, value.Number(1), value.String("system"), value.Number(2), value.String("nework")),
		value.String("on"), table(t, value.String("network.bind"), f), value.String("budget"), table(t, value.String("procs"), value.Number(-1)))
	finish := d.Call("policy", []value.Value{value.String("web")}, Site{})
	finish([]value.Value{body}, Site{})
	if then := d.Call("never", []value.Value{value.String("t"), table(t, value.Number(1), value.String("system"), value.String("where"), f)}, Site{}); then != nil {
		t.Error("a word that has its table must give nothing")
	}
	set := d.Set()
	if len(set.Policies) != 1 || len(set.Nevers) != 1 {
		t.Fatalf("%d policies, %d assertions: %v", len(set.Policies), len(set.Nevers), d.Problems())
	}
	p := set.Policies[0]
	if len(p.Entries) != 2 || *p.Entries[1].Function.(*decision) != (decision{f, false}) || *set.Nevers[0].Where.(*decision) != (decision{f, true}) {
		t.Errorf("entries: %+v", p.Entries)
	}
	var got []string
	for _, p := range d.Problems() {
		got = append(got, fmt.Sprintf("%s %s", p.Span, p.Code))
	}
	if !slices.Equal(got, []string{" policy.request", " policy.value"}) {
		t.Errorf("problems: %q", got)
	}
}

// Each string of a list has its own place, whatever it is and wherever it comes from.
func TestPlacesOfElements(t *testing.T) {
	for _, c := range []struct {
		list string
		// want are columns in the list, from 1.
		want []int
	}{
		{`{ "network.bind", "system", 'machdep' }`, []int{4, 20, 30}},
		{`{ "system", "system" }`, []int{4, 14}},
		{`{ [2] = "system", [1] = "machdep" }`, []int{26, 10}},
		{`{ "system", f() }`, []int{4, 13, 13}},
		{`{ "sys" .. "tem", [[machdep]] }`, []int{3, 19}},
		{`({ "system" })`, []int{5}},
		{`"system"`, []int{2}},
		{`("system")`, []int{3}},
		{`names`, []int{1, 1}},
		{`{ f(), "system" }`, []int{3, 9}},
	} {
		const before = "policy('p', { x = "
		site := calls(t, before+c.list+" })")[0]
		x := &context{d: fresh(), whole: site.Place(), written: literalOf(site.File, site.arg(1))}
		list := &value.Table{}
		for i := range c.want {
			_ = list.Set(value.Number(i+1), value.String("system"))
		}
		var v value.Value = list
		if strings.HasPrefix(strings.TrimLeft(c.list, "("), `"`) {
			v = value.String("system")
		}
		var got []int
		for _, e := range x.strings(table(t, value.String("x"), v), "x", "names") {
			got = append(got, e.at.Column-len(before))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: columns %d, want %d", c.list, got, c.want)
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	for text, want := range map[string]string{
		`x = { a = 1, b = 2, a = 3 }`:                                                      "1:21 a 1:7",
		`x = { a = 1, ["a"] = 2 }`:                                                         "1:16 a 1:7",
		`x = { [1] = 1, 2 }`:                                                               "1:16 1 1:8",
		`x = { [0x10] = 1, [16] = 2, [16.0] = 3 }`:                                         "1:20 16 1:8, 1:30 16 1:8",
		`x = { [true] = 1, [false] = 2, [true] = 3 }`:                                      "1:33 true 1:8",
		`x = { [-1] = 1, [1] = 2, [-(1)] = 3 }`:                                            "1:27 -1 1:8",
		`x = { ["1"] = 1, [1] = 2 }`:                                                       "",
		`x = { [a] = 1, [a] = 2 }`:                                                         "",
		`x = { { a = 1 }, { a = 1 } }`:                                                     "",
		`x = { a = { b = 1, b = 2 } }`:                                                     "1:20 b 1:13",
		`return function() return { a = 1, a = 1 } end`:                                    "1:35 a 1:28",
		"f{ a = 1,\n a = 2 } if { c = 1, c = 1 } then end":                                 "2:2 a 1:4, 2:22 c 2:15",
		`x = { a = 1, ["a\0"] = 2, ["\97"] = 3 }`:                                          "1:28 a 1:7",
		`x = { 1, 2, 3, [4] = 4, f() }`:                                                    "1:25 4 1:17",
		`x = { [` + strings.Repeat("(", 50) + "1" + strings.Repeat(")", 50) + `] = 1, 1 }`: "1:116 1 1:8",
	} {
		var got []string
		for _, p := range DuplicateKeys(syntax.Read("p.lua", text)) {
			name := strings.TrimSuffix(strings.TrimPrefix(p.Message, "a key must be given once, but "), " is given twice")
			got = append(got, fmt.Sprintf("%d:%d %s %d:%d", p.Line, p.Column, name, p.Related[0].Line, p.Related[0].Column))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// Very many elements in all declarations together are refused, however few each of them has.
func TestAllElements(t *testing.T) {
	list := &value.Table{}
	for i := range MaxElements {
		_ = list.Set(value.Number(i+1), value.String(fmt.Sprintf("web-%d", i)))
	}
	d := fresh()
	body := table(t, value.String("cells"), list)
	for i := range 300 {
		d.Call("policy", []value.Value{value.String(fmt.Sprintf("p%d", i)), body}, Site{})
	}
	globs := 0
	for _, p := range d.Policies() {
		globs += len(p.Cells)
	}
	problems := d.Problems()
	if len(problems) != 1 || problems[0].Code != diag.PolicyLimit || problems[0].Message != "the declarations of a load must have at most 1000000 elements, but have more" {
		t.Errorf("%v", problems)
	}
	if globs > maxAllElements {
		t.Errorf("%d globs are kept", globs)
	}
}

// A gap in a list is told once, however wide it is.
func TestGaps(t *testing.T) {
	d := fresh()
	list := table(t, value.Number(1), value.String("a"), value.Number(3), value.String("b"), value.Number(4_000_000), value.String("c"), value.Number(1e300), value.String("d"))
	d.Call("policy", []value.Value{value.String("p"), table(t, value.String("cells"), list)}, Site{})
	var got []string
	for _, p := range d.Problems() {
		got = append(got, p.Message)
	}
	want := []string{"cells must be a list of globs, but element 2 is nil", "cells must be a list of globs, but elements 4 to 3999999 are nil", "cells must be a list of globs, but has the key 1e+300"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A declaration that a file has begun must be ended in it, in whatever order.
func TestBegun(t *testing.T) {
	d := fresh()
	d.Begin("p.lua")
	sites := calls(t, "a = policy 'a'\nb = policy 'b'\nc = never 't'")
	for i, word := range []string{"policy", "policy", "never"} {
		then := d.Call(word, []value.Value{value.String("x")}, sites[i])
		if i == 1 {
			then([]value.Value{&value.Table{}}, sites[i])
		}
	}
	d.End(false)
	var got []string
	for _, p := range d.Problems() {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Message))
	}
	if want := []string{"1 what a policy declares must be a table, but is missing", "3 what a never declares must be a table, but is missing"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// One that ended with an error has enough to say.
	d = fresh()
	d.Begin("p.lua")
	d.Call("policy", []value.Value{value.String("x")}, sites[0])
	d.End(true)
	if len(d.Problems()) > 0 {
		t.Errorf("%v", d.Problems())
	}
}
