package symbolic

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

const textHint = "compare the field with strings: r.ifname == \"wm0\""

var operators = map[int]string{lua.OP_ADD: "+", lua.OP_SUB: "-", lua.OP_MUL: "*", lua.OP_DIV: "/", lua.OP_MOD: "%", lua.OP_POW: "^"}

var arithMeta = map[int]string{lua.OP_ADD: "__add", lua.OP_SUB: "__sub", lua.OP_MUL: "__mul", lua.OP_DIV: "__div", lua.OP_MOD: "__mod", lua.OP_POW: "__pow"}

// arith is a op b.
func (x *exec) arith(s *state, op int, a, b value, f *frame, pc int) result {
	// A table's metamethod is called whatever the other operand is.
	for _, v := range [...]value{a, b} {
		if meta := x.metaField(s, v, arithMeta[op]); x.isFunction(meta) {
			return result{call: &call{meta, []value{a, b}}}
		}
	}
	for _, v := range [...]value{a, b} {
		if v.kind == named || v.kind == text || v.kind == address {
			return fails(x.refusal(f, pc, diag.DecisionArithmetic, fieldToken(v), "", "only numbers can be calculated with, but %s is %s", v, v.field.Info().Kind.What()))
		}
	}
	if a.kind == number || b.kind == number {
		return x.arithField(op, a, b, f, pc)
	}
	m, ok1 := toNumber(a)
	n, ok2 := toNumber(b)
	if !ok1 || !ok2 {
		bad := a
		if ok1 {
			bad = b
		}
		return fails(x.raising(f, pc, fieldToken(bad), "the operands of %s must be numbers, but one is %s", operators[op], describeBad(bad)))
	}
	return one(known(calculate(op, m, n)))
}

func toNumber(v value) (lua.LNumber, bool) {
	if v.kind != constant {
		return 0, false
	}
	switch n := v.lua.(type) {
	case lua.LNumber:
		return n, true
	case lua.LString:
		return vm.ParseNumber(string(n))
	}
	return 0, false
}

// calculate is what gopher-lua calculates.
func calculate(op int, a, b lua.LNumber) lua.LNumber {
	switch op {
	case lua.OP_ADD:
		return a + b
	case lua.OP_SUB:
		return a - b
	case lua.OP_MUL:
		return a * b
	case lua.OP_DIV:
		return a / b
	case lua.OP_MOD:
		m := math.Mod(float64(a), float64(b))
		if b > 0 && m < 0 || b < 0 && m > 0 {
			m += float64(b)
		}
		return lua.LNumber(m)
	}
	return lua.LNumber(math.Pow(float64(a), float64(b)))
}

// arithField calculates with a number that depends on the request: the other operand must be a known integer, or
// a number made of the same field.
func (x *exec) arithField(op int, a, b value, f *frame, pc int) result {
	symbol := operators[op]
	token := fieldToken(a)
	if a.kind != number {
		token = fieldToken(b)
	}
	refuse := func(hint, form string, args ...any) result {
		return fails(x.refusal(f, pc, diag.DecisionArithmetic, token, hint, form, args...))
	}
	if op == lua.OP_DIV || op == lua.OP_POW {
		return refuse("multiply the other side instead", "a field can be added to, subtracted from, multiplied and divided with rest, but not used with %s", symbol)
	}
	if a.kind == number && b.kind == number {
		if op != lua.OP_MOD && a.expr.field == b.expr.field && a.expr.inner == b.expr.inner && a.expr.mod == b.expr.mod && op != lua.OP_MUL {
			sign := int64(1)
			if op == lua.OP_SUB {
				sign = -1
			}
			return x.scaled(a.expr, a.expr.mul+sign*b.expr.mul, a.expr.add+sign*b.expr.add, refuse)
		}
		return refuse("compare the fields with each other instead", "one operand of %s must be the same for every request, but both depend on it", symbol)
	}
	e, other, swapped := a.expr, b, false
	if a.kind != number {
		e, other, swapped = b.expr, a, true
	}
	n, ok := toNumber(other)
	if !ok {
		return fails(x.raising(f, pc, fieldToken(other), "the operands of %s must be numbers, but one is %s", symbol, describeBad(other)))
	}
	k, ok := exactInteger(n)
	if !ok {
		return refuse("", "a field must be calculated with integers up to 2^53, but %s is used", n)
	}
	switch op {
	case lua.OP_ADD:
		return x.scaled(e, e.mul, e.add+k, refuse)
	case lua.OP_SUB:
		if swapped {
			return x.scaled(e, -e.mul, k-e.add, refuse)
		}
		return x.scaled(e, e.mul, e.add-k, refuse)
	case lua.OP_MUL:
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
		return one(value{kind: number, expr: e})
	}
	m, ok := x.newExpr(exprKey{field: e.field, inner: e, mod: k, mul: 1})
	if !ok {
		return refuse("", "arithmetic must stay within 2^53, but %s %% %d does not", parens(e), k)
	}
	return one(value{kind: number, expr: m})
}

