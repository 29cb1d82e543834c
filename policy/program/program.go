package program

import (
	"fmt"
	"math"
	"slices"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// Op is the kind of test that a node makes. The numbers are part of the encoding.
type Op uint8

const (
	// Eq: the field is the operand, a number or (for fields of text) a string.
	Eq Op = iota
	// Lt: the field is less than the operand.
	Lt
	// Le: the field is at most the operand.
	Le
	// InSet: the field is in a set of ranges.
	InSet
	// InPrefix: the address lies within a prefix.
	InPrefix
	// Member: the caller is in the group that the operand names.
	Member
	// FieldEq, FieldLt, FieldLe: the field is equal to, less than, at most the other field.
	FieldEq
	FieldLt
	FieldLe
	// Mask: the field, one with flags, has the bit that the operand is.
	Mask
	// Modulus: what is left of the field when it is divided by the operand is in a set of ranges.
	Modulus
	// Glob: the field of text matches the pattern of the operand.
	Glob

	numOps = iota
)

// String is the mnemonic of the disassembly.
func (o Op) String() string {
	return [...]string{"eq", "lt", "le", "in", "prefix", "member", "feq", "flt", "fle", "mask", "mod", "glob"}[o]
}

// twoFields reports whether the operation compares two fields.
func (o Op) twoFields() bool { return FieldEq <= o && o <= FieldLe }

// ranges reports whether the operation has a set of ranges.
func (o Op) ranges() bool { return o == InSet || o == Modulus }

// text reports whether the operand is a text.
func (n *Node) text() bool {
	return n.Op == Glob || n.Op == Eq && n.Field < kauth.NumFields && n.Field.Info().Kind == kauth.KindString
}

// Ref refers to a node, or, if negative, to a leaf: the leaf with index i is ^i.
type Ref int32

// LeafRef refers to the leaf with that index.
func LeafRef(i int) Ref { return ^Ref(i) }

// Leaf is the index of the leaf referred to; false if it is a node.
func (r Ref) Leaf() (int, bool) { return int(^r), r < 0 }

// Node is one test. Which operand counts depends on Op and on the field's kind.
type Node struct {
	Op    Op
	Field kauth.Field
	// Other is the second field of FieldEq, FieldLt and FieldLe.
	Other kauth.Field
	// K is the operand of Lt and Le, of Eq unless the field is text, the group of Member, the bit of Mask, and what
	// Modulus divides by.
	K int64
	// Set is the operand of InSet and Modulus.
	Set interval.Set
	// Prefix is the operand of InPrefix.
	Prefix policy.Prefix
	// Text is the operand of Eq for fields of text, and the pattern of Glob.
	Text string
	// Yes and No are where the evaluation goes on; nodes only with a higher index.
	Yes, No Ref
}

// Root says where the evaluation of a request starts.
type Root struct {
	Request kauth.RequestID
	Ref     Ref
}

// Program is a verified program. It is immutable and safe for any number of goroutines.
type Program struct {
	roots  []Root
	nodes  []Node
	leaves []policy.Decision
	masks  []kauth.FieldSet

	// What Decide runs on: the start of every request, for each node an instruction, and the searches of opSearch.
	start    [kauth.NumRequests]Ref
	code     []instruction
	searches []search
}

// instruction is a node in the form in which it is evaluated fastest: 32 bytes, so that none crosses a cache line,
// and one operation for all that compare a number with constants, because those are nearly all.
type instruction struct {
	// The operand of opRange: it tests lo <= v && v <= lo+span. For the others lo is the group of opMember, the bit of
	// opMask, the index of the search of opSearch, else the node's index; span is what opModulus divides by.
	lo   int64
	span uint64
	yes  Ref
	no   Ref
	op   opcode
	// field and other are the node's.
	field, other kauth.Field
}

// opcode is what an instruction does.
type opcode uint8

const (
	opRange opcode = iota
	opSet
	opPrefix
	opMember
	opText
	opFieldEq
	opFieldLt
	opFieldLe
	opMask
	opModulus
	opGlob
	// opSearch stands for a whole run of tests; it has no yes and no.
	opSearch
)

// New verifies the parts and makes a program of them. Requests without a root are answered with an implicit
// allow. The slices belong to the program afterwards.
func New(roots []Root, nodes []Node, leaves []policy.Decision) (*Program, error) {
	p := &Program{roots: roots, nodes: nodes, leaves: leaves}
	if err := p.verify(nil); err != nil {
		return nil, err
	}
	p.link()
	return p, nil
}

// link makes what Decide runs on.
func (p *Program) link() {
	// Requests without a root get a leaf behind the program's own, which the encoding does not hold.
	allowed := LeafRef(len(p.leaves))
	p.leaves = append(slices.Clip(p.leaves), policy.Allowed)
	for i := range p.start {
		p.start[i] = allowed
	}
	for _, r := range p.roots {
		p.start[r.Request] = r.Ref
	}
	p.code = make([]instruction, len(p.nodes))
	for i := range p.nodes {
		p.code[i] = p.nodes[i].instruction(i)
	}
	p.searches = p.search()
}

// instruction is what evaluates node i.
func (n *Node) instruction(i int) instruction {
	in := instruction{lo: int64(i), yes: n.Yes, no: n.No, field: n.Field, other: n.Other}
	within := func(lo, hi int64) {
		in.op, in.lo, in.span = opRange, lo, uint64(hi)-uint64(lo)
	}
	switch n.Op {
	case Eq:
		if within(n.K, n.K); n.Field.Info().Kind == kauth.KindString {
			in.op, in.lo = opText, int64(i)
		}
	case Lt:
		if within(math.MinInt64, n.K-1); n.K == math.MinInt64 {
			in.yes = in.no // no number is less
		}
	case Le:
		within(math.MinInt64, n.K)
	case InSet:
		if in.op = opSet; len(n.Set) == 1 {
			within(n.Set[0].Lo, n.Set[0].Hi)
		}
	case InPrefix:
		in.op = opPrefix
	case Member:
		in.op, in.lo = opMember, n.K
	case Mask:
		in.op, in.lo = opMask, n.K
	case Modulus:
		in.op, in.span = opModulus, uint64(n.K)
	case Glob:
		in.op = opGlob
	default:
		in.op = opFieldEq + opcode(n.Op-FieldEq)
	}
	return in
}

// Decide answers the request. All fields that the request carries must be given; [Program.DecideGiven] is for
// requests where some are missing. The decision must not be changed. It does not allocate.
func (p *Program) Decide(r *policy.Request) *policy.Decision {
	at, code := p.start[r.ID], p.code
	for at >= 0 {
		in := &code[at]
		// Both ways are loaded before the outcome is known: otherwise the load would wait for it.
		yes, no := in.yes, in.no
		var is bool
		if in.op == opRange {
			is = uint64(r.Int[in.field])-uint64(in.lo) <= in.span
		} else if in.op == opSearch {
			at = p.searches[in.lo].find(r.Int[in.field])
			continue
		} else {
			is = p.test(in, r)
		}
		if at = no; is {
			at = yes
		}
	}
	return &p.leaves[^at]
}

// test is the outcome of an instruction other than opRange and opSearch.
func (p *Program) test(in *instruction, r *policy.Request) bool {
	switch in.op {
	case opSet:
		return inSet(p.nodes[in.lo].Set, r.Int[in.field])
	case opPrefix:
		return p.nodes[in.lo].Prefix.Contains(r.Addr)
	case opMember:
		return r.InGroup(uint32(in.lo))
	case opText:
		return r.Text(in.field) == p.nodes[in.lo].Text
	case opFieldEq:
		return r.Int[in.field] == r.Int[in.other]
	case opFieldLt:
		return r.Int[in.field] < r.Int[in.other]
	case opMask:
		return r.Int[in.field]&in.lo != 0
	case opModulus:
		return inSet(p.nodes[in.lo].Set, interval.Mod(r.Int[in.field], int64(in.span)))
	case opGlob:
		return policy.MatchGlob(p.nodes[in.lo].Text, r.Text(in.field))
	}
	return r.Int[in.field] <= r.Int[in.other]
}

// inSet is a binary search among sorted ranges.
func inSet(set []interval.Range, v int64) bool {
	lo, hi := 0, len(set)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if set[mid].Hi < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(set) && set[lo].Lo <= v
}

// MissingError says that the answer depends on a field that the request does not give.
type MissingError struct {
	Request kauth.RequestID
	Field   kauth.Field
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the answer depends on %s, which must be given, but is missing", e.Field)
}

// DecideGiven answers a request of which only the fields in Given have values. Where a missing field is
// tested, both outcomes are followed; if they lead to different leaves the error is a *MissingError.
func (p *Program) DecideGiven(r *policy.Request) (*policy.Decision, error) {
	type outcome struct {
		leaf int
		err  error
	}
	seen := map[Ref]outcome{}
	var follow func(at Ref) (int, error)
	follow = func(at Ref) (int, error) {
		if leaf, ok := at.Leaf(); ok {
			return leaf, nil
		}
		if o, ok := seen[at]; ok {
			return o.leaf, o.err
		}
		n := &p.nodes[at]
		t := n.Test()
		var o outcome
		if missing := p.missing(&t, r); missing != 0 {
			o.leaf, o.err = follow(n.Yes)
			if no, err := follow(n.No); o.err == nil {
				o.err = err
				if err == nil && no != o.leaf && p.leaves[no] != p.leaves[o.leaf] {
					o.err = &MissingError{r.ID, missing.Fields()[0]}
				}
			}
		} else if t.Eval(r) {
			o.leaf, o.err = follow(n.Yes)
		} else {
			o.leaf, o.err = follow(n.No)
		}
		seen[at] = o
		return o.leaf, o.err
	}
	leaf, err := follow(p.start[r.ID])
	if err != nil {
		return nil, err
	}
	return &p.leaves[leaf], nil
}

// missing are the fields that the test needs and the request does not give.
func (p *Program) missing(t *policy.Test, r *policy.Request) kauth.FieldSet {
	if t.Kind == policy.Member && r.Given.Has(kauth.FieldGroups) && slices.Contains(r.Groups, t.GID) {
		return 0
	}
	return t.Needs() &^ r.Given
}

// Test is what the node asks, in the general form.
func (n *Node) Test() policy.Test {
	t := policy.Test{Kind: policy.In, Field: n.Field}
	switch n.Op {
	case Eq:
		if n.Field.Info().Kind == kauth.KindString {
			return policy.Test{Kind: policy.Is, Field: n.Field, Text: n.Text}
		}
		t.Set = interval.Single(n.K)
	case Lt:
		t.Set = interval.Between(interval.All[0].Lo, n.K).Minus(interval.Single(n.K))
	case Le:
		t.Set = interval.Between(interval.All[0].Lo, n.K)
	case InSet:
		t.Set = n.Set
	case InPrefix:
		return policy.WithinPrefix(n.Prefix)
	case Member:
		return policy.Test{Kind: policy.Member, Field: n.Field, GID: uint32(n.K)}
	case Mask:
		return policy.Test{Kind: policy.Has, Field: n.Field, Bit: n.K}
	case Modulus:
		return policy.Test{Kind: policy.Modulus, Field: n.Field, Mod: n.K, Set: n.Set}
	case Glob:
		return policy.Test{Kind: policy.Glob, Field: n.Field, Text: n.Text}
	default:
		order := map[Op]policy.Order{FieldEq: policy.Equal, FieldLt: policy.Less, FieldLe: policy.Less | policy.Equal}[n.Op]
		return policy.Test{Kind: policy.Compare, Field: n.Field, Other: n.Other, Order: order}
	}
	return t
}

// Roots lists the requests that have a root, by request. It must not be changed.
func (p *Program) Roots() []Root { return p.roots }

// Root is where the evaluation of the request starts; false if the program has nothing to say about it.
func (p *Program) Root(id kauth.RequestID) (Ref, bool) {
	i, ok := slices.BinarySearchFunc(p.roots, id, func(r Root, id kauth.RequestID) int { return int(r.Request) - int(id) })
	if !ok {
		return 0, false
	}
	return p.roots[i].Ref, true
}

// Mask is the fields that the evaluation of the request can reach.
func (p *Program) Mask(id kauth.RequestID) kauth.FieldSet {
	for i, r := range p.roots {
		if r.Request == id {
			return p.masks[i]
		}
	}
	return 0
}

// Nodes are the program's nodes. They must not be changed.
func (p *Program) Nodes() []Node { return p.nodes }

// Leaves are the program's leaves. They must not be changed.
func (p *Program) Leaves() []policy.Decision { return p.leaves[:len(p.leaves)-1] }

// Leaf is the decision that the reference leads to; it panics if it refers to a node.
func (p *Program) Leaf(r Ref) *policy.Decision { return &p.leaves[^r] }
