package program

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// TestList: who follows the listing of a program comes to its decision. Of requests that are not asked for nothing is
// listed.
func TestList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapidChooser{rt}
		p := randomProgram(t, c, 24)
		var spans []diag.Span
		for i := range p.Nodes() {
			spans = append(spans, diag.Span{File: "x.lua", Line: 1 + i})
		}
		var asked []kauth.RequestID
		for _, root := range p.Roots() {
			if c.IntN(2) == 0 {
				asked = append(asked, root.Request)
			}
		}
		l := p.List(asked, spans)
		nodes, leaves, wanted := map[string]int{}, map[string]policy.Decision{}, map[string]bool{}
		for _, s := range l.Starts {
			wanted[s.Name] = true
			if !slices.Equal(s.Fields, p.Mask(s.Request).Fields()) {
				rt.Fatalf("%s looks at %v", s.Request, s.Fields)
			}
		}
		for i, n := range l.Nodes {
			if !wanted[n.Name] {
				rt.Fatalf("%s is listed, and nothing before it leads there", n.Name)
			}
			nodes[n.Name], wanted[n.Yes], wanted[n.No] = i, true, true
		}
		for _, x := range l.Leaves {
			leaves[x.Name] = x.Value
		}
		if len(l.Starts) != len(asked) || len(wanted) != len(nodes)+len(leaves) {
			rt.Fatalf("%v are asked for and %v are referred to, but %v, %v and %v are listed", asked, wanted, l.Starts, nodes, leaves)
		}
		for _, s := range l.Starts {
			q := randomRequest(c, s.Request)
			at := s.Name
			for leaves[at] == (policy.Decision{}) {
				n := l.Nodes[nodes[at]]
				of := p.Nodes()[n.Span.Line-1]
				test := of.Test()
				if n.Name != at || n.Test != test.String() || n.Op != of.Op.String() {
					rt.Fatalf("%s is %v, but must be %s %s", at, n, of.Op, &test)
				}
				if at = n.No; test.Eval(q) {
					at = n.Yes
				}
			}
			if got, want := leaves[at], *p.Decide(q); got != want {
				rt.Fatalf("the listing leads to %s, %v, but the program to %v", at, got, want)
			}
		}
		for _, n := range p.List(asked, nil).Nodes {
			if n.Span != (diag.Span{}) {
				rt.Fatalf("%s has a place that nobody knows", n.Name)
			}
		}
	})
}

// TestPartsText: every byte is there, in order, at its offset.
func TestPartsText(t *testing.T) {
	parts := []Part{
		{0, []byte("cshP"), "header", "magic", `"cshP"`},
		{4, []byte{1, 2, 3, 4, 5, 6, 7, 8}, "header", "length", "8"},
		{12, []byte("0123456789abcdefg"), "texts", "text at 0", "long"},
	}
	want := strings.Join([]string{
		"header",
		"  000000  63 73 68 50              magic: \"cshP\"",
		"  000004  01 02 03 04 05 06 07 08  length: 8",
		"texts",
		"  00000c  30 31 32 33 34 35 36 37  text at 0: long",
		"  000014  38 39 61 62 63 64 65 66",
		"  00001c  67",
		"",
	}, "\n")
	if got := PartsText(parts); got != want {
		t.Errorf("\n%s", got)
	}
	if got := parts[1].Hex(); got != fmt.Sprintf("% x", parts[1].Bytes) || got != "01 02 03 04 05 06 07 08" {
		t.Errorf("%s", got)
	}
}
