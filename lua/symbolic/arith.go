package symbolic

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

const textHint = "compare the field with strings, r.ifname == \"wm0\", or with patterns, r.ifname:glob(\"wm*\")"

var arithMeta = map[syntax.Op]string{syntax.Add: "__add", syntax.Sub: "__sub", syntax.Mul: "__mul", syntax.Div: "__div", syntax.Mod: "__mod", syntax.Pow: "__pow"}

// arith is a op b.
func (x *exec) arith(s *state, op syntax.Op, a, b term, p spot) result {
	if m, ok := a.number(); ok {
		if n, ok := b.number(); ok {
			return one(numberTerm(calculate(op, m, n)))
		}
	}
	if a.kind == unknown || b.kind == unknown {
		return one(term{kind: unknown})
	}
	for i, v := range [...]term{a, b} {
		if v.kind == named || v.kind == text || v.kind == address {
			return fails(x.refusal(p, [...]part{left, right}[i], diag.DecisionArithmetic, "", "only numbers can be calculated with, but %s is %s", v, v.field.Info().Kind.What()))
		}
	}
	if (a.kind == number || b.kind == number) && !a.isTable() && !b.isTable() {
		return x.arithField(op, a, b, p)
	}
	m, ok1 := toNumber(a)
	n, ok2 := toNumber(b)
	if ok1 && ok2 {
		return one(numberTerm(calculate(op, m, n)))
	}
	for _, v := range [...]term{a, b} {
		if meta := x.metaField(s, v, arithMeta[op]); !meta.isNil() {
			return result{call: &call{meta, []term{a, b}}}
		}
	}
	bad, of := a, left
	if ok1 || a.kind == number {
		bad, of = b, right
	}
	return fails(x.lacking(x.raising(p, of, value.ArithText(op.String(), plainType(bad)), "the operands of %s must be numbers, but one is %s", op, bad.bad()), p, bad))
}

func plainType(v term) value.Type {
	if v.kind == constant {
		return v.known.Type()
	}
	return value.TableType
}

func toNumber(v term) (value.Number, bool) {
	if v.kind != constant {
		return 0, false
	}
	return value.ToNumber(v.known)
}

func calculate(op syntax.Op, a, b value.Number) value.Number {
	switch op {
	case syntax.Add:
		return value.Add(a, b)
	case syntax.Sub:
		return value.Sub(a, b)
	case syntax.Mul:
		return value.Mul(a, b)
	case syntax.Div:
		return value.Div(a, b)
	case syntax.Mod:
		return value.Mod(a, b)
	}
	return value.Pow(a, b)
}

// arithField calculates with a number that depends on the request: the other operand must be a known integer, or
// a number made of the same field.
func (x *exec) arithField(op syntax.Op, a, b term, p spot) result {
	refuse := func(hint, form string, args ...any) result {
		return fails(x.refusal(p, whole, diag.DecisionArithmetic, hint, form, args...))
	}
	if op == syntax.Div || op == syntax.Pow {
		return refuse("multiply the other side instead", "a field can be added to, subtracted from, multiplied and divided with rest, but not used with %s", op)
	}
	if a.kind == number && b.kind == number {
		if op != syntax.Mod && a.expr.field == b.expr.field && a.expr.inner == b.expr.inner && a.expr.mod == b.expr.mod && op != syntax.Mul {
			sign := int64(1)
			if op == syntax.Sub {
				sign = -1
			}
			return x.scaled(a.expr, a.expr.mul+sign*b.expr.mul, a.expr.add+sign*b.expr.add, refuse)
		}
		return refuse("compare the fields with each other instead", "one operand of %s must be the same for every request, but both depend on it", op)
	}
	e, other, swapped, of := a.expr, b, false, right
	if a.kind != number {
		e, other, swapped, of = b.expr, a, true, left
	}
	n, ok := toNumber(other)
	if !ok {
		return fails(x.raising(p, of, "", "the operands of %s must be numbers, but one is %s", op, other.bad()))
	}
	k, ok := exactInteger(n)
	if !ok {
		return refuse("", "a field must be calculated with integers up to 2^53, but %s is used", value.Format(n))
	}
	switch op {
	case syntax.Add:
		return x.scaled(e, e.mul, e.add+k, refuse)
	case syntax.Sub:
		if swapped {
			return x.scaled(e, -e.mul, k-e.add, refuse)
		}
		return x.scaled(e, e.mul, e.add-k, refuse)
	case syntax.Mul:
		mul, ok1 := linear(e.mul, k, 0)
		add, ok2 := linear(e.add, k, 0)
		if !ok1 || !ok2 {
			return refuse("", "arithmetic must stay within 2^53, but %s * %d does not", parens(e), k)
		}
		return x.scaled(e, mul, add, refuse)
	}
	if swapped {
		return refuse("", "the right operand of %% must be the same for every request, but is %s", e)
	}
	if k == 0 {
		return refuse("", "the right operand of %% must not be 0, but is")
	}
	if e.lo < -maxExact || e.hi > maxExact {
		return refuse("", "arithmetic must stay within 2^53, but %s can be larger", e)
	}
	if k > 0 && e.lo >= 0 && e.hi < k {
		return one(term{kind: number, expr: e})
	}
	m, ok := x.newExpr(exprKey{field: e.field, inner: e, mod: k, mul: 1})
	if !ok {
		return refuse("", "arithmetic must stay within 2^53, but %s %% %d does not", parens(e), k)
	}
	return one(term{kind: number, expr: m})
}

