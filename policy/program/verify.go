package program

import (
	"fmt"
	"unicode/utf8"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// The limits of a program; docs/format.md names them.
const (
	MaxNodes  = 1 << 20
	MaxLeaves = 1 << 20
	// MaxText bounds the strings of a program: texts to compare, reasons, names of policies and files.
	MaxText = 1 << 12
	// MaxModulus bounds what fields are divided by, and the fields that are.
	MaxModulus int64 = kauth.MaxExact
)

// VerifyError says which part of a program breaks which rule.
type VerifyError struct {
	Fault Fault
	// Part is "request", "node" or "leaf", Index its position; Part is "" for the program as a whole.
	Part  string
	Index int
	Text  string
	// Limit says that the program has more of something than kernels take. Otherwise who made it made it wrong.
	Limit bool
}

func (e *VerifyError) Error() string {
	if e.Part == "" {
		return "the program " + e.Text
	}
	return fmt.Sprintf("%s %d of the program %s", e.Part, e.Index, e.Text)
}

// Diagnostics is one problem: of the policies if the program has too much of something, else of what compiled them.
func (e *VerifyError) Diagnostics() diag.List {
	if e.Limit {
		return diag.List{{Code: diag.PolicyLimit, Message: e.Error()}}
	}
	return diag.List{{Code: diag.ProofDiffers, Message: e.Error(), Hint: "this is a fault of cellsh: please report it"}}
}

func fault(f Fault, part string, i int, form string, args ...any) error {
	return &VerifyError{f, part, i, fmt.Sprintf(form, args...), false}
}

// tooMuch is a fault of the limits of programs.
func tooMuch(f Fault, part string, i int, form string, args ...any) error {
	return &VerifyError{f, part, i, fmt.Sprintf(form, args...), true}
}

// verifyText checks a text of a part; what says that it must have one.
func verifyText(f Fault, part string, i int, what, s string) error {
	const form = "must have %s of at most %d bytes of UTF-8"
	switch {
	case !utf8.ValidString(s):
		return fault(f, part, i, form, what, MaxText)
	case len(s) > MaxText:
		return tooMuch(f, part, i, form, what, MaxText)
	}
	return nil
}

// verify checks everything that Decide relies on, and that the program says nothing twice. docs/format.md lists the
// checks, for verifiers in other languages. Which requests a kernel can ask its vocabulary tells; nil leaves that open.
func (p *Program) verify(v *kauth.Vocabulary) error {
	if len(p.nodes) > MaxNodes || len(p.leaves) > MaxLeaves {
		return tooMuch(FaultProgramCounts, "", 0, "must have at most %d nodes and %d leaves, but has %d and %d", MaxNodes, MaxLeaves, len(p.nodes), len(p.leaves))
	}
	for i := range p.leaves {
		if err := verifyLeaf(i, &p.leaves[i]); err != nil {
			return err
		}
	}
	for i := range p.nodes {
		if err := p.verifyNode(i); err != nil {
			return err
		}
	}
	return p.verifyRoots(v)
}

func verifyLeaf(i int, d *policy.Decision) error {
	if d.Result < policy.Allow || d.Result > policy.Deny {
		return fault(FaultResult, "leaf", i, "must allow, grant or deny, but has result %d", d.Result)
	}
	if d.Would.Result > policy.Deny || d.Would.Result == policy.Pass && d.Would != (policy.Answer{}) {
		return fault(FaultWould, "leaf", i, "has a would-result without sense")
	}
	if d.Would.Record {
		return fault(FaultWould, "leaf", i, "must say that it is recorded of the decision, but says it of the would-result")
	}
	for _, a := range [...]*policy.Answer{&d.Answer, &d.Would} {
		for _, s := range [...]string{a.Reason, a.Source.Policy, a.Source.File} {
			if err := verifyText(FaultLeafText, "leaf", i, "texts", s); err != nil {
				return err
			}
		}
		if a.Source.Line < 0 || a.Source.Line > 1<<30 {
			return fault(FaultLine, "leaf", i, "must have a line of at most %d, but has %d", 1<<30, a.Source.Line)
		}
	}
	return nil
}

func (p *Program) verifyRef(i int, what string, r Ref) error {
	if leaf, ok := r.Leaf(); ok {
		if leaf >= len(p.leaves) {
			return fault(FaultWay, "node", i, "goes to leaf %d for %s, but there are %d", leaf, what, len(p.leaves))
		}
	} else if int(r) <= i || int(r) >= len(p.nodes) {
		return fault(FaultWay, "node", i, "must go to a later node for %s, but goes to %d of %d", what, r, len(p.nodes))
	}
	return nil
}

func (p *Program) verifyNode(i int) error {
	n := &p.nodes[i]
	if n.Op >= numOps {
		return fault(FaultOperation, "node", i, "has operation %d, which does not exist", n.Op)
	}
	if n.Field >= kauth.NumFields {
		return fault(FaultField, "node", i, "has field %d, which does not exist", n.Field)
	}
	if err := p.verifyRef(i, "yes", n.Yes); err != nil {
		return err
	}
	if err := p.verifyRef(i, "no", n.No); err != nil {
		return err
	}
	kind := n.Field.Info().Kind
	number := kind == kauth.KindInt || kind == kauth.KindNamed || kind == kauth.KindBool
	fits := false
	switch n.Op {
	case Eq:
		fits = number || kind == kauth.KindString
		if err := verifyText(FaultNodeText, "node", i, "a text", n.Text); err != nil {
			return err
		}
	case Lt, Le:
		fits = number
	case InSet:
		fits = number
		if err := verifySet(i, n.Set); err != nil {
			return err
		}
	case InPrefix:
		fits = kind == kauth.KindAddr
		a := n.Prefix.Addr
		if a.Version != 4 && a.Version != 6 || n.Prefix.Bits > a.MaxBits() || !n.Prefix.Contains(a) || a.Version == 4 && (a.Lo != 0 || a.Hi<<32 != 0) {
			return fault(FaultPrefix, "node", i, "has a prefix that is none: version %d, %d bits", a.Version, n.Prefix.Bits)
		}
	case Member:
		fits = kind == kauth.KindGroups
		if n.K < 0 || n.K > n.Field.Info().Max {
			return fault(FaultGroup, "node", i, "must have a group of 32 bits, but has %d", n.K)
		}
	case FieldEq, FieldLt, FieldLe:
		if n.Other >= kauth.NumFields {
			return fault(FaultOtherField, "node", i, "has field %d, which does not exist", n.Other)
		}
		o := n.Other.Info().Kind
		fits = (kind == kauth.KindInt || kind == kauth.KindNamed) && o == kind && n.Other != n.Field
	case Mask:
		fits = n.Field.Info().Flags
		if fits && (n.K <= 0 || n.K&(n.K-1) != 0 || n.K > n.Field.Info().Max) {
			return fault(FaultBit, "node", i, "must have one bit of field %s, but has %#x", n.Field, n.K)
		}
	case Modulus:
		fits = n.Field.Divisible()
		if n.K < 2 || n.K > MaxModulus {
			return fault(FaultDivisor, "node", i, "must divide by a number from 2 to %d, but divides by %d", MaxModulus, n.K)
		}
		if err := verifySet(i, n.Set); err != nil {
			return err
		}
		if n.Set[0].Lo < 0 || n.Set[len(n.Set)-1].Hi >= n.K {
			return fault(FaultRest, "node", i, "must have ranges of what can be left, 0 to %d, but has %s", n.K-1, n.Set)
		}
	case Glob:
		fits = kind == kauth.KindString
		if problem := policy.CheckGlob(n.Text); problem != "" {
			return fault(FaultPattern, "node", i, "has a pattern that %s", problem)
		}
	}
	if !fits {
		return fault(FaultTest, "node", i, "makes test %s on field %s, which has no such test", n.Op, n.Field)
	}
	return nil
}

func verifySet(i int, s interval.Set) error {
	for j, r := range s {
		if r.Lo > r.Hi || j > 0 && (s[j-1].Hi >= r.Lo || s[j-1].Hi+1 == r.Lo) {
			return fault(FaultRanges, "node", i, "must have ranges in order and apart, but range %d is %s", j, r)
		}
	}
	if len(s) == 0 {
		return fault(FaultRanges, "node", i, "must have a set with at least one range, but it is empty")
	}
	return nil
}

// verifyRoots checks the request table, that every field exists for every request that can reach its test,
// and that there is nothing in the program that no request reaches. It sets the masks.
func (p *Program) verifyRoots(v *kauth.Vocabulary) error {
	reachedBy := make([]int32, len(p.nodes))
	leafReached := make([]bool, len(p.leaves))
	p.masks = make([]kauth.FieldSet, len(p.roots))
	var stack []Ref
	for i, r := range p.roots {
		if int(r.Request) >= kauth.NumRequests || i > 0 && p.roots[i-1].Request >= r.Request {
			return fault(FaultRequestOrder, "request", i, "must be known and come after the one before it, but is %s", r.Request)
		}
		if v != nil && !v.Asks(r.Request) {
			return fault(FaultRequestNeverAsked, "request", i, "must be one that the kernel can ask a policy, but is %s", r.Request)
		}
		info := r.Request.Info()
		if leaf, ok := r.Ref.Leaf(); ok && leaf >= len(p.leaves) || !ok && int(r.Ref) >= len(p.nodes) {
			return fault(FaultStart, "request", i, "must start at a node or leaf that exists, but starts at %d", r.Ref)
		}
		stack = append(stack[:0], r.Ref)
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if leaf, ok := at.Leaf(); ok {
				leafReached[leaf] = true
				continue
			}
			// Marks are of this root: nodes are shared between requests.
			if reachedBy[at] == int32(i)+1 {
				continue
			}
			reachedBy[at] = int32(i) + 1
			n := &p.nodes[at]
			t := n.Test()
			if needs := t.Needs(); needs&^info.Fields != 0 {
				return fault(FaultNotCarried, "node", int(at), "tests %s, which %s does not carry", (needs &^ info.Fields).Fields()[0], r.Request)
			} else {
				p.masks[i] |= needs
			}
			stack = append(stack, n.Yes, n.No)
		}
	}
	for i, by := range reachedBy {
		if by == 0 {
			return fault(FaultNodeUnreached, "node", i, "must be reached by a request, but is by none")
		}
	}
	for i, ok := range leafReached {
		if !ok {
			return fault(FaultLeafUnreached, "leaf", i, "must be reached by a request, but is by none")
		}
	}
	return nil
}
