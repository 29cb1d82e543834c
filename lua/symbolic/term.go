package symbolic

import (
	"fmt"
	"math"
	"math/big"

	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// kind says what a term is.
type kind uint8

const (
	// constant is a value of Lua that is the same for every request: what was there after load, or was made of
	// such values.
	constant kind = iota
	// number is an integer that depends on a field: expr.
	number
	// named is the value of a field that reads as a name or a number.
	named
	// text is the value of a field of text, and not nil.
	text
	// address is the field addr.
	address
	// request, target and cell are the objects r, r.target and r.cell.
	request
	target
	cell
	// inGroup and within are the methods of r and of addresses.
	inGroup
	within
	// table and closure were made by the decision: ref is their place on its heap.
	table
	closure
	// box is no value: it stands where a variable that functions share has its place on the stack. ref is the box on the
	// heap, or known the *Cell while a file is run.
	box
	// unknown is what an operation would have given that can't be compiled: it is only there to find what else is wrong.
	unknown
)

// term is a value as the executor knows it: what a variable holds.
type term struct {
	kind  kind
	field kauth.Field
	// undefined: a nil that was read from a global that nobody defined, or from a field, called origin. That is for messages
	// only, and makes no two values different.
	undefined bool
	ref       int32
	known     value.Value
	expr      *expr
	origin    string
}

func known(v value.Value) term { return term{known: v} }

var (
	nilTerm   = known(value.Nil{})
	trueTerm  = known(value.Bool(true))
	falseTerm = known(value.Bool(false))
)

func boolean(b bool) term {
	if b {
		return trueTerm
	}
	return falseTerm
}

func numberTerm(n value.Number) term { return known(n) }

func stringTerm(s string) term { return known(value.String(s)) }

// isNil reports whether the value is certainly nil. No symbolic value is nil: reading a field forks where it may
// be absent.
func (v term) isNil() bool { return v.kind == constant && v.known == value.Nil{} }

// truth is whether the value counts as true. That is known for every value but the unknown.
func (v term) truth() bool { return v.kind != constant || value.Truth(v.known) }

// string is the value of a known string.
func (v term) string() (string, bool) {
	s, ok := v.known.(value.String)
	return string(s), ok && v.kind == constant
}

// number is the value of a known number.
func (v term) number() (value.Number, bool) {
	n, ok := v.known.(value.Number)
	return n, ok && v.kind == constant
}

// table is a known table.
func (v term) table() (*value.Table, bool) {
	t, ok := v.known.(*value.Table)
	return t, ok && v.kind == constant
}

func (v term) isTable() bool {
	if v.kind == table {
		return true
	}
	_, ok := v.table()
	return ok
}

func (v term) isFunction() bool {
	switch v.kind {
	case closure, inGroup, within:
		return true
	case constant:
		return v.known.Type() == value.FunctionType
	}
	return false
}

// same reports whether two terms are certainly one value.
func (v term) same(w term) bool {
	return v.kind == w.kind && v.field == w.field && v.ref == w.ref && v.known == w.known && v.expr == w.expr
}

// typeName is what type() says, "" where it depends on the request.
func (v term) typeName() string {
	switch v.kind {
	case constant:
		return v.known.Type().String()
	case number:
		return "number"
	case named, unknown:
		return ""
	case text:
		return "string"
	case table:
		return "table"
	case closure, inGroup, within:
		return "function"
	}
	return "userdata"
}

// String describes the value for messages.
func (v term) String() string {
	switch v.kind {
	case constant:
		switch x := v.known.(type) {
		case value.String:
			return fmt.Sprintf("%q", diag.Short(string(x)))
		case value.Number:
			return describeNumber(x)
		case value.Bool:
			return fmt.Sprint(bool(x))
		}
		if v.isNil() && v.origin != "" {
			if v.undefined {
				return v.origin + ", which nobody has defined"
			}
			return "r." + v.origin
		}
		return v.known.Type().String()
	case number:
		return v.expr.String()
	case named, text, address:
		return "r." + v.field.String()
	case request:
		return "the request"
	case target:
		return "r.target"
	case cell:
		return "r.cell"
	case table:
		return "a table"
	}
	return "a function"
}

func describeNumber(n value.Number) string {
	if n == value.Number(kauth.Unlimited) {
		return "unlimited"
	}
	return value.Format(n)
}

// bad describes a value that is of the wrong kind: for a nil that came from a field or a global, where it came from.
func (v term) bad() string {
	if v.isNil() && v.origin != "" && !v.undefined {
		return "r." + v.origin + ", which is nil"
	}
	if v.isNil() && v.origin != "" {
		return v.origin + ", which nobody has defined"
	}
	if v.kind == constant {
		return v.known.Type().String()
	}
	return v.String()
}

// expr is an integer made of one field: mul*x + add, where x is the field, or inner modulo mod. Equal
// expressions are one pointer.
type expr struct {
	field    kauth.Field
	inner    *expr
	mod      int64
	mul, add int64
	// lo and hi bound the values.
	lo, hi int64
	id     int
	// divisor is by what the field is divided to ask for the expression, 0 where its values are asked for.
	divisor int64
}

// raw reports whether it is the field itself.
func (e *expr) raw() bool { return e.inner == nil && e.mul == 1 && e.add == 0 }

// bounds are the least and the largest value that some request can have: those of this request are other ones where a
// field is always the same in it.
func (e *expr) bounds() (lo, hi int64) {
	if e.raw() {
		info := e.field.Info()
		return info.Min, info.Max
	}
	if e.field == kauth.FieldBits {
		return math.MinInt64, math.MaxInt64
	}
	return e.lo, e.hi
}

func (e *expr) String() string {
	s := "r." + e.field.String()
	if e.inner != nil {
		s = fmt.Sprintf("%s %% %d", parens(e.inner), e.mod)
	}
	if e.mul != 1 {
		if e.inner != nil {
			s = "(" + s + ")"
		}
		s = fmt.Sprintf("%s * %d", s, e.mul)
	}
	switch {
	case e.add > 0:
		s = fmt.Sprintf("%s + %d", s, e.add)
	case e.add < 0:
		s = fmt.Sprintf("%s - %d", s, -e.add)
	}
	return s
}

func parens(e *expr) string {
	if e.raw() {
		return e.String()
	}
	return "(" + e.String() + ")"
}

// exprKey is what makes an expression.
type exprKey struct {
	field         kauth.Field
	inner         *expr
	mod, mul, add int64
}

// maxExact is how far from zero results of arithmetic may lie: every integer up to there is a number of Lua.
const maxExact = 1 << 53

// newExpr gives the expression; false if its values could leave the exact integers.
func (x *exec) newExpr(k exprKey) (*expr, bool) {
	if e, ok := x.exprs[k]; ok {
		return e, true
	}
	e := &expr{field: k.field, inner: k.inner, mod: k.mod, mul: k.mul, add: k.add, id: len(x.exprs)}
	lo, hi := x.id.Range(k.field)
	if k.inner != nil {
		if k.mod > 0 {
			lo, hi = 0, k.mod-1
		} else {
			lo, hi = k.mod+1, 0
		}
	}
	if k.inner == nil && k.mul == 1 && k.add == 0 {
		e.lo, e.hi = lo, hi
	} else {
		a, ok1 := linear(lo, k.mul, k.add)
		b, ok2 := linear(hi, k.mul, k.add)
		if !ok1 || !ok2 {
			return nil, false
		}
		e.lo, e.hi = min(a, b), max(a, b)
	}
	e.divide()
	x.exprs[k] = e
	return e, true
}

// linear is v*mul + add if all of it is exact.
func linear(v, mul, add int64) (int64, bool) {
	if abs(v) > maxExact || abs(mul) > maxExact || abs(add) > maxExact {
		return 0, false
	}
	// Products of numbers below 2^53 fit a float64 well enough to see whether they are too large.
	p := float64(v) * float64(mul)
	if math.Abs(p) > maxExact || math.Abs(p+float64(add)) > maxExact {
		return 0, false
	}
	return v*mul + add, true
}

func abs(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

// exactInteger is the number as an integer; false if it is none, or too far from zero to be sure of.
func exactInteger(n value.Number) (int64, bool) {
	v := float64(n)
	if v != math.Trunc(v) || math.Abs(v) > maxExact {
		return 0, false
	}
	return int64(v), true
}

// maxIntervals bounds the sets that % makes.
const maxIntervals = 4096

// maxPeriods is how often what is left of a field may begin anew for it to be asked as ranges of the field: of more the
// kernel is asked what is left.
const maxPeriods = 16

// divide finds out how the expression is asked: as ranges of the field, or of what is left of it when it is divided by
// divisor. It looks at the first % that was done on the field.
func (e *expr) divide() {
	d := e
	for d.inner != nil && d.inner.inner != nil {
		d = d.inner
	}
	if d.inner == nil || !e.field.Divisible() {
		return
	}
	width := int64(abs(d.mod))
	if (d.inner.hi-d.inner.lo)/width < maxPeriods {
		return
	}
	// All that matters of mul*x + add is x modulo this.
	e.divisor = width / interval.GCD(int64(abs(d.inner.mul)), width)
}

// test asks whether the field is in the set, or what is left of it, as preimage gives it.
func (e *expr) test(set interval.Set) policy.Test {
	if e.divisor == 1 && !set.Empty() {
		// Nothing is left of any number.
		set = interval.Between(e.field.Info().Min, e.field.Info().Max)
	}
	if e.divisor > 1 {
		return policy.Test{Kind: policy.Modulus, Field: e.field, Mod: e.divisor, Set: set}
	}
	return policy.Test{Kind: policy.In, Field: e.field, Set: set}
}

// preimage gives the values of the field for which the expression is in the set, or if it has a divisor what is left of them.
func (e *expr) preimage(set interval.Set) (interval.Set, error) {
	return e.image(set, e.divisor)
}

func (e *expr) image(set interval.Set, divisor int64) (interval.Set, error) {
	set = set.Shift(-e.add)
	if e.mul != 1 {
		set = set.Unscale(e.mul)
	}
	if e.inner == nil {
		return set, nil
	}
	if divisor != 0 && e.inner.inner == nil {
		return e.residues(set, divisor)
	}
	inner, err := set.Unmod(e.mod, e.inner.lo, e.inner.hi, maxIntervals)
	if err != nil {
		return nil, err
	}
	return e.inner.image(inner, divisor)
}

// residues gives what is left of the field, divided by the divisor, where what mod leaves of mul*field + add is in the set.
func (e *expr) residues(set interval.Set, divisor int64) (interval.Set, error) {
	width := int64(abs(e.mod))
	if e.mod < 0 {
		// Lua's rests have the sign of the divisor: -3 is what leaves 7 of 10.
		set = set.Intersect(interval.Between(-width+1, -1)).Shift(width).Union(set.Intersect(interval.Single(0)))
	}
	set = set.Intersect(interval.Between(0, width-1))
	step := width / divisor // the greatest common divisor of mul and width
	mul, add := interval.Mod(e.inner.mul/step, divisor), e.inner.add
	// Of each range only every step-th number is left of anything: those that mul*r + add can be.
	var out interval.Set
	for _, r := range set {
		first := r.Lo + interval.Mod(add-r.Lo, step)
		if first > r.Hi {
			continue
		}
		// mul*r = from, from+1, ..., modulo divisor.
		from, count := interval.Mod((first-add)/step, divisor), (r.Hi-first)/step+1
		switch mul {
		case 1:
			out = append(out, around(from, count, divisor)...)
		case divisor - 1:
			out = append(out, around(interval.Mod(-(from+count-1), divisor), count, divisor)...)
		default:
			if count > maxIntervals {
				return nil, interval.ErrTooMany
			}
			inverse := invert(mul, divisor)
			for i := range count {
				v := product(inverse, interval.Mod(from+i, divisor), divisor)
				out = append(out, interval.Range{Lo: v, Hi: v})
			}
		}
		if len(out) > 2*maxIntervals {
			return nil, interval.ErrTooMany
		}
	}
	return interval.Of(out...), nil
}

// around is count numbers from from on, of which 0 follows the last below divisor.
func around(from, count, divisor int64) interval.Set {
	if from+count <= divisor {
		return interval.Between(from, from+count-1)
	}
	return interval.Set{{Lo: from, Hi: divisor - 1}, {Lo: 0, Hi: from + count - 1 - divisor}}
}

// invert gives the number of which the product with v leaves 1 of divisor. They have no common divisor.
func invert(v, divisor int64) int64 {
	return new(big.Int).ModInverse(big.NewInt(v), big.NewInt(divisor)).Int64()
}

// product is a*b modulo divisor.
func product(a, b, divisor int64) int64 {
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	return p.Mod(p, big.NewInt(divisor)).Int64()
}
