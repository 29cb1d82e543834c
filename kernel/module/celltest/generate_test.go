package celltest

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// random draws programs, bundles and requests: any that the verifier takes can come up.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 99))} }

func pick[T any](r random, of []T) T { return of[r.IntN(len(of))] }

var (
	someTexts    = []string{"", "wm0", "lo0", "web-1", "ффс", "?", strings.Repeat("x", 63), strings.Repeat("ab", 200), "a\x00b"}
	someGlobs    = []string{"*", "w*", "*0", "*-*", "w*0", "ф*", "*a*a*a*b", "x*x*x*x*", strings.Repeat("a*", 63) + "b", strings.Repeat("x*", 60)}
	somePrefixes = []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "0.0.0.0/0", "255.255.255.255/32", "::/0", "2001:db8::/32", "2001:db8::/64", "2001:db8::/65", "::1/128", "ffff::/127", "128.0.0.0/1"}
	someAddrs    = []string{"", "10.0.0.1", "10.1.0.1", "10.1.2.3", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "2001:db8:0:0:8000::", "ffff::1"}
	// askable are the requests that programs may list.
	askable = vocabulary.Requests()
	// carriers are those that carry a field.
	carriers = func() (out [kauth.NumFields][]kauth.RequestID) {
		for f := range out {
			for _, id := range askable {
				if id.Info().Fields.Has(kauth.Field(f)) {
					out[f] = append(out[f], id)
				}
			}
		}
		return out
	}()
)

// number draws a value of a field, its bounds and their neighbours often.
func (r random) number(f kauth.Field) int64 {
	in := f.Info()
	switch r.IntN(4) {
	case 0:
		return pick(r, []int64{in.Min, in.Max, in.Min + 1, in.Max - 1, 0, 1, -1})
	case 1:
		return pick(r, []int64{math.MinInt64, math.MaxInt64, math.MinInt64 + 1, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 53, 1<<53 - 1})
	case 2:
		return int64(r.IntN(1 << 16))
	}
	return int64(r.IntN(42))
}

func (r random) ranges(lo, hi int64, most int) interval.Set {
	var s interval.Set
	for range 1 + r.IntN(most) {
		at := lo
		if span := uint64(hi) - uint64(lo); span < math.MaxUint64 {
			at += int64(r.Uint64N(span + 1))
		} else {
			at = int64(r.Uint64())
		}
		end := at + int64(r.IntN(9))
		if end < at || end > hi {
			end = hi
		}
		s = s.Union(interval.Between(at, end))
	}
	return s
}

// node draws a test that a request's fields can be asked.
func (r random) node(t testing.TB, id kauth.RequestID) program.Node {
	fields := id.Info().Fields.Fields()
	n := program.Node{Field: pick(r, fields)}
	// What few requests carry comes as often as what all do.
	if own := id.Info().Fields &^ kauth.Credential; own != 0 && r.IntN(4) > 0 {
		n.Field = pick(r, own.Fields())
	}
	in := n.Field.Info()
	switch in.Kind {
	case kauth.KindString:
		if n.Text = pick(r, someTexts); r.IntN(2) == 0 {
			n.Op, n.Text = program.Glob, pick(r, someGlobs)
		}
		return n
	case kauth.KindAddr:
		p, err := policy.ParsePrefix(pick(r, somePrefixes))
		if err != nil {
			t.Fatal(err)
		}
		n.Op, n.Prefix = program.InPrefix, p
		return n
	case kauth.KindGroups:
		n.Op, n.K = program.Member, pick(r, []int64{0, 1, 2, 3, 1<<32 - 1})
		return n
	}
	n.K = r.number(n.Field)
	switch n.Op = pick(r, []program.Op{program.Eq, program.Lt, program.Le, program.Le, program.InSet, program.FieldEq, program.FieldLt, program.FieldLe, program.Mask, program.Modulus}); n.Op {
	case program.InSet:
		switch n.K = 0; r.IntN(3) {
		case 0:
			n.Set = r.ranges(in.Min, in.Max, 9)
		case 1:
			n.Set = r.ranges(math.MinInt64, math.MaxInt64, 30)
		default:
			for range 1 + r.IntN(5) {
				at := r.number(n.Field)
				n.Set = n.Set.Union(interval.Between(at, max(at, at+int64(r.IntN(9)))))
			}
		}
	case program.FieldEq, program.FieldLt, program.FieldLe:
		other := pick(r, fields)
		if other == n.Field || other.Info().Kind != in.Kind || in.Kind == kauth.KindBool {
			n.Op = program.Lt
			break
		}
		n.K, n.Other = 0, other
	case program.Mask:
		if !in.Flags {
			n.Op = program.Eq
			break
		}
		n.K = 1 << r.IntN(64)
		for n.K <= 0 || n.K > in.Max {
			n.K = 1 << r.IntN(64)
		}
	case program.Modulus:
		if !n.Field.Divisible() {
			n.Op = program.Le
			break
		}
		n.K = pick(r, []int64{2, 3, 10, 1000, 1 << 32, program.MaxModulus, program.MaxModulus - 1})
		n.Set = r.ranges(0, n.K-1, 4)
	}
	return n
}

