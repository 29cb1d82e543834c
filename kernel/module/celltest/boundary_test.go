package celltest

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// alike asks both about a program alone.
func alike(t *testing.T, d *driver, text []byte) (taken bool) {
	t.Helper()
	answer := d.ask(t, 'P', text)
	_, err := program.Decode(text, vocabulary)
	if err == nil {
		if answer[0] != 0 {
			t.Errorf("C says fault %d, but Go none\n%x", answer[0], text)
		}
		return true
	}
	if err := refusedAlike(err, answer); err != nil {
		t.Errorf("%v\n%x", err, text)
	}
	return false
}

// texts is a program with a text to compare, a pattern, and a reason.
func texts(t *testing.T, text, glob, reason string) []byte {
	t.Helper()
	id := carriers[kauth.FieldIfname][0]
	leaves := []policy.Decision{policy.Allowed, {Answer: policy.Answer{Result: policy.Deny, Reason: reason, Source: policy.Source{Policy: strings.Repeat("p", 'a')}}}}
	p, err := program.New([]program.Root{{Request: id, Ref: 0}}, []program.Node{
		{Op: program.Eq, Field: kauth.FieldIfname, Text: text, Yes: program.LeafRef(0), No: 1},
		{Op: program.Glob, Field: kauth.FieldIfname, Text: glob, Yes: program.LeafRef(0), No: program.LeafRef(1)}}, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return p.Encode(vocabulary)
}

// All that is near to the edges of UTF-8, in a text, in a pattern behind its star, and in a reason.
func TestUTF8(t *testing.T) {
	d := start(t, targets[0])
	var codes [5][]byte
	var places [5][3]int
	for n := 1; n < len(codes); n++ {
		names := [3]string{"t123"[:n], "z123"[:n], "r123"[:n]}
		codes[n] = texts(t, names[0], "*"+names[1], names[2])
		for i, name := range names {
			places[n][i] = bytes.LastIndex(codes[n], []byte(name))
		}
	}
	taken, refused := 0, 0
	var all func(s []byte)
	all = func(s []byte) {
		if n := len(s); n > 0 {
			for _, at := range places[n] {
				code := bytes.Clone(codes[n])
				copy(code[at:], s)
				sealed(code, 8)
				if alike(t, d, code) {
					taken++
				} else {
					refused++
				}
			}
		}
		if len(s) == 4 {
			return
		}
		next := []byte{0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0}
		if len(s) == 0 {
			next = []byte{0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff}
		}
		for _, b := range next {
			all(append(s[:len(s):len(s)], b))
		}
	}
	all(nil)
	if taken < 100 || refused < 100 {
		t.Errorf("%d were taken, %d refused", taken, refused)
	}
}

// Numbers at the edges of what they may be: the ends of texts, what is divided by, and how many requests there are.
func TestEdges(t *testing.T) {
	d := start(t, targets[0])
	for n := range 8 {
		code := texts(t, strings.Repeat("t", 1+n), "*", "r")
		s, _ := sections(code)
		for at := s[5] + 2; at+2 < s[6]; at++ {
			for over := -3; over <= 3; over++ {
				if length := s[6] - 2 - at + over; length >= 0 {
					bad := bytes.Clone(code)
					le.PutUint16(bad[at:], uint16(length))
					le.PutUint32(bad[s[4]+40+4:], uint32(at-s[5]))
					sealed(bad, 8)
					alike(t, d, bad)
				}
			}
		}
	}
	port := carriers[kauth.FieldPort][0]
	for _, by := range []int64{2, 3, program.MaxModulus - 1, program.MaxModulus} {
		p, err := program.New([]program.Root{{Request: port, Ref: 0}}, []program.Node{{Op: program.Modulus, Field: kauth.FieldPort, K: by,
			Set: interval.Between(by-1, by-1), Yes: program.LeafRef(0), No: program.LeafRef(0)}}, []policy.Decision{policy.Allowed})
		if err != nil {
			t.Fatal(err)
		}
		code := p.Encode(vocabulary)
		s, _ := sections(code)
		for _, hi := range []int64{math.MinInt64, -1, 0, 1, by - 2, by - 1, by, program.MaxModulus - 1, program.MaxModulus, math.MaxInt64} {
			bad := bytes.Clone(code)
			le.PutUint64(bad[s[2]+8:], uint64(hi))
			sealed(bad, 8)
			alike(t, d, bad)
		}
	}
	// All requests of the vocabulary, also those that are never asked, and one more.
	for _, n := range []int{kauth.NumRequests - 1, kauth.NumRequests, kauth.NumRequests + 1} {
		p, err := program.New([]program.Root{{Request: port, Ref: program.LeafRef(0)}}, nil, []policy.Decision{policy.Allowed})
		if err != nil {
			t.Fatal(err)
		}
		code := p.Encode(vocabulary)
		s, _ := sections(code)
		code = slices.Concat(code[:s[0]], bytes.Repeat(code[s[0]:s[1]], n), code[s[1]:])
		le.PutUint32(code[4:], uint32(len(code)))
		le.PutUint32(code[12:], uint32(n))
		for i := range n {
			number, _ := vocabulary.Number(kauth.RequestID(min(i, kauth.NumRequests-1)))
			le.PutUint32(code[s[0]+16*i:], number.Key())
		}
		sealed(code, 8)
		if alike(t, d, code) {
			t.Errorf("%d requests are taken", n)
		}
	}
}

// inserted is a program with more bytes in a section, before the record with that index, and all counts right.
func inserted(code []byte, section, index int, more []byte) []byte {
	s, sizes := sections(code)
	at := s[section] + sizes[section]*index
	out := slices.Concat(code[:at], more, code[at:])
	le.PutUint32(out[4:], uint32(len(out)))
	count := 12 + 4*section
	le.PutUint32(out[count:], le.Uint32(out[count:])+uint32(len(more)/sizes[section]))
	return out
}

// The same program can be written in other forms, of which each is refused: there is one for each way.
func TestForms(t *testing.T) {
	prefix := func(text string) policy.Prefix {
		p, err := policy.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	leaves := []policy.Decision{policy.Allowed, {Answer: policy.Answer{Result: policy.Deny, Reason: "r\x01\x00y!", Source: policy.Source{Policy: "q"}}}}
	set := interval.Between(1, 2).Union(interval.Between(5, 6))
	p, err := program.New([]program.Root{{Request: carriers[kauth.FieldAddr][0], Ref: 0}}, []program.Node{
		{Op: program.InSet, Field: kauth.FieldUID, Set: set, Yes: 1, No: 2},
		{Op: program.InSet, Field: kauth.FieldGID, Set: set, Yes: 2, No: 3},
		{Op: program.InPrefix, Field: kauth.FieldAddr, Prefix: prefix("10.0.0.0/8"), Yes: program.LeafRef(0), No: 3},
		{Op: program.InPrefix, Field: kauth.FieldAddr, Prefix: prefix("10.0.0.0/9"), Yes: program.LeafRef(0), No: 4},
		{Op: program.InPrefix, Field: kauth.FieldAddr, Prefix: prefix("10.0.0.0/8"), Yes: program.LeafRef(0), No: program.LeafRef(1)},
	}, leaves)
	if err != nil {
		t.Fatal(err)
	}
	code := p.Encode(vocabulary)
	s, _ := sections(code)
	text := func(part string) uint32 { return uint32(bytes.Index(code[s[5]:], []byte(part))) }
	// The leaf that denies, and where its texts stand in it.
	const reason, policyAt, file = 4, 8, 12
	deny := s[4] + 40
	end := text("q") + 1
	if padding := s[6] - s[5] - int(end); padding < 2 {
		t.Fatalf("there must be two bytes behind the last text, but are %d", padding)
	}
	change := func(f func(code []byte)) []byte {
		out := bytes.Clone(code)
		f(out)
		return out
	}
	forms := map[string][]byte{
		"a text within a text": change(func(c []byte) { le.PutUint32(c[deny+file:], text("\x01\x00y")) }),
		"a second empty text":  change(func(c []byte) { le.PutUint32(c[deny+file:], end) }),
		"texts in another order": change(func(c []byte) {
			le.PutUint32(c[deny+reason:], text("q")-2)
			le.PutUint32(c[deny+policyAt:], text("r\x01")-2)
		}),
		"a text that nobody uses": change(func(c []byte) { le.PutUint32(c[deny+policyAt:], 0) }),
		"filled padding":          change(func(c []byte) { c[len(c)-1] = 1 }),
		"more padding":            inserted(code, 5, int(le.Uint32(code[32:])), make([]byte, 8)),
		"a text twice": change(func(c []byte) {
			copy(c[s[5]+int(text("q"))-2:], "\x05\x00r\x01\x00y!")
			le.PutUint32(c[deny+policyAt:], text("q")-2)
		}),
		"a range that nobody uses":  inserted(code, 2, 4, make([]byte, 16)),
		"ranges of two nodes":       change(func(c []byte) { le.PutUint64(c[s[1]+24+16:], 0) }),
		"ranges in another order":   change(func(c []byte) { le.PutUint64(c[s[1]+16:], 2); le.PutUint64(c[s[1]+24+16:], 0) }),
		"a prefix that nobody uses": inserted(code, 3, 2, code[s[3]:s[3]+24]),
		"a prefix twice":            change(func(c []byte) { copy(c[s[3]+24:], code[s[3]:s[3]+24]) }),
		"prefixes in another order": change(func(c []byte) {
			le.PutUint64(c[s[1]+48+16:], 1)
			le.PutUint64(c[s[1]+72+16:], 0)
			le.PutUint64(c[s[1]+96+16:], 1)
		}),
	}
	forEach(t, func(t *testing.T, d *driver, _ int) {
		if !alike(t, d, code) {
			t.Fatal("the one form is refused")
		}
		for name, form := range forms {
			sealed(form, 8)
			if alike(t, d, form) {
				t.Errorf("%s is taken", name)
			} else if answer := d.ask(t, 'P', form); program.Fault(answer[0]) != program.FaultForm {
				t.Errorf("%s has fault %d", name, answer[0])
			}
		}
	})
}

// Texts, patterns and lines as long or large as they may be, and by one longer.
func TestLimits(t *testing.T) {
	longest := strings.Repeat("x", program.MaxText)
	glob := strings.Repeat("*g", policy.MaxGlob)[:policy.MaxGlob]
	forEach(t, func(t *testing.T, d *driver, _ int) {
		code := texts(t, longest, glob, longest[1:]+"y")
		if !alike(t, d, code) {
			t.Fatal("the longest texts are refused")
		}
		// The length of a text is before it; what follows is the low byte of the next one's length.
		for _, s := range []string{longest, glob, longest[1:] + "y"} {
			longer := bytes.Clone(code)
			at := bytes.Index(longer, []byte(s)) - 2
			le.PutUint16(longer[at:], uint16(len(s)+1))
			sealed(longer, 8)
			if alike(t, d, longer) {
				t.Errorf("a text of %d bytes is taken", len(s)+1)
			}
		}
		// The same of a pattern where what follows could be of it.
		short := texts(t, "t", glob, strings.Repeat("r", 'a'))
		at := bytes.Index(short, []byte(glob)) - 2
		le.PutUint16(short[at:], policy.MaxGlob+1)
		sealed(short, 8)
		if alike(t, d, short) {
			t.Errorf("a pattern of %d bytes is taken", policy.MaxGlob+1)
		}
		start, _ := sections(code)
		for _, line := range []uint32{1 << 30, 1<<30 + 1, 1<<32 - 1} {
			for _, at := range []int{16, 32} {
				bad := bytes.Clone(code)
				bad[start[4]+40+1] = 1 // a would-result, so that its line may be there
				le.PutUint32(bad[start[4]+40+at:], line)
				sealed(bad, 8)
				if alike(t, d, bad) != (line == 1<<30) {
					t.Errorf("line %d: taken %v", line, line != 1<<30)
				}
			}
		}
	})
}
