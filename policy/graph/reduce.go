package graph

import "slices"

// Reduce gives the diagram of a graph all of whose tests are in the space. It takes time little more than
// linear in the graph where tests of one field follow each other, and is ErrTooLarge where the result is.
func Reduce[L comparable](d *Diagrams[L], g *Graph[L]) (Ref, error) {
	if d.Space.tooLarge {
		return 0, ErrTooLarge
	}
	r := &reducer{space: d.Space, seed: 2463534242}
	// All leaves of a graph are different: the first need not be looked for.
	empty := len(d.leaves) == 0
	if empty {
		d.leaves = slices.Clone(g.Leaves)
	}
	leaves := make([]*thunk, len(g.Leaves))
	for i, l := range g.Leaves {
		leaf := ^Ref(i)
		if !empty {
			leaf = d.Leaf(l)
		}
		leaves[i] = r.newThunk(thunk{v: noVar, leaf: leaf})
	}
	nodes := make([]*thunk, len(g.Nodes))
	to := func(x Ref) *thunk {
		if i, ok := x.Leaf(); ok {
			return leaves[i]
		}
		return nodes[x]
	}
	seen := g.reachable(g.Root)
	uses := make([]int32, len(g.Nodes))
	for i := range g.Nodes {
		for _, child := range [...]Ref{g.Nodes[i].Yes, g.Nodes[i].No} {
			if seen[i] && child >= 0 {
				uses[child]++
			}
		}
	}
	for i := range g.Nodes {
		if !seen[i] {
			continue
		}
		d.Space.work.Check()
		n := &g.Nodes[i]
		yes, no := to(n.Yes), to(n.No)
		if yes == no {
			yes.aliased = true
			nodes[i] = yes
			continue
		}
		v, set := d.Space.atomsOf(&n.Test)
		t := r.newThunk(thunk{v: min(v, yes.v, no.v), op: &ite{v: v, set: set, other: yes, onYes: true}, arg: no})
		if n.No >= 0 && uses[n.No] == 1 && !no.aliased {
			t.edit = no.edit
		}
		// A chain of thousands must not become a recursion of thousands.
		r.force(t)
		nodes[i] = t
		if r.work > d.maxWork() {
			return 0, ErrTooLarge
		}
	}
	return finish(d, r, to(g.Root))
}

// maxWork bounds what reducing may take on the way to a result within the limit: most pieces are made again a few times,
// when what is around them changes.
func (d *Diagrams[L]) maxWork() int { return 16*d.limit + 1<<16 }

// finish reduces a thunk.
func finish[L comparable](d *Diagrams[L], r *reducer, t *thunk) (Ref, error) {
	if t.reduced {
		return t.ref, nil
	}
	if t.v == noVar {
		return t.leaf, nil
	}
	r.force(t)
	if r.work > d.maxWork() {
		return 0, ErrTooLarge
	}
	var ends []int32
	var kids []Ref
	var failed error
	r.each(t.rope, func(_, hi int32, child *thunk) bool {
		var kid Ref
		kid, failed = finish(d, r, child)
		ends, kids = append(ends, hi), append(kids, kid)
		return failed == nil
	})
	if failed != nil {
		return 0, failed
	}
	ref, err := d.node(t.v, ends, kids)
	if err != nil {
		return 0, err
	}
	t.ref, t.reduced = ref, true
	return ref, nil
}
