package written

import (
	"fmt"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
)

// DuplicateKeys are the keys that the table constructors of a file give twice, under the code: one of the values is lost
// without a word. A value without a key has the next number.
func DuplicateKeys(f *syntax.File, code diag.Code) diag.List {
	var list diag.List
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if t, ok := n.(*syntax.TableExpr); ok {
			list = append(list, duplicates(f, t, code)...)
		}
		return true
	})
	return list
}

func duplicates(f *syntax.File, t *syntax.TableExpr, code diag.Code) diag.List {
	if len(t.Fields) < 2 {
		return nil
	}
	var list diag.List
	place := func(f *syntax.File, field *syntax.TableField) diag.Span {
		if field.Key == nil {
			return Text(f, field.Value)
		}
		return Text(f, field.Key)
	}
	seen := make(map[value.Value]*syntax.TableField, len(t.Fields))
	for key, field := range constantKeys(t) {
		first, twice := seen[key]
		if !twice {
			seen[key] = field
			continue
		}
		list = append(list, diag.Diagnostic{Span: place(f, field), Code: code,
			Message: fmt.Sprintf("a key must be given once, but %s is given twice", keyName(key)),
			Related: []diag.Related{{Span: place(f, first), Message: "the first is here"}}})
	}
	return list
}

// keyName is a key as a constructor has it.
func keyName(k value.Value) string {
	if s, ok := k.(value.String); ok {
		return diag.Short(string(s))
	}
	return Describe(k)
}
