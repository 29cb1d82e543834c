package generate

import (
	"fmt"
	"strconv"
	"strings"

	"cellsh/judge/tree"
)

// pool are numbers that policies like to compare with.
var pool = []int64{0, 1, 2, 3, 5, 7, 10, 22, 25, 53, 80, 100, 443, 999, 1000, 1023, 1024, 1025, 8080, 65535}

// deepest is how deep expressions stand in each other.
const deepest = 4

// newGrammar has all ways to write something, by name, with how often they are tried.
func (g *Generator) newGrammar() grammar {
	return grammar{whole: g.wholes(), fraction: g.fractions(), field: g.fieldForms(), truth: g.truths(), text: g.texts(), answer: g.answers(),
		statement: g.statements()}
}

// The expressions of each kind. deep is how many stand around it.
func (g *Generator) whole(deep int) *tree.Node {
	if deep > deepest {
		return g.plainWhole()
	}
	return g.write("whole", g.grammar.whole, deep)
}

func (g *Generator) fraction(deep int) *tree.Node {
	if deep > deepest {
		return lua(tree.Number, "%s", pick(g, "0.5", "1.25", "7.75"))
	}
	return g.write("fraction", g.grammar.fraction, deep)
}

// field is a number that may depend on the request, a whole one where none can.
func (g *Generator) field(deep int) *tree.Node {
	if g.script || g.fields == nil && g.one(field) == "" {
		return g.whole(deep)
	}
	if deep > deepest {
		return g.plainField()
	}
	return g.write("field", g.grammar.field, deep)
}

func (g *Generator) truth(deep int) *tree.Node {
	if deep > deepest {
		if g.requested() {
			return tree.New(tree.Truth, "($ "+g.comparison()+" $)", g.plainField(), g.plainWhole())
		}
		return lua(tree.Truth, "%s", pick(g, "true", "false"))
	}
	return g.write("truth", g.grammar.truth, deep)
}

func (g *Generator) text(deep int) *tree.Node {
	if deep > deepest {
		return g.plainText()
	}
	return g.write("text", g.grammar.text, deep)
}

func (g *Generator) answer(deep int) *tree.Node { return g.write("answer", g.grammar.answer, deep) }

// of is an expression of the kind.
func (g *Generator) of(k kind, deep int) *tree.Node {
	switch k {
	case whole:
		return g.whole(deep)
	case fraction:
		return g.fraction(deep)
	case field:
		return g.field(deep)
	case truth:
		return g.truth(deep)
	case text:
		return g.text(deep)
	case perhaps:
		return g.perhaps(deep)
	}
	return g.answer(deep)
}

// stored is of, made so small that a variable may hold it although the statement runs again and again.
func (g *Generator) stored(k kind, deep int) *tree.Node {
	n := g.of(k, deep)
	switch s := n.String(); {
	case k == whole && (g.repeats > 0 || strings.ContainsAny(s, "*")) && len(s) > 6:
		return tree.New(tree.Number, "($ % "+pick(g, "97", "1009", "10007")+")", n)
	case k == fraction && (g.repeats > 0 || strings.ContainsAny(s, "*^")) && len(s) > 6:
		return tree.New(tree.Number, "($ % "+pick(g, "16", "33.5")+")", n)
	case k == text && (g.repeats > 0 || strings.Contains(s, "..")) && len(s) > 8:
		return tree.New(tree.Text, "($):sub(1, 30)", n)
	case k == field && g.repeats > 0 && strings.ContainsAny(s, "+-*"):
		return g.plainField()
	}
	return n
}

