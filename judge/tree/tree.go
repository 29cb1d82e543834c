package tree

import (
	"fmt"
	"strings"
)

// Kind is what a node stands for.
type Kind uint8

// The kinds.
const (
	// Piece is text that is neither left out nor replaced.
	Piece Kind = iota
	// Block is statements, each a line or more.
	Block
	// Statement stands in a block.
	Statement
	// Optional can be left out: an else, a reason, the step of a loop.
	Optional
	// Number, Truth, Text and Answer are expressions with such a value, Field a number that a request has.
	Number
	Field
	Truth
	Text
	Answer
)

// Node is a piece of a program. The parts are texts, which are strings, and nodes; those of a block are nodes alone.
type Node struct {
	Kind  Kind
	Parts []any
}

// New makes a node of a text, in which each $ stands for the next of the nodes.
func New(kind Kind, text string, nodes ...*Node) *Node {
	pieces := strings.Split(text, "$")
	if len(pieces) != len(nodes)+1 {
		panic(fmt.Sprintf("%q must have a $ for each of %d nodes", text, len(nodes)))
	}
	n := &Node{Kind: kind}
	for i, piece := range pieces {
		if piece != "" {
			n.Parts = append(n.Parts, piece)
		}
		if i < len(nodes) {
			n.Parts = append(n.Parts, nodes[i])
		}
	}
	return n
}

// Sequence makes a block of statements.
func Sequence(statements ...*Node) *Node {
	b := &Node{Kind: Block}
	b.Append(statements...)
	return b
}

// Append adds statements to a block.
func (n *Node) Append(statements ...*Node) {
	for _, s := range statements {
		n.Parts = append(n.Parts, s)
	}
}

// List makes one node of several, with a comma between them.
func List(nodes ...*Node) *Node {
	return New(Piece, strings.Repeat("$, ", max(len(nodes)-1, 0))+strings.Repeat("$", min(len(nodes), 1)), nodes...)
}

// String is the text of the program.
func (n *Node) String() string {
	var w writer
	w.node(n)
	return w.b.String()
}

// writer puts each statement on lines of its own, below the column of its block.
type writer struct {
	b      strings.Builder
	indent int
}

func (w *writer) node(n *Node) {
	if n.Kind == Block {
		w.block(n)
		return
	}
	for _, part := range n.Parts {
		switch part := part.(type) {
		case string:
			w.b.WriteString(part)
		case *Node:
			w.node(part)
		}
	}
}

// block writes a block behind the word that opens it, and leaves the line of the word that closes it begun.
func (w *writer) block(n *Node) {
	outermost := w.b.Len() == 0
	if !outermost {
		w.indent++
	}
	for _, part := range n.Parts {
		if len(part.(*Node).Parts) == 0 {
			continue // it was left out
		}
		if w.b.Len() > 0 {
			w.line()
		}
		w.node(part.(*Node))
	}
	if !outermost {
		w.indent--
	}
	w.line()
}

func (w *writer) line() {
	w.b.WriteByte('\n')
	w.b.WriteString(strings.Repeat("  ", w.indent))
}

// Size is the number of nodes.
func (n *Node) Size() int {
	size := 1
	for _, part := range n.Parts {
		if part, ok := part.(*Node); ok {
			size += part.Size()
		}
	}
	return size
}

// Copy is the same program, of nodes of its own.
func (n *Node) Copy() *Node {
	c := &Node{Kind: n.Kind, Parts: make([]any, len(n.Parts))}
	for i, part := range n.Parts {
		if child, ok := part.(*Node); ok {
			part = child.Copy()
		}
		c.Parts[i] = part
	}
	return c
}