// scaled is the expression with another factor and summand over the same base.
func (x *exec) scaled(e *expr, mul, add int64, refuse func(hint, form string, args ...any) result) result {
	if mul == 0 {
		return one(known(lua.LNumber(add)))
	}
	if lo, hi := x.id.Range(e.field); e.inner == nil && (lo < -maxExact || hi > maxExact) {
		return refuse("compare "+e.String()+" with constants directly", "arithmetic must stay within 2^53, but r.%s can be larger", e.field)
	}
	n, ok := x.newExpr(exprKey{e.field, e.inner, e.mod, mul, add})
	if !ok {
		return refuse("", "arithmetic must stay within 2^53, but this can leave it for large values of r.%s", e.field)
	}
	return one(value{kind: number, expr: n})
}

func (x *exec) negate(s *state, v value, f *frame, pc int) result {
	if v.kind == number {
		return x.arithField(lua.OP_SUB, known(lua.LNumber(0)), v, f, pc)
	}
	if v.kind == constant || v.kind == table {
		if n, ok := toNumber(v); ok {
			return one(known(-n))
		}
		if meta := x.metaField(s, v, "__unm"); x.isFunction(meta) {
			return result{call: &call{meta, []value{v}}}
		}
		return fails(x.raising(f, pc, fieldToken(v), "the operand of - must be a number, but is %s", describeBad(v)))
	}
	return x.arith(s, lua.OP_SUB, known(lua.LNumber(0)), v, f, pc)
}

// concat joins known strings and numbers.
func (x *exec) concat(s *state, args []value, f *frame, pc int) result {
	size := 0
	var parts []string
	for _, v := range args {
		switch {
		case v.kind == constant && lua.LVCanConvToString(v.lua):
			parts = append(parts, lua.LVAsString(v.lua))
			size += len(parts[len(parts)-1])
		case v.kind != constant && v.kind != table && v.kind != closure:
			return fails(x.refusal(f, pc, diag.DecisionText, fieldToken(v), "return a constant reason; explain shows the values", "text must be the same for every request, but is made of %s", v))
		case !x.metaField(s, v, "__concat").isNil():
			return fails(x.refusal(f, pc, diag.DecisionUnsupported, "", "", "joined values must have no __concat, but one has"))
		default:
			return fails(x.raising(f, pc, fieldToken(v), "joined values must be strings or numbers, but one is %s", describeBad(v)))
		}
	}
	if size > maxText {
		return fails(x.refusal(f, pc, diag.DecisionBudget, "", "", "text must have at most %d bytes, but gets %d", maxText, size))
	}
	joined := ""
	for _, p := range parts {
		joined += p
	}
	return one(known(lua.LString(joined)))
}

const maxText = 1 << 20

// comparison is the result of == or <: a known answer, a test, a function to be called, or a fault.
type comparison struct {
	yes   bool
	test  *policy.Test
	call  *call
	fault *rules.Fault
	at    diag.Span
}

func answer(yes bool) comparison { return comparison{yes: yes} }