// condition is any value where a truth is looked for.
func (g *Generator) condition(deep int) *tree.Node {
	if g.chance(88) {
		return g.truth(deep)
	}
	options := []string{"nil", "true", "false", "1", `""`, "not nil", "not 0", "{}", "0 == 0", `"a" == "b"`}
	for _, k := range []kind{perhaps, list, table, object, fnTruth, whole, text} {
		if name := g.one(k); name != "" {
			options = append(options, name, "not "+name)
		}
	}
	if f := g.fields; f != nil && len(f.some.flags) > 0 {
		name := pick(g, f.some.flags...)
		if strings.HasPrefix(name, "target.") {
			name = "target and r." + name
		}
		options = append(options, "(r."+name+")", "(r."+name+")")
	}
	if f := g.fields; f != nil && len(f.some.numbers) > 0 {
		if n := pick(g, f.some.numbers...); !strings.HasPrefix(n.name, "target.") {
			options = append(options, fmt.Sprintf("(r.%s and r.%s %s %d)", n.name, n.name, g.comparison(), g.constantFor(n)))
		}
	}
	return lua(tree.Truth, "%s", pick(g, options...))
}

// requested reports whether a field can be read here.
func (g *Generator) requested() bool { return g.fields != nil || !g.script && g.one(field) != "" }

func (g *Generator) comparison() string { return pick(g, "==", "~=", "<", "<=", ">", ">=") }

func (g *Generator) plainWhole() *tree.Node {
	if g.chance(60) {
		return lua(tree.Number, "%d", pick(g, pool...))
	}
	return lua(tree.Number, "%d", g.IntN(6))
}

func (g *Generator) plainText() *tree.Node {
	return lua(tree.Text, "%s", pick(g, `"a"`, `"b"`, `"bc"`, `""`, `"Web"`, `'x y'`, `"p-%"`, `[[c]d]]`, `'it\'s'`, `"\65"`, `"[a]"`))
}

// plainField is a field, or a variable that holds one.
func (g *Generator) plainField() *tree.Node {
	if name := g.one(field); name != "" && (g.fields == nil || g.chance(25)) {
		return lua(tree.Field, "%s", name)
	}
	if g.fields == nil {
		return g.plainWhole()
	}
	return lua(tree.Field, "r.%s", g.smallNumber().name)
}

// smallNumber is a field of the request that can be calculated with.
func (g *Generator) smallNumber() number {
	for {
		if n := pick(g, g.fields.numbers...); n.small() {
			return n
		}
	}
}

// constantFor is a number that the field can have, but for the largest.
func (g *Generator) constantFor(n number) int64 {
	if n.top-n.low < 100 {
		return n.low + g.Int64N(n.top-n.low+1)
	}
	for {
		if c := pick(g, pool...); c >= n.low && c <= n.top {
			return c
		}
	}
}

