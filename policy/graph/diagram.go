package graph

import (
	"errors"
	"slices"

	"cellsh/policy"
)

// ErrTooLarge is returned where the reduced form of a graph, or what is computed of several, would take more
// memory than is sensible.
var ErrTooLarge = errors.New("the decision has too many cases to be worked out")

// DefaultLimit is how many pieces the diagrams of a [Diagrams] may have together; see [Diagrams.Bound].
const DefaultLimit = 2 << 20

// Diagrams holds reduced decision diagrams over one space: a node asks one variable and has a child for each
// piece of its values; the variables come in the order of the space; equal nodes are one. So two functions are
// equal exactly if their Refs are. It is not safe for concurrent use.
type Diagrams[L comparable] struct {
	Space  *Space
	nodes  []pieces
	leaves []L
	leafAt map[L]Ref // for leafIn
	unique map[uint64][]Ref
	// count is the number of pieces in all nodes; more than limit is ErrTooLarge.
	count, limit int
}

// pieces is a node: atoms from ends[i-1] (0 for the first) to before ends[i] lead to kids[i]. Neighbours differ,
// and there are at least two.
type pieces struct {
	v    int32
	ends []int32
	kids []Ref
}

// NewDiagrams is empty.
func NewDiagrams[L comparable](s *Space) *Diagrams[L] {
	return &Diagrams[L]{Space: s, unique: map[uint64][]Ref{}, limit: DefaultLimit}
}

// Bound sets how many pieces the diagrams may have together before the answer is [ErrTooLarge].
func (d *Diagrams[L]) Bound(pieces int) { d.limit = pieces }

// Limit is the bound.
func (d *Diagrams[L]) Limit() int { return d.limit }

// Leaf gives the diagram that is constant.
func (d *Diagrams[L]) Leaf(leaf L) Ref {
	return leafIn(&d.leaves, &d.leafAt, leaf)
}

// LeafOf is the outcome of a constant diagram; false if it is not constant.
func (d *Diagrams[L]) LeafOf(r Ref) (leaf L, ok bool) {
	if i, ok := r.Leaf(); ok {
		return d.leaves[i], true
	}
	return leaf, false
}

// noVar is behind all variables: that of a leaf.
const noVar = int32(1<<31 - 1)

func (d *Diagrams[L]) varOf(r Ref) int32 {
	if r < 0 {
		return noVar
	}
	return d.nodes[r].v
}

// node gives the node of the pieces, which are merged first where neighbours are equal.
func (d *Diagrams[L]) node(v int32, ends []int32, kids []Ref) (Ref, error) {
	d.Space.work.Check()
	n := 0
	for i := range kids {
		if n > 0 && kids[n-1] == kids[i] {
			ends[n-1] = ends[i]
			continue
		}
		ends[n], kids[n] = ends[i], kids[i]
		n++
	}
	if n == 1 {
		return kids[0], nil
	}
	ends, kids = ends[:n], kids[:n]
	h := uint64(v)*0x9e3779b97f4a7c15 + 1
	for i := range kids {
		h = (h ^ uint64(uint32(ends[i]))<<32 ^ uint64(uint32(kids[i]))) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	for _, r := range d.unique[h] {
		if x := &d.nodes[r]; x.v == v && slices.Equal(x.ends, ends) && slices.Equal(x.kids, kids) {
			return r, nil
		}
	}
	if d.count += n; d.count > d.limit {
		return 0, ErrTooLarge
	}
	r := Ref(len(d.nodes))
	d.nodes = append(d.nodes, pieces{v, slices.Clip(slices.Clone(ends)), slices.Clip(slices.Clone(kids))})
	d.unique[h] = append(d.unique[h], r)
	return r, nil
}

// Eval gives the outcome for a request all of whose fields are given.
func (d *Diagrams[L]) Eval(r Ref, q *policy.Request) L {
	for r >= 0 {
		n := &d.nodes[r]
		at := d.Space.vars[n.v].of(q)
		i, _ := slices.BinarySearch(n.ends, at+1)
		r = n.kids[i]
	}
	return d.leaves[^r]
}

// Apply gives the diagram of f over two diagrams of the same space: its outcome for a request is f of theirs.
// f is called once for each pair of outcomes that is met.
func Apply[A, B, C comparable](dst *Diagrams[C], a *Diagrams[A], ra Ref, b *Diagrams[B], rb Ref, f func(A, B) C) (Ref, error) {
	type pair struct{ a, b Ref }
	memo := map[pair]Ref{}
	var apply func(x, y Ref) (Ref, error)
	apply = func(x, y Ref) (Ref, error) {
		if r, ok := memo[pair{x, y}]; ok {
			return r, nil
		}
		var r Ref
		vx, vy := a.varOf(x), b.varOf(y)
		v := min(vx, vy)
		if v == noVar {
			r = dst.Leaf(f(a.leaves[^x], b.leaves[^y]))
		} else {
			px, py := whole(x), whole(y)
			if vx == v {
				px = &a.nodes[x]
			}
			if vy == v {
				py = &b.nodes[y]
			}
			n := len(px.kids) + len(py.kids)
			ends, kids := make([]int32, 0, n), make([]Ref, 0, n)
			for i, j := 0, 0; i < len(px.kids) && j < len(py.kids); {
				kid, err := apply(px.kids[i], py.kids[j])
				if err != nil {
					return 0, err
				}
				ends, kids = append(ends, min(px.ends[i], py.ends[j])), append(kids, kid)
				at := min(px.ends[i], py.ends[j])
				if px.ends[i] == at {
					i++
				}
				if py.ends[j] == at {
					j++
				}
			}
			// A side that does not ask the variable ends where everything does.
			ends[len(ends)-1] = dst.Space.vars[v].atoms
			var err error
			if r, err = dst.node(v, ends, kids); err != nil {
				return 0, err
			}
		}
		memo[pair{x, y}] = r
		return r, nil
	}
	return apply(ra, rb)
}

// whole is one piece that is all atoms and leads to r.
func whole(r Ref) *pieces { return &pieces{ends: []int32{noVar}, kids: []Ref{r}} }

// Map gives the diagram with each outcome replaced by f of it.
func Map[A, C comparable](dst *Diagrams[C], a *Diagrams[A], ra Ref, f func(A) C) (Ref, error) {
	dst.leaves = slices.Grow(dst.leaves, len(a.leaves))
	return Apply(dst, a, ra, a, a.anyLeaf(), func(x, _ A) C { return f(x) })
}

func (d *Diagrams[L]) anyLeaf() Ref { return ^Ref(0) }

// Outcomes gives every outcome that the diagram has, in the order in which they are met.
func (d *Diagrams[L]) Outcomes(r Ref) []L {
	var out []L
	seen := map[Ref]bool{}
	var walk func(Ref)
	walk = func(r Ref) {
		if seen[r] {
			return
		}
		seen[r] = true
		if i, ok := r.Leaf(); ok {
			out = append(out, d.leaves[i])
			return
		}
		for _, kid := range d.nodes[r].kids {
			walk(kid)
		}
	}
	walk(r)
	return out
}

// Size is the number of nodes and of pieces that the diagram takes.
func (d *Diagrams[L]) Size(r Ref) (nodes, pieceCount int) {
	seen := map[Ref]bool{}
	var walk func(Ref)
	walk = func(r Ref) {
		if r < 0 || seen[r] {
			return
		}
		seen[r] = true
		nodes++
		pieceCount += len(d.nodes[r].kids)
		for _, kid := range d.nodes[r].kids {
			walk(kid)
		}
	}
	walk(r)
	return nodes, pieceCount
}
