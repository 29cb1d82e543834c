package listing

import (
	"fmt"
	"strings"

	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// Listing is the nodes and leaves that at least one start leads to. Every node stands before those that it leads to. L
// is what the leaves hold.
type Listing[L any] struct {
	Starts []Start
	Nodes  []Node
	Leaves []Leaf[L]
}

// Start is the node or leaf where an evaluation begins.
type Start struct {
	Name string
	// Request that is evaluated from here, and the fields that this looks at; 0 and nil of a graph, which does not know for
	// what it is.
	Request kauth.RequestID
	Fields  []kauth.Field
}

// Node is a test.
type Node struct {
	Name string
	// Op is the mnemonic of a program's operation; "" in a graph.
	Op string
	// Test as Lua, and the names of the nodes or leaves that it leads to.
	Test, Yes, No string
	// Span is the place of the test in the source; the zero Span where it is not known.
	Span diag.Span
}

// Leaf is an outcome.
type Leaf[L any] struct {
	Name  string
	Value L
}

// NodeName is the name of the node with that index, and LeafName that of a leaf.
func NodeName(i int) string { return fmt.Sprintf("n%d", i) }

// LeafName is the name of the leaf with that index.
func LeafName(i int) string { return fmt.Sprintf("L%d", i) }

// widest is how wide the column of the tests gets; those that are longer move what follows them.
const widest = 44

// Text is a line for each node and each leaf, which ends with a newline. source gives the line of a source at a place, ""
// if it is not known; nil gives none. outcome says what is in a leaf.
func (l *Listing[L]) Text(source func(diag.Span) string, outcome func(L) string) string {
	var b strings.Builder
	test := 0
	for i := range l.Nodes {
		test = max(test, min(len(l.Nodes[i].Test), widest))
	}
	for i := range l.Nodes {
		n := &l.Nodes[i]
		op, at := "", ""
		if n.Op != "" {
			op = fmt.Sprintf("%-7s", n.Op)
		}
		if n.Span.Line > 0 {
			at = fmt.Sprintf("  ; %s:%d", n.Span.File, n.Span.Line)
			if source != nil {
				if line := strings.TrimSpace(source(n.Span)); line != "" {
					at += "  " + line
				}
			}
		}
		fmt.Fprintf(&b, "  %-5s %s%-*s  yes %-5s no %-5s%s\n", n.Name, op, test, n.Test, n.Yes, n.No, at)
	}
	for _, x := range l.Leaves {
		fmt.Fprintf(&b, "  %-5s %s\n", x.Name, outcome(x.Value))
	}
	return b.String()
}