func (g *Generator) wholes() []form {
	return []form{
		{"constant", 22, func(int) *tree.Node { return g.plainWhole() }},
		{"hexadecimal", 1, func(int) *tree.Node { return lua(tree.Number, "0x%x", g.IntN(70)) }},
		{"variable", 26, func(int) *tree.Node {
			if name := g.one(whole); name != "" {
				return lua(tree.Number, "%s", name)
			}
			return nil
		}},
		{"sum", 8, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ "+pick(g, "+", "-")+" $)", g.whole(d+1), g.whole(d+1))
		}},
		// 0 is added to what may be -0, which Lua 5.4 has not among integers.
		{"product", 3, func(d int) *tree.Node {
			return tree.New(tree.Number, "(0 + $ * "+strconv.Itoa(g.IntN(6))+")", g.whole(d+1))
		}},
		{"rest", 4, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ % "+pick(g, "2", "3", "5", "7", "-3", "10")+")", g.whole(d+1))
		}},
		{"minus", 2, func(d int) *tree.Node { return tree.New(tree.Number, "(-($) + 0)", g.whole(d+1)) }},
		{"choice", 5, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ and $ or $)", g.condition(d+2), g.whole(d+1), g.whole(d+1))
		}},
		{"known choice", 3, func(d int) *tree.Node {
			return tree.New(tree.Number, pick(g, "(nil or $)", "(false or $)", "(true and $)", "(0 and $)", `("" and $)`, "(nil and 1 or $)", "(not nil and $)"), g.whole(d+1))
		}},
		{"last of and", 1, func(d int) *tree.Node { return tree.New(tree.Number, "($ and $)", g.whole(d+1), g.whole(d+1)) }},
		{"first of or", 1, func(d int) *tree.Node { return tree.New(tree.Number, "($ or $)", g.whole(d+1), g.whole(d+1)) }},
		{"length of list", 3, func(int) *tree.Node {
			if name := g.one(list); name != "" {
				return lua(tree.Number, "#%s", name)
			}
			return nil
		}},
		{"length of text", 2, func(d int) *tree.Node {
			return tree.New(tree.Number, pick(g, "#($)", "($):len()", "string.len($)"), g.text(d+1))
		}},
		{"largest", 2, func(d int) *tree.Node {
			return tree.New(tree.Number, pick(g, "math.max($, $)", "math.min($, $)"), g.whole(d+1), g.whole(d+1))
		}},
		{"floor", 2, func(d int) *tree.Node {
			if g.chance(50) {
				return tree.New(tree.Number, "(0 + math.floor($ / "+pick(g, "2", "3", "4")+"))", g.whole(d+1))
			}
			return tree.New(tree.Number, "(math.floor($) + 0)", g.fraction(d+1))
		}},
		{"count of select", 2, func(d int) *tree.Node {
			var args []*tree.Node
			for range g.IntN(4) {
				args = append(args, pick(g, g.whole(d+2), lua(tree.Number, "nil"), g.truth(d+2)))
			}
			if len(args) == 0 {
				return lua(tree.Number, `select("#")`)
			}
			return tree.New(tree.Number, `select("#", $)`, tree.List(args...))
		}},
		{"select", 2, func(d int) *tree.Node {
			return tree.New(tree.Number, "(select("+pick(g, "1", "2", "-1", "-2")+", $, $))", g.whole(d+2), g.whole(d+2))
		}},
		{"byte", 1, func(d int) *tree.Node {
			return tree.New(tree.Number, pick(g, `("x" .. $):byte()`, `($ .. "yz"):byte(-1)`, `string.byte("x" .. $, 1)`), g.text(d+2))
		}},
		{"find", 1, func(d int) *tree.Node {
			return tree.New(tree.Number, `(($):find($, 1, true) or 0)`, g.text(d+2), g.plainText())
		}},
		{"number of text", 1, func(int) *tree.Node {
			return lua(tree.Number, "tonumber(%s)", pick(g, `"12"`, `"0x1f"`, `" 7 "`, `"101", 2`, `"z", 36`))
		}},
		{"call", 4, func(d int) *tree.Node { return g.callOf(fnWhole, d) }},
		{"function at once", 1, func(d int) *tree.Node {
			return tree.New(tree.Number, "(function(x, y) return "+pick(g, "x", "y or x", "x + 1", "x, y")+" end)($)", g.whole(d+1))
		}},
		{"element", 3, func(d int) *tree.Node {
			if name := g.one(list); name != "" {
				return tree.New(tree.Number, "("+name+"["+pick(g, "1", "2", "3", "#"+name, "1 + 1", "0")+"] or $)", g.whole(d+1))
			}
			return nil
		}},
		{"element of constructor", 2, func(d int) *tree.Node {
			return tree.New(tree.Number, pick(g, "({ $, $ })[1]", "({ a = $, b = $ }).a", "({ [2] = $, $ })[2]", "#{ $, $, nil }"), g.whole(d+1), g.whole(d+1))
		}},
		{"method", 2, func(d int) *tree.Node {
			if name := g.one(object); name != "" {
				return tree.New(tree.Number, pick(g, name+":get($)", name+".get("+name+", $)"), g.whole(d+2))
			}
			return nil
		}},
		{"member", 2, func(int) *tree.Node {
			if name := g.one(object); name != "" {
				return lua(tree.Number, "%s", pick(g, name+".n", name+`["n"]`))
			}
			if name := g.one(point); name != "" {
				return lua(tree.Number, "%s", pick(g, name+".x", name+".y"))
			}
			return nil
		}},
		{"operator of point", 2, func(int) *tree.Node {
			a, b := g.one(point), g.one(point)
			if a == "" {
				return nil
			}
			return lua(tree.Number, pick(g, "(%s + %s).x", "(%s - %s).y", "(-%s).x + (%s).y", "(%s .. %s)"), a, b)
		}},
		{"varargs", 3, func(d int) *tree.Node {
			if !g.function().varargs {
				return nil
			}
			return tree.New(tree.Number, pick(g, `(select("#", ...) + $)`, "((...) and 1 or $)", "(select('#', ..., ...) + $)", `select("#", $, ...)`, "(select(2, $, ...) and 3 or 4)"), g.whole(d+2))
		}},
		{"count of results", 1, func(d int) *tree.Node {
			if name := g.one(fnPair); name != "" {
				text := pick(g, `select("#", f($), f($))`, `select("#", (f($)), f($))`, "#{ f($), (f($)) }")
				return tree.New(tree.Number, strings.ReplaceAll(text, "f(", name+"("), g.field(d+2), g.field(d+2))
			}
			return nil
		}},
		{"of table by whole", 1, func(d int) *tree.Node {
			if name := g.one(table); name != "" {
				return tree.New(tree.Number, "("+name+"[$] and 1 or 2)", g.whole(d+1))
			}
			return nil
		}},
	}
}