// scaled is the expression with another factor and summand over the same base.
func (x *exec) scaled(e *expr, mul, add int64, refuse func(hint, form string, args ...any) result) result {
	if mul == 0 {
		return one(numberTerm(value.Number(add)))
	}
	if lo, hi := x.id.Range(e.field); e.inner == nil && (lo < -maxExact || hi > maxExact) {
		return refuse("compare "+e.String()+" with constants directly", "arithmetic must stay within 2^53, but r.%s can be larger", e.field)
	}
	n, ok := x.newExpr(exprKey{e.field, e.inner, e.mod, mul, add})
	if !ok {
		return refuse("", "arithmetic must stay within 2^53, but this can leave it for large values of r.%s", e.field)
	}
	return one(term{kind: number, expr: n})
}

func (x *exec) negate(s *state, v term, p spot) result {
	switch v.kind {
	case unknown:
		return one(v)
	case named, text, address:
		return fails(x.refusal(p, left, diag.DecisionArithmetic, "", "only numbers can be calculated with, but %s is %s", v, v.field.Info().Kind.What()))
	case number:
		return x.arithField(syntax.Sub, numberTerm(0), v, p)
	}
	if n, ok := toNumber(v); ok {
		return one(numberTerm(-n))
	}
	if meta := x.metaField(s, v, "__unm"); !meta.isNil() {
		return result{call: &call{meta, []term{v, v}}}
	}
	return fails(x.raising(p, left, value.NegateText(plainType(v)), "the operand of - must be a number, but is %s", v.bad()))
}

// concat joins known strings and numbers.
func (x *exec) concat(s *state, args []term, p spot) result {
	size := 0
	parts := make([]string, len(args))
	for i, v := range args {
		t, ok := textOf(v)
		if !ok {
			return x.concatOthers(s, args, p)
		}
		parts[i] = t
		size += len(t)
	}
	if size > maxText {
		return fails(x.tooLong(p, size))
	}
	if fault := x.grow(p, size); fault != nil {
		return fails(fault)
	}
	return one(stringTerm(strings.Join(parts, "")))
}

// concatOthers joins what is not all known strings and numbers: two at a time from the right, with metamethods.
func (x *exec) concatOthers(s *state, args []term, p spot) result {
	for _, v := range args {
		switch v.kind {
		case unknown:
			return one(v)
		case number, named, text, address, request, target, cell:
			return fails(x.refusal(p, whole, diag.DecisionText, "return a constant reason; explain shows the values", "text must be the same for every request, but is made of %s", v))
		}
	}
	joined := args[len(args)-1]
	for i := len(args) - 2; i >= 0; i-- {
		a, b := args[i], joined
		m, ok1 := textOf(a)
		n, ok2 := textOf(b)
		if ok1 && ok2 {
			if len(m)+len(n) > maxText {
				return fails(x.tooLong(p, len(m)+len(n)))
			}
			if fault := x.grow(p, len(m)+len(n)); fault != nil {
				return fails(fault)
			}
			joined = stringTerm(m + n)
			continue
		}
		meta := x.metaField(s, a, "__concat")
		if meta.isNil() {
			meta = x.metaField(s, b, "__concat")
		}
		if meta.isNil() {
			bad := a
			if ok1 {
				bad = b
			}
			return fails(x.raising(p, whole, value.ConcatText(plainType(bad)), "joined values must be strings or numbers, but one is %s", bad.bad()))
		}
		if i == 0 {
			return result{call: &call{meta, []term{a, b}}}
		}
		values, fault := x.callNow(s, meta, []term{a, b}, p)
		if fault != nil {
			return fails(fault)
		}
		joined = first(values)
	}
	return one(joined)
}

