package program

import (
	"encoding/binary"
	"fmt"
	"strings"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Part is one field of an encoded program.
type Part struct {
	// Offset in bytes from the start, and the bytes.
	Offset int
	Bytes  []byte
	// Section is "header", "request 3", "node 0", "range 1", "prefix 0", "leaf 2" or "texts"; Field is the name of the
	// field in it, and Value what it means.
	Section, Field, Value string
}

// Describe takes an encoded program apart, field by field: the parts follow each other and are together all of text,
// which Decode must accept. The errors are those of Decode.
func Describe(text []byte, v *kauth.Vocabulary) ([]Part, error) {
	p, err := Decode(text, v)
	if err != nil {
		return nil, err
	}
	d := &describer{decoder: decoder{what: "program", text: text}}
	le := binary.LittleEndian
	count := func(at int) int { return int(le.Uint32(text[at:])) }
	nroots, nnodes, nranges, nprefixes, nleaves, ntext := count(12), count(16), count(20), count(24), count(28), count(32)
	d.strings = text[len(text)-ntext:]

	d.section = "header"
	d.part(4, "magic", fmt.Sprintf("%q", text[:4]))
	d.number("length")
	d.part(4, "checksum", fmt.Sprintf("CRC-32 %08x", le.Uint32(text[8:])))
	for _, name := range [...]string{"requests", "nodes", "ranges", "prefixes", "leaves", "bytes of texts", "reserved"} {
		d.number(name)
	}
	for i := range nroots {
		d.section = fmt.Sprintf("request %d", i)
		r := p.roots[i]
		n, _ := v.Number(r.Request)
		d.part(4, "number", fmt.Sprintf("%s: scope %d, action %d, request %d", r.Request, n.Scope, n.Action, n.Req))
		d.part(4, "start", describeRef(r.Ref))
		d.part(8, "mask", describeMask(p.masks[i]))
	}
	for i := range nnodes {
		d.section = fmt.Sprintf("node %d", i)
		n := &p.nodes[i]
		d.part(1, "operation", n.Op.String())
		d.part(1, "field", n.Field.String())
		other := "not used"
		if n.Op.twoFields() {
			other = n.Other.String()
		}
		d.part(1, "other field", other)
		d.part(1, "reserved", "0")
		d.part(4, "yes", describeRef(n.Yes))
		d.part(4, "no", describeRef(n.No))
		extra := "not used"
		switch n.Op {
		case InSet:
			extra = fmt.Sprintf("%d ranges", len(n.Set))
		case Modulus:
			extra = fmt.Sprintf("%d ranges", 1+len(n.Set))
		}
		d.part(4, "count", extra)
		d.part(8, "operand", d.operand(n))
	}
	for i := range nranges {
		d.section = fmt.Sprintf("range %d", i)
		for _, end := range [...]string{"lowest", "highest"} {
			d.part(8, end, fmt.Sprint(int64(le.Uint64(text[d.at:]))))
		}
	}
	for i := range nprefixes {
		d.section = fmt.Sprintf("prefix %d", i)
		head := text[d.at : d.at+2]
		x := policy.Prefix{Addr: policy.Addr{Version: head[0], Hi: le.Uint64(text[d.at+8:]), Lo: le.Uint64(text[d.at+16:])}, Bits: head[1]}
		d.part(1, "version", fmt.Sprint(head[0]))
		d.part(1, "bits", fmt.Sprint(head[1]))
		d.part(6, "reserved", "0")
		d.part(8, "upper half", x.String())
		d.part(8, "lower half", "of the same address")
	}
	for i := range nleaves {
		d.section = fmt.Sprintf("leaf %d", i)
		l := &p.leaves[i]
		d.part(1, "result", describeResult(l.Result))
		d.part(1, "would-result", describeResult(l.Would.Result))
		flags := "none"
		if l.Record {
			flags = "record"
		}
		d.part(1, "flags", flags)
		d.part(1, "reserved", "0")
		for _, side := range [...]struct {
			prefix string
			answer *policy.Answer
		}{{"", &l.Answer}, {"would-", &l.Would}} {
			a := side.answer
			for _, s := range [...]struct{ name, text string }{{"reason", a.Reason}, {"policy", a.Source.Policy}, {"file", a.Source.File}} {
				d.part(4, side.prefix+s.name, fmt.Sprintf("at %d of the texts: %q", le.Uint32(text[d.at:]), s.text))
			}
			d.number(side.prefix + "line")
		}
		d.number("reserved")
	}
	d.section = "texts"
	for start := d.at; d.at < len(text); {
		// Every text has its length in front; what is left at the end fills up to a multiple of eight bytes.
		n := 0
		if len(text)-d.at >= 2 {
			n = int(le.Uint16(text[d.at:]))
		}
		if at := d.at - start; n == 0 && at > 0 || 2+n > len(text)-d.at {
			d.part(len(text)-d.at, "padding", "fills up to a multiple of 8 bytes")
			break
		}
		d.part(2+n, fmt.Sprintf("text at %d", d.at-start), fmt.Sprintf("%d bytes: %q", n, text[d.at+2:d.at+2+n]))
	}
	return d.parts, nil
}

type describer struct {
	decoder
	section string
	parts   []Part
}

// part adds the next field, which is n bytes long.
func (d *describer) part(n int, field, value string) {
	d.parts = append(d.parts, Part{d.at, d.text[d.at : d.at+n], d.section, field, value})
	d.at += n
}

func (d *describer) number(field string) {
	d.part(4, field, fmt.Sprint(binary.LittleEndian.Uint32(d.text[d.at:])))
}

func (d *describer) operand(n *Node) string {
	k := binary.LittleEndian.Uint64(d.text[d.at:])
	switch {
	case n.Op == InSet:
		return fmt.Sprintf("from range %d: %s", k, n.Set)
	case n.Op == InPrefix:
		return fmt.Sprintf("prefix %d: %s", k, n.Prefix)
	case n.Op == Modulus:
		return fmt.Sprintf("from range %d: %s of what is left when it is divided by %d", k, n.Set, n.K)
	case n.Op == Mask:
		return fmt.Sprintf("%#x", n.K)
	case n.Op.twoFields():
		return "not used"
	case n.text():
		return fmt.Sprintf("text at %d: %q", k, n.Text)
	case n.Op == Member:
		return fmt.Sprintf("group %d", n.K)
	}
	return n.Field.FormatValue(n.K)
}

func describeRef(r Ref) string {
	if leaf, ok := r.Leaf(); ok {
		return fmt.Sprintf("leaf %d", leaf)
	}
	return fmt.Sprintf("node %d", r)
}

func describeMask(m kauth.FieldSet) string {
	if m == 0 {
		return "no fields"
	}
	var names []string
	for _, f := range m.Fields() {
		names = append(names, f.String())
	}
	return strings.Join(names, ", ")
}

func describeResult(r policy.Result) string {
	if r == policy.Pass {
		return "none"
	}
	return r.String()
}
