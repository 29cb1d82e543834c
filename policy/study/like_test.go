package study_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/study"
)

// TestDecidedAt: of any decision of the policies that ship, whatever is kept of its request, the example is one that the same place
// decides, and has what was kept.
func TestDecidedAt(t *testing.T) {
	p := loader.Reader{}.Read([]string{"../../scripts/policy.d"})
	if p.Loading.Failed() {
		t.Fatal(p.Loading)
	}
	type decided struct {
		cell    string
		example *policy.Request
		at      policy.Source
	}
	var all []decided
	for _, s := range p.Samples(nil, nil) {
		for _, id := range p.Requests() {
			d, r, err := p.Diagram(s.Name, id)
			if err != nil {
				t.Fatal(err)
			}
			d.Regions(r, func(region graph.Region, x policy.Decision) bool {
				if q, ok := analysis.Example(region); ok && q.IsUsual() && x.Source.Policy != "" {
					all = append(all, decided{s.Name, q, x.Source})
				}
				return true
			})
		}
	}
	if len(all) < 100 {
		t.Fatalf("there are %d decisions", len(all))
	}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(all).Draw(t, "decision")
		q := &policy.Question{Cell: d.cell, Request: *d.example}
		q.Given = 0
		for _, f := range d.example.Given.Fields() {
			if f == kauth.FieldEUID || rapid.Bool().Draw(t, f.String()) {
				q.Given = q.Given.With(f)
			}
		}
		kept := *q
		taken, err := p.DecidedAt(q, d.at.File, d.at.Line)
		if err != nil {
			t.Fatalf("%s: %v", d.at.Span(), err)
		}
		got, err := p.Decide(q)
		if err != nil || got.Source != d.at && got.Would.Source != d.at {
			t.Fatalf("%s decides %s, and not %s: %v", got.Source.Span(), study.ExplainArgs(q.Cell, &q.Request), d.at.Span(), err)
		}
		for _, f := range kept.Given.Fields() {
			if a, b := analysis.FieldText(&kept.Request, f), analysis.FieldText(&q.Request, f); a != b {
				t.Fatalf("%s was %s, and is %s", f, a, b)
			}
		}
		for _, f := range taken {
			if kept.Given.Has(f) {
				t.Fatalf("%s was given", f)
			}
		}
	})
}

// TestDecidedNowhere: a place that does not decide such a request is told.
func TestDecidedNowhere(t *testing.T) {
	p, _ := decider(t, "")
	for words, want := range map[string]string{
		"web-1 network.bind.port|2":           "[port addr]",
		"web-1 network.bind.port port=8001|3": "[addr]",
		"web-1 network.bind.port port=8001|2": "web.lua:2: error: the place must decide such a request of cell web-1, network.bind.port, but does not with these policies",
		"web-1 network.bind.port|1":           "but does not",
		"web-1 system.reboot|2":               "but does not",
	} {
		words, line, _ := strings.Cut(words, "|")
		q, err := study.ParseWords(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		taken, err := p.DecidedAt(q, "web.lua", int(line[0]-'0'))
		got := fmt.Sprint(taken)
		if err != nil {
			got = diag.Of(err)[0].Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s at %s: %s", words, line, got)
		}
	}
}