func (x *exec) tooLong(p spot, size int) *rules.Fault {
	return x.budgetFault(p, whole, "", "the result of .. must be at most %d bytes, but would be %d", maxText, size)
}

func textOf(v term) (string, bool) {
	if v.kind != constant {
		return "", false
	}
	return value.ToString(v.known)
}

const maxText = 1 << 22

// comparison is the result of == or <: a known answer, a test, a function to be called, or a fault.
type comparison struct {
	yes   bool
	test  *policy.Test
	call  *call
	fault *rules.Fault
	// not turns the answer around.
	not bool
}

func answer(yes bool) comparison { return comparison{yes: yes} }

// compare is a op b.
func (x *exec) compare(s *state, op syntax.Op, a, b term, p spot) comparison {
	var c comparison
	switch op {
	case syntax.Equal, syntax.NotEqual:
		c = x.equal(s, a, b, left, right, p)
		c.not = c.not != (op == syntax.NotEqual)
	case syntax.Less:
		c = x.less(s, a, b, false, left, right, p)
	case syntax.LessEqual:
		c = x.less(s, a, b, true, left, right, p)
	case syntax.Greater:
		c = x.less(s, b, a, false, right, left, p)
	case syntax.GreaterEqual:
		c = x.less(s, b, a, true, right, left, p)
	}
	return c
}

// equal is a == b. The parts are those that a and b stand in.
func (x *exec) equal(s *state, a, b term, of, other part, p spot) comparison {
	if a.kind == constant && b.kind != constant || a.kind != number && b.kind == number {
		a, b, of, other = b, a, other, of
	}
	never := func(hint, form string, args ...any) comparison {
		return comparison{fault: x.refusal(p, of, diag.DecisionType, hint, form, args...)}
	}
	if b.isNil() {
		return answer(a.isNil())
	}
	switch a.kind {
	case number:
		return x.equalNumber(a, b, of, other, p, never)
	case named:
		return x.equalNamed(a, b, of, other, p, never)
	case text:
		if b.kind == text && b.field == a.field {
			return answer(true)
		}
		word, ok := b.string()
		if !ok {
			return never(textHint, "%s must be compared with a string, but is compared with %s", a, b)
		}
		if word == "" && a.field.Info().Nullable {
			return answer(false)
		}
		if why := impossible(a.field, word); why != "" {
			return never(listHint(a.field), "%s must be compared with text that it can be, but is compared with %s", a, why)
		}
		return comparison{test: &policy.Test{Kind: policy.Is, Field: a.field, Text: word}}
	case address:
		if b.kind == address {
			return answer(true)
		}
		hint := "write: r.addr:within(\"10.0.0.0/8\")"
		if word, ok := b.string(); ok {
			if _, err := policy.ParsePrefix(word); err == nil {
				hint = fmt.Sprintf("write: %s:within(%q)", a, word)
			}
		}
		return never(hint, "%s must be asked with within, but is compared with %s", a, b)
	case constant:
		for _, v := range [...]term{a, b} {
			if v.origin != "" && !v.undefined && v.known.Type() == value.BoolType && (b.kind != constant || a.known.Type() != b.known.Type()) {
				return never("use it as a condition: if r."+v.origin+" then", "r.%s must be compared with true or false, but is compared with %s", v.origin, b)
			}
		}
		return x.equalConstants(s, a, b)
	case table:
		if b.kind == table && a.ref == b.ref {
			return answer(true)
		}
		return x.equalMeta(s, a, b)
	case closure:
		return answer(b.kind == closure && a.ref == b.ref)
	}
	return answer(a.kind == b.kind && a.field == b.field)
}

