package program

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

func ranges(ends ...int64) interval.Set {
	var s interval.Set
	for i := 0; i < len(ends); i += 2 {
		s = append(s, interval.Range{Lo: ends[i], Hi: ends[i+1]})
	}
	return s
}

// sealed is the text with the checksum that belongs to it.
func sealed(text []byte, at int) []byte {
	binary.LittleEndian.PutUint32(text[at:], checksum(text, at))
	return text
}

// known reports whether an error is one that decoders may return: of a fault that has a number.
func known(err error) bool {
	f, ok := FaultOf(err)
	return ok && f.Text() != Fault(0).Text()
}

// decodes checks what every decoder promises: an error of a known kind, or a program that encodes to the same bytes and
// decides every request.
func decodes(t *testing.T, text []byte) (refused bool) {
	t.Helper()
	p, err := Decode(text, netbsd)
	if err != nil {
		if !known(err) {
			t.Fatalf("unknown kind of error: %v", err)
		}
		return true
	}
	if again := p.Encode(netbsd); !bytes.Equal(again, text) {
		t.Fatalf("encodes to other bytes:\n%x\n%x", text, again)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, r := range p.Roots() {
		for range 4 {
			q := randomRequest(rnd, r.Request)
			got := *p.Decide(q)
			want, err := decideBytes(text, q)
			if err != nil || got != want || got != walk(p, q) {
				t.Fatalf("decides %+v, from bytes %+v, %v", got, want, err)
			}
		}
	}
	return false
}

// A program that was cut off anywhere is refused, and so is one with any bit flipped. With a checksum that fits it is
// refused all the same, or it is sound.
func TestDamagedPrograms(t *testing.T) {
	text := everything(t).Encode(netbsd)
	for n := range text {
		if _, err := Decode(text[:n], netbsd); !known(err) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		// The same with a length and a checksum that fit.
		if n >= programHeader {
			cut := bytes.Clone(text[:n])
			binary.LittleEndian.PutUint32(cut[4:], uint32(n))
			if !decodes(t, sealed(cut, 8)) {
				t.Fatalf("cut to %d bytes it is taken", n)
			}
		}
	}
	taken := 0
	for i := range text {
		for bit := range 8 {
			damaged := bytes.Clone(text)
			damaged[i] ^= 1 << bit
			if _, err := Decode(damaged, netbsd); !known(err) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
			if !decodes(t, sealed(damaged, 8)) {
				taken++
			}
		}
	}
	if taken == 0 {
		t.Error("no flipped bit made another program")
	}
}

func testBundle(t testing.TB) *Bundle {
	return &Bundle{Vocabulary: netbsd, Generation: 7, Attachment: 3, Fallback: ports(t, 3),
		Programs: []*Program{everything(t), ports(t, 20)}, Cells: []Cell{{ID: 1, Name: "web-1", Program: 0}, {ID: 5, Name: "db", Program: 1}, {ID: 6, Name: "mail", Program: NameOnly}, {ID: 1 << 31, Name: strings.Repeat("x", 63), Program: 0}}}
}

// Cells that a bundle does not name have no name for programs.
func TestBundleNames(t *testing.T) {
	b := testBundle(t)
	for id, want := range map[CellID]string{0: "", 1: "web-1", 6: "mail", 7: policy.UnknownCell} {
		if got := b.Name(id); got != want {
			t.Errorf("cell %d is called %q, want %q", id, got, want)
		}
	}
	if b.Find(6) != nil {
		t.Error("a cell of which only the name is told has a program")
	}
}

// Attach puts two bundles together, as a plain map of cells to programs would be; what is not used any more goes.
func TestBundleAttach(t *testing.T) {
	shared := ports(t, 20)
	rapid.Check(t, func(t *rapid.T) {
		programs := []*Program{shared}
		for n := range rapid.IntRange(0, 3).Draw(t, "programs") {
			p, err := New(nil, nil, []policy.Decision{})
			if err != nil {
				t.Fatal(n, err)
			}
			programs = append(programs, p)
		}
		type entry struct {
			name string
			p    *Program
		}
		draw := func(what string) (*Bundle, map[CellID]entry) {
			b, cells := &Bundle{Vocabulary: netbsd, Generation: 7, Attachment: uint32(len(what)), Fallback: shared}, map[CellID]entry{}
			for id := CellID(1); id < 8; id++ {
				if !rapid.Bool().Draw(t, what) {
					continue
				}
				c := Cell{ID: id, Name: what, Program: NameOnly}
				var p *Program
				if i := rapid.IntRange(-1, len(programs)-1).Draw(t, "program"); i >= 0 {
					p = programs[i]
					if c.Program = slices.Index(b.Programs, p); c.Program < 0 {
						c.Program, b.Programs = len(b.Programs), append(b.Programs, p)
					}
				}
				b.Cells, cells[id] = append(b.Cells, c), entry{what, p}
			}
			return b, cells
		}
		first, want := draw("a")
		second, more := draw("bb")
		before := [2]Bundle{*first, *second}
		before[0].Cells, before[1].Cells = slices.Clone(first.Cells), slices.Clone(second.Cells)
		lives := rapid.SliceOfN(rapid.Bool(), 8, 8).Draw(t, "lives")
		maps.DeleteFunc(want, func(id CellID, _ entry) bool { return !lives[id] })
		maps.Copy(want, more)
		out := first.Attach(second, func(id CellID) bool { return lives[id] })
		if out.Attachment != 2 || out.Generation != 7 || len(out.Cells) != len(want) {
			t.Fatalf("it is %+v", out)
		}
		used := map[*Program]bool{}
		for _, c := range out.Cells {
			p := out.Find(c.ID)
			used[p] = true
			if (entry{c.Name, p}) != want[c.ID] {
				t.Errorf("cell %d has %q and %p, want %+v", c.ID, c.Name, p, want[c.ID])
			}
		}
		delete(used, nil)
		if len(out.Programs) != len(used) || !slices.IsSortedFunc(out.Cells, func(a, b Cell) int { return int(a.ID) - int(b.ID) }) {
			t.Errorf("it has %d programs of %d that are used, and cells %v", len(out.Programs), len(used), out.Cells)
		}
		if !reflect.DeepEqual(before[0].Cells, first.Cells) || !reflect.DeepEqual(before[1].Cells, second.Cells) {
			t.Error("the bundles are changed")
		}
	})
}

func bundleDecodes(t *testing.T, text []byte) (refused bool) {
	t.Helper()
	b, err := DecodeBundle(text)
	if err != nil {
		if !known(err) {
			t.Fatalf("unknown kind of error: %v", err)
		}
		return true
	}
	if again := b.Encode(); !bytes.Equal(again, text) {
		t.Fatalf("encodes to other bytes:\n%x\n%x", text, again)
	}
	for _, c := range b.Cells {
		var want *Program
		if c.Program != NameOnly {
			want = b.Programs[c.Program]
		}
		if b.Find(c.ID) != want || b.Name(c.ID) != c.Name {
			t.Fatalf("cell %d has another program, or the name %s", c.ID, b.Name(c.ID))
		}
	}
	if b.Find(0) != nil {
		t.Fatal("the host has a program")
	}
	return false
}

func TestDamagedBundles(t *testing.T) {
	text := testBundle(t).Encode()
	if bundleDecodes(t, text) {
		t.Fatal("a sound bundle is refused")
	}
	for n := range text {
		if _, err := DecodeBundle(text[:n]); !known(err) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		if n >= bundleHeader {
			cut := bytes.Clone(text[:n])
			binary.LittleEndian.PutUint32(cut[12:], uint32(n))
			if !bundleDecodes(t, sealed(cut, 36)) {
				t.Fatalf("cut to %d bytes it is taken", n)
			}
		}
	}
	for i := range text {
		for bit := range 8 {
			damaged := bytes.Clone(text)
			damaged[i] ^= 1 << bit
			if _, err := DecodeBundle(damaged); !known(err) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
			bundleDecodes(t, sealed(damaged, 36))
		}
	}
}

// Bundles are refused for what only they have.
func TestBundleRefusals(t *testing.T) {
	text := testBundle(t).Encode()
	cells := len(text) - 4*CellSize
	first := bundleHeader + int(binary.LittleEndian.Uint32(text[bundleHeader+4:])) // the first program, behind the fallback
	for _, c := range []struct {
		want string
		at   int
		put  string
	}{
		{"it must start with", 0, "x"},
		{"the bundle must have version 2 of the format, but has version 1: an older cellsh wrote it; load the policies again", 8, "\x01"},
		{"the bundle must have version 2 of the format, but has version 3", 8, "\x03"},
		{"the length must be that of the bundle", 12, "\x01"},
		{"the vocabulary of the bundle must be a known one", 16, "\xff\xff"},
		{"the scope of the fallback must be 0 or 1, but is 2", 40, "\x02"},
		{"the scope of the fallback must be 0 or 1, but is 256", 40, "\x00\x01"},
		{"the counts must fit the length", 44, "\xff\xff\xff\xff"},
		{"the counts must fit the length", 48, "\xff\xff\xff\xff"},
		{"the cells must begin here, but begin at", 44, "\x01"},
		{"program 3 must begin here, but the programs end at", 44, "\x03"},
		{"the reserved bytes must be 0", 60, "\x01"},
		{"program 1 must end before byte", first + 4, "\xff\xff"},
		{"the program is damaged: at byte 8, the checksum", first + 40, "\xff"},
		{"a cell's name must be 1 to 63 bytes", cells + 8, "\x00"},
		{"a cell's name must be 1 to 63 bytes", cells + 8 + 20, "x"},
		{"a cell's name must be 1 to 63 bytes", cells + 3*CellSize + 8 + 63, "x"},
		{"the cells must be in order of their ids, the host not among them, but 0 is here", cells, "\x00"},
		{"the cells must be in order of their ids, the host not among them, but 1 is here", cells + CellSize, "\x01"},
		{"the program of cell 1 must be one of 2, but is 2", cells + 4, "\x02"},
		{"every program must belong to a cell, but program 1 does not", cells + CellSize + 4, "\x00"},
	} {
		damaged := bytes.Clone(text)
		copy(damaged[c.at:], c.put)
		_, err := DecodeBundle(sealed(damaged, 36))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	damaged := bytes.Clone(text)
	damaged[36] ^= 1
	if _, err := DecodeBundle(damaged); err == nil || !strings.Contains(err.Error(), "the checksum must be") {
		t.Errorf("got %v", err)
	}
}

// Equal programs are equal bytes, and bytes that say the same in another form are refused.
func TestOneForm(t *testing.T) {
	p := everything(t)
	text := p.Encode(netbsd)
	texts := len(text) - int(binary.LittleEndian.Uint32(text[32:]))
	last := bytes.LastIndexByte(text, 'l') // the last byte of the last text, a.lua's "a" comes after it
	for name, damage := range map[string]func() []byte{
		"filled padding": func() []byte {
			out := bytes.Clone(text)
			for i := len(out) - 1; i > last+4; i-- {
				out[i] = 1
			}
			return out
		},
		"a gap behind the texts": func() []byte {
			out := append(bytes.Clone(text), make([]byte, 8)...)
			binary.LittleEndian.PutUint32(out[4:], uint32(len(out)))
			binary.LittleEndian.PutUint32(out[32:], uint32(len(out)-texts))
			return out
		},
	} {
		_, err := Decode(sealed(damage(), 8), netbsd)
		if err == nil || !strings.Contains(err.Error(), "one form") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		if decodes(t, randomProgram(t, rapidChooser{rt}, 20).Encode(netbsd)) {
			rt.Fatal("refused")
		}
	})
}

// Parts that only New can be given wrong.
func TestVerify(t *testing.T) {
	id := request(t, "network.bind.port")
	deny := policy.Decision{Answer: policy.Answer{Result: policy.Deny}}
	for _, c := range []struct {
		want   string
		code   diag.Code
		roots  []Root
		nodes  []Node
		leaves []policy.Decision
	}{
		{"the program must have at most 1048576 nodes", diag.PolicyLimit, nil, make([]Node, MaxNodes+1), nil},
		{"the program must have at most 1048576 nodes and 1048576 leaves", diag.PolicyLimit, nil, nil, make([]policy.Decision, MaxLeaves+1)},
		{"leaf 0 of the program must have texts of at most 4096 bytes of UTF-8", diag.PolicyLimit, []Root{{id, LeafRef(0)}}, nil, []policy.Decision{{Answer: policy.Answer{Result: policy.Deny, Reason: strings.Repeat("x", MaxText+1)}}}},
		{"leaf 0 of the program must have texts of at most 4096 bytes of UTF-8", diag.ProofDiffers, []Root{{id, LeafRef(0)}}, nil, []policy.Decision{{Answer: policy.Answer{Result: policy.Deny, Reason: "\xff"}}}},
		{"leaf 0 of the program must have a line of at most 1073741824, but has 1073741825", diag.ProofDiffers, []Root{{id, LeafRef(0)}}, nil, []policy.Decision{{Answer: policy.Answer{Result: policy.Deny, Source: policy.Source{Line: 1<<30 + 1}}}}},
		{"leaf 0 of the program must have a line of at most 1073741824, but has -1", diag.ProofDiffers, []Root{{id, LeafRef(0)}}, nil, []policy.Decision{{Answer: policy.Answer{Result: policy.Deny, Source: policy.Source{Line: -1}}}}},
		{"node 0 of the program must have a text of at most 4096 bytes of UTF-8", diag.PolicyLimit, []Root{{request(t, "network.interface.setpriv"), 0}}, []Node{{Field: kauth.FieldIfname, Text: strings.Repeat("x", MaxText+1), Yes: LeafRef(0), No: LeafRef(0)}}, []policy.Decision{deny}},
		{"leaf 0 of the program must say that it is recorded of the decision", diag.ProofDiffers, []Root{{id, LeafRef(0)}}, nil, []policy.Decision{{Answer: policy.Answer{Result: policy.Deny}, Would: policy.Answer{Result: policy.Deny, Record: true}}}},
		{"node 0 of the program has a pattern that must have at most 127 bytes", diag.ProofDiffers, []Root{{request(t, "network.interface.setpriv"), 0}}, []Node{{Op: Glob, Field: kauth.FieldIfname, Text: strings.Repeat("x*", 64), Yes: LeafRef(0), No: LeafRef(0)}}, []policy.Decision{deny}},
		{"request 0 of the program must be known", diag.ProofDiffers, []Root{{kauth.RequestID(kauth.NumRequests), LeafRef(0)}}, nil, []policy.Decision{deny}},
	} {
		_, err := New(c.roots, c.nodes, c.leaves)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
			continue
		}
		if l := diag.Of(err); len(l) != 1 || l[0].Code != c.code || l[0].Message != err.Error() || (l[0].Hint != "") != (c.code == diag.ProofDiffers) {
			t.Errorf("%v", l)
		}
	}
}

