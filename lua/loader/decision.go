package loader

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/declare"
	"cellsh/lua/request"
	"cellsh/lua/symbolic"
	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/lua/vm"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// decision is a function of a policy file in both readings: it is compiled in the first, and asked in the second.
type decision struct {
	*symbolic.Function
	second *asked
	// open finds out what depends on something that Lua leaves open; told are the graphs that were looked at.
	open *open
	told map[*rules.Compiled]bool
}

// decisionOf is a function of the first reading.
func decisionOf(m *symbolic.Machine, f value.Value, where bool) rules.Function {
	if c, ok := f.(*symbolic.Closure); ok {
		return &decision{Function: symbolic.NewFunction(m, c, symbolic.Options{Where: where})}
	}
	return nil
}

// Ask runs the function in the second reading.
func (f *decision) Ask(r *policy.Request, cell string) (policy.Answer, int64, error) {
	if f.second == nil {
		return policy.Answer{}, 1, errors.New("both readings of the file must have the function, but the second has none")
	}
	return f.second.Ask(r, cell)
}

// pairUp gives a function of the first reading that of the second, if they are one in the source.
func pairUp(first, second rules.Function) bool {
	one, ok := first.(*decision)
	two, also := second.(*asked)
	if !ok || !also || one.Node() != two.node {
		return false
	}
	one.second = two
	return true
}

// asked is a function of the second reading.
type asked struct {
	m      *vm.VM
	fn     *lua.LFunction
	node   *syntax.FunctionExpr
	where  bool
	groups policy.Groups
}

// askedOf makes functions of the second reading.
func askedOf(groups policy.Groups) declare.Functions {
	return func(f value.Value, where bool) rules.Function {
		if f, ok := f.(*luaFunction); ok {
			return &asked{f.m, f.fn, f.m.Node(f.fn), where, groups}
		}
		return nil
	}
}

// Ask runs the function.
func (f *asked) Ask(r *policy.Request, cell string) (policy.Answer, int64, error) {
	a, steps, err := request.Ask(f.m, f.fn, f.where, r, cell, f.groups)
	// Where it was stopped it has failed, which says nothing of the function.
	f.m.Work().Check()
	return a, steps, err
}

// Span is the word with which the function begins.
func (f *asked) Span() diag.Span { return f.node.Word() }

// Compile is not for the second reading: it is asked, and never compiled.
func (f *asked) Compile(kauth.RequestID, string) *rules.Compiled {
	panic("loader: the second reading compiles nothing")
}