func (g *Generator) fractions() []form {
	return []form{
		{"constant", 30, func(int) *tree.Node {
			return lua(tree.Number, "%s", pick(g, "0.5", "1.25", "-0.5", "80.5", "7.75", ".25", "2.0", "5e-1", "1e2"))
		}},
		{"variable", 30, func(int) *tree.Node {
			if name := g.one(fraction); name != "" {
				return lua(tree.Number, "%s", name)
			}
			return nil
		}},
		{"whole", 6, func(d int) *tree.Node { return g.whole(d + 1) }},
		{"half", 10, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ / "+pick(g, "2", "4", "0.5", "-2")+")", g.whole(d+1))
		}},
		{"sum", 10, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ "+pick(g, "+", "-")+" $)", g.fraction(d+1), g.fraction(d+1))
		}},
		{"product", 3, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ * "+pick(g, "2", "0.5", "-1", "3")+")", g.fraction(d+1))
		}},
		{"rest", 4, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ % "+pick(g, "1", "0.75", "2.5", "-1.5")+")", g.fraction(d+1))
		}},
		{"power", 3, func(int) *tree.Node {
			return lua(tree.Number, "%s", pick(g, "2 ^ 3", "2 ^ -2", "-2 ^ 2", "2 ^ 3 ^ 2", "9 ^ 0.5", "(-2) ^ 3"))
		}},
		{"minus", 3, func(d int) *tree.Node { return tree.New(tree.Number, "-($)", g.fraction(d+1)) }},
		{"choice", 5, func(d int) *tree.Node {
			return tree.New(tree.Number, "($ and $ or $)", g.condition(d+2), g.fraction(d+1), g.fraction(d+1))
		}},
		{"largest", 2, func(d int) *tree.Node {
			return tree.New(tree.Number, pick(g, "math.max($, $)", "math.min($, $)"), g.fraction(d+1), g.fraction(d+1))
		}},
		{"absolute", 1, func(d int) *tree.Node { return tree.New(tree.Number, "math.abs($)", g.fraction(d+1)) }},
	}
}

