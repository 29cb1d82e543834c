package program

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/listing"
)

// List is the program disassembled: as far as these requests need it, with a start for each of them that the program
// decides. Nodes and leaves are named by their index, n0 and L0 on. spans are the places of the nodes in the source, by
// index; nil where they are not known.
func (p *Program) List(requests []kauth.RequestID, spans []diag.Span) *listing.Listing[policy.Decision] {
	name := func(r Ref) string {
		if i, leaf := r.Leaf(); leaf {
			return listing.LeafName(i)
		}
		return listing.NodeName(int(r))
	}
	nodes, leaves := make([]bool, len(p.Nodes())), make([]bool, len(p.Leaves()))
	mark := func(r Ref) {
		if i, leaf := r.Leaf(); leaf {
			leaves[i] = true
		} else {
			nodes[r] = true
		}
	}
	out := &listing.Listing[policy.Decision]{}
	for _, root := range p.Roots() {
		if slices.Contains(requests, root.Request) {
			mark(root.Ref)
			out.Starts = append(out.Starts, listing.Start{Name: name(root.Ref), Request: root.Request, Fields: p.Mask(root.Request).Fields()})
		}
	}
	for i := range nodes {
		if !nodes[i] {
			continue
		}
		n := &p.nodes[i]
		mark(n.Yes)
		mark(n.No)
		t := n.Test()
		x := listing.Node{Name: name(Ref(i)), Op: n.Op.String(), Test: t.String(), Yes: name(n.Yes), No: name(n.No)}
		if spans != nil {
			x.Span = spans[i]
		}
		out.Nodes = append(out.Nodes, x)
	}
	for i, l := range p.Leaves() {
		if leaves[i] {
			out.Leaves = append(out.Leaves, listing.Leaf[policy.Decision]{Name: listing.LeafName(i), Value: l})
		}
	}
	return out
}

// Hex is the bytes as hexadecimal digits with spaces between them.
func (p *Part) Hex() string { return fmt.Sprintf("% x", p.Bytes) }

// PartsText is a line for each part with its offset, its bytes and what they mean, below the name of its section. More
// than eight bytes take further lines.
func PartsText(parts []Part) string {
	const perLine = 8
	var b strings.Builder
	section := ""
	for i := range parts {
		p := &parts[i]
		if p.Section != section {
			section = p.Section
			fmt.Fprintf(&b, "%s\n", section)
		}
		at := p.Offset
		for line := range slices.Chunk(p.Bytes, perLine) {
			if at == p.Offset {
				fmt.Fprintf(&b, "  %06x  %-*s %s: %s\n", at, 3*perLine, fmt.Sprintf("% x", line), p.Field, p.Value)
			} else {
				fmt.Fprintf(&b, "  %06x  % x\n", at, line)
			}
			at += len(line)
		}
	}
	return b.String()
}