func (r random) answer(result policy.Result) policy.Answer {
	return policy.Answer{Result: result, Reason: pick(r, []string{"", "reason", "grund äöü", strings.Repeat("r", 300)}),
		Source: policy.Source{Policy: pick(r, []string{"p", "q", ""}), File: "p.lua", Line: pick(r, []int{0, 1, 7, 1 << 30})}}
}

// program draws a program with at most so many nodes for each of its requests.
func (r random) program(t testing.TB, most int) *program.Program {
	var leaves []policy.Decision
	for range 1 + r.IntN(6) {
		d := policy.Decision{Answer: r.answer(policy.Result(1 + r.IntN(3)))}
		d.Record = r.IntN(3) == 0
		if r.IntN(3) == 0 {
			d.Would = r.answer(policy.Result(1 + r.IntN(3)))
		}
		leaves = append(leaves, d)
	}
	// Built from the end: what a node leads to comes after it.
	var nodes []program.Node
	var roots []program.Root
	listed := map[kauth.RequestID]bool{}
	for range 2 * r.IntN(8) {
		id := pick(r, askable)
		if r.IntN(4) > 0 {
			id = pick(r, carriers[r.IntN(kauth.NumFields)])
		}
		if listed[id] {
			continue
		}
		listed[id] = true
		var pool []program.Ref
		for i := range leaves {
			pool = append(pool, program.LeafRef(i))
		}
		for range r.IntN(most) {
			n := r.node(t, id)
			last := pool[max(0, len(pool)-3):]
			n.Yes, n.No = pick(r, last), pick(r, pool)
			if r.IntN(2) == 0 {
				n.Yes, n.No = n.No, n.Yes
			}
			nodes = append(nodes, n)
			pool = append(pool, program.Ref(len(nodes)-1))
		}
		roots = append(roots, program.Root{Request: id, Ref: pool[len(pool)-1]})
		// Another request with the same fields starts in the middle.
		for _, other := range askable {
			if r.IntN(8) == 0 && !listed[other] && id.Info().Fields&^other.Info().Fields == 0 {
				listed[other] = true
				roots = append(roots, program.Root{Request: other, Ref: pick(r, pool)})
				break
			}
		}
	}
	slices.SortFunc(roots, func(a, b program.Root) int { return int(a.Request) - int(b.Request) })
	p, err := program.New(arrange(roots, nodes, leaves))
	if err != nil {
		t.Fatalf("the program must be sound: %v", err)
	}
	return p
}

// arrange turns nodes that lead to earlier ones into what New takes: only what is reached, and parents first.
func arrange(roots []program.Root, nodes []program.Node, leaves []policy.Decision) ([]program.Root, []program.Node, []policy.Decision) {
	used, said := make([]bool, len(nodes)), make([]bool, len(leaves))
	mark := func(r program.Ref) {
		if leaf, ok := r.Leaf(); ok {
			said[leaf] = true
		} else {
			used[r] = true
		}
	}
	for _, r := range roots {
		mark(r.Ref)
	}
	at := map[program.Ref]program.Ref{}
	var order []int
	for i := len(nodes) - 1; i >= 0; i-- {
		if used[i] {
			at[program.Ref(i)] = program.Ref(len(order))
			order = append(order, i)
			mark(nodes[i].Yes)
			mark(nodes[i].No)
		}
	}
	var outLeaves []policy.Decision
	for i := range leaves {
		if said[i] {
			at[program.LeafRef(i)] = program.LeafRef(len(outLeaves))
			outLeaves = append(outLeaves, leaves[i])
		}
	}
	outNodes := make([]program.Node, len(order))
	for to, from := range order {
		n := nodes[from]
		n.Yes, n.No = at[n.Yes], at[n.No]
		outNodes[to] = n
	}
	for i := range roots {
		roots[i].Ref = at[roots[i].Ref]
	}
	return roots, outNodes, outLeaves
}