// fieldForms are what depends on a request, if only by a variable.
func (g *Generator) fieldForms() []form {
	return []form{
		{"plain", 55, func(int) *tree.Node { return g.plainField() }},
		{"sum", 9, func(d int) *tree.Node {
			return tree.New(tree.Field, pick(g, "($ + $)", "($ - $)"), g.plainField(), g.whole(d+2))
		}},
		{"sum turned", 4, func(d int) *tree.Node {
			return tree.New(tree.Field, pick(g, "($ + $)", "($ - $)"), g.whole(d+2), g.plainField())
		}},
		{"product", 4, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			return lua(tree.Field, "(r.%s * %s)", g.smallNumber().name, pick(g, "0", "1", "2", "3", "-1", "-2", "10"))
		}},
		{"minus", 2, func(int) *tree.Node { return tree.New(tree.Field, "-$", g.plainField()) }},
		{"rest", 3, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			n := g.smallNumber()
			if n.top > 1<<20 {
				return lua(tree.Field, "(r.%s %% %s)", n.name, pick(g, "1073741824", "2147483648"))
			}
			if n.top > 1<<13 {
				return lua(tree.Field, "(r.%s %% %s)", n.name, pick(g, "1000", "1024", "4096", "-1024"))
			}
			return lua(tree.Field, "(r.%s %% %s)", n.name, pick(g, "2", "3", "7", "10", "-4"))
		}},
		{"choice", 6, func(d int) *tree.Node {
			return tree.New(tree.Field, "($ and $ or $)", g.condition(d+2), g.field(d+1), g.field(d+1))
		}},
		{"known choice", 2, func(d int) *tree.Node {
			return tree.New(tree.Field, pick(g, "(nil or $)", "(false or $)", "(true and $)", "(not nil and $)"), g.field(d+1))
		}},
		{"select", 2, func(d int) *tree.Node {
			return tree.New(tree.Field, "(select("+pick(g, "1", "2", "-1")+", $, $))", g.field(d+2), g.field(d+2))
		}},
		{"element of constructor", 2, func(d int) *tree.Node {
			return tree.New(tree.Field, pick(g, "({ $, $ })[1]", "({ a = $, b = $ }).a", "(unpack({ $, $ }))"), g.field(d+2), g.field(d+2))
		}},
		{"call", 5, func(d int) *tree.Node { return g.callOf(fnField, d) }},
		{"first of pair", 2, func(d int) *tree.Node {
			if name := g.one(fnPair); name != "" {
				return tree.New(tree.Field, "("+name+"($))", g.field(d+1))
			}
			return nil
		}},
		{"or else", 4, func(int) *tree.Node {
			if g.fields == nil || len(g.fields.some.numbers) == 0 {
				return nil
			}
			n := pick(g, g.fields.some.numbers...)
			if !n.small() {
				return nil
			}
			if strings.HasPrefix(n.name, "target.") {
				return lua(tree.Field, "(r.target and r.%s or %d)", n.name, g.IntN(9))
			}
			return lua(tree.Field, "(r.%s or %d)", n.name, g.IntN(9))
		}},
	}
}

// callOf calls a function of one argument.
func (g *Generator) callOf(k kind, deep int) *tree.Node {
	name := g.one(k)
	if name == "" {
		return nil
	}
	var argument *tree.Node
	switch k {
	case fnWhole, fnText:
		argument = g.whole(deep + 1)
	default:
		argument = g.field(deep + 1)
	}
	if g.chance(12) {
		return tree.New(results[k], name+"($, "+pick(g, "1", "nil", "false, 2", "nil, nil")+")", argument)
	}
	return tree.New(results[k], name+"($)", argument)
}

// results are the kinds of nodes that calls are.
var results = map[kind]tree.Kind{fnWhole: tree.Number, fnField: tree.Field, fnTruth: tree.Truth, fnText: tree.Text, fnAnswer: tree.Answer}

