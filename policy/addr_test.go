package policy

import (
	"math"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAddr(t *testing.T) {
	for s, want := range map[string]Addr{
		"0.0.0.0":         {Version: 4},
		"10.0.0.1":        {Version: 4, Hi: 0x0a000001 << 32},
		"255.255.255.255": {Version: 4, Hi: math.MaxUint32 << 32},
		"::":              {Version: 6},
		"::1":             {Version: 6, Lo: 1},
		"2001:db8::ff":    {Version: 6, Hi: 0x20010db8 << 32, Lo: 0xff},
		// An IPv4 address in IPv6 is an IPv6 address.
		"::ffff:10.0.0.1": {Version: 6, Lo: 0xffff0a000001},
	} {
		a, err := ParseAddr(s)
		if err != nil || a != want {
			t.Errorf("%s: %+v, %v, want %+v", s, a, err, want)
		}
		if back, err := ParseAddr(a.String()); err != nil || back != a {
			t.Errorf("%s is written %s, which is read %+v, %v", s, a, back, err)
		}
	}
	for _, s := range []string{"", "none", "10.0.0", "10.0.0.256", "10.0.0.01", " 10.0.0.1", "10.0.0.1 ", "10.0.0.1:80", "fe80::1%wm0", ":::", "1::2::3", "10.0.0.0/8", "localhost"} {
		if a, err := ParseAddr(s); err == nil {
			t.Errorf("%q must be no address, but is %s", s, a)
		}
	}
	if (Addr{}).String() != "none" || (Addr{}).Netip().IsValid() || addrFrom(netip.Addr{}) != (Addr{}) {
		t.Error("the zero address must be none")
	}
}

func TestParsePrefix(t *testing.T) {
	for s, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "0.0.0.0/0": "0.0.0.0/0", "::/0": "::/0", "2001:db8::/32": "2001:db8::/32",
		"10.0.0.1": "10.0.0.1/32", "::1": "::1/128", "10.0.0.1/32": "10.0.0.1/32", "::ffff:10.0.0.0/104": "::ffff:10.0.0.0/104",
	} {
		if p, err := ParsePrefix(s); err != nil || p.String() != want {
			t.Errorf("%s: %s, %v, want %s", s, p, err, want)
		}
	}
	for s, want := range map[string]string{
		"10.0.0.1/8":      "a prefix must have no bits set beyond its length, but is 10.0.0.1/8: 10.0.0.0/8 or 10.0.0.1/32",
		"2001:db8::1/32":  "a prefix must have no bits set beyond its length, but is 2001:db8::1/32: 2001:db8::/32 or 2001:db8::1/128",
		"10.0.0.0/33":     `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10.0.0.0/33"`,
		"10.0.0.0/":       `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10.0.0.0/"`,
		"10.0.0.0/08":     `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10.0.0.0/08"`,
		"10.0.0.0/-1":     `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10.0.0.0/-1"`,
		"10/8":            `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10/8"`,
		"fe80::1%wm0":     `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "fe80::1%wm0"`,
		"fe80::%wm0/64":   `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "fe80::%wm0/64"`,
		"":                `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is ""`,
		"10.0.0.0/8/8":    `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10.0.0.0/8/8"`,
		"10.0.0.0/8\x00":  `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "10.0.0.0/8\x00"`,
		"web.example/8":   `a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is "web.example/8"`,
		"255.255.255.255": "",
	} {
		_, err := ParsePrefix(s)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}

func TestContains(t *testing.T) {
	for _, c := range []struct {
		prefix, addr string
		want         bool
	}{
		{"10.0.0.0/8", "10.255.255.255", true}, {"10.0.0.0/8", "11.0.0.0", false}, {"10.0.0.0/8", "9.255.255.255", false},
		{"0.0.0.0/0", "255.255.255.255", true}, {"0.0.0.0/0", "::", false}, {"::/0", "0.0.0.0", false}, {"::/0", "ffff::", true},
		{"127.0.0.1", "127.0.0.1", true}, {"127.0.0.1", "127.0.0.2", false},
		{"10.0.0.0/8", "::ffff:10.0.0.1", false}, {"::ffff:10.0.0.0/104", "::ffff:10.0.0.1", true}, {"::ffff:10.0.0.0/104", "10.0.0.1", false},
		{"2001:db8::/63", "2001:db8:0:1:ffff::", true}, {"2001:db8::/64", "2001:db8:0:1::", false}, {"2001:db8::/65", "2001:db8::8000:0:0:0", false},
	} {
		p, err := ParsePrefix(c.prefix)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ParseAddr(c.addr)
		if err != nil {
			t.Fatal(err)
		}
		if p.Contains(a) != c.want {
			t.Errorf("%s contains %s: %v", p, a, !c.want)
		}
		if p.Contains(Addr{}) {
			t.Errorf("%s must not contain what is no address", p)
		}
	}
}

func drawAddr(t *rapid.T) netip.Addr {
	// Addresses near ends, where carries are.
	edge := func(label string) byte {
		return rapid.SampledFrom([]byte{0, 0, 1, 0x7f, 0x80, 0xff, 0xff}).Draw(t, label)
	}
	if rapid.Bool().Draw(t, "v4") {
		return netip.AddrFrom4([4]byte{edge("a"), edge("b"), edge("c"), edge("d")})
	}
	var b [16]byte
	for i := range b {
		b[i] = edge("byte")
	}
	return netip.AddrFrom16(b)
}

// The standard library has the same idea of addresses and prefixes.
func TestAddressesAgreeWithNetip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := drawAddr(t), drawAddr(t)
		a, b := addrFrom(n), addrFrom(m)
		if a.Netip() != n {
			t.Fatalf("%s becomes %s", n, a.Netip())
		}
		if got, want := a.Compare(b), n.Compare(m); got != want {
			t.Fatalf("%s against %s: %d, want %d", n, m, got, want)
		}
		bits := rapid.IntRange(0, n.BitLen()).Draw(t, "bits")
		np := netip.PrefixFrom(n, bits).Masked()
		p, err := ParsePrefix(np.String())
		if err != nil {
			t.Fatal(err)
		}
		// Netip takes ::ffff:1.2.3.4 for IPv6 in prefixes, as we do.
		if got, want := p.Contains(b), np.Contains(m); got != want {
			t.Fatalf("%s contains %s: %v, want %v", np, m, got, want)
		}
		if !p.Contains(p.First()) || !p.Contains(p.Last()) {
			t.Fatalf("%s must contain its ends, %s and %s", p, p.First(), p.Last())
		}
		if next, ok := p.Last().Next(); ok && p.Contains(next) {
			t.Fatalf("%s must end with %s, but contains %s", p, p.Last(), next)
		}
		if next, ok := a.Next(); ok {
			if next.Compare(a) <= 0 {
				t.Fatalf("%s must come after %s", next, a)
			}
			if want := n.Next(); want.IsValid() && next.Netip() != want {
				t.Fatalf("after %s comes %s, not %s", n, want, next)
			}
		} else if n.Next().IsValid() {
			t.Fatalf("%s is not the last", n)
		}
	})
}