// equal is a == b.
func (x *exec) equal(s *state, a, b value, f *frame, pc int) comparison {
	if a.kind == constant && b.kind != constant || a.kind != number && b.kind == number {
		a, b = b, a
	}
	c := comparison{at: x.at(f, pc, fieldToken(a))}
	never := func(hint, form string, args ...any) comparison {
		c.fault = x.refusal(f, pc, diag.DecisionType, fieldToken(a), hint, form, args...)
		return c
	}
	if b.isNil() {
		return answer(a.isNil())
	}
	switch a.kind {
	case number:
		return x.equalNumber(a, b, f, pc, never)
	case named:
		return x.equalNamed(a, b, c, f, pc, never)
	case text:
		if b.kind == text && b.field == a.field {
			return answer(true)
		}
		word, ok := b.constantString()
		if !ok {
			return never(textHint, "%s must be compared with a string, but is compared with %s", a, b)
		}
		if word == "" && a.field.Info().Nullable {
			return answer(false)
		}
		if why := impossible(word); why != "" {
			return never("", "%s must be compared with text that it can be, but is compared with %s", a, why)
		}
		c.test = &policy.Test{Kind: policy.Is, Field: a.field, Text: word}
		return c
	case address:
		if b.kind == address {
			return answer(true)
		}
		hint := "write: r.addr:within(\"10.0.0.0/8\")"
		if word, ok := b.constantString(); ok {
			if _, err := policy.ParsePrefix(word); err == nil {
				hint = fmt.Sprintf("write: %s:within(%q)", a, word)
			}
		}
		return never(hint, "%s must be asked with within, but is compared with %s", a, b)
	case constant:
		for _, v := range [...]value{a, b} {
			if other := a.lua.Type(); v.origin != "" && v.lua.Type() == lua.LTBool && (b.kind != constant || other != b.lua.Type()) {
				c.fault = x.refusal(f, pc, diag.DecisionType, lastWord(v.origin), "use it as a condition: if r."+v.origin+" then", "r.%s must be compared with true or false, but is compared with %s", v.origin, b)
				return c
			}
		}
		return x.equalConstants(s, a, b, c)
	case table:
		if b.kind == table && a.ref == b.ref {
			return answer(true)
		}
		return x.equalMeta(s, a, b, c)
	case closure:
		return answer(b.kind == closure && a.ref == b.ref)
	}
	return answer(a.kind == b.kind && a.field == b.field)
}

// maxName is how long a name of the kernel can be in bytes: those of cells are the longest (sys/cell.h).
const maxName = 63

// impossible says why no field of text can be the word, "" if one can.
func impossible(word string) string {
	switch {
	case len(word) > maxName:
		return fmt.Sprintf("%d bytes, where no name has more than %d", len(word), maxName)
	case strings.Contains(word, "\x00"):
		return "text with a zero in it, which no name has"
	case !utf8.ValidString(word):
		return "text that is not UTF-8"
	}
	return ""
}

func (x *exec) equalConstants(s *state, a, b value, c comparison) comparison {
	if b.kind == table {
		return x.equalMeta(s, b, a, c)
	}
	if b.kind != constant || a.lua.Type() != b.lua.Type() {
		return answer(false)
	}
	if a.lua == b.lua {
		n, isNumber := a.lua.(lua.LNumber)
		return answer(!isNumber || n == n)
	}
	if a.lua.Type() == lua.LTTable {
		return x.equalMeta(s, a, b, c)
	}
	return answer(false)
}

// equalMeta compares two different tables, by their common __eq if they have one.
func (x *exec) equalMeta(s *state, a, b value, c comparison) comparison {
	if !isTable(a) || !isTable(b) {
		return answer(false)
	}
	m, n := x.metaField(s, a, "__eq"), x.metaField(s, b, "__eq")
	if !x.isFunction(m) || m.kind != n.kind || m.lua != n.lua || m.ref != n.ref {
		return answer(false)
	}
	c.call = &call{m, []value{a, b}}
	return c
}

func (x *exec) equalNumber(a, b value, f *frame, pc int, never func(hint, form string, args ...any) comparison) comparison {
	c := comparison{at: x.at(f, pc, fieldToken(a))}
	switch {
	case b.kind == number:
		return x.compareFields(a, b, policy.Equal, f, pc)
	case b.kind == constant && b.lua.Type() == lua.LTNumber:
		v := float64(b.lua.(lua.LNumber))
		if v == float64(kauth.Unlimited) && a.expr.hi == kauth.Unlimited && a.expr.raw() {
			c.test = &policy.Test{Kind: policy.In, Field: a.expr.field, Set: interval.Single(kauth.Unlimited)}
			return c
		}
		if fault := x.checkConstant(a, v, f, pc); fault != nil {
			c.fault = fault
			return c
		}
		if v != math.Trunc(v) {
			return answer(false)
		}
		if lo, hi := a.expr.bounds(); int64(v) < lo || int64(v) > hi {
			c.fault = x.refusal(f, pc, diag.DecisionConstant, fieldToken(a), "", "%s must be compared with a number from %d to %d, but is compared with %s", a, lo, hi, b)
			return c
		}
		return x.inSet(a, interval.Single(int64(v)), f, pc)
	}
	hint := ""
	if word, ok := b.constantString(); ok {
		if n, ok := vm.ParseNumber(word); ok {
			hint = "write: " + n.String()
		}
	}
	return never(hint, "%s must be compared with a number, but is compared with %s", a, b)
}