func (g *Generator) texts() []form {
	return []form{
		{"constant", 30, func(int) *tree.Node { return g.plainText() }},
		{"variable", 26, func(int) *tree.Node {
			if name := g.one(text); name != "" {
				return lua(tree.Text, "%s", name)
			}
			return nil
		}},
		{"joined", 7, func(d int) *tree.Node { return tree.New(tree.Text, "($ .. $)", g.text(d+1), g.text(d+1)) }},
		{"joined of three", 3, func(d int) *tree.Node {
			return tree.New(tree.Text, "($ .. $ .. $)", g.text(d+2), g.text(d+2), g.text(d+2))
		}},
		{"joined with number", 4, func(d int) *tree.Node {
			if g.chance(30) {
				return tree.New(tree.Text, "(0 + $ .. $)", g.whole(d+1), g.text(d+1))
			}
			return tree.New(tree.Text, "($ .. 0 + $)", g.text(d+1), g.whole(d+1))
		}},
		{"of number", 3, func(d int) *tree.Node { return tree.New(tree.Text, "tostring(0 + $)", g.whole(d+1)) }},
		{"of truth", 2, func(d int) *tree.Node {
			if g.fields != nil || !g.script {
				return lua(tree.Text, "tostring(%s)", pick(g, "nil", "true", "not 1"))
			}
			return tree.New(tree.Text, "tostring($)", g.truth(d+1))
		}},
		{"method", 6, func(d int) *tree.Node {
			return tree.New(tree.Text, "($):"+pick(g, "upper()", "lower()", "reverse()", "sub(2)", "sub(-2)", "sub(2, 3)", "sub(0, -2)"), g.text(d+1))
		}},
		{"repeated", 1, func(int) *tree.Node { return tree.New(tree.Text, "($):rep("+pick(g, "0", "2", "3")+")", g.plainText()) }},
		{"choice", 6, func(d int) *tree.Node {
			return tree.New(tree.Text, "($ and $ or $)", g.condition(d+2), g.text(d+1), g.text(d+1))
		}},
		{"formatted", 3, func(d int) *tree.Node {
			return tree.New(tree.Text, "string.format("+pick(g, `"%d:%s"`, `"%05d|%-4s"`, `"%x%5s"`, `"%3d%%%q"`)+", math.max(0, $), $)", g.whole(d+1), g.plainText())
		}},
		{"type", 2, func(d int) *tree.Node {
			return tree.New(tree.Text, "type("+pick(g, "$", "$ and nil", "{ $ }", "$ == 1", "type, $")+")", g.whole(d+1))
		}},
		{"concat", 3, func(d int) *tree.Node {
			if name := g.one(list); name != "" && g.chance(40) {
				return lua(tree.Text, "table.concat(%s, \",\")", name)
			}
			return tree.New(tree.Text, "table.concat({ 0 + $, $ }, "+pick(g, `","`, `""`)+")", g.whole(d+2), g.text(d+2))
		}},
		{"character", 1, func(int) *tree.Node { return lua(tree.Text, "string.char(%d, %d)", 65+g.IntN(26), 97+g.IntN(26)) }},
		{"call", 3, func(d int) *tree.Node { return g.callOf(fnText, d) }},
		{"or else", 3, func(d int) *tree.Node {
			if name := g.one(perhaps); name != "" && g.fields == nil {
				return tree.New(tree.Text, "("+name+" or $)", g.text(d+1))
			}
			return nil
		}},
		{"cell", 2, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			return lua(tree.Text, "r.cell.name")
		}},
	}
}

// perhaps is a text or nil.
func (g *Generator) perhaps(deep int) *tree.Node {
	if name := g.one(table); name != "" && g.chance(60) {
		return tree.New(tree.Piece, name+"[$]", g.field(deep+1))
	}
	if name := g.one(names); name != "" && g.fields != nil && len(g.fields.named) > 0 && g.chance(60) {
		return lua(tree.Piece, "%s[r.%s]", name, pick(g, g.fields.named...))
	}
	if g.chance(30) {
		return lua(tree.Piece, "nil")
	}
	return tree.New(tree.Piece, "($ and $ or nil)", g.condition(deep+1), g.text(deep+1))
}
