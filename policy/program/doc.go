// Package program is the compiled form of decisions: what a kernel gets and evaluates.
//
// A [Program] answers every request for the cells that it belongs to. It is data: a table from requests to
// nodes, nodes that test one field and go on to one of two others, and leaves that hold the decision. Every
// child has a higher index than its parent, so an evaluation ends after at most as many steps as there are
// nodes; it can't fail, loop or allocate.
//
//	p, err := program.New(roots, nodes, leaves)   // verified
//	d := p.Decide(&request)                       // *policy.Decision
//	text := p.Encode()
//	q, err := program.Decode(text)                // verified again: the bytes may come from anywhere
//
// A [Bundle] is what is pushed into a kernel at once: one program for each live cell, each stored once, and
// what answers for other cells. docs/format.md describes the bytes field by field.
//
// What it is not: it does not know how programs are made (package graph and rules do), and it has no idea of
// a kernel that is not ready to load them.
package program