// wordHint says what is written instead of a number field's comparison with a word.
func wordHint(field term, word string) string {
	if n, ok := value.ParseNumber(word); ok {
		return "write: " + value.Format(n)
	}
	of, _, ok := kauth.FindBit(word)
	if !ok {
		word = field.expr.field.MeantBit(word)
		of, _, ok = kauth.FindBit(word)
	}
	if ok && of == field.expr.field {
		return fmt.Sprintf("write: has(r.%s, %q)", of, word)
	}
	return ""
}

// impossible says why a field of text can't be the word, "" if it can.
func impossible(f kauth.Field, word string) string {
	switch longest := f.Info().Longest; {
	case len(word) > longest:
		return fmt.Sprintf("%d bytes, where it has at most %d", len(word), longest)
	case strings.Contains(word, "\x00"):
		return "text with a zero in it, which no name has"
	case !utf8.ValidString(word):
		return "text that is not UTF-8"
	}
	return ""
}

// listHint says where the texts stand that a field can be.
func listHint(f kauth.Field) string {
	switch f {
	case kauth.FieldIfname:
		return "ifconfig -l lists the interfaces"
	case kauth.FieldFstype:
		return "mount lists the types of what is mounted"
	case kauth.FieldTargetCell:
		return "cellsh list shows the cells"
	}
	return ""
}

func (x *exec) equalConstants(s *state, a, b term) comparison {
	if b.kind == table {
		return x.equalMeta(s, b, a)
	}
	if b.kind != constant || a.known.Type() != b.known.Type() {
		return answer(false)
	}
	if value.Equal(a.known, b.known) {
		return answer(true)
	}
	return x.equalMeta(s, a, b)
}

// equalMeta compares two different tables, by their common __eq if they have one.
func (x *exec) equalMeta(s *state, a, b term) comparison {
	if !a.isTable() || !b.isTable() {
		return answer(false)
	}
	m, n := x.metaField(s, a, "__eq"), x.metaField(s, b, "__eq")
	if m.isNil() || !m.same(n) {
		return answer(false)
	}
	return comparison{call: &call{m, []term{a, b}}}
}

func (x *exec) equalNumber(a, b term, of, other part, p spot, never func(hint, form string, args ...any) comparison) comparison {
	if b.kind == number {
		return x.compareFields(a, b, policy.Equal, p)
	}
	if n, ok := b.number(); ok {
		v := float64(n)
		if v == float64(kauth.Unlimited) && a.expr.hi == kauth.Unlimited && a.expr.raw() {
			return comparison{test: &policy.Test{Kind: policy.In, Field: a.expr.field, Set: interval.Single(kauth.Unlimited)}}
		}
		lo, hi := a.expr.bounds()
		if (v < float64(lo) || v > float64(hi)) && x.literal(p, other) && math.Abs(v) <= maxConstant {
			return comparison{fault: x.refusal(p, of, diag.DecisionConstant, "", "%s must be compared with a number from %d to %d, but is compared with %s", a, lo, hi, b)}
		}
		if fault := x.checkConstant(a, v, of, other, p); fault != nil {
			return comparison{fault: fault}
		}
		if v != math.Trunc(v) || math.Abs(v) > maxConstant {
			return x.inSet(a, nil, of, p)
		}
		return x.inSet(a, interval.Single(int64(v)), of, p)
	}
	if b.kind == unknown {
		return comparison{}
	}
	hint := ""
	if word, ok := b.string(); ok {
		hint = wordHint(a, word)
	}
	return never(hint, "%s must be compared with a number, but is compared with %s", a, b)
}

// literal reports whether an operand is a number that the source itself gives: a mistake is more likely there than in what
// a table holds or was calculated.
func (x *exec) literal(p spot, of part) bool {
	n := p.node(of)
	for {
		switch e := n.(type) {
		case *syntax.NumberExpr:
			return true
		case *syntax.ParenExpr:
			n = e.Inner
		case *syntax.UnaryExpr:
			if e.Op != syntax.Neg {
				return false
			}
			n = e.Operand
		default:
			return false
		}
	}
}

// maxConstant is how far from zero constants may lie that are compared with a field that can be as large: beyond it the
// numbers of Lua are not those of the kernel.
const maxConstant = 1 << 52

