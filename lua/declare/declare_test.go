package declare

import (
	"fmt"
	"slices"
	"testing"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/written"
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
			sites = append(sites, Site{File: f, Call: c})
		}
		return true
	})
	return sites
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

// Very many elements in all declarations together are refused, however few each of them has.
func TestAllElements(t *testing.T) {
	list := &value.Table{}
	for i := range written.MaxElements {
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
	if globs > 1_000_000 {
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