// bundle draws a bundle.
func (r random) bundle(t testing.TB, most int) *program.Bundle {
	b := &program.Bundle{Vocabulary: vocabulary, Generation: 1 + r.Uint64()>>r.IntN(64), Attachment: r.Uint32(), Fallback: r.program(t, most)}
	b.FallbackScope = program.FallbackScope(r.IntN(2))
	for range r.IntN(3) {
		b.Programs = append(b.Programs, r.program(t, most))
	}
	id := program.CellID(r.IntN(3))
	for i := range len(b.Programs) + r.IntN(4) {
		id += program.CellID(1 + r.IntN(3)*r.IntN(1<<20))
		c := program.Cell{ID: id, Name: pick(r, []string{"a", "web-1", "db", strings.Repeat("n", 63)}), Program: program.NameOnly}
		if i < len(b.Programs) {
			c.Program = i
		} else if n := len(b.Programs); n > 0 && r.IntN(2) == 0 {
			c.Program = r.IntN(n)
		}
		b.Cells = append(b.Cells, c)
	}
	return b
}

// request draws a request of those that a program lists, mostly, with values at the operands of its tests and beside them.
func (r random) request(p *program.Program) *policy.Request {
	q := &policy.Request{ID: pick(r, askable)}
	if roots := p.Roots(); len(roots) > 0 && r.IntN(8) > 0 {
		q.ID = pick(r, roots).Request
	}
	for _, f := range q.ID.Info().Fields.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			q.SetText(f, pick(r, someTexts))
		case kauth.KindAddr:
			a, _ := policy.ParseAddr(pick(r, someAddrs))
			q.SetAddr(a)
		case kauth.KindGroups:
			var gids []uint32
			for range r.IntN(4) {
				gids = append(gids, pick(r, []uint32{0, 1, 2, 3, 1<<32 - 1}))
			}
			q.SetGroups(gids...)
		default:
			q.SetInt(f, r.number(f))
		}
	}
	for range 6 {
		if len(p.Nodes()) == 0 {
			break
		}
		n := &p.Nodes()[r.IntN(len(p.Nodes()))]
		if !q.Given.Has(n.Field) {
			continue
		}
		beside := func(v int64) int64 { return v + int64(r.IntN(3)) - 1 }
		switch n.Op {
		case program.InPrefix:
			a := n.Prefix.First()
			if r.IntN(2) == 0 {
				a = n.Prefix.Last()
			}
			if r.IntN(3) == 0 {
				a, _ = a.Next()
			}
			q.SetAddr(a)
		case program.Member:
			if r.IntN(2) == 0 {
				q.SetInt(kauth.FieldEGID, n.K)
			} else {
				q.SetGroups(7, uint32(n.K))
			}
		case program.Glob:
			q.SetText(n.Field, strings.ReplaceAll(n.Text, "*", pick(r, []string{"", "x", "xw0", "aaab"}))+pick(r, []string{"", "", "b"}))
		case program.FieldEq, program.FieldLt, program.FieldLe:
			q.SetInt(n.Field, beside(q.Int[n.Other]))
		case program.InSet, program.Modulus:
			x := pick(r, n.Set)
			v := pick(r, []int64{x.Lo, x.Hi, x.Lo - 1})
			if n.Op == program.Modulus {
				v += n.K * int64(r.IntN(9)-4)
			}
			q.SetInt(n.Field, beside(v))
		default:
			if n.Field.Info().Kind == kauth.KindString {
				q.SetText(n.Field, n.Text)
			} else {
				q.SetInt(n.Field, beside(n.K))
			}
		}
	}
	return q
}

// sealed puts the checksum that belongs to it into a program (at 8) or a bundle (at 36).
func sealed(text []byte, at int) {
	clear(text[at : at+4])
	binary.LittleEndian.PutUint32(text[at:], crc32.ChecksumIEEE(text))
}

// part is a program within a bundle.
type part struct{ at, length int }

// parts finds the programs of a bundle as far as their lengths lead.
func parts(text []byte) []part {
	var out []part
	for at := 64; at+40 <= len(text) && string(text[at:at+4]) == "cshP"; {
		n := int(binary.LittleEndian.Uint32(text[at+4:]))
		if n < 40 || n > len(text)-at {
			break
		}
		out = append(out, part{at, n})
		at += n
	}
	return out
}

// seal makes all checksums fit, of the programs and of the bundle, and the length of the bundle.
func seal(text []byte) {
	for _, p := range parts(text) {
		sealed(text[p.at:p.at+p.length], 8)
	}
	if len(text) >= 64 {
		binary.LittleEndian.PutUint32(text[12:], uint32(len(text)))
		sealed(text, 36)
	}
}