// checkConstant refuses constants that a field can't be compared with exactly, and large ones that the source gives.
func (x *exec) checkConstant(a term, v float64, of, other part, p spot) *rules.Fault {
	if math.Abs(v) <= maxConstant {
		return nil
	}
	if lo, hi := a.expr.bounds(); !x.literal(p, other) && lo >= -maxConstant && hi <= maxConstant {
		return nil
	}
	hint := ""
	if a.expr.hi == kauth.Unlimited {
		hint = "for no limit write: " + a.String() + " == unlimited"
	}
	return x.refusal(p, of, diag.DecisionConstant, hint, "%s must be compared with a number between -2^52 and 2^52, but is compared with %s", a, numberTerm(value.Number(v)))
}

// inSet asks whether a number is one of the set.
func (x *exec) inSet(a term, set interval.Set, of part, p spot) comparison {
	fields, err := a.expr.preimage(set)
	if err != nil {
		hint := ""
		if f := a.expr.field; f.Info().Flags {
			hint = fmt.Sprintf("ask for flags: has(r.%s, %q)", f, f.BitNames()[0])
		}
		return comparison{fault: x.refusal(p, of, diag.DecisionArithmetic, hint, "%s must divide the values of r.%s into at most %d ranges, but makes more", a, a.expr.field, maxIntervals)}
	}
	// A test that is never or always true is asked all the same, so that analysis can say so.
	if a.expr.divisor == 0 {
		fields = fields.Intersect(interval.Between(x.id.Range(a.expr.field)))
	}
	test := a.expr.test(fields)
	return comparison{test: &test}
}

func (x *exec) equalNamed(a, b term, of, other part, p spot, never func(hint, form string, args ...any) comparison) comparison {
	names := a.field.Info().Names
	switch {
	case b.kind == unknown:
		return comparison{}
	case b.kind == named && b.field == a.field:
		return answer(true)
	case b.kind == named && b.field.Info().Names == names:
		return comparison{test: &policy.Test{Kind: policy.Compare, Field: a.field, Other: b.field, Order: policy.Equal}}
	}
	if word, ok := b.string(); ok {
		v, ok := names.Value(word)
		if !ok {
			hint := diag.DidYouMean(word, names.All())
			if meant, ok := names.Meant(word); ok {
				name, _ := names.Name(meant)
				hint = fmt.Sprintf("write: %s == %q", a, name)
			}
			return comparison{fault: x.refusal(p, other, diag.PolicyName, hint, "%s must be compared with the name of %s, but there is none called %q", a, names.What(), diag.Short(word))}
		}
		return comparison{test: &policy.Test{Kind: policy.In, Field: a.field, Set: interval.Single(v)}}
	}
	if n, ok := b.number(); ok {
		v, ok := exactInteger(n)
		if !ok {
			return comparison{test: &policy.Test{Kind: policy.In, Field: a.field}}
		}
		if name, has := names.Name(v); has {
			return never(fmt.Sprintf("write: %s == %q", a, name), "%s reads %q where it is %d, so it must be compared with the name, but is compared with the number", a, name, v)
		}
		if info := a.field.Info(); v < info.Min || v > info.Max {
			if x.literal(p, other) {
				return comparison{fault: x.refusal(p, of, diag.DecisionConstant, "", "%s must be compared with a number from %d to %d, but is compared with %s", a, info.Min, info.Max, b)}
			}
			return comparison{test: &policy.Test{Kind: policy.In, Field: a.field}}
		}
		return comparison{test: &policy.Test{Kind: policy.In, Field: a.field, Set: interval.Single(v)}}
	}
	return never("", "%s must be compared with the name of %s, but is compared with %s", a, names.What(), b)
}

