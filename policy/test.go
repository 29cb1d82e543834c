package policy

import (
	"fmt"
	"strconv"
	"strings"

	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// TestKind says what a [Test] asks.
type TestKind uint8

const (
	// In asks whether a field of KindInt, KindNamed or KindBool is in Set.
	In TestKind = iota
	// Is asks whether a field of KindString is Text.
	Is
	// Within asks whether the address lies from First to Last, which are of one version: within a prefix, or a range.
	Within
	// Member asks whether the caller is in group GID.
	Member
	// Compare asks whether the order of Field and Other, both numbers, is one of Order.
	Compare
	// Has asks whether Bit is set in a field with Flags.
	Has
	// Modulus asks whether what is left of a number field when it is divided by Mod, from 0 to Mod-1, is in Set.
	Modulus
	// Glob asks whether a field of KindString matches the pattern Text, see [CheckGlob].
	Glob

	NumTestKinds = iota
)

// Order is a set of outcomes of a comparison.
type Order uint8

// The outcomes; they can be or'ed.
const (
	Less Order = 1 << iota
	Equal
	Greater
)

// Turned is the outcomes for the two fields the other way around.
func (o Order) Turned() Order { return o&Equal | o&Less<<2 | o&Greater>>2 }

// Test is a question about a request's fields, answered yes or no. Which members count depends on Kind.
type Test struct {
	Kind  TestKind
	Field kauth.Field
	Other kauth.Field
	Order Order
	GID   uint32
	Bit   int64
	Mod   int64
	Set   interval.Set
	Text  string
	First Addr
	Last  Addr
}

// Eval answers the test. The fields must be given.
func (t *Test) Eval(r *Request) bool {
	switch t.Kind {
	case In:
		return t.Set.Contains(r.Int[t.Field])
	case Is:
		return r.Text(t.Field) == t.Text
	case Within:
		return t.First.Compare(r.Addr) <= 0 && r.Addr.Compare(t.Last) <= 0
	case Member:
		return r.InGroup(t.GID)
	case Has:
		return r.Int[t.Field]&t.Bit != 0
	case Modulus:
		return t.Set.Contains(interval.Mod(r.Int[t.Field], t.Mod))
	case Glob:
		return MatchGlob(t.Text, r.Text(t.Field))
	}
	a, b := r.Int[t.Field], r.Int[t.Other]
	switch {
	case a < b:
		return t.Order&Less != 0
	case a == b:
		return t.Order&Equal != 0
	}
	return t.Order&Greater != 0
}

// Needs are the fields that the answer depends on.
func (t *Test) Needs() kauth.FieldSet {
	switch t.Kind {
	case Member:
		return kauth.FieldSet(0).With(kauth.FieldGroups).With(kauth.FieldEGID)
	case Compare:
		return kauth.FieldSet(0).With(t.Field).With(t.Other)
	}
	return kauth.FieldSet(0).With(t.Field)
}

// WithinPrefix is the test for addresses within a prefix.
func WithinPrefix(p Prefix) Test {
	return Test{Kind: Within, Field: kauth.FieldAddr, First: p.First(), Last: p.Last()}
}

// WithinAddrs is the test for addresses in a prefix or range as policies write them: "10.0.0.0/8", "10.0.0.1", or
// "10.0.0.5-10.0.0.9".
func WithinAddrs(s string) (Test, error) {
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		p, err := ParsePrefix(s)
		return WithinPrefix(p), err
	}
	first, err := ParseAddr(from)
	last, err2 := ParseAddr(to)
	switch {
	case err != nil || err2 != nil:
		return Test{}, fmt.Errorf("a range must have an address at each end, as 10.0.0.5-10.0.0.9, but is %q", diag.Short(s))
	case first.Version != last.Version:
		return Test{}, fmt.Errorf("a range must have two addresses of one family, but is %s-%s", first, last)
	case first.Compare(last) > 0:
		return Test{}, fmt.Errorf("a range must begin with its lower end, but is %s-%s: %s-%s", first, last, last, first)
	}
	return Test{Kind: Within, Field: kauth.FieldAddr, First: first, Last: last}, nil
}

