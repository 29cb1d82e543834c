package program

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// The encoding of a program, little-endian throughout; docs/format.md describes every field. All sections
// start at multiples of eight bytes.
const (
	programMagic  = "cshP"
	programHeader = 40
	rootSize      = 16
	nodeSize      = 24
	rangeSize     = 16
	prefixSize    = 24
	leafSize      = 40

	leafBit = 1 << 31
	// recordFlag of a leaf: the decision is kept in the ring of decisions even where it would not be.
	recordFlag = 1
)

// FormatError says where bytes are not what they should be. It is what every decoder here returns.
type FormatError struct {
	Fault Fault
	// What is "program" or "bundle".
	What string
	// Offset of the field in bytes from the start.
	Offset int
	Text   string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("the %s is damaged: at byte %d, %s", e.What, e.Offset, e.Text)
}

// Encode writes the program in the numbers of the vocabulary. Equal programs give equal bytes.
func (p *Program) Encode(v *kauth.Vocabulary) []byte {
	e := &encoder{strings: map[string]uint32{"": 0}, text: []byte{0, 0}}
	for _, r := range p.roots {
		n, ok := v.Number(r.Request)
		if !ok {
			// rules compiles only requests of the vocabulary.
			panic("program: no number for " + r.Request.String())
		}
		e.u32(n.Key())
		e.ref(r.Ref)
		e.u64(uint64(p.Mask(r.Request)))
	}
	var ranges interval.Set
	var prefixes []policy.Prefix
	prefixAt := map[policy.Prefix]int64{}
	for i := range p.nodes {
		n := &p.nodes[i]
		k, extra := n.K, uint32(0)
		switch {
		case n.Op.ranges():
			k = int64(len(ranges))
			if n.Op == Modulus {
				// All that can be left comes first, and says what is divided by.
				ranges = append(ranges, interval.Range{Lo: 0, Hi: n.K - 1})
			}
			ranges = append(ranges, n.Set...)
			extra = uint32(len(ranges)) - uint32(k)
		case n.Op == InPrefix:
			at, ok := prefixAt[n.Prefix]
			if !ok {
				at = int64(len(prefixes))
				prefixAt[n.Prefix] = at
				prefixes = append(prefixes, n.Prefix)
			}
			k = at
		case n.text():
			k = int64(e.string(n.Text))
		}
		e.out = append(e.out, byte(n.Op), byte(n.Field), byte(n.Other), 0)
		e.ref(n.Yes)
		e.ref(n.No)
		e.u32(extra)
		e.u64(uint64(k))
	}
	for _, r := range ranges {
		e.u64(uint64(r.Lo))
		e.u64(uint64(r.Hi))
	}
	for _, x := range prefixes {
		e.out = append(e.out, x.Addr.Version, x.Bits, 0, 0, 0, 0, 0, 0)
		e.u64(x.Addr.Hi)
		e.u64(x.Addr.Lo)
	}
	leaves := p.Leaves()
	for i := range leaves {
		d := &leaves[i]
		flags := byte(0)
		if d.Record {
			flags = recordFlag
		}
		e.out = append(e.out, byte(d.Result), byte(d.Would.Result), flags, 0)
		for _, a := range [...]*policy.Answer{&d.Answer, &d.Would} {
			e.u32(e.string(a.Reason))
			e.u32(e.string(a.Source.Policy))
			e.u32(e.string(a.Source.File))
			e.u32(uint32(a.Source.Line))
		}
		e.u32(0)
	}
	for len(e.text)%8 != 0 {
		e.text = append(e.text, 0)
	}
	head := make([]byte, 0, programHeader+len(e.out)+len(e.text))
	head = append(head, programMagic...)
	for _, n := range [...]int{programHeader + len(e.out) + len(e.text), 0, len(p.roots), len(p.nodes), len(ranges), len(prefixes), len(leaves), len(e.text), 0} {
		head = binary.LittleEndian.AppendUint32(head, uint32(n))
	}
	head = append(append(head, e.out...), e.text...)
	binary.LittleEndian.PutUint32(head[8:], crc32.ChecksumIEEE(head))
	return head
}

type encoder struct {
	out     []byte
	text    []byte
	strings map[string]uint32
}

func (e *encoder) u32(v uint32) { e.out = binary.LittleEndian.AppendUint32(e.out, v) }
func (e *encoder) u64(v uint64) { e.out = binary.LittleEndian.AppendUint64(e.out, v) }

func (e *encoder) ref(r Ref) {
	if leaf, ok := r.Leaf(); ok {
		e.u32(leafBit | uint32(leaf))
		return
	}
	e.u32(uint32(r))
}

// string gives the offset of the string in the text section, where it follows its length.
func (e *encoder) string(s string) uint32 {
	at, ok := e.strings[s]
	if !ok {
		at = uint32(len(e.text))
		e.strings[s] = at
		e.text = binary.LittleEndian.AppendUint16(e.text, uint16(len(s)))
		e.text = append(e.text, s...)
	}
	return at
}