// less is a < b, or a <= b if orEqual. The parts are those that a and b stand in.
func (x *exec) less(s *state, a, b term, orEqual bool, of, other part, p spot) comparison {
	parts := [...]part{of, other}
	for i, v := range [...]term{a, b} {
		refuse := func(code diag.Code, hint, form string) comparison {
			return comparison{fault: x.refusal(p, parts[i], code, hint, form, v)}
		}
		switch v.kind {
		case named:
			return refuse(diag.DecisionType, "compare it with == and names", "%s has no order, but is compared with < or >")
		case text:
			return refuse(diag.DecisionText, textHint, "%s must be compared with ==, but is compared with < or >")
		case address:
			return refuse(diag.DecisionType, "write: r.addr:within(\"10.0.0.0/8\")", "%s must be asked with within, but is compared with < or >")
		}
	}
	if a.kind == number || b.kind == number {
		return x.lessNumber(a, b, orEqual, of, other, p)
	}
	if a.kind == constant && b.kind == constant {
		compare := value.Less
		if orEqual {
			compare = value.LessEqual
		}
		if yes, ok := compare(a.known, b.known); ok {
			return answer(yes)
		}
	}
	if a.isTable() && b.isTable() {
		event := "__lt"
		if orEqual {
			event = "__le"
		}
		if m := x.metaField(s, a, event); !m.isNil() && m.same(x.metaField(s, b, event)) {
			return comparison{call: &call{m, []term{a, b}}}
		}
		// As Lua 5.1 does: a <= b is not (b < a).
		if m := x.metaField(s, a, "__lt"); orEqual && !m.isNil() && m.same(x.metaField(s, b, "__lt")) {
			return comparison{call: &call{m, []term{b, a}}, not: true}
		}
	}
	where := whole
	for i, v := range [...]term{a, b} {
		if v.isNil() {
			where = parts[i]
		}
	}
	first := a.bad()
	if strings.Contains(first, ", ") {
		first += ","
	}
	fault := x.raising(p, where, value.CompareText(plainType(a), plainType(b)), "compared values must be two numbers or two strings, but are %s and %s", first, b.bad())
	return comparison{fault: x.lacking(fault, p, a, b)}
}

// lessNumber compares a number that depends on the request.
func (x *exec) lessNumber(a, b term, orEqual bool, of, other part, p spot) comparison {
	if a.kind == number && b.kind == number {
		order := policy.Less
		if orEqual {
			order |= policy.Equal
		}
		return x.compareFields(a, b, order, p)
	}
	field, constant, below := a, b, true
	if a.kind != number {
		field, constant, below, of, other = b, a, false, other, of
	}
	if constant.kind == unknown {
		return comparison{}
	}
	n, ok := constant.number()
	if !ok {
		if word, ok := constant.string(); ok {
			return comparison{fault: x.refusal(p, of, diag.DecisionType, wordHint(field, word), "%s must be compared with a number, but is compared with %s", field, constant)}
		}
		fault := x.raising(p, of, "", "%s must be compared with a number, but is compared with %s", field, constant.bad())
		return comparison{fault: x.lacking(fault, p, constant)}
	}
	v := float64(n)
	if v != v {
		return x.inSet(field, nil, of, p)
	}
	if fault := x.checkConstant(field, v, of, other, p); fault != nil {
		return comparison{fault: fault}
	}
	// field < v, field <= v, v < field or v <= field, as sets of integers.
	v = max(-2*maxConstant, min(v, 2*maxConstant))
	var set interval.Set
	switch {
	case below && orEqual:
		set = interval.Between(math.MinInt64, int64(math.Floor(v)))
	case below:
		set = interval.Between(math.MinInt64, int64(math.Ceil(v))-1)
	case orEqual:
		set = interval.Between(int64(math.Ceil(v)), math.MaxInt64)
	default:
		set = interval.Between(int64(math.Floor(v))+1, math.MaxInt64)
	}
	return x.inSet(field, set, of, p)
}

// compareFields compares two numbers that both depend on the request.
func (x *exec) compareFields(a, b term, order policy.Order, p spot) comparison {
	if a.expr == b.expr {
		return answer(order&policy.Equal != 0)
	}
	if a.expr.raw() && b.expr.raw() {
		return comparison{test: &policy.Test{Kind: policy.Compare, Field: a.expr.field, Other: b.expr.field, Order: order}}
	}
	// Numbers made of one field: a < b is a-b < 0.
	r := x.arithField(syntax.Sub, a, b, p)
	if r.fault == nil {
		difference := r.values[0]
		set := interval.Single(0)
		switch order {
		case policy.Less:
			set = interval.Between(math.MinInt64, -1)
		case policy.Less | policy.Equal:
			set = interval.Between(math.MinInt64, 0)
		}
		if n, ok := difference.number(); ok {
			return answer(set.Contains(int64(n)))
		}
		return x.inSet(difference, set, whole, p)
	}
	return comparison{fault: x.refusal(p, whole, diag.DecisionArithmetic, "compare the fields without arithmetic", "two fields must be compared as they are, but %s and %s are calculated", a, b)}
}
