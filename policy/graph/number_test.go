package graph

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// The next number is the one that trying them all finds.
func TestNextNumber(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(lo, hi int, label string) int64 { return int64(rapid.IntRange(lo, hi).Draw(rt, label)) }
		n := &numbers{}
		lowest := int64(-40)
		if rapid.Bool().Draw(rt, "bits") {
			n.ones, n.zeros, lowest = draw(0, 127, "ones"), draw(0, 127, "zeros"), 0
		}
		for range draw(1, 3, "ranges") {
			at := draw(int(lowest), 300, "at")
			n.set = n.set.Union(interval.Between(at, at+draw(0, 80, "width")))
		}
		for range draw(0, 3, "rests") {
			mod := draw(2, 12, "mod")
			var set interval.Set
			for range draw(0, 2, "parts") {
				at := draw(0, int(mod)-1, "rest")
				set = set.Union(interval.Between(at, min(mod-1, at+draw(0, 2, "wide"))))
			}
			n.divided(mod, set)
		}
		from := draw(-60, 400, "from")
		want, found := int64(0), false
		for v := from; v <= 500 && !found; v++ {
			ok := n.set.Contains(v) && v&n.ones == n.ones && v&n.zeros == 0
			for _, r := range n.rests {
				ok = ok && r.set.Contains(((v%r.mod)+r.mod)%r.mod)
			}
			if got := n.contains(v); got != ok {
				rt.Fatalf("%+v contains %d: %v, want %v", n, v, got, ok)
			}
			if ok {
				want, found = v, true
			}
		}
		if got, ok := n.next(from); ok != found || found && got != want {
			rt.Fatalf("%+v from %d gives %d, %v; want %d, %v", n, from, got, ok, want, found)
		}
		// The other way.
		found = false
		for v := from; v >= -100 && !found; v-- {
			if n.contains(v) {
				want, found = v, true
			}
		}
		if got, ok := n.prev(from); ok != found || found && got != want {
			rt.Fatalf("%+v down from %d gives %d, %v; want %d, %v", n, from, got, ok, want, found)
		}
	})
}

// No value that has the flags differs from a value in fewer bits than the nearest.
func TestNearestFlags(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(lo, hi int, label string) int64 { return int64(rapid.IntRange(lo, hi).Draw(rt, label)) }
		n := &numbers{ones: draw(0, 255, "ones")}
		n.zeros = draw(0, 255, "zeros") &^ n.ones
		for range draw(1, 3, "ranges") {
			at := draw(0, 255, "at")
			n.set = n.set.Union(interval.Between(at, min(255, at+draw(0, 80, "width"))))
		}
		v := draw(0, 255, "v")
		apart := func(x int64) int { return bits.OnesCount64(uint64(x ^ v)) }
		want := 99
		for x := range int64(256) {
			if n.contains(x) {
				want = min(want, apart(x))
			}
		}
		got := 99
		for _, x := range n.nearest(v, true) {
			if !n.contains(x) {
				rt.Fatalf("%d is not among %+v", x, n)
			}
			got = min(got, apart(x))
		}
		if got != want {
			rt.Fatalf("%+v is %d bits away from %d, but %d are told", n, want, v, got)
		}
	})
}

// Near the ends of 64 bits nothing overflows.
func TestNextNumberAtTheEnds(t *testing.T) {
	least, most := interval.All[0].Lo, interval.All[0].Hi
	for _, c := range []struct {
		n     numbers
		from  int64
		found bool
	}{
		{numbers{set: interval.All}, least, true},
		{numbers{set: interval.Between(-1<<53, 1<<53), rests: []rest{{7, interval.Single(3)}}}, least, true},
		{numbers{set: interval.Between(1<<53-5, 1<<53), rests: []rest{{10, interval.Single(5)}}}, 0, false},
		{numbers{set: interval.Between(most-3, most)}, 0, true},
		{numbers{set: interval.Between(most-3, most), rests: []rest{{1 << 40, interval.Single(0)}}}, 0, false},
		{numbers{set: interval.Between(0, 1<<32-1), ones: 1 << 31, zeros: 1<<31 - 1}, 0, true},
		{numbers{set: interval.Between(0, 1<<32-1), ones: 1 << 31, zeros: 1 << 31}, 0, false},
		{numbers{set: interval.Between(-6, -1), ones: 1}, -10, true},
	} {
		got, ok := c.n.next(c.from)
		if ok != c.found {
			t.Errorf("%+v from %d gives %d, %v", c.n, c.from, got, ok)
			continue
		}
		right := got >= c.from && c.n.set.Contains(got) && got&c.n.ones == c.n.ones && got&c.n.zeros == 0
		for _, r := range c.n.rests {
			right = right && r.set.Contains(interval.Mod(got, r.mod))
		}
		if ok && !right {
			t.Errorf("%+v from %d gives %d", c.n, c.from, got)
		}
	}
}