func TestNextCrossesVersions(t *testing.T) {
	first4, _ := (Addr{}).Next()
	last4, _ := ParseAddr("255.255.255.255")
	first6, ok := last4.Next()
	last6, _ := ParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	_, more := last6.Next()
	if first4.String() != "0.0.0.0" || first6.String() != "::" || !ok || more {
		t.Error(first4, first6, ok, more)
	}
	if (Addr{}).Compare(first4) != -1 || last4.Compare(first6) != -1 || first6.Compare(last4) != 1 {
		t.Error("none comes first, then IPv4, then IPv6")
	}
	if (Addr{}).MaxBits() != 0 || last4.MaxBits() != 32 || last6.MaxBits() != 128 {
		t.Error("bits")
	}
}

func TestWithinAddrs(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.0/8":               "r.addr:within(\"10.0.0.0/8\")",
		"10.0.0.5":                 "r.addr:within(\"10.0.0.5/32\")",
		"10.0.0.5-10.0.0.9":        "r.addr:within(\"10.0.0.5-10.0.0.9\")",
		"2001:db8::1-2001:db8::ff": "r.addr:within(\"2001:db8::1-2001:db8::ff\")",
		"10.0.0.4-10.0.0.7":        "r.addr:within(\"10.0.0.4/30\")",
		"0.0.0.0-255.255.255.255":  "r.addr:within(\"0.0.0.0/0\")",
		"::-::ffff":                "r.addr:within(\"::/112\")",
		"2001:db8::-2001:db8::ffff:ffff:ffff:ffff": "r.addr:within(\"2001:db8::/64\")",
		"10.0.0.9-10.0.0.5":                        "a range must begin with its lower end, but is 10.0.0.9-10.0.0.5: 10.0.0.5-10.0.0.9",
		"10.0.0.9-::1":                             "a range must have two addresses of one family, but is 10.0.0.9-::1",
		"10.0.0.9-":                                "a range must have an address at each end, as 10.0.0.5-10.0.0.9, but is \"10.0.0.9-\"",
		"10.0.0.5 - 10.0.0.9":                      "a range must have an address at each end, as 10.0.0.5-10.0.0.9, but is \"10.0.0.5 - 10.0.0.9\"",
		"10.0.0.5-10.0.0.9-10.0.1.":                "a range must have an address at each end, as 10.0.0.5-10.0.0.9, but is \"10.0.0.5-10.0.0.9-10.0.1.\"",
	} {
		x, err := WithinAddrs(text)
		got := x.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	// No address lies in a range that begins with the first there is.
	x, _ := WithinAddrs("0.0.0.0-255.255.255.255")
	if q := (&Request{}); x.Eval(q) {
		t.Error("no address is in a range")
	}
}
