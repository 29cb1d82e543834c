package lower

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/lua/syntax"
)

const (
	// batch is how many elements of a constructor one instruction stores.
	batch = 50
	// sparse is how far a literal index may lie beyond the number of fields without being asked about.
	sparse = 1024
)

// literal is the value of a constant, nil for other expressions.
func literal(e syntax.Expr) lua.LValue {
	switch n := e.(type) {
	case *syntax.NilExpr:
		return lua.LNil
	case *syntax.TrueExpr:
		return lua.LTrue
	case *syntax.FalseExpr:
		return lua.LFalse
	case *syntax.NumberExpr:
		return lua.LNumber(n.Value)
	case *syntax.StringExpr:
		return lua.LString(n.Value)
	case *syntax.UnaryExpr:
		if x, ok := n.Operand.(*syntax.NumberExpr); ok && n.Op == syntax.Neg {
			return lua.LNumber(-x.Value)
		}
	}
	return nil
}

// table lowers a constructor.
func (l *lowerer) table(n *syntax.TableExpr) ast.Expr {
	line := l.place(n)
	if plain(n.Fields) {
		t := at(line, &ast.TableExpr{})
		l.fields(t, n.Fields, l.highest(n.Fields), true)
		return t
	}
	return l.parts(line, n)
}

// plain reports whether the compiler gets a constructor right, and has no more work with it than it must.
func plain(fields []*syntax.TableField) bool {
	elements, keys, run := 0, 0, 0
	for i, f := range fields {
		if run++; !constant(f) || i > 0 && (f.Key == nil) != (fields[i-1].Key == nil) {
			run = 0
		}
		if run >= threshold.run {
			return false
		}
		if f.Key != nil {
			keys++
			continue
		}
		if i == len(fields)-1 && syntax.Multiple(f.Value) && elements > 0 && elements%batch == 0 {
			return false
		}
		elements++
	}
	return elements < batch || keys == 0 && elements < threshold.elements
}

// highest is the highest literal index of a constructor.
func (l *lowerer) highest(fields []*syntax.TableField) float64 {
	highest := 0.0
	for _, f := range fields {
		if k, ok := f.Key.(*syntax.NumberExpr); ok {
			highest = max(highest, k.Value)
		}
	}
	if highest <= float64(len(fields)+sparse) {
		return 0
	}
	return highest
}

// fields adds fields to a constructor. open says that a call at the end gives all its values.
func (l *lowerer) fields(t *ast.TableExpr, fields []*syntax.TableField, highest float64, open bool) {
	// The keys and values, one after the other.
	type entry struct {
		field *ast.Field
		key   bool
	}
	var entries []entry
	var sources []syntax.Expr
	for _, f := range fields {
		field := &ast.Field{}
		t.Fields = append(t.Fields, field)
		if f.Key != nil {
			entries, sources = append(entries, entry{field, true}), append(sources, f.Key)
		}
		entries, sources = append(entries, entry{field, false}), append(sources, f.Value)
	}
	results := l.list(len(sources), func(i int) ast.Expr {
		if entries[i].key {
			return l.fieldKey(sources[i], highest)
		}
		if open && i == len(sources)-1 && fields[len(fields)-1].Key == nil && syntax.Multiple(sources[i]) {
			return l.multiple(sources[i])
		}
		return l.expr(sources[i])
	})
	for i, e := range results {
		if entries[i].key {
			entries[i].field.Key = e
		} else {
			entries[i].field.Value = e
		}
	}
}

// fieldKey lowers the key of a field.
func (l *lowerer) fieldKey(e syntax.Expr, highest float64) ast.Expr {
	asked := l.options.Guard
	switch k := e.(type) {
	case *syntax.StringExpr:
		return l.field(k.Value)
	case *syntax.NumberExpr:
		asked = asked && highest > 0 && k.Value == highest
	}
	if key := l.expr(e); !asked {
		return key
	} else {
		return l.call(l.line, HiddenKey, key)
	}
}

// parts makes a table of parts, which a hidden function puts together: constants as they are, and constructors that the
// compiler gets right.
func (l *lowerer) parts(line int, n *syntax.TableExpr) ast.Expr {
	fields := n.Fields
	var table ast.Expr = at(line, &ast.NilExpr{})
	plan := &Plan{}
	var args []ast.Expr
	element := 1
	highest := l.highest(fields)
	runs := constantRuns(fields)
	flush := func() {
		call := l.call(line, HiddenTable, append([]ast.Expr{table, l.onPage(l.newConstant(&lua.LUserData{Value: plan, Metatable: lua.LNil}))}, args...)...)
		table = call
		plan, args = &Plan{}, nil
	}
	for len(fields) > 0 {
		if len(plan.Parts) == threshold.parts {
			flush()
			table = l.spill(table)
		}
		from := len(n.Fields) - len(fields)
		if size := runs[from]; size >= threshold.run {
			part := constants(fields[:size])
			if part.Keys == nil {
				part.First = element
				element += size
			}
			plan.Parts = append(plan.Parts, part)
			fields = fields[size:]
			continue
		}
		elements := fields[0].Key == nil
		size := 0
		for size < len(fields) && (fields[size].Key == nil) == elements && size < threshold.elements {
			if runs[from+size] >= threshold.run {
				break
			}
			if size > 0 && size%batch == 0 && size == len(fields)-1 && syntax.Multiple(fields[size].Value) {
				// An open call has a part of its own.
				break
			}
			size++
		}
		part := Part{Fields: !elements, Elements: elements}
		if elements {
			part.First, part.Count = element, size
			if size == len(fields) && syntax.Multiple(fields[size-1].Value) {
				part.Count = -1
			}
			element += size
		}
		plan.Parts = append(plan.Parts, part)
		// What the parts before it need stays before it.
		mark := len(*l.out)
		t := at(line, &ast.TableExpr{})
		l.line = line
		l.fields(t, fields[:size], highest, size == len(fields))
		if len(*l.out) > mark {
			rest := append([]ast.Stmt(nil), (*l.out)[mark:]...)
			*l.out = (*l.out)[:mark]
			for i, before := range args {
				args[i] = l.kept(before)
			}
			*l.out = append(*l.out, rest...)
		}
		args = append(args, t)
		fields = fields[size:]
	}
	flush()
	return table
}

// constantRuns says for each field how many from it on are constants, all elements or all with keys.
func constantRuns(fields []*syntax.TableField) []int {
	runs := make([]int, len(fields))
	for i := len(fields) - 1; i >= 0; i-- {
		if !constant(fields[i]) {
			continue
		}
		runs[i] = 1
		if i+1 < len(fields) && (fields[i].Key == nil) == (fields[i+1].Key == nil) {
			runs[i] += runs[i+1]
		}
	}
	return runs
}

// constant reports whether a field is known. What can't be a key is an error when it is run.
func constant(f *syntax.TableField) bool {
	if f.Key != nil {
		if k := literal(f.Key); k == nil || k == lua.LNil {
			return false
		}
	}
	return literal(f.Value) != nil
}

func constants(fields []*syntax.TableField) Part {
	var p Part
	for _, f := range fields {
		if f.Key != nil {
			p.Keys = append(p.Keys, literal(f.Key))
		}
		p.Values = append(p.Values, literal(f.Value))
	}
	return p
}