// every calls f for all texts of up to n of the letters.
func every(letters string, n int, f func(string)) {
	f("")
	if n == 0 {
		return
	}
	for _, l := range letters {
		every(letters, n-1, func(s string) { f(string(l) + s) })
	}
}

// Two texts are of one atom exactly if no test tells them apart, every atom has an example, and all texts have an atom.
func TestTextAtoms(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var names, patterns []string
		for range rapid.IntRange(0, 3).Draw(rt, "names") {
			names = append(names, rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 3, -1).Draw(rt, "name"))
		}
		for range rapid.IntRange(0, 4).Draw(rt, "patterns") {
			p := rapid.StringOfN(rapid.SampledFrom([]rune("ab*")), 1, 5, -1).Draw(rt, "pattern")
			for strings.Contains(p, "**") {
				p = strings.ReplaceAll(p, "**", "*")
			}
			if strings.Contains(p, "*") {
				patterns = append(patterns, p)
			}
		}
		var b Builder[int]
		at := b.Leaf(0)
		for _, s := range names {
			at = b.Node(policy.Test{Kind: policy.Is, Field: kauth.FieldFstype, Text: s}, b.Leaf(1), at, diag.Span{})
		}
		for _, p := range patterns {
			at = b.Node(policy.Test{Kind: policy.Glob, Field: kauth.FieldFstype, Text: p}, b.Leaf(1), at, diag.Span{})
		}
		if len(names)+len(patterns) == 0 {
			return
		}
		s := NewSpace(request(t, "system.mount.get"), b.Graph(at))
		x := s.vars[0].texts
		answers := func(s string) string {
			out := fmt.Sprint(x.match(s))
			for _, name := range names {
				out += fmt.Sprint(name == s)
			}
			return out
		}
		byAtom, byAnswers := map[int32]string{}, map[string]int32{}
		try := func(s string) {
			atom, a := x.atom(s), answers(s)
			if old, ok := byAtom[atom]; ok && old != a {
				rt.Fatalf("%q is told apart from others of its atom", s)
			}
			if old, ok := byAnswers[a]; ok && old != atom || atom < 0 {
				rt.Fatalf("%q has atom %d, others that nothing tells apart from it %d", s, atom, old)
			}
			byAtom[atom], byAnswers[a] = a, atom
		}
		every("abc", 6, try)
		for atom := range s.vars[0].atoms {
			if got := x.atom(x.example(atom)); got != atom {
				rt.Fatalf("the example of atom %d, %q, has atom %d", atom, x.example(atom), got)
			}
			try(x.example(atom))
		}
		// The description of atoms is true of exactly their texts.
		var atoms []atomRange
		for atom := range s.vars[0].atoms {
			if rapid.Bool().Draw(rt, "in") {
				atoms = append(atoms, atomRange{atom, atom + 1})
			}
		}
		terms := x.terms(atoms)
		every("abc", 4, func(s string) {
			if slices.Contains(names, s) {
				return
			}
			said := false
			for _, y := range terms {
				said = said || y.covers(x.match(s))
			}
			if said != hasAtom(atoms, x.atom(s)) {
				rt.Fatalf("the terms say %v of %q", said, s)
			}
		})
	})
}

