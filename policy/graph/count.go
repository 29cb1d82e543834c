package graph

import (
	"math"
	"math/big"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// Count is how many requests have one of the wanted outcomes: see [Region.Count].
func (d *Diagrams[L]) Count(r Ref, want func(L) bool) (*big.Int, error) {
	sum := new(big.Int)
	var err error
	d.RegionsOf(r, want, func(region Region, _ L) bool {
		var n *big.Int
		if n, err = region.Count(); err == nil {
			sum.Add(sum, n)
		}
		return err == nil
	})
	return sum, err
}

// Count is how many requests the region has, told apart by the fields that the space asks about and by nothing else: numbers and
// addresses are counted one by one, ports only those that the kernel asks with; the members of a group are one case, and so are
// all texts that no test tells apart. So regions of one space can be compared. The error is [ErrTooLarge] where fields depend on
// each other in a way that can't be counted.
func (r Region) Count() (*big.Int, error) {
	all := map[kauth.Field]*numbers{}
	of := func(f kauth.Field) *numbers {
		n := all[f]
		if n == nil {
			n = &numbers{set: interval.Between(r.space.request.Range(f)), all: true}
			if usual := Usual(r.space.request, f); usual != nil {
				n.restrict(usual)
			}
			all[f] = n
		}
		return n
	}
	product := big.NewInt(1)
	var orders []orderOf
	var out []uint32
	for i, atoms := range r.allowed {
		v := &r.space.vars[i]
		if atoms == nil {
			atoms = []atomRange{{0, v.atoms}}
		}
		switch v.kind {
		case policy.In, policy.Modulus, policy.Has:
			n := of(v.field)
			if v.count(atoms) == 0 {
				return new(big.Int), nil
			}
			if r.allowed[i] != nil {
				r.restrict(n, i)
			}
		case policy.Is:
			product.Mul(product, big.NewInt(int64(v.count(atoms))))
		case policy.Within:
			product.Mul(product, v.countAddrs(atoms))
		case policy.Member:
			product.Mul(product, big.NewInt(int64(v.count(atoms))))
			if r.allowed[i] != nil && hasAtom(atoms, 0) {
				out = append(out, v.gid)
			}
		case policy.Compare:
			of(v.field)
			of(v.other)
			if r.allowed[i] != nil {
				var o policy.Order
				for a := range int32(3) {
					if hasAtom(atoms, a) {
						o |= 1 << a
					}
				}
				orders = append(orders, orderOf{v.field, v.other, o})
			}
		}
	}
	if n := all[kauth.FieldEGID]; n != nil {
		// The effective group counts as membership.
		for _, gid := range out {
			n.restrict(interval.Single(int64(gid)).Complement())
		}
	}
	for _, o := range orders {
		a, b := all[o.a], all[o.b]
		if a == nil || b == nil || !a.plain() || !b.plain() {
			return nil, ErrTooLarge // one of them stands in several orders, or has more to it than a set
		}
		product.Mul(product, countOrdered(a.set, b.set, o.order))
		delete(all, o.a)
		delete(all, o.b)
	}
	for _, n := range all {
		c, ok := n.count()
		if !ok {
			return nil, ErrTooLarge
		}
		product.Mul(product, c)
	}
	return product, nil
}

// countAddrs is how many addresses the atoms have; that there is none is one more.
func (v *variable) countAddrs(atoms []atomRange) *big.Int {
	sum := new(big.Int)
	if hasAtom(atoms, 0) {
		sum.SetInt64(1)
	}
	for _, x := range v.ranges(atoms) {
		n := new(big.Int).Sub(addrNumber(x.last), addrNumber(x.first))
		sum.Add(sum, n.Add(n, big.NewInt(1)))
	}
	return sum
}

func addrNumber(a policy.Addr) *big.Int {
	n := new(big.Int).SetUint64(a.Hi)
	n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(a.Lo))
	return n.Rsh(n, 128-uint(a.MaxBits())) // the bits begin at the top
}

// plain says that the numbers are a set, and nothing is asked about bits or rests.
func (n *numbers) plain() bool { return len(n.rests) == 0 && n.ones|n.zeros == 0 }

// maxPeriod is up to how many numbers are gone through one by one.
const maxPeriod = 1 << 20