// checkConstant refuses constants that a field can't be compared with exactly.
func (x *exec) checkConstant(a value, v float64, f *frame, pc int) *rules.Fault {
	const limit = 1 << 52
	if v >= -limit && v <= limit {
		return nil
	}
	hint := ""
	if a.expr.hi == kauth.Unlimited {
		hint = "for no limit write: " + a.String() + " == unlimited"
	}
	return x.refusal(f, pc, diag.DecisionConstant, fieldToken(a), hint, "%s must be compared with a number between -2^52 and 2^52, but is compared with %s", a, lua.LNumber(v))
}

// inSet asks whether a number is one of the set.
func (x *exec) inSet(a value, set interval.Set, f *frame, pc int) comparison {
	c := comparison{at: x.at(f, pc, fieldToken(a))}
	fields, err := a.expr.preimage(set)
	if err != nil {
		c.fault = x.refusal(f, pc, diag.DecisionArithmetic, fieldToken(a), "", "%s must divide the values of r.%s into at most %d ranges, but makes more", a, a.expr.field, maxIntervals)
		return c
	}
	// A test that is never or always true is asked all the same, so that analysis can say so.
	lo, hi := x.id.Range(a.expr.field)
	c.test = &policy.Test{Kind: policy.In, Field: a.expr.field, Set: fields.Intersect(interval.Between(lo, hi))}
	return c
}

func (x *exec) equalNamed(a, b value, c comparison, f *frame, pc int, never func(hint, form string, args ...any) comparison) comparison {
	names := a.field.Info().Names
	switch {
	case b.kind == named && b.field == a.field:
		return answer(true)
	case b.kind == named && b.field.Info().Names == names:
		c.test = &policy.Test{Kind: policy.Compare, Field: a.field, Other: b.field, Order: policy.Equal}
		return c
	case b.kind == constant && b.lua.Type() == lua.LTString:
		word := string(b.lua.(lua.LString))
		v, ok := names.Value(word)
		if !ok {
			hint := diag.DidYouMean(word, names.All())
			if meant, ok := names.Meant(word); ok {
				name, _ := names.Name(meant)
				hint = fmt.Sprintf("write: %s == %q", a, name)
			}
			c.fault = x.refusal(f, pc, diag.PolicyName, word, hint, "%s must be compared with the name of %s, but there is none called %q", a, names.What(), word)
			return c
		}
		c.test = &policy.Test{Kind: policy.In, Field: a.field, Set: interval.Single(v)}
		return c
	case b.kind == constant && b.lua.Type() == lua.LTNumber:
		v, ok := exactInteger(b.lua.(lua.LNumber))
		if !ok {
			return answer(false)
		}
		if name, has := names.Name(v); has {
			return never(fmt.Sprintf("write: %s == %q", a, name), "%s reads %q where it is %d, so it must be compared with the name, but is compared with the number", a, name, v)
		}
		if info := a.field.Info(); v < info.Min || v > info.Max {
			c.fault = x.refusal(f, pc, diag.DecisionConstant, fieldToken(a), "", "%s must be compared with a number from %d to %d, but is compared with %s", a, info.Min, info.Max, b)
			return c
		}
		c.test = &policy.Test{Kind: policy.In, Field: a.field, Set: interval.Single(v)}
		return c
	}
	return never("", "%s must be compared with the name of %s, but is compared with %s", a, names.What(), b)
}