// Patterns that have too many combinations, and divisors that have too little in common, are too large and not wrong.
func TestHardSpaces(t *testing.T) {
	var b Builder[int]
	at := b.Leaf(0)
	for c := 'a'; c < 'a'+14; c++ {
		at = b.Node(policy.Test{Kind: policy.Glob, Field: kauth.FieldFstype, Text: "*" + string(c) + "*"}, b.Leaf(int(c)), at, diag.Span{})
	}
	many := b.Graph(at)
	var c Builder[int]
	at = c.Leaf(0)
	for _, mod := range []int64{101, 103, 107, 109, 113} {
		at = c.Node(policy.Test{Kind: policy.Modulus, Field: kauth.FieldUID, Mod: mod, Set: interval.Single(1)}, c.Leaf(int(mod)), at, diag.Span{})
	}
	apart := c.Graph(at)
	id := request(t, "system.mount.get")
	for name, g := range map[string]*Graph[int]{"patterns": many, "divisors": apart} {
		if _, err := Reduce(NewDiagrams[int](NewSpace(id, g)), g); err != ErrTooLarge {
			t.Errorf("%s: got %v", name, err)
		}
		// It can still be optimised, and asked.
		out, _ := Optimize(g, id)
		q := Example(id)
		q.SetInt(kauth.FieldUID, 108)
		q.SetText(kauth.FieldFstype, "xxd")
		if out.Eval(q) != g.Eval(q) {
			t.Errorf("%s: optimised it gives %d, want %d", name, out.Eval(q), g.Eval(q))
		}
	}
	// What people write is not hard.
	var d Builder[int]
	at = d.Leaf(0)
	for _, mod := range []int64{2, 10, 100, 1000} {
		at = d.Node(policy.Test{Kind: policy.Modulus, Field: kauth.FieldUID, Mod: mod, Set: interval.Single(1)}, d.Leaf(int(mod)), at, diag.Span{})
	}
	for i := range 300 {
		at = d.Node(policy.Test{Kind: policy.Glob, Field: kauth.FieldFstype, Text: fmt.Sprintf("customer-%d-*", i)}, d.Leaf(i), at, diag.Span{})
	}
	g := d.Graph(at)
	space := NewSpace(id, g)
	if space.tooLarge {
		t.Error("prefixes and divisors that have much in common are too large")
	}
}

