package policy

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"

	"cellsh/policy/diag"
)

// Addr is an internet address as the kernel compares it: IPv4 and IPv6 are different even where one maps the
// other. The zero Addr is none, which lies within no prefix.
type Addr struct {
	// Version is 4, 6 or 0 for none.
	Version uint8
	// Hi and Lo are the address in host order, the first bit uppermost; IPv4 fills the upper half of Hi.
	Hi, Lo uint64
}

// Prefix is an address of which the first Bits count. Bits is at most 32 or 128.
type Prefix struct {
	Addr Addr
	Bits uint8
}

// addrFrom converts an address. Zones are dropped: the kernel's socket addresses keep them elsewhere.
func addrFrom(a netip.Addr) Addr {
	switch {
	case a.Is4():
		b := a.As4()
		return Addr{Version: 4, Hi: uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32}
	case a.Is6():
		b := a.As16()
		var hi, lo uint64
		for i := range 8 {
			hi, lo = hi<<8|uint64(b[i]), lo<<8|uint64(b[8+i])
		}
		return Addr{Version: 6, Hi: hi, Lo: lo}
	}
	return Addr{}
}

// ParseAddr reads an IPv4 or IPv6 address in the usual notation, without a zone.
func ParseAddr(s string) (Addr, error) {
	a, problem := parseAddr(s)
	if problem != "" {
		return Addr{}, errors.New("an address " + problem)
	}
	return a, nil
}

// parseAddr reads an address, or says what it must be.
func parseAddr(s string) (a Addr, problem string) {
	x, err := netip.ParseAddr(s)
	if err != nil || x.Zone() != "" {
		return Addr{}, fmt.Sprintf("must be like 10.0.0.1 or 2001:db8::1, but is %q", diag.Short(s))
	}
	return addrFrom(x), ""
}

// Netip is the address as the standard library has it; the zero netip.Addr for none.
func (a Addr) Netip() netip.Addr {
	switch a.Version {
	case 4:
		return netip.AddrFrom4([4]byte{byte(a.Hi >> 56), byte(a.Hi >> 48), byte(a.Hi >> 40), byte(a.Hi >> 32)})
	case 6:
		var b [16]byte
		for i := range 8 {
			b[i], b[8+i] = byte(a.Hi>>(56-8*i)), byte(a.Lo>>(56-8*i))
		}
		return netip.AddrFrom16(b)
	}
	return netip.Addr{}
}

// String is the address in the usual notation, "none" for none.
func (a Addr) String() string {
	if a.Version == 0 {
		return "none"
	}
	return a.Netip().String()
}

// MaxBits is how many bits an address of the version has.
func (a Addr) MaxBits() uint8 {
	switch a.Version {
	case 4:
		return 32
	case 6:
		return 128
	}
	return 0
}

// mask gives the bits of an address that a prefix of that length fixes.
func mask(bits uint8) (hi, lo uint64) {
	switch {
	case bits == 0:
		return 0, 0
	case bits <= 64:
		return ^uint64(0) << (64 - bits), 0
	case bits < 128:
		return ^uint64(0), ^uint64(0) << (128 - bits)
	}
	return ^uint64(0), ^uint64(0)
}

// Contains reports whether the address lies within the prefix.
func (p Prefix) Contains(a Addr) bool {
	hi, lo := mask(p.Bits)
	return a.Version == p.Addr.Version && a.Hi&hi == p.Addr.Hi && a.Lo&lo == p.Addr.Lo
}

// First is the lowest address within the prefix.
func (p Prefix) First() Addr { return p.Addr }

// Last is the highest address within the prefix.
func (p Prefix) Last() Addr {
	hi, lo := mask(p.Bits)
	last := Addr{p.Addr.Version, p.Addr.Hi | ^hi, p.Addr.Lo | ^lo}
	if p.Addr.Version == 4 {
		last.Hi &^= 1<<32 - 1
		last.Lo = 0
	}
	return last
}

// PrefixOf is the prefix that is the addresses from first to last, which are of one version; false if none is.
func PrefixOf(first, last Addr) (Prefix, bool) {
	length := bits.LeadingZeros64(first.Hi ^ last.Hi)
	if length == 64 {
		length += bits.LeadingZeros64(first.Lo ^ last.Lo)
	}
	p := Prefix{first, min(uint8(length), first.MaxBits())}
	return p, first.Version == last.Version && first.Version != 0 && p.Contains(first) && p.Last() == last
}

// RangeText is the addresses from first to last, which are of one version, as policies write them: a prefix, or a range.
func RangeText(first, last Addr) string {
	if p, ok := PrefixOf(first, last); ok {
		return p.String()
	}
	return first.String() + "-" + last.String()
}

// String is the prefix in the usual notation, "10.0.0.0/8".
func (p Prefix) String() string { return fmt.Sprintf("%s/%d", p.Addr, p.Bits) }

// ParsePrefix reads "10.0.0.0/8", "2001:db8::/32", or a single address. Bits set beyond the prefix are an error,
// because they are more often a mistake than a shorthand.
func ParsePrefix(s string) (Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		addr := addrFrom(a)
		return Prefix{addr, addr.MaxBits()}, nil
	}
	n, err := netip.ParsePrefix(s)
	if err != nil {
		return Prefix{}, fmt.Errorf("a prefix must be like 10.0.0.0/8 or 2001:db8::/32, but is %q", diag.Short(s))
	}
	p := Prefix{addrFrom(n.Addr()), uint8(n.Bits())}
	if m := n.Masked(); m != n {
		return Prefix{}, fmt.Errorf("a prefix must have no bits set beyond its length, but is %s: %s or %s/%d", s, m, n.Addr(), p.Addr.MaxBits())
	}
	return p, nil
}

// Compare orders addresses: none, then IPv4, then IPv6, each by its bits.
func (a Addr) Compare(b Addr) int {
	for _, x := range [...][2]uint64{{uint64(a.Version), uint64(b.Version)}, {a.Hi, b.Hi}, {a.Lo, b.Lo}} {
		switch {
		case x[0] < x[1]:
			return -1
		case x[0] > x[1]:
			return 1
		}
	}
	return 0
}

// Next is the address after a in the order of [Addr.Compare]: none is followed by 0.0.0.0, the last of IPv4 by
// the first of IPv6. It reports false after the last of IPv6.
func (a Addr) Next() (Addr, bool) {
	switch a.Version {
	case 0:
		return Addr{Version: 4}, true
	case 4:
		if a.Hi>>32 == 1<<32-1 {
			return Addr{Version: 6}, true
		}
		return Addr{4, a.Hi + 1<<32, 0}, true
	}
	if a.Lo++; a.Lo == 0 {
		a.Hi++
		if a.Hi == 0 {
			return Addr{}, false
		}
	}
	return a, true
}

// Prev is the address before a in the order of [Addr.Compare]. It reports false for none, which is the first.
func (a Addr) Prev() (Addr, bool) {
	switch {
	case a.Version == 0:
		return Addr{}, false
	case a.Version == 4 && a.Hi == 0:
		return Addr{}, true
	case a.Version == 4:
		return Addr{4, a.Hi - 1<<32, 0}, true
	case a.Hi == 0 && a.Lo == 0:
		return Addr{Version: 4, Hi: (1<<32 - 1) << 32}, true
	}
	if a.Lo == 0 {
		a.Hi--
	}
	a.Lo--
	return a, true
}
