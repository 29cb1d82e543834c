package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/lower"
	"cellsh/lua/value"
)

// openHidden makes the functions that lowered code calls; see package lower.
func (v *VM) openHidden() {
	for name, fn := range map[string]lua.LGFunction{
		lower.HiddenConcat: v.concat,
		lower.HiddenAdd:    v.arithmetic("__add"),
		lower.HiddenSub:    v.arithmetic("__sub"),
		lower.HiddenMul:    v.arithmetic("__mul"),
		lower.HiddenDiv:    v.arithmetic("__div"),
		lower.HiddenMod:    v.arithmetic("__mod"),
		lower.HiddenPow:    v.arithmetic("__pow"),
		lower.HiddenNegate: v.negate,
		lower.HiddenLen:    v.length,
		lower.HiddenLoop:   v.loop,
		lower.HiddenTable:  v.construct,
		lower.HiddenArg: func(L *lua.LState) int {
			n := L.GetTop()
			v.meter.take(L, 16*int64(n))
			t := L.CreateTable(n, 1)
			for i := 1; i <= n; i++ {
				t.RawSetInt(i, L.Get(i))
			}
			t.RawSetString("n", lua.LNumber(n))
			L.Push(t)
			return 1
		},
		lower.HiddenKey: func(L *lua.LState) int {
			if n, ok := L.Get(1).(lua.LNumber); ok {
				v.meter.take(L, growth(0, n))
			}
			L.SetTop(1)
			return 1
		},
		lower.HiddenSet: func(L *lua.LState) int {
			if k, ok := L.Get(2).(lua.LNumber); ok {
				if t, ok := L.Get(1).(*lua.LTable); ok {
					v.meter.take(L, growth(t.MaxN(), k))
				}
			}
			L.SetTable(L.Get(1), L.Get(2), L.Get(3))
			return 0
		},
	} {
		v.hidden[name] = v.Function(Builtin{Name: name, Pure: name != lower.HiddenSet}, fn)
	}
}

// growth is how many bytes an array with that many elements grows by when an index is set.
func growth(have int, index lua.LNumber) int64 {
	if !(index > lua.LNumber(have)) || !(index < lua.LNumber(lua.MaxArrayIndex)) {
		return 16
	}
	return 16 * (int64(index) - int64(have))
}

// concatText is a string, or a number as .. takes it.
func concatText(x lua.LValue) (string, bool) {
	switch x := x.(type) {
	case lua.LString:
		return string(x), true
	case lua.LNumber:
		return value.Format(value.Number(x)), true
	}
	return "", false
}

// concat is the operator "..": from the right, with the metamethod __concat where an operand is neither string
// nor number.
func (v *VM) concat(L *lua.LState) int {
	n := L.GetTop()
	parts := make([]string, n)
	at, size := n, 0
	for ; at > 0; at-- {
		text, ok := concatText(L.Get(at))
		if !ok {
			break
		}
		parts[at-1] = text
		size += len(text)
	}
	if at == 0 {
		// All at once.
		v.grow(L, "the result of ..", size)
		L.Push(lua.LString(strings.Join(parts, "")))
		return 1
	}
	right := L.Get(n)
	for i := n - 1; i > 0; i-- {
		left := L.Get(i)
		a, isText := concatText(left)
		b, both := concatText(right)
		if isText && both {
			v.grow(L, "the result of ..", len(a)+len(b))
			right = lua.LString(a + b)
			continue
		}
		op := L.GetMetaField(left, "__concat")
		if op == lua.LNil {
			op = L.GetMetaField(right, "__concat")
		}
		if op == lua.LNil {
			bad := left
			if isText {
				bad = right
			}
			v.raiseAt(L, whole, "%s", value.ConcatText(typeOf(bad)))
		}
		right = v.call1(L, op, left, right)
	}
	L.Push(right)
	return 1
}

// call1 calls a function of Lua from one of the library, for one result.
func (v *VM) call1(L *lua.LState, fn lua.LValue, args ...lua.LValue) lua.LValue {
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	L.Call(len(args), 1)
	result := L.Get(-1)
	L.Pop(1)
	return result
}

// number is a value as arithmetic takes it.
func number(x lua.LValue) (value.Number, bool) {
	switch x := x.(type) {
	case lua.LNumber:
		return value.Number(x), true
	case lua.LString:
		return value.ParseNumber(string(x))
	}
	return 0, false
}

// calculation is an operator of arithmetic.
type calculation struct {
	sign string
	of   func(a, b value.Number) value.Number
}

// calculations by their metamethods.
var calculations = map[string]calculation{"__add": {"+", value.Add}, "__sub": {"-", value.Sub}, "__mul": {"*", value.Mul},
	"__div": {"/", value.Div}, "__mod": {"%", value.Mod}, "__pow": {"^", value.Pow}}