func FuzzDecodeProgram(f *testing.F) {
	f.Add(everything(f).Encode(netbsd))
	f.Add(ports(f, 20).Encode(netbsd))
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		f.Add(randomProgram(f, rnd, 12).Encode(netbsd))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		decodes(t, text)
		if len(text) >= programHeader {
			// Past the length and the checksum, to where the fuzzer would hardly get by itself.
			fit := bytes.Clone(text)
			binary.LittleEndian.PutUint32(fit[4:], uint32(len(fit)))
			decodes(t, sealed(fit, 8))
		}
	})
}

func FuzzDecodeBundle(f *testing.F) {
	f.Add(testBundle(f).Encode())
	f.Add((&Bundle{Vocabulary: netbsd, Generation: 1, Fallback: ports(f, 3)}).Encode())
	f.Fuzz(func(t *testing.T, text []byte) {
		bundleDecodes(t, text)
		if len(text) < bundleHeader {
			return
		}
		// All programs in it and the bundle itself get a checksum that fits.
		fit := bytes.Clone(text)
		binary.LittleEndian.PutUint32(fit[12:], uint32(len(fit)))
		for at := bundleHeader; at+programHeader <= len(fit); {
			n := int(binary.LittleEndian.Uint32(fit[at+4:]))
			if n < programHeader || n > len(fit)-at {
				break
			}
			sealed(fit[at:at+n], 8)
			at += n
		}
		bundleDecodes(t, sealed(fit, 36))
	})
}
