package assist

import (
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/kauth"
)

// requests are those that a value can be: a set of RequestIDs.
type requests map[kauth.RequestID]bool

// asked are the requests that a local stands for, where it is the parameter of a function that decides or restricts. Nil
// is none; where it is not known which they are, all are.
func asked(f *syntax.File, l *syntax.Local) requests {
	if l == nil || l.Function == nil || len(l.Function.Params) == 0 || l.Function.Params[0] != l {
		return nil
	}
	found := entered(f, l.Function)
	if len(found) == 0 && (l.Name == "r" || l.Name == "request") {
		for id := range kauth.RequestID(kauth.NumRequests) {
			found[id] = true
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

// entered are the requests in whose entries a function stands, by itself or by the name of its local.
func entered(f *syntax.File, fn *syntax.FunctionExpr) requests {
	found := requests{}
	own := localOf(f, fn)
	entries(f, func(value syntax.Expr, patterns []kauth.Pattern) {
		value = syntax.Unparen(value)
		name, ok := value.(*syntax.NameExpr)
		if value == syntax.Expr(fn) || ok && own != nil && name.Local == own {
			for _, p := range patterns {
				found.add(p)
			}
		}
	})
	return found
}

func (r requests) add(p kauth.Pattern) {
	lo, hi := p.Range()
	for id := lo; id < hi; id++ {
		r[id] = true
	}
}

// carried are the fields that at least one of the requests carries.
func (r requests) carried() kauth.FieldSet {
	var set kauth.FieldSet
	for id := range r {
		set |= id.Info().Fields
	}
	return set
}

// fields are those that are carried and that policies can read.
func (r requests) fields() kauth.FieldSet {
	return r.carried() &^ (1<<kauth.FieldGroups | 1<<kauth.FieldMembers)
}

// localOf is the local whose value is a function from its declaration on, nil if there is none.
func localOf(f *syntax.File, fn *syntax.FunctionExpr) *syntax.Local {
	var found *syntax.Local
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.LocalFunctionStmt:
			if n.Func == fn {
				found = n.Name
			}
		case *syntax.LocalStmt:
			for i, e := range n.Exprs {
				if e == syntax.Expr(fn) && i < len(n.Names) {
					found = n.Names[i]
				}
			}
		}
		return n.Pos() <= fn.Pos() && fn.End() <= n.End()
	})
	return found
}

// entries calls a function for what stands as a value in tables of entries: of on, by the name of a request, and of where,
// beside the names of requests.
func entries(f *syntax.File, each func(value syntax.Expr, patterns []kauth.Pattern)) {
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		t, ok := n.(*syntax.TableExpr)
		if !ok {
			return true
		}
		var listed []kauth.Pattern
		for _, field := range t.Fields {
			if field.Key == nil {
				if p, ok := patternOf(field.Value); ok {
					listed = append(listed, p)
				}
			}
		}
		for _, field := range t.Fields {
			if field.Key == nil {
				continue
			}
			if key, ok := syntax.Unparen(field.Key).(*syntax.StringExpr); ok && key.Value == "where" && len(listed) > 0 {
				each(field.Value, listed)
			} else if p, ok := patternOf(field.Key); ok {
				each(field.Value, []kauth.Pattern{p})
			}
		}
		return true
	})
}

// patternOf is the scope, action or request that a string names.
func patternOf(e syntax.Expr) (kauth.Pattern, bool) {
	s, ok := syntax.Unparen(e).(*syntax.StringExpr)
	if !ok {
		return kauth.Pattern{}, false
	}
	return kauth.FindPattern(s.Value)
}

// fieldOf is the field of a request that an expression reads: r.port, r.target.uid. The requests are those that r can be.
func fieldOf(f *syntax.File, e syntax.Expr) (kauth.Field, requests, bool) {
	var names []string
	for {
		switch n := syntax.Unparen(e).(type) {
		case *syntax.IndexExpr:
			key, ok := n.Key.(*syntax.StringExpr)
			if !ok {
				return 0, nil, false
			}
			names = append([]string{key.Value}, names...)
			e = n.Object
			continue
		case *syntax.NameExpr:
			r := asked(f, n.Local)
			field, ok := kauth.FindField(strings.Join(names, "."))
			return field, r, ok && r != nil && r.fields().Has(field)
		}
		return 0, nil, false
	}
}