// Decode reads a program written in the numbers of the vocabulary and verifies it. It never panics, whatever
// the bytes. The error is a *FormatError or a *VerifyError.
func Decode(text []byte, v *kauth.Vocabulary) (*Program, error) {
	d := &decoder{what: "program", text: text}
	if len(text) < programHeader || string(text[:4]) != programMagic {
		return nil, d.fault(FaultProgramMagic, 0, "it must start with %q and a header of %d bytes", programMagic, programHeader)
	}
	var counts [9]int
	for i := range counts {
		counts[i] = count(text[4+4*i:])
	}
	length, nroots, nnodes, nranges, nprefixes, nleaves, ntext := counts[0], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7]
	if length != len(text) {
		return nil, d.fault(FaultProgramLength, 4, "the length must be that of the program, %d, but is %d", len(text), length)
	}
	if counts[8] != 0 {
		return nil, d.fault(FaultProgramReserved, 36, "the reserved field must be 0, but is %d", counts[8])
	}
	if nroots > kauth.NumRequests || nnodes > MaxNodes || nleaves > MaxLeaves || nranges > len(text) || nprefixes > len(text) || ntext > len(text) {
		return nil, d.fault(FaultProgramCounts, 12, "the counts must fit the length")
	}
	filled := programHeader + int64(nroots)*rootSize + int64(nnodes)*nodeSize + int64(nranges)*rangeSize +
		int64(nprefixes)*prefixSize + int64(nleaves)*leafSize + int64(ntext)
	if filled != int64(len(text)) {
		return nil, d.fault(FaultProgramCounts, 12, "the counts must fill the length, %d, but fill %d", len(text), filled)
	}
	if sum, said := checksum(text, 8), binary.LittleEndian.Uint32(text[8:]); sum != said {
		return nil, d.fault(FaultProgramChecksum, 8, "the checksum must be %08x, but is %08x", sum, said)
	}
	d.strings = text[len(text)-ntext:]
	d.at = programHeader
	roots := d.roots(nroots, v)
	// Nodes refer to ranges and prefixes behind them.
	nodesAt := d.at
	d.at += nnodes * nodeSize
	ranges := d.ranges(nranges)
	prefixes := d.prefixes(nprefixes)
	leaves := d.leaves(nleaves)
	d.at = nodesAt
	nodes := d.nodes(nnodes, ranges, prefixes)
	if d.err != nil {
		return nil, d.err
	}
	p := &Program{roots: roots, nodes: nodes, leaves: leaves}
	if err := p.verify(v); err != nil {
		return nil, err
	}
	masks := p.masks
	for i := range roots {
		if at := programHeader + i*rootSize + 8; masks[i] != kauth.FieldSet(binary.LittleEndian.Uint64(text[at:])) {
			return nil, d.fault(FaultMask, at, "the mask must name the fields that %s can reach", roots[i].Request)
		}
	}
	p.link()
	// Texts in another order or twice, gaps and filled padding would do no harm, but equal programs must be equal bytes.
	again := p.Encode(v)
	copy(again[8:12], text[8:12])
	if at := difference(again, text); at >= 0 {
		return nil, d.fault(FaultForm, at, "the program must be written in its one form, but is not")
	}
	return p, nil
}

// difference is the first place where two texts differ, -1 if they are equal.
func difference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return n
}

// count reads a number of things. More than 31 bits is more than there can be, and is cut to that, so that it
// fits an int everywhere.
func count(text []byte) int {
	return int(min(binary.LittleEndian.Uint32(text), 1<<31-1))
}

// checksum is that of text with the four bytes at the offset taken as zero.
func checksum(text []byte, at int) uint32 {
	sum := crc32.ChecksumIEEE(text[:at])
	sum = crc32.Update(sum, crc32.IEEETable, make([]byte, 4))
	return crc32.Update(sum, crc32.IEEETable, text[at+4:])
}

type decoder struct {
	what    string
	text    []byte
	at      int
	strings []byte
	err     error
}

func (d *decoder) fault(f Fault, at int, form string, args ...any) error {
	err := &FormatError{f, d.what, at, fmt.Sprintf(form, args...)}
	if d.err == nil {
		d.err = err
	}
	return d.err
}

func (d *decoder) u32() uint32 {
	v := binary.LittleEndian.Uint32(d.text[d.at:])
	d.at += 4
	return v
}

func (d *decoder) u64() uint64 {
	v := binary.LittleEndian.Uint64(d.text[d.at:])
	d.at += 8
	return v
}

func (d *decoder) ref() Ref {
	v := d.u32()
	if v&leafBit != 0 {
		return LeafRef(int(v &^ leafBit))
	}
	return Ref(v)
}

