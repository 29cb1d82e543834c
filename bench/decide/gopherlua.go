package decide

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// GopherLua asks the policy's own functions in gopher-lua, in the way that costs it least: the machine has no budget,
// every request is a table that was filled beforehand, and the functions for a request are found beforehand too.
func GopherLua(c Case, stream []policy.Request) (*Contestant, error) {
	L := lua.NewState()
	var declared *lua.LTable
	for r := policy.Allow; r <= policy.Deny; r++ {
		L.SetGlobal(r.String(), lua.LString(r.String()))
	}
	L.SetGlobal("policy", L.NewFunction(func(L *lua.LState) int {
		L.Push(L.NewFunction(func(L *lua.LState) int {
			declared = L.CheckTable(1)
			return 0
		}))
		return 1
	}))
	if err := L.DoString(c.Source()); err != nil {
		return nil, err
	}
	if declared == nil {
		return nil, fmt.Errorf("the source must declare a policy, but declares none")
	}
	requests := make([]*lua.LTable, len(stream))
	entries := make([][]lua.LValue, len(stream))
	for i := range stream {
		requests[i] = requestTable(L, &stream[i])
		entries[i] = entriesFor(declared, stream[i].ID)
	}
	return passing(&Contestant{
		Name: "gopher-lua",
		How:  "the same functions, called with tables that were filled beforehand",
		Denies: func(i int) bool {
			for _, e := range entries[i] {
				if fn, ok := e.(*lua.LFunction); ok {
					must(L.CallByParam(lua.P{Fn: fn, NRet: 1}, requests[i]), "gopher-lua", i)
					e = L.Get(-1)
					L.Pop(1)
				}
				if e != lua.LNil {
					return e == lua.LString("deny")
				}
			}
			return false
		},
	}, stream), nil
}

// entriesFor lists what a policy says to a request, the most specific first: functions and results.
func entriesFor(declared *lua.LTable, id kauth.RequestID) []lua.LValue {
	var list []lua.LValue
	on := declared.RawGetString("on").(*lua.LTable)
	for _, p := range id.Chain() {
		if fn := on.RawGetString(p.String()); fn != lua.LNil {
			list = append(list, fn)
		}
		declared.RawGetString("deny").(*lua.LTable).ForEach(func(_, name lua.LValue) {
			if name.String() == p.String() {
				list = append(list, lua.LString("deny"))
			}
		})
	}
	return list
}

func requestTable(L *lua.LState, r *policy.Request) *lua.LTable {
	t, target := L.NewTable(), L.NewTable()
	for name, v := range named(r) {
		into := t
		if len(name) > 7 && name[:7] == "target." {
			into, name = target, name[7:]
		}
		switch v := v.(type) {
		case string:
			into.RawSetString(name, lua.LString(v))
		case bool:
			into.RawSetString(name, lua.LBool(v))
		case int64:
			into.RawSetString(name, lua.LNumber(v))
		}
	}
	t.RawSetString("target", target)
	t.RawSetString("in_group", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LBool(r.InGroup(uint32(L.CheckInt64(2)))))
		return 1
	}))
	prefixes := map[string]policy.Prefix{}
	addr := L.NewTable()
	addr.RawSetString("within", L.NewFunction(func(L *lua.LState) int {
		text := L.CheckString(2)
		p, ok := prefixes[text]
		if !ok {
			var err error
			if p, err = policy.ParsePrefix(text); err != nil {
				L.RaiseError("%s", err)
			}
			prefixes[text] = p
		}
		L.Push(lua.LBool(p.Contains(r.Addr)))
		return 1
	}))
	t.RawSetString("addr", addr)
	return t
}
