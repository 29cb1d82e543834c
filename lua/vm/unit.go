package vm

import (
	"fmt"
	"slices"
	"sort"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/lower"
	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// unit is a file that the machine has compiled. The machine knows places by numbers, which no two files share.
type unit struct {
	*lower.Lowered
	first int
	// own files are the machine's, of which users know nothing.
	own bool
}

// firstPlace is higher than any line of a source, so that a text with a line is never taken for one with a place.
const firstPlace = 1 << 24

// next is the number of the next place.
func (v *VM) next() int {
	if len(v.units) == 0 {
		return firstPlace
	}
	return v.units[len(v.units)-1].Next()
}

// place finds what a line stands for; nil if it stands for nothing.
func (v *VM) place(line int) (*unit, syntax.Node) {
	i := sort.Search(len(v.units), func(i int) bool { return v.units[i].first > line }) - 1
	if i < 0 {
		return nil, nil
	}
	return v.units[i], v.units[i].Node(line)
}

// load compiles a file with globals.
func (v *VM) load(env *lua.LTable, f *syntax.File, o lower.Options, own bool) (*lua.LFunction, error) {
	o.First, o.Guard = v.next(), v.options.Level != Session
	l, err := lower.File(f, o)
	if err != nil {
		return nil, v.wrap(err)
	}
	proto, err := l.Compile()
	if err != nil {
		return nil, v.wrap(err)
	}
	v.units = append(v.units, &unit{l, o.First, own})
	fn := v.L.NewFunctionFromProto(proto)
	fn.Env = env
	for i, name := range proto.DbgUpvalues {
		up := &lua.Upvalue{}
		up.Close()
		up.SetValue(v.hidden[name])
		switch name {
		case lower.HiddenConstants:
			up.SetValue(v.pages(l.Constants[:min(len(l.Constants), lower.PageSize)]))
		case lower.HiddenMore:
			more := v.L.NewTable()
			for pages := range slices.Chunk(l.Constants[lower.PageSize:], lower.PageSize) {
				more.Append(v.pages(pages))
			}
			up.SetValue(more)
		}
		fn.Upvalues[i] = up
	}
	return fn, nil
}

// pages makes a table of pages of constants.
func (v *VM) pages(pages [][]lua.LValue) *lua.LTable {
	t := v.L.CreateTable(len(pages), 0)
	for _, page := range pages {
		p := v.L.CreateTable(len(page), 0)
		for i, c := range page {
			p.RawSetInt(i+1, c)
		}
		t.Append(p)
	}
	return t
}

// Node gives the function of the tree that a function was made of; nil for functions that are not written in Lua.
func (v *VM) Node(fn *lua.LFunction) *syntax.FunctionExpr {
	if fn.IsG {
		return nil
	}
	_, n := v.place(fn.Proto.LineDefined)
	node, _ := n.(*syntax.FunctionExpr)
	return node
}

// Describe says what a function is: the name of one of the library, or where it is written, "web.lua:3"; "" if that is not
// known.
func (v *VM) Describe(fn *lua.LFunction) string {
	if node := v.Node(fn); node != nil {
		line, _ := node.File.Place(node.Pos())
		return fmt.Sprintf("%s:%d", node.File.Name, line)
	}
	b, _ := v.Builtin(fn)
	return b.Name
}

// Upvalues gives the values of the variables that a function shares with others, in the order of its node's Upvalues. One
// that no code of the function can reach is nil.
func (v *VM) Upvalues(fn *lua.LFunction) []lua.LValue {
	node := v.Node(fn)
	if node == nil {
		return nil
	}
	u, _ := v.place(fn.Proto.LineDefined)
	values := make([]lua.LValue, len(node.Upvalues))
	for i, local := range node.Upvalues {
		values[i] = lua.LNil
		name, element := u.Variable(local)
		if name == "" {
			// A session has made a global of it.
			values[i] = fn.Env.RawGetString(local.Name)
			continue
		}
		at := slices.Index(fn.Proto.DbgUpvalues, name)
		if at < 0 {
			continue
		}
		values[i] = fn.Upvalues[at].Value()
		if in, ok := values[i].(*lua.LTable); ok && element > 0 {
			values[i] = in.RawGetInt(element)
		}
	}
	return values
}

// Site says where running code is: the file of the innermost function of Lua, and the call that it makes; nil where it is
// not written as a call, or where no Lua runs.
func (v *VM) Site(L *lua.LState) (*syntax.File, *syntax.CallExpr) {
	u, n, _ := v.running(L, 0)
	if u == nil {
		return nil, nil
	}
	call, _ := n.(*syntax.CallExpr)
	return u.File, call
}

// running finds the innermost function of Lua from a level on: where it is, and its level. It passes over the machine's
// own.
func (v *VM) running(L *lua.LState, from int) (*unit, syntax.Node, int) {
	for level := from; ; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			return nil, nil, 0
		}
		_, _ = L.GetInfo("l", frame, lua.LNil)
		if frame.CurrentLine <= 0 {
			continue
		}
		if u, n := v.place(frame.CurrentLine); n != nil && !u.own {
			return u, n, level
		}
	}
}

// position is what the text of an error begins with.
func position(u *unit, n syntax.Node) string {
	line, _ := u.File.Place(n.Pos())
	return fmt.Sprintf("%s:%d: ", u.File.Name, line)
}

// frame is a level of the stack: 0 is the function of the library that runs, 1 what called it. The function is nil where a
// call has given its place to another by a tail call. The machine's own do not count.
func (v *VM) frame(L *lua.LState, level int) (*lua.Debug, *lua.LFunction, bool) {
	for i := 0; ; i++ {
		frame, ok := L.GetStack(i)
		if !ok {
			return nil, nil, false
		}
		x, err := L.GetInfo("fSl", frame, lua.LNil)
		fn, isFunction := x.(*lua.LFunction)
		if u, _ := v.place(frame.CurrentLine); err != nil || !isFunction || u != nil && u.own || fn == v.protector {
			continue
		}
		if level == 0 {
			return frame, fn, true
		}
		if frame.What == "tail" {
			return nil, nil, true
		}
		level--
	}
}

// at is the place of a level of the stack, as error puts it before a message: "" where that is no function of Lua, or has
// given its place to another by a tail call.
func (v *VM) at(L *lua.LState, level int) (string, int) {
	frame, fn, ok := v.frame(L, level)
	if !ok || fn == nil {
		return "", 0
	}
	u, n := v.place(frame.CurrentLine)
	if n == nil {
		return "", 0
	}
	return position(u, n), frame.CurrentLine
}

// span is where a part of a place is, for a diagnostic.
func (v *VM) span(at spot) (diag.Span, bool) {
	u, n := v.place(at.line)
	if n == nil {
		return diag.Span{}, false
	}
	return u.File.Span(at.part.of(n)), true
}

// spot is a part of a place. The zero spot is none.
type spot struct {
	line int
	part part
}
