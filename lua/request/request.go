// Package request shows requests to gopher-lua, and asks functions about them: the second reading of decisions.
//
//	answer, steps, err := request.Ask(machine, fn, false, &q, "web-1", groups)
//
// What it is not: it compiles nothing; package symbolic does.
package request

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Ask runs a function on a request. Where functions give true or false instead of a result: true is policy.Allow. The
// answer has no source; steps are the instructions that it took, at least 1. The error says what the function raised, or
// what it must not return.
func Ask(v *vm.VM, fn *lua.LFunction, where bool, r *policy.Request, cell string, groups policy.Groups) (a policy.Answer, steps int64, err error) {
	out, err := v.CallWithin(vm.DecisionInstructions, fn, New(v, r, cell, groups))
	steps = max(v.UsedWithin(), 1)
	if err != nil {
		return policy.Answer{}, steps, err
	}
	first := lua.LValue(lua.LNil)
	if len(out) > 0 {
		first = out[0]
	}
	if where {
		if lua.LVAsBool(first) {
			a.Result = policy.Allow
		}
		return a, steps, nil
	}
	if first == lua.LNil {
		return a, steps, nil
	}
	result, ok := policy.ParseResult(first.String())
	if !ok || first.Type() != lua.LTString {
		return policy.Answer{}, steps, fmt.Errorf("a decision must return deny, allow, grant or nothing, but returns %s", first)
	}
	a.Result = result
	if len(out) > 1 && out[1] != lua.LNil {
		reason, ok := out[1].(lua.LString)
		if !ok {
			return a, steps, fmt.Errorf("a reason must be a string, but is %s", out[1].Type())
		}
		a.Reason = string(reason)
	}
	if len(out) > 2 && out[2] != lua.LNil {
		if out[2] != lua.LString("record") {
			return a, steps, fmt.Errorf("the third value of a decision must be record or nothing, but is %s", out[2])
		}
		a.Record = true
	}
	return a, steps, nil
}

// New makes the object that a decision function gets: fields by name, what the request does not carry is
// nil, and nothing can be changed or listed.
func New(v *vm.VM, r *policy.Request, cell string, groups policy.Groups) lua.LValue {
	o := &requestObject{v: v, r: r, cell: cell, groups: groups}
	o.request = o.object(o.indexRequest)
	return o.request
}

// requestObject is a request as Lua sees it. Objects that it leads to are made once, so that they equal
// themselves.
type requestObject struct {
	v                           *vm.VM
	r                           *policy.Request
	cell                        string
	groups                      policy.Groups
	request, target, cells, adr lua.LValue
	inGroup, within             *lua.LFunction
}

func (o *requestObject) object(index func(L *lua.LState, name string) lua.LValue) *lua.LUserData {
	L := o.v.L
	ud := L.NewUserData()
	mt := L.NewTable()
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name, ok := L.Get(2).(lua.LString)
		if !ok {
			L.RaiseError("a request must be read by the name of a field, but is read with a %s", L.Get(2).Type())
		}
		L.Push(index(L, string(name)))
		return 1
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("a request can't be changed")
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	ud.Metatable = mt
	return ud
}

func (o *requestObject) indexRequest(L *lua.LState, name string) lua.LValue {
	switch name {
	case "target":
		if !o.r.ID.Info().Fields.Has(kauth.FieldTargetPID) {
			return lua.LNil
		}
		if o.target == nil {
			o.target = o.object(func(L *lua.LState, name string) lua.LValue { return o.field(L, "target."+name) })
		}
		return o.target
	case "cell":
		if o.cells == nil {
			o.cells = o.object(func(L *lua.LState, name string) lua.LValue {
				if name != "name" {
					L.RaiseError("a cell has a name and nothing else, but %s is read", name)
				}
				return lua.LString(o.cell)
			})
		}
		return o.cells
	case "in_group":
		if o.inGroup == nil {
			o.inGroup = o.v.L.NewFunction(o.callInGroup)
		}
		return o.inGroup
	}
	return o.field(L, name)
}

func (o *requestObject) field(L *lua.LState, name string) lua.LValue {
	f, ok := kauth.FindField(name)
	if !ok || f == kauth.FieldGroups || f == kauth.FieldMembers {
		L.RaiseError("a field must be one that some request carries, but there is none called %s", name)
	}
	if !o.r.ID.Info().Fields.Has(f) {
		return lua.LNil
	}
	info := f.Info()
	switch info.Kind {
	case kauth.KindNamed:
		if name, ok := info.Names.Name(o.r.Int[f]); ok {
			return lua.LString(name)
		}
	case kauth.KindBool:
		return lua.LBool(o.r.Int[f] != 0)
	case kauth.KindString:
		text := o.r.Text(f)
		if text == "" && info.Nullable {
			return lua.LNil
		}
		return lua.LString(text)
	case kauth.KindAddr:
		if o.adr == nil {
			o.within = o.v.L.NewFunction(o.callWithin)
			o.adr = o.object(func(L *lua.LState, name string) lua.LValue {
				if name != "within" {
					L.RaiseError("an address has the method within and nothing else, but %s is read", name)
				}
				return o.within
			})
		}
		return o.adr
	}
	return lua.LNumber(o.r.Int[f])
}

// single raises an error where a method has more than its one argument: what nobody asks would be taken for a condition.
func single(L *lua.LState, method string) {
	if n := L.GetTop() - 1; n > 1 {
		L.RaiseError("%s must have 1 argument, but has %d", method, n)
	}
}

func (o *requestObject) callInGroup(L *lua.LState) int {
	single(L, "in_group")
	var gid uint32
	switch g := L.Get(2).(type) {
	case lua.LNumber:
		gid = uint32(g)
	case lua.LString:
		known := false
		if o.groups != nil {
			gid, known = o.groups.Lookup(string(g))
		}
		if !known {
			L.RaiseError("a group must exist on the host, but there is none called %q", string(g))
		}
	default:
		L.RaiseError("a group must be a number or a name, but is a %s", g.Type())
	}
	L.Push(lua.LBool(o.r.InGroup(gid)))
	return 1
}

func (o *requestObject) callWithin(L *lua.LState) int {
	single(L, "within")
	word, addr := L.CheckString(2), o.r.Addr.Netip()
	var within bool
	if from, to, isRange := strings.Cut(word, "-"); isRange {
		lower, err := policy.ParseAddr(from)
		upper, err2 := policy.ParseAddr(to)
		// Compared as the standard library does, and not as tests do.
		first, last := lower.Netip(), upper.Netip()
		if err != nil || err2 != nil || first.Is4() != last.Is4() || last.Less(first) {
			L.RaiseError("a range must have an address at each end, the lower first, but is %q", word)
		}
		within = addr.IsValid() && addr.Is4() == first.Is4() && !addr.Less(first) && !last.Less(addr)
	} else {
		p, err := policy.ParsePrefix(word)
		if err != nil {
			L.RaiseError("%s", err)
		}
		within = p.Contains(o.r.Addr)
	}
	L.Push(lua.LBool(within))
	return 1
}