// arithmetic makes the function that is an operator.
func (v *VM) arithmetic(event string) lua.LGFunction {
	c := calculations[event]
	return func(L *lua.LState) int {
		a, b := L.Get(1), L.Get(2)
		x, ok1 := number(a)
		y, ok2 := number(b)
		if ok1 && ok2 {
			L.Push(lua.LNumber(c.of(x, y)))
			return 1
		}
		for _, operand := range [...]lua.LValue{a, b} {
			if op := L.GetMetaField(operand, event); op != lua.LNil {
				L.Push(v.call1(L, op, a, b))
				return 1
			}
		}
		bad, about := a, left
		if ok1 {
			bad, about = b, right
		}
		v.raiseAt(L, about, "%s", value.ArithText(c.sign, typeOf(bad)))
		return 0
	}
}

// openStrings makes the metatable of strings.
func (v *VM) openStrings(methods lua.LValue) *lua.LTable {
	mt := v.L.NewTable()
	mt.RawSetString("__index", methods)
	v.L.SetMetatable(lua.LString(""), mt)
	return mt
}

// negate is the minus sign. Its metamethod gets the operand twice, as in PUC Lua.
func (v *VM) negate(L *lua.LState) int {
	x := L.Get(1)
	if n, ok := number(x); ok {
		L.Push(lua.LNumber(-n))
		return 1
	}
	op := L.GetMetaField(x, "__unm")
	if op == lua.LNil {
		v.raiseAt(L, left, "%s", value.NegateText(typeOf(x)))
	}
	L.Push(v.call1(L, op, x, x))
	return 1
}

// length is the operator #, which asks no metamethod of tables.
func (v *VM) length(L *lua.LState) int {
	switch x := L.Get(1).(type) {
	case lua.LString:
		L.Push(lua.LNumber(len(x)))
	case *lua.LTable:
		L.Push(lua.LNumber(x.Len()))
	default:
		op := L.GetMetaField(x, "__len")
		if op == lua.LNil {
			v.raiseAt(L, left, "%s", value.LengthText(typeOf(x)))
		}
		L.Push(v.call1(L, op, x, lua.LNil))
	}
	return 1
}

// loop looks at the bounds of a numeric loop.
func (v *VM) loop(L *lua.LState) int {
	for i, what := range [...]string{"initial value", "limit", "step"} {
		x := L.Get(i + 1)
		if _, ok := x.(lua.LNumber); ok {
			continue
		}
		n, ok := number(x)
		if !ok {
			v.raiseAt(L, start+part(i), "%s", value.LoopText(what, typeOf(x)))
		}
		L.Replace(i+1, lua.LNumber(n))
	}
	L.SetTop(3)
	return 3
}

// construct puts a table together. Elements are stored fifty at a time, and fields when they come, as in PUC Lua: that
// shows where a key is given twice.
func (v *VM) construct(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		t = L.NewTable()
	}
	plan := L.Get(2).(*lua.LUserData).Value.(*lower.Plan)
	next := 3
	var elements []lua.LValue
	first := 0
	store := func() {
		for i, x := range elements {
			t.RawSetInt(first+i, x)
		}
		first += len(elements)
		elements = elements[:0]
	}
	element := func(at int, x lua.LValue) {
		if len(elements) == batch {
			store()
		} else if len(elements) == 0 {
			first = at
		}
		elements = append(elements, x)
	}
	field := func(k, x lua.LValue) {
		if len(elements) == batch {
			store()
		}
		t.RawSet(k, x)
	}
	for i := range plan.Parts {
		p := &plan.Parts[i]
		v.meter.work(L, len(p.Values))
		switch {
		case p.Keys != nil:
			for i, k := range p.Keys {
				if n, ok := k.(lua.LNumber); ok {
					v.meter.take(L, growth(t.MaxN(), n))
				} else {
					v.meter.take(L, 64)
				}
				field(k, p.Values[i])
			}
		case p.Values != nil:
			v.meter.take(L, 16*int64(len(p.Values)))
			for i, x := range p.Values {
				element(p.First+i, x)
			}
		default:
			from := L.Get(next).(*lua.LTable)
			next++
			if p.Fields {
				for k, x := from.Next(lua.LNil); k != lua.LNil; k, x = from.Next(k) {
					field(k, x)
				}
				continue
			}
			n := p.Count
			if n < 0 {
				n = from.MaxN()
			}
			v.meter.work(L, n)
			v.meter.take(L, 16*int64(n))
			for i := range n {
				element(p.First+i, from.RawGetInt(i+1))
			}
		}
	}
	store()
	L.Push(t)
	return 1
}

// batch is how many elements of a constructor are stored at once.
const batch = 50

// grow accounts for a string that is about to be made.
func (v *VM) grow(L *lua.LState, what string, size int) {
	if err := v.tooLong(what, size); err != nil {
		v.raise(L, "%s", err)
	}
	v.meter.take(L, int64(size)+16)
}

// tooLong refuses strings beyond what the machine makes.
func (v *VM) tooLong(what string, size int) error {
	most := MaxString
	if v.options.Level == Session {
		most = maxSessionString
	}
	if size > most {
		return fmt.Errorf("%s must be at most %d bytes, but would be %d", what, most, size)
	}
	return nil
}