// less is a < b, or a <= b if orEqual.
func (x *exec) less(s *state, a, b value, orEqual bool, f *frame, pc int) comparison {
	c := comparison{at: x.at(f, pc, fieldToken(a))}
	for _, v := range [...]value{a, b} {
		switch v.kind {
		case named:
			c.fault = x.refusal(f, pc, diag.DecisionType, fieldToken(v), "compare it with == and names", "%s has no order, but is compared with < or >", v)
			return c
		case text:
			c.fault = x.refusal(f, pc, diag.DecisionText, fieldToken(v), textHint, "%s must be compared with ==, but is compared with < or >", v)
			return c
		case address:
			c.fault = x.refusal(f, pc, diag.DecisionType, fieldToken(v), "write: r.addr:within(\"10.0.0.0/8\")", "%s must be asked with within, but is compared with < or >", v)
			return c
		}
	}
	if a.kind == number || b.kind == number {
		return x.lessNumber(a, b, orEqual, f, pc)
	}
	if a.kind == constant && b.kind == constant {
		m, ok1 := a.lua.(lua.LNumber)
		n, ok2 := b.lua.(lua.LNumber)
		if ok1 && ok2 {
			return answer(m < n || orEqual && m == n)
		}
		v, ok1 := a.lua.(lua.LString)
		w, ok2 := b.lua.(lua.LString)
		if ok1 && ok2 {
			return answer(v < w || orEqual && v == w)
		}
	}
	if isTable(a) && isTable(b) {
		event := "__lt"
		if orEqual {
			event = "__le"
		}
		if m := x.metaField(s, a, event); x.isFunction(m) && m == x.metaField(s, b, event) {
			c.call = &call{m, []value{a, b}}
			return c
		}
		if m := x.metaField(s, a, "__lt"); orEqual && x.isFunction(m) {
			c.fault = x.refusal(f, pc, diag.DecisionUnsupported, "", "define __le", "tables that are compared with <= must have __le, but have only __lt")
			return c
		}
	}
	c.fault = x.raising(f, pc, fieldToken(a)+fieldToken(b), "compared values must be two numbers or two strings, but are %s and %s", describeBad(a), describeBad(b))
	return c
}

// lessNumber compares a number that depends on the request.
func (x *exec) lessNumber(a, b value, orEqual bool, f *frame, pc int) comparison {
	if a.kind == number && b.kind == number {
		order := policy.Less
		if orEqual {
			order |= policy.Equal
		}
		return x.compareFields(a, b, order, f, pc)
	}
	field, other, below := a, b, true
	if a.kind != number {
		field, other, below = b, a, false
	}
	if other.kind != constant || other.lua.Type() != lua.LTNumber {
		if word, ok := other.constantString(); ok {
			hint := ""
			if n, ok := vm.ParseNumber(word); ok {
				hint = "write: " + n.String()
			}
			return comparison{fault: x.refusal(f, pc, diag.DecisionType, fieldToken(field), hint, "%s must be compared with a number, but is compared with %s", field, other)}
		}
		return comparison{fault: x.raising(f, pc, fieldToken(field), "%s must be compared with a number, but is compared with %s", field, describeBad(other))}
	}
	v := float64(other.lua.(lua.LNumber))
	if fault := x.checkConstant(field, v, f, pc); fault != nil {
		return comparison{fault: fault}
	}
	// field < v, field <= v, v < field or v <= field, as sets of integers.
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
	return x.inSet(field, set, f, pc)
}

// compareFields compares two numbers that both depend on the request.
func (x *exec) compareFields(a, b value, order policy.Order, f *frame, pc int) comparison {
	if a.expr == b.expr {
		return answer(order&policy.Equal != 0)
	}
	if a.expr.raw() && b.expr.raw() {
		return comparison{test: &policy.Test{Kind: policy.Compare, Field: a.expr.field, Other: b.expr.field, Order: order}, at: x.at(f, pc, fieldToken(a))}
	}
	// Numbers made of one field: a < b is a-b < 0.
	r := x.arithField(lua.OP_SUB, a, b, f, pc)
	if r.fault == nil {
		difference := r.values[0]
		set := interval.Single(0)
		switch order {
		case policy.Less:
			set = interval.Between(math.MinInt64, -1)
		case policy.Less | policy.Equal:
			set = interval.Between(math.MinInt64, 0)
		}
		if difference.kind == constant {
			return answer(set.Contains(int64(difference.lua.(lua.LNumber))))
		}
		return x.inSet(difference, set, f, pc)
	}
	return comparison{fault: x.refusal(f, pc, diag.DecisionArithmetic, fieldToken(a), "compare the fields without arithmetic", "two fields must be compared as they are, but %s and %s are calculated", a, b)}
}