// sections are the starts of a program's sections and its end, and the sizes of their records.
func sections(p []byte) (starts [7]int, sizes [6]int) {
	sizes = [6]int{16, 24, 16, 24, 40, 1}
	starts[0] = 40
	for i, size := range sizes {
		starts[i+1] = starts[i] + size*int(binary.LittleEndian.Uint32(p[12+4*i:]))
	}
	return starts, sizes
}

// damaged draws a bundle that is no longer what it was: its checksums mostly fit, so that what lies behind them is seen.
func (r random) damaged(text, other []byte) []byte {
	out := slices.Clone(text)
	le := binary.LittleEndian
	for range 1 + r.IntN(2)*r.IntN(3) {
		all := parts(out)
		if len(all) == 0 {
			break
		}
		x := pick(r, all)
		p := out[x.at : x.at+x.length]
		starts, sizes := sections(p)
		if starts[6] > len(p) {
			continue
		}
		s := r.IntN(6)
		count := (starts[s+1] - starts[s]) / sizes[s]
		switch kind := r.IntN(12); {
		case kind == 0: // anywhere
			out[r.IntN(len(out))] ^= 1 << r.IntN(8)
		case kind == 1: // in a header
			at := pick(r, []int{0, x.at}) + r.IntN(40)
			out[at] ^= 1 << r.IntN(8)
		case kind == 2: // in the cells: a byte, or the program
			if n := int(le.Uint32(out[48:])); n > 0 && 72*n < len(out) {
				if at := len(out) - 72*n; r.IntN(2) == 0 {
					out[at+r.IntN(72*n)] = pick(r, []byte{0, 1, 'x', 0xff})
				} else {
					le.PutUint32(out[at+72*r.IntN(n)+4:], pick(r, []uint32{0, 1, 2, 3, 1<<32 - 1}))
				}
			}
		case kind == 3: // a few bytes less, or more, in all of it
			if r.IntN(2) == 0 {
				out = out[:len(out)-r.IntN(min(100, len(out)))]
			} else {
				out = append(out, make([]byte, r.IntN(80))...)
			}
		case kind == 4 && count > 1: // two records of a section change places
			a, b := starts[s]+sizes[s]*r.IntN(count), starts[s]+sizes[s]*r.IntN(count)
			for i := range sizes[s] {
				p[a+i], p[b+i] = p[b+i], p[a+i]
			}
		case kind == 5 && count > 0: // a record of another bundle's program
			if theirs := parts(other); len(theirs) > 0 {
				y := pick(r, theirs)
				their, _ := sections(other[y.at : y.at+y.length])
				if n := (their[s+1] - their[s]) / sizes[s]; n > 0 && their[6] <= y.length {
					from := y.at + their[s] + sizes[s]*r.IntN(n)
					copy(p[starts[s]+sizes[s]*r.IntN(count):starts[s+1]], other[from:from+sizes[s]])
				}
			}
		case kind == 6: // one more or less in a count, and the bytes of a record with it
			at := 12 + 4*r.IntN(6)
			le.PutUint32(p[at:], le.Uint32(p[at:])+uint32(r.IntN(3))-1)
		case count > 0 && s == 5: // in the texts
			p[starts[5]+r.IntN(count)] = pick(r, []byte{0, 1, 2, '*', 'a', 0x80, 0xc3, 0xed, 0xf4, 0xff})
		case count > 0: // a number in a record
			at := starts[s] + sizes[s]*r.IntN(count)
			switch r.IntN(3) {
			case 0:
				p[at+r.IntN(sizes[s])] = pick(r, []byte{0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 18, 25, 32, 33, 36, 37, 64, 128, 129, 0xff})
			case 1:
				at += r.IntN(sizes[s]/4) * 4
				le.PutUint32(p[at:], pick(r, []uint32{0, 1, 2, le.Uint32(p[at:]) + 1, le.Uint32(p[at:]) - 1, uint32(count), uint32(count) - 1, 1 << 31, 1<<31 | uint32(r.IntN(6)), 1<<32 - 1, 1 << 30, 1<<30 + 1}))
			default:
				p[at+r.IntN(sizes[s])] ^= 1 << r.IntN(8)
			}
		}
	}
	switch r.IntN(20) {
	case 0:
		// As it is: mostly the checksum of the bundle.
	case 1:
		// One of a program.
		if len(out) >= 64 {
			le.PutUint32(out[12:], uint32(len(out)))
			sealed(out, 36)
		}
	default:
		seal(out)
	}
	return out
}
