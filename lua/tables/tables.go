package tables

import (
	"errors"
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"cellsh/policy"
	"cellsh/policy/study"
)

// Question reads a question from a table with the keys of a line of decide, target with a table among them. The keys in
// skip are left alone. All that is wrong is joined in the error.
func Question(t *lua.LTable, skip ...string) (*policy.Question, error) {
	q := &policy.Question{}
	var errs policy.Errors
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		key, ok := k.(lua.LString)
		if !ok {
			errs.Add(fmt.Errorf("a question must have names as keys, but has %s", k))
			continue
		}
		if slices.Contains(skip, string(key)) {
			continue
		}
		value, err := fromLua(v, 0)
		if err != nil {
			errs.Add(fmt.Errorf("%s %w", key, err))
			continue
		}
		errs.Add(q.Set(string(key), value))
	}
	errs.Add(q.Done())
	return q, errs.Err()
}

// fromLua turns a value into what Question.Set takes.
func fromLua(v lua.LValue, depth int) (any, error) {
	switch x := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(x), nil
	case lua.LNumber:
		return float64(x), nil
	case lua.LString:
		return string(x), nil
	case *lua.LTable:
		if depth > 1 {
			return nil, errors.New("must not be nested so deeply, but is")
		}
		if n := x.MaxN(); n > 0 || isEmpty(x) {
			list := make([]any, 0, n)
			for i := 1; i <= n; i++ {
				e, err := fromLua(x.RawGetInt(i), depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, e)
			}
			return list, nil
		}
		members := map[string]any{}
		for k, e := x.Next(lua.LNil); k != lua.LNil; k, e = x.Next(k) {
			value, err := fromLua(e, depth+1)
			if err != nil {
				return nil, err
			}
			members[k.String()] = value
		}
		return members, nil
	}
	return nil, fmt.Errorf("must be a string, a number, true, false or a table, but is a %s", v.Type())
}

func isEmpty(t *lua.LTable) bool {
	k, _ := t.Next(lua.LNil)
	return k == lua.LNil
}

// Answer is a decision as a table: result, reason, and where there is one policy, file and line; the same
// with would_ in front for policies in audit mode; and record, if a policy wants it to be recorded.
func Answer(L *lua.LState, d *study.Decision) *lua.LTable {
	t := L.NewTable()
	reason := d.Reason
	if reason == "" {
		reason = d.Note
	}
	t.RawSetString("result", lua.LString(d.Result.String()))
	t.RawSetString("reason", lua.LString(reason))
	setSource(t, "", d.Source)
	if d.Would.Result != policy.Pass {
		t.RawSetString("would_result", lua.LString(d.Would.Result.String()))
		t.RawSetString("would_reason", lua.LString(d.Would.Reason))
		setSource(t, "would_", d.Would.Source)
	}
	if d.Probe {
		t.RawSetString("probe", lua.LTrue)
	}
	if d.Record {
		t.RawSetString("record", lua.LTrue)
	}
	return t
}

func setSource(t *lua.LTable, prefix string, s policy.Source) {
	if s == (policy.Source{}) {
		return
	}
	t.RawSetString(prefix+"policy", lua.LString(s.Policy))
	t.RawSetString(prefix+"file", lua.LString(s.File))
	t.RawSetString(prefix+"line", lua.LNumber(s.Line))
}