func (d *decoder) string(at uint64) string {
	if at > uint64(len(d.strings))-2 || len(d.strings) < 2 {
		d.fault(FaultTextOutside, d.at, "a text must lie in the text section, but starts at %d of %d", at, len(d.strings))
		return ""
	}
	n := uint64(binary.LittleEndian.Uint16(d.strings[at:]))
	if n > uint64(len(d.strings))-2-at {
		d.fault(FaultTextOutside, d.at, "a text must end in the text section, but has %d bytes at %d of %d", n, at, len(d.strings))
		return ""
	}
	return string(d.strings[at+2 : at+2+n])
}

func (d *decoder) roots(n int, v *kauth.Vocabulary) []Root {
	roots := make([]Root, n)
	for i := range roots {
		at := d.at
		key := d.u32()
		number := kauth.Number{Scope: kauth.Scope(key >> 16), Action: uint8(key >> 8), Req: uint8(key)}
		id, ok := v.Request(number)
		if known, _ := v.Number(id); !ok || known != number || key>>24 != 0 {
			d.fault(FaultRequestUnknown, at, "the request must be one of NetBSD %s, but is %#x", v.Version, key)
		}
		roots[i] = Root{id, d.ref()}
		d.at += 8 // the mask is compared after verification
	}
	return roots
}

func (d *decoder) nodes(count int, ranges interval.Set, prefixes []policy.Prefix) []Node {
	nodes := make([]Node, count)
	for i := range nodes {
		at := d.at
		head := d.text[at : at+4]
		d.at += 4
		n := Node{Op: Op(head[0]), Field: kauth.Field(head[1]), Other: kauth.Field(head[2]), Yes: d.ref(), No: d.ref()}
		extra, k := d.u32(), d.u64()
		n.K = int64(k)
		switch {
		case n.Op.ranges():
			n.K = 0
			if k > uint64(len(ranges)) || uint64(extra) > uint64(len(ranges))-k {
				d.fault(FaultRangesOutside, at, "node %d must have its ranges among %d, but has %d at %d", i, len(ranges), extra, k)
				break
			}
			n.Set = ranges[k : k+uint64(extra) : k+uint64(extra)]
			extra = 0
			if n.Op == Modulus {
				if len(n.Set) == 0 || n.Set[0].Lo != 0 || n.Set[0].Hi < 0 || n.Set[0].Hi >= MaxModulus {
					d.fault(FaultDivisorRange, at, "node %d must have all that can be left as its first range, from 0 to below %d", i, MaxModulus)
					break
				}
				n.K, n.Set = n.Set[0].Hi+1, n.Set[1:]
			}
		case n.Op == InPrefix:
			n.K = 0
			if k >= uint64(len(prefixes)) {
				d.fault(FaultPrefixOutside, at, "node %d must have its prefix among %d, but has it at %d", i, len(prefixes), k)
				break
			}
			n.Prefix = prefixes[k]
		case n.text():
			n.K = 0
			n.Text = d.string(k)
		}
		if head[3] != 0 || n.Op < numOps && (extra != 0 || !n.Op.twoFields() && n.Other != 0 || n.Op.twoFields() && n.K != 0) {
			d.fault(FaultNodeReserved, at, "node %d must have 0 in what its operation does not use", i)
		}
		nodes[i] = n
	}
	return nodes
}

func (d *decoder) ranges(n int) interval.Set {
	ranges := make(interval.Set, n)
	for i := range ranges {
		ranges[i] = interval.Range{Lo: int64(d.u64()), Hi: int64(d.u64())}
	}
	return ranges
}

func (d *decoder) prefixes(n int) []policy.Prefix {
	prefixes := make([]policy.Prefix, n)
	for i := range prefixes {
		head := d.u64()
		if head>>16 != 0 {
			d.fault(FaultPrefixReserved, d.at-8, "prefix %d must have 0 in what is reserved", i)
		}
		prefixes[i] = policy.Prefix{Addr: policy.Addr{Version: uint8(head), Hi: d.u64(), Lo: d.u64()}, Bits: uint8(head >> 8)}
	}
	return prefixes
}

func (d *decoder) leaves(n int) []policy.Decision {
	leaves := make([]policy.Decision, n)
	for i := range leaves {
		l := &leaves[i]
		head := d.u32()
		l.Result, l.Would.Result = policy.Result(head), policy.Result(head>>8)
		l.Record = head>>16&recordFlag != 0
		for _, a := range [...]*policy.Answer{&l.Answer, &l.Would} {
			a.Reason = d.string(uint64(d.u32()))
			a.Source.Policy = d.string(uint64(d.u32()))
			a.Source.File = d.string(uint64(d.u32()))
			a.Source.Line = int(d.u32())
		}
		if head>>16&^recordFlag != 0 || d.u32() != 0 {
			d.fault(FaultLeafReserved, d.at-leafSize, "leaf %d must have 0 in what is reserved", i)
		}
	}
	return leaves
}
