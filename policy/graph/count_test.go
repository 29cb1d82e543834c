package graph

import (
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// As many are counted as there are if one goes through them all.
func TestCountNumbers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(lo, hi int, label string) int64 { return int64(rapid.IntRange(lo, hi).Draw(rt, label)) }
		n := &numbers{all: true}
		least := -300
		if rapid.Bool().Draw(rt, "bits") {
			n.ones, n.zeros, least = draw(0, 31, "ones"), draw(0, 31, "zeros"), 0
		}
		for range draw(1, 3, "ranges") {
			lo := draw(least, 600, "lo")
			n.set = n.set.Union(interval.Between(lo, lo+draw(0, 300, "wide")))
		}
		for range draw(0, 2, "rests") {
			mod := draw(2, 9, "mod")
			n.divided(mod, interval.Between(draw(0, int(mod)-1, "from"), mod-1))
		}
		want := int64(0)
		for v := int64(-400); v < 1000; v++ {
			if n.contains(v) {
				want++
			}
		}
		if got, ok := n.count(); !ok || !got.IsInt64() || got.Int64() != want {
			rt.Fatalf("%+v: %v %v, want %d", n, got, ok, want)
		}
	})
}

func TestCountOrdered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		set := func() (s interval.Set) {
			for range rapid.IntRange(1, 2).Draw(rt, "ranges") {
				lo := int64(rapid.IntRange(-20, 20).Draw(rt, "lo"))
				s = s.Union(interval.Between(lo, lo+int64(rapid.IntRange(0, 20).Draw(rt, "wide"))))
			}
			return s
		}
		a, b, o := set(), set(), policy.Order(rapid.IntRange(0, 7).Draw(rt, "order"))
		want := int64(0)
		for x := int64(-50); x < 60; x++ {
			for y := int64(-50); y < 60; y++ {
				if a.Contains(x) && b.Contains(y) && (x < y && o&policy.Less != 0 || x == y && o&policy.Equal != 0 || x > y && o&policy.Greater != 0) {
					want++
				}
			}
		}
		if got := countOrdered(a, b, o); got.Int64() != want {
			rt.Fatalf("%v %v %d: %v, want %d", a, b, o, got, want)
		}
	})
}

// What is counted of a diagram are the requests that have the outcome.
func TestCount(t *testing.T) {
	bind, nice := kauth.MustFind("network.bind.privport"), kauth.MustFind("process.nice")
	port := func(lo, hi int64) policy.Test {
		return policy.Test{Kind: policy.In, Field: kauth.FieldPort, Set: interval.Between(lo, hi)}
	}
	euid := policy.Test{Kind: policy.In, Field: kauth.FieldEUID, Set: interval.Single(80)}
	within, err := policy.WithinAddrs("10.0.0.0/24")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		id    kauth.RequestID
		tests []policy.Test
		want  string
	}{
		{"ports that the kernel asks with", bind, []policy.Test{port(0, 65535)}, "1023"},
		{"some of them", bind, []policy.Test{port(80, 89)}, "10"},
		{"of one user", bind, []policy.Test{port(80, 89), euid}, "10"},
		{"addresses", bind, []policy.Test{port(80, 81), within}, "512"},
		{"a group", bind, []policy.Test{port(80, 81), {Kind: policy.Member, Field: kauth.FieldGroups, GID: 5}}, "2"},
		{"two fields", nice, []policy.Test{{Kind: policy.Compare, Field: kauth.FieldUID, Other: kauth.FieldEUID, Order: policy.Equal}}, "4294967296"},
		{"rests", nice, []policy.Test{{Kind: policy.Modulus, Field: kauth.FieldNice, Mod: 2, Set: interval.Single(0)}}, "21"},
		{"texts", kauth.MustFind("network.interface.setpriv"), []policy.Test{{Kind: policy.Is, Field: kauth.FieldIfname, Text: "tap0"}}, "1"},
		{"flags", kauth.MustFind("system.mount.new"), []policy.Test{{Kind: policy.Has, Field: kauth.FieldFlags, Bit: 1}}, "2147483648"},
	} {
		var b Builder[bool]
		at := b.Leaf(true)
		for _, test := range c.tests {
			at = b.Node(test, at, b.Leaf(false), diag.Span{})
		}
		g := b.Graph(at)
		d := NewDiagrams[bool](NewSpace(c.id, g))
		r, err := Reduce(d, g)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Count(r, func(yes bool) bool { return yes })
		if err != nil || got.String() != c.want {
			t.Errorf("%s: %v %v, want %s", c.name, got, err, c.want)
		}
	}
}