// String is the test in the words of a policy: r.port >= 1024.
func (t *Test) String() string {
	name := "r." + t.Field.String()
	switch t.Kind {
	case Is:
		if t.Text == "" && t.Field.Info().Nullable {
			return name + " == nil"
		}
		return fmt.Sprintf("%s == %q", name, t.Text)
	case Within:
		return fmt.Sprintf("%s:within(%q)", name, RangeText(t.First, t.Last))
	case Member:
		return fmt.Sprintf("r:in_group(%d)", t.GID)
	case Compare:
		op := map[Order]string{0: "is never", Less: "<", Equal: "==", Less | Equal: "<=", Greater: ">", Less | Greater: "~=", Greater | Equal: ">=", Less | Equal | Greater: "is"}[t.Order]
		return fmt.Sprintf("%s %s r.%s", name, op, t.Other)
	case Has:
		return fmt.Sprintf("has(%s, %s)", name, bitText(t.Field, t.Bit))
	case Glob:
		return fmt.Sprintf("%s:glob(%q)", name, t.Text)
	case Modulus:
		return describeNumbers(fmt.Sprintf("%s %% %d", name, t.Mod), 0, t.Mod-1, t.Set, plainNumber, 0)
	}
	return describeSet(t.Field, t.Set)
}

// bitText is a bit as policies write it: by its name, else as a number.
func bitText(f kauth.Field, bit int64) string {
	if name, ok := f.BitName(bit); ok {
		return strconv.Quote(name)
	}
	return fmt.Sprintf("%#x", bit)
}

func plainNumber(v int64) string { return strconv.FormatInt(v, 10) }

// describeSet says in the words of a policy that a field is in a set: r.port >= 1024, r.type == "raw", or
// r.port in 80, 443.
func describeSet(f kauth.Field, set interval.Set) string {
	name, info := "r."+f.String(), f.Info()
	switch {
	case info.Kind == kauth.KindBool && set.Contains(1) && !set.Contains(0):
		return name
	case info.Kind == kauth.KindBool && set.Contains(0) && !set.Contains(1):
		return "not " + name
	}
	listed := uint64(0)
	if info.Kind == kauth.KindNamed {
		listed = maxListed
	}
	return describeNumbers(name, info.Min, info.Max, set, f.FormatValue, listed)
}

// describeNumbers says that what is called name, and lies from lo to hi, is in a set. value writes a number; ranges of fewer
// than listed values are written out, because names have no order that anybody knows.
func describeNumbers(name string, lo, hi int64, set interval.Set, value func(int64) string, listed uint64) string {
	bounds := interval.Between(lo, hi)
	set = set.Intersect(bounds)
	rest := bounds.Minus(set)
	switch {
	case set.Empty():
		return name + " is never"
	case rest.Empty():
		return name + " is anything"
	case len(set) == 1 && set[0].Lo == set[0].Hi:
		return name + " == " + value(set[0].Lo)
	case len(rest) == 1 && rest[0].Lo == rest[0].Hi:
		return name + " ~= " + value(rest[0].Lo)
	case len(set) == 1 && set[0].Lo == lo:
		return name + " <= " + value(set[0].Hi)
	case len(set) == 1 && set[0].Hi == hi:
		return name + " >= " + value(set[0].Lo)
	case len(rest) < len(set):
		return name + " not in " + describeRanges(rest, value, listed)
	}
	return name + " in " + describeRanges(set, value, listed)
}

// maxRanges is how many ranges of a set are listed before the rest is only counted.
const maxRanges = 8

// maxListed is how many values of a range of names are listed one by one.
const maxListed = 6

func describeRanges(set interval.Set, value func(int64) string, listed uint64) string {
	var parts []string
	for i, r := range set {
		if i == maxRanges {
			parts = append(parts, fmt.Sprintf("and %d more ranges", len(set)-i))
			break
		}
		switch {
		case r.Lo == r.Hi:
			parts = append(parts, value(r.Lo))
		case uint64(r.Hi)-uint64(r.Lo) < listed:
			for v := r.Lo; v <= r.Hi; v++ {
				parts = append(parts, value(v))
			}
		default:
			parts = append(parts, value(r.Lo)+".."+value(r.Hi))
		}
	}
	return strings.Join(parts, ", ")
}