// count is how many numbers there are; false if that takes too long.
func (n *numbers) count() (*big.Int, bool) {
	sum := new(big.Int)
	if n.plain() {
		for _, r := range n.set {
			sum.Add(sum, width(r))
		}
		return sum, true
	}
	if n.ones&n.zeros != 0 {
		return sum, true
	}
	if len(n.rests) == 0 {
		for _, r := range n.set {
			if r.Lo < 0 {
				return nil, false
			}
			sum.Add(sum, n.below(r.Hi))
			if r.Lo > 0 {
				sum.Sub(sum, n.below(r.Lo-1))
			}
		}
		return sum, true
	}
	period := n.periods()[0]
	if period > maxPeriod {
		return nil, false
	}
	m := *n
	m.set = interval.All
	// gone counts those of so many numbers from v on, at most a period.
	gone := func(v, many int64) (c int64) {
		for i := range many {
			if m.contains(v + i) {
				c++
			}
		}
		return c
	}
	for _, r := range n.set {
		whole, rest := new(big.Int).DivMod(width(r), big.NewInt(period), new(big.Int))
		if whole.Sign() > 0 {
			sum.Add(sum, whole.Mul(whole, big.NewInt(gone(r.Lo, period))))
		}
		sum.Add(sum, big.NewInt(gone(r.Lo, rest.Int64())))
	}
	return sum, true
}

// width is how many numbers a range has.
func width(r interval.Range) *big.Int {
	n := new(big.Int).Sub(big.NewInt(r.Hi), big.NewInt(r.Lo))
	return n.Add(n, big.NewInt(1))
}

// below is how many numbers from 0 to v have the bits.
func (n *numbers) below(v int64) *big.Int {
	sum := new(big.Int)
	for bit := int64(1) << 62; ; bit >>= 1 {
		if bit == 0 {
			return sum.Add(sum, big.NewInt(1)) // v itself
		}
		if v&bit != 0 {
			// With this bit 0, all that is below is free.
			if n.ones&bit == 0 {
				free := int64(0)
				for b := bit >> 1; b > 0; b >>= 1 {
					if (n.ones|n.zeros)&b == 0 {
						free++
					}
				}
				sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), uint(free)))
			}
			if n.zeros&bit != 0 {
				return sum
			}
		} else if n.ones&bit != 0 {
			return sum
		}
	}
}

// countOrdered is how many pairs of numbers of two sets have one of the orders.
func countOrdered(a, b interval.Set, o policy.Order) *big.Int {
	sum := new(big.Int)
	for _, x := range a {
		for _, y := range b {
			less, equal := countLess(x, y), countEqual(x, y)
			all := new(big.Int).Mul(width(x), width(y))
			if o&policy.Less != 0 {
				sum.Add(sum, less)
			}
			if o&policy.Equal != 0 {
				sum.Add(sum, equal)
			}
			if o&policy.Greater != 0 {
				sum.Add(sum, all.Sub(all, less).Sub(all, equal))
			}
		}
	}
	return sum
}

func countEqual(x, y interval.Range) *big.Int {
	lo, hi := max(x.Lo, y.Lo), min(x.Hi, y.Hi)
	if lo > hi {
		return new(big.Int)
	}
	return width(interval.Range{Lo: lo, Hi: hi})
}

// countLess is how many pairs there are of which the one of x is less.
func countLess(x, y interval.Range) *big.Int {
	sum := new(big.Int)
	// Those of x below all of y have all of y above them.
	if below := min(x.Hi, y.Lo-1); y.Lo > math.MinInt64 && x.Lo <= below {
		sum.Mul(width(interval.Range{Lo: x.Lo, Hi: below}), width(y))
	}
	// Those from y.Lo on have y.Hi-v above them: a sum of numbers that go down by one.
	lo, hi := max(x.Lo, y.Lo), min(x.Hi, y.Hi)
	if lo > hi {
		return sum
	}
	most := new(big.Int).Sub(big.NewInt(y.Hi), big.NewInt(lo))
	least := new(big.Int).Sub(big.NewInt(y.Hi), big.NewInt(hi))
	steps := width(interval.Range{Lo: lo, Hi: hi})
	part := most.Add(most, least)
	part.Mul(part, steps).Rsh(part, 1)
	return sum.Add(sum, part)
}