// Regions say in the words of policies which requests they have.
func TestRegionWords(t *testing.T) {
	glob := func(p string) policy.Test {
		return policy.Test{Kind: policy.Glob, Field: kauth.FieldFstype, Text: p}
	}
	is := func(s string) policy.Test {
		return policy.Test{Kind: policy.Is, Field: kauth.FieldFstype, Text: s}
	}
	addrs := func(s string) policy.Test {
		x, err := policy.WithinAddrs(s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	has := func(bit int64) policy.Test {
		return policy.Test{Kind: policy.Has, Field: kauth.FieldFlags, Bit: bit}
	}
	left := func(mod int64, set ...int64) policy.Test {
		return policy.Test{Kind: policy.Modulus, Field: kauth.FieldUID, Mod: mod, Set: interval.Between(set[0], set[1])}
	}
	type answer struct {
		test policy.Test
		yes  bool
	}
	for _, c := range []struct {
		request string
		answers []answer
		want    string
	}{
		{"system.mount.get", []answer{{glob("nfs*"), true}}, `r.fstype:glob("nfs*")`},
		{"system.mount.get", []answer{{glob("nfs*"), false}, {is("puffs"), false}}, `not r.fstype:glob("nfs*") and r.fstype ~= "puffs"`},
		{"system.mount.get", []answer{{glob("nfs*"), true}, {is("nfs4"), false}}, `r.fstype:glob("nfs*") and r.fstype ~= "nfs4"`},
		{"system.mount.get", []answer{{glob("nfs*"), true}, {is("nfs4"), true}}, `r.fstype == "nfs4"`},
		{"system.mount.get", []answer{{glob("n*"), false}, {glob("nfs*"), false}}, `not r.fstype:glob("n*")`},
		{"system.mount.get", []answer{{glob("n*"), true}, {glob("*s"), true}}, `r.fstype:glob("n*") and r.fstype:glob("*s")`},
		{"system.mount.get", []answer{{is("ffs"), false}, {is("nfs"), false}}, `r.fstype ~= "ffs" and r.fstype ~= "nfs"`},
		{"network.interface.setpriv", []answer{{policy.Test{Kind: policy.Is, Field: kauth.FieldIfname}, true}}, `r.ifname == nil`},
		{"network.bind.port", []answer{{addrs("10.0.0.5-10.0.0.9"), true}}, "r.addr within 10.0.0.5-10.0.0.9"},
		{"network.bind.port", []answer{{addrs("10.0.0.5-10.0.0.9"), false}}, "r.addr not within 10.0.0.5-10.0.0.9"},
		{"network.bind.port", []answer{{addrs("10.0.0.0/8"), true}, {addrs("10.1.0.0/16"), false}}, "r.addr within 10.0.0.0/16, 10.2.0.0-10.255.255.255"},
		{"network.bind.port", []answer{{addrs("10.0.0.0/8"), true}, {addrs("10.0.0.5-10.0.0.9"), false}}, "r.addr within 10.0.0.0-10.0.0.4, 10.0.0.10-10.255.255.255"},
		{"network.bind.port", []answer{{addrs("::/0"), true}}, "r.addr within ::/0"},
		{"network.bind.port", []answer{{addrs("0.0.0.0-255.255.255.255"), false}, {addrs("::/0"), false}}, "r.addr not within 0.0.0.0/0, ::/0"},
		{"system.mount.new", []answer{{has(1), true}, {has(8), false}, {has(0x200000000 >> 1), true}}, `has(r.flags, "MNT_RDONLY") and not has(r.flags, "MNT_NOSUID") and has(r.flags, 0x100000000)`},
		{"system.mount.new", []answer{{left(10, 3, 3), true}, {left(2, 0, 0), false}}, "r.uid % 10 == 3 and r.uid % 2 == 1"},
		{"system.mount.new", []answer{{left(10, 3, 5), false}}, "r.uid % 10 not in 3..5"},
	} {
		id := request(t, c.request)
		var b Builder[int]
		at := b.Leaf(0)
		for _, x := range c.answers {
			at = b.Node(x.test, b.Leaf(1), at, diag.Span{})
		}
		region := NewSpace(id, b.Graph(at)).Everything()
		for _, x := range c.answers {
			region = region.Restrict(&x.test, x.yes)
		}
		// The order of the parts does not matter.
		got := region.String()
		words := strings.Split(got, " and ")
		slices.Sort(words)
		want := strings.Split(c.want, " and ")
		slices.Sort(want)
		if !slices.Equal(words, want) {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestTextsHaveALength: what only a text could match that is too long no request has, and examples are short enough.
func TestTextsHaveALength(t *testing.T) {
	id := request(t, "network.interface.setpriv")
	glob := func(p string) policy.Test { return policy.Test{Kind: policy.Glob, Field: kauth.FieldIfname, Text: p} }
	both := func(p, q string) *Graph[int] {
		var b Builder[int]
		return b.Graph(b.Node(glob(p), b.Node(glob(q), b.Leaf(1), b.Leaf(0), diag.Span{}), b.Leaf(0), diag.Span{}))
	}
	for _, c := range []struct {
		p, q  string
		meets bool
	}{
		{"abcdefgh*", "*ijklmno", true},    // 15 bytes
		{"abcdefgh*", "*ijklmnop", false},  // 16 bytes
		{"abcdefghijkl*", "*jkl*no", true}, // they overlap
		{"abcdefghijklm*", "a*", true},     // an example with "other" for the star would be too long
		{"ü*", "*ü", true},
	} {
		g := both(c.p, c.q)
		d := NewDiagrams[int](NewSpace(id, g))
		ref, err := Reduce(d, g)
		if err != nil {
			t.Fatal(err)
		}
		met := false
		d.Regions(ref, func(r Region, leaf int) bool {
			q, ok := r.Witness()
			if !ok {
				t.Fatalf("%s: a region without a request", r)
			}
			if n := len(q.Ifname); n > kauth.FieldIfname.Info().Longest || d.Eval(ref, q) != leaf {
				t.Errorf("%s and %s: %q has %d bytes", c.p, c.q, q.Ifname, n)
			}
			met = met || leaf == 1
			return true
		})
		if met != c.meets {
			t.Errorf("%s and %s meet: %t", c.p, c.q, met)
		}
	}
}
