package listing

import (
	"fmt"
	"strings"
	"testing"

	"cellsh/policy/diag"
)

func TestText(t *testing.T) {
	l := &Listing[int]{
		Starts: []Start{{Name: NodeName(0)}},
		Nodes: []Node{
			{Name: NodeName(0), Test: "r.port == 80", Yes: LeafName(0), No: NodeName(10), Span: diag.Span{File: "web.lua", Line: 3}},
			{Name: NodeName(10), Test: "r.uid == 0 and " + strings.Repeat("x", 40), Yes: LeafName(1), No: LeafName(0), Span: diag.Span{File: "web.lua", Line: 7}},
			{Name: NodeName(11), Test: "r.port == 22", Yes: LeafName(1), No: LeafName(0)},
		},
		Leaves: []Leaf[int]{{LeafName(0), 5}, {LeafName(1), 6}},
	}
	source := func(at diag.Span) string { return map[int]string{3: "\t if r.port == 80 then "}[at.Line] }
	outcome := func(n int) string { return fmt.Sprintf("outcome %d", n) }
	want := strings.Join([]string{
		"  n0    r.port == 80                                  yes L0    no n10    ; web.lua:3  if r.port == 80 then",
		"  n10   r.uid == 0 and xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  yes L1    no L0     ; web.lua:7",
		"  n11   r.port == 22                                  yes L1    no L0   ",
		"  L0    outcome 5",
		"  L1    outcome 6",
		"",
	}, "\n")
	if got := l.Text(source, outcome); got != want {
		t.Errorf("\n%s", got)
	}
	l.Nodes = l.Nodes[:1]
	l.Nodes[0].Op = "eq"
	if got, want := l.Text(nil, outcome), "  n0    eq     r.port == 80  yes L0    no n10    ; web.lua:3\n  L0    outcome 5\n  L1    outcome 6\n"; got != want {
		t.Errorf("\n%s", got)
	}
}
