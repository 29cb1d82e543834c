package generate

import (
	"fmt"
	"strings"

	"cellsh/judge/tree"
)

// truths are true or false, and nothing else.
func (g *Generator) truths() []form {
	return []form{
		{"field and constant", 20, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			n := pick(g, g.fields.numbers...)
			if names := flagNames[n.name]; names != nil && g.chance(50) {
				if g.chance(50) {
					return lua(tree.Truth, "has(r.%s, %q)", n.name, pick(g, names...))
				}
				return lua(tree.Truth, "has(r.%s, %s)", n.name, pick(g, "1", "2", "8", "0x180", "6", "255"))
			}
			a, b := fmt.Sprintf("r.%s", n.name), fmt.Sprint(g.constantFor(n))
			if (n.name == "cur" || n.name == "max") && g.chance(30) {
				return lua(tree.Truth, "(%s %s unlimited)", a, pick(g, "==", "~="))
			}
			if g.chance(25) {
				a, b = b, a
			}
			return lua(tree.Truth, "(%s %s %s)", a, g.comparison(), b)
		}},
		{"field and number", 12, func(d int) *tree.Node {
			if !g.requested() {
				return nil
			}
			a, b := g.field(d+1), g.whole(d+1)
			if g.chance(30) {
				a, b = b, a
			}
			return tree.New(tree.Truth, "($ "+g.comparison()+" $)", a, b)
		}},
		{"field and odd number", 3, func(d int) *tree.Node {
			if !g.requested() {
				return nil
			}
			return tree.New(tree.Truth, "($ "+pick(g, "<", "<=", ">", ">=")+" $)", g.field(d+2),
				lua(tree.Number, "%s", pick(g, "80.5", "0.5", "-1", "-0.5", "0x50", "2 ^ 10", "443 / 1", "1 / 0", "-1 / 0", "0 / 0", "99.875", "1e3")))
		}},
		{"field and fraction", 1, func(d int) *tree.Node {
			if !g.requested() {
				return nil
			}
			return tree.New(tree.Truth, "($ "+g.comparison()+" $)", g.field(d+2), g.fraction(d+2))
		}},
		{"two fields", 4, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			return lua(tree.Truth, "(r.%s %s r.%s)", pick(g, g.fields.numbers...).name, g.comparison(), pick(g, g.fields.numbers...).name)
		}},
		{"named", 10, func(int) *tree.Node {
			if g.fields == nil || len(g.fields.named) == 0 {
				return nil
			}
			return g.namedTest(pick(g, g.fields.named...))
		}},
		{"flag", 6, func(int) *tree.Node {
			if g.fields == nil || len(g.fields.flags) == 0 {
				return nil
			}
			return lua(tree.Truth, pick(g, "r.%s", "r.%s", "r.%s", "(r.%s == true)", "(r.%s ~= false)"), pick(g, g.fields.flags...))
		}},
		{"text field", 5, func(int) *tree.Node {
			if g.fields == nil || len(g.fields.texts) == 0 {
				return nil
			}
			return g.textTest(pick(g, g.fields.texts...))
		}},
		{"address", 5, func(int) *tree.Node {
			if g.fields == nil || !g.fields.address {
				return nil
			}
			return lua(tree.Truth, "r.addr:within(%q)", pick(g, prefixes...))
		}},
		{"group", 4, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			return lua(tree.Truth, "r:in_group(%d)", pick(g, 0, 5, 20, 100))
		}},
		{"what some carry", 8, func(int) *tree.Node { return g.someTest() }},
		{"cell", 1, func(int) *tree.Node {
			if g.fields == nil {
				return nil
			}
			return lua(tree.Truth, "(r.cell.name %s %s)", pick(g, "==", "~="), pick(g, `"c1"`, `"web"`))
		}},
		{"table by field", 4, func(d int) *tree.Node {
			name := g.one(table)
			if name == "" {
				return nil
			}
			switch g.IntN(3) {
			case 0:
				return tree.New(tree.Truth, "("+name+"[$] ~= nil)", g.field(d+1))
			case 1:
				return tree.New(tree.Truth, "not "+name+"[$]", g.field(d+1))
			}
			return tree.New(tree.Truth, "("+name+"[$] == $)", g.field(d+1), g.plainText())
		}},
		{"list by field", 1, func(d int) *tree.Node {
			name := g.one(list)
			if name == "" {
				return nil
			}
			return tree.New(tree.Truth, "("+name+"[$] "+pick(g, "==", "~=")+" $)", g.field(d+1), g.whole(d+2))
		}},
		{"names by field", 3, func(int) *tree.Node {
			name := g.one(names)
			if name == "" || g.fields == nil || len(g.fields.named) == 0 {
				return nil
			}
			return lua(tree.Truth, pick(g, "(%s[r.%s] ~= nil)", `(%s[r.%s] == "a")`, "not %s[r.%s]"), name, pick(g, g.fields.named...))
		}},
		{"rules by field", 3, func(int) *tree.Node {
			name := g.one(rules)
			if name == "" || g.fields == nil || len(g.fields.named) == 0 {
				return nil
			}
			key := "r." + pick(g, g.fields.named...)
			return lua(tree.Truth, "(%s[%s] ~= nil and r.%s %s %s[%s].%s)", name, key, pick(g, g.fields.numbers...).name, g.comparison(), name, key, pick(g, "min", "max"))
		}},
		{"handlers by field", 3, func(d int) *tree.Node {
			name := g.one(handlers)
			if name == "" || g.fields == nil || len(g.fields.named) == 0 {
				return nil
			}
			key := "r." + pick(g, g.fields.named...)
			return tree.New(tree.Truth, fmt.Sprintf("(%s[%s] ~= nil and %s[%s]($))", name, key, name, key), g.field(d+1))
		}},
		{"variable", 7, func(int) *tree.Node {
			if name := g.one(truth); name != "" {
				return lua(tree.Truth, "%s", name)
			}
			return nil
		}},
		{"not", 6, func(d int) *tree.Node { return tree.New(tree.Truth, "not $", g.condition(d+1)) }},
		{"and or", 8, func(d int) *tree.Node {
			return tree.New(tree.Truth, "($ "+pick(g, "and", "or")+" $)", g.truth(d+1), g.truth(d+1))
		}},
		{"choice", 3, func(d int) *tree.Node {
			return tree.New(tree.Truth, "($ and $ or $)", g.condition(d+1), g.truth(d+1), g.truth(d+1))
		}},
		{"equal", 1, func(d int) *tree.Node {
			return tree.New(tree.Truth, "($ "+pick(g, "==", "~=")+" $)", g.truth(d+1), g.truth(d+1))
		}},
		{"two numbers", 3, func(d int) *tree.Node {
			return tree.New(tree.Truth, "($ "+g.comparison()+" $)", g.whole(d+1), g.whole(d+1))
		}},
		{"two fractions", 1, func(d int) *tree.Node {
			return tree.New(tree.Truth, "($ "+g.comparison()+" $)", g.fraction(d+1), g.fraction(d+1))
		}},
		{"two texts", 2, func(d int) *tree.Node {
			return tree.New(tree.Truth, "($ "+g.comparison()+" $)", g.text(d+1), g.text(d+1))
		}},
		{"call", 5, func(d int) *tree.Node { return g.callOf(fnTruth, d) }},
		{"second of pair", 1, func(d int) *tree.Node {
			if name := g.one(fnPair); name != "" {
				return tree.New(tree.Truth, "(select(2, "+name+"($)))", g.field(d+1))
			}
			return nil
		}},
		{"nothing there", 2, func(int) *tree.Node {
			if name := g.one(perhaps); name != "" {
				return lua(tree.Truth, pick(g, "(%s == nil)", "(nil ~= %s)", `(%s == "a")`, `(%s ~= "x")`), name)
			}
			return nil
		}},
		{"two points", 1, func(int) *tree.Node {
			a, b := g.one(point), g.one(point)
			if a == "" {
				return nil
			}
			return lua(tree.Truth, "(%s %s %s)", a, pick(g, "==", "~=", "<", "<=", ">"), b)
		}},
		{"identity", 1, func(int) *tree.Node {
			options := []string{"({} == {})", "(print == print)", `(type(nil) == "nil")`, `("1" == 1)`, "(nil == false)", "(next({}) == nil)", "(2 == 2.0)", "(0 / 0 == 0 / 0)", `("a" < "B")`}
			for _, k := range []kind{list, object, fnTruth} {
				if name := g.one(k); name != "" {
					options = append(options, fmt.Sprintf("(%s == %s)", name, name), fmt.Sprintf("(%s ~= nil)", name))
				}
			}
			return lua(tree.Truth, "%s", pick(g, options...))
		}},
		{"constant", 3, func(int) *tree.Node {
			return lua(tree.Truth, "%s", pick(g, "true", "false", "not nil", "not 1", "not not 1", "(1 == 1)"))
		}},
	}
}

var prefixes = []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "127.0.0.0/8", "0.0.0.0/0", "::/0", "::1/128", "fe80::/10", "192.168.1.7/32", "::ffff:10.0.0.0/104",
	"10.0.0.5-10.1.2.3", "10.1.2.3-10.1.2.3", "::1-fe80::5", "9.255.255.255-11.0.0.0"}

func (g *Generator) namedTest(name string) *tree.Node {
	if values := namelessValues[name]; len(values) > 0 && g.chance(8) {
		return lua(tree.Truth, "(r.%s %s %d)", name, pick(g, "==", "~="), pick(g, values...))
	}
	return lua(tree.Truth, "(r.%s %s %q)", name, pick(g, "==", "~="), pick(g, namedValues[name]...))
}

func (g *Generator) textTest(name string) *tree.Node {
	if name == "ifname" && g.chance(25) {
		return lua(tree.Truth, "(r.ifname %s nil)", pick(g, "==", "~="))
	}
	if g.chance(30) {
		pattern := pick(g, textPatterns...)
		if name == "ifname" {
			return lua(tree.Truth, "(r.ifname ~= nil and r.ifname:glob(%q))", pattern)
		}
		return lua(tree.Truth, pick(g, "r.%s:glob(%q)", "not r.%s:glob(%q)", "string.glob(r.%s, %q)"), name, pattern)
	}
	return lua(tree.Truth, "(r.%s %s %q)", name, pick(g, "==", "~="), pick(g, textValues[name]...))
}

// someTest asks for a field that only some requests of the entry carry. It is nil for the others.
func (g *Generator) someTest() *tree.Node {
	if g.fields == nil {
		return nil
	}
	f := g.fields.some
	switch g.IntN(6) {
	case 0:
		if len(f.numbers) > 0 {
			if n := pick(g, f.numbers...); strings.HasPrefix(n.name, "target.") {
				return lua(tree.Truth, "(r.target ~= nil and r.%s %s %d)", n.name, g.comparison(), g.constantFor(n))
			} else if g.chance(3) {
				return lua(tree.Truth, "(r.%s < %d)", n.name, g.constantFor(n)) // an error where it is nil
			} else if g.chance(50) {
				return lua(tree.Truth, "(r.%s %s %d)", n.name, pick(g, "==", "~="), g.constantFor(n))
			} else {
				return lua(tree.Truth, "(r.%s ~= nil and r.%s %s %d)", n.name, n.name, g.comparison(), g.constantFor(n))
			}
		}
	case 1:
		if len(f.named) > 0 {
			return g.namedTest(pick(g, f.named...))
		}
	case 2:
		if len(f.flags) > 0 {
			if name := pick(g, f.flags...); strings.HasPrefix(name, "target.") {
				return lua(tree.Truth, "(r.target ~= nil and r.%s)", name)
			} else {
				return lua(tree.Truth, "(r.%s == true)", name)
			}
		}
	case 3:
		if len(f.texts) > 0 {
			if name := pick(g, f.texts...); !strings.HasPrefix(name, "target.") {
				return g.textTest(name)
			}
		}
	case 4:
		if f.address {
			return lua(tree.Truth, "(r.addr ~= nil and r.addr:within(%q))", pick(g, prefixes...))
		}
	case 5:
		if len(f.numbers) > 0 {
			if name := pick(g, f.numbers...).name; !strings.HasPrefix(name, "target.") {
				return lua(tree.Truth, pick(g, "(r.%s == nil)", "not r.%s", "(r.%s ~= nil)"), name)
			}
			return lua(tree.Truth, "%s", pick(g, "(r.target == nil)", "not r.target"))
		}
	}
	return nil
}

// answers are deny, allow, grant or nil.
func (g *Generator) answers() []form {
	word := func() *tree.Node { return lua(tree.Answer, "%s", pick(g, "deny", "deny", "allow", "grant")) }
	silent := func() *tree.Node { return lua(tree.Answer, "%s", pick(g, "deny", "allow", "grant", "nil", "nil")) }
	return []form{
		{"word", 60, func(int) *tree.Node { return word() }},
		{"text", 2, func(int) *tree.Node { return lua(tree.Answer, "%s", pick(g, `"deny"`, `"allow"`, `"gr" .. "ant"`)) }},
		{"nothing", 6, func(int) *tree.Node { return lua(tree.Answer, "nil") }},
		{"choice", 12, func(d int) *tree.Node {
			return tree.New(tree.Answer, "$ and $ or $", g.condition(d+2), word(), silent())
		}},
		{"two choices", 6, func(d int) *tree.Node {
			return tree.New(tree.Answer, "$ and $ or $ and $ or $", g.condition(d+2), word(), g.condition(d+2), word(), silent())
		}},
		{"variable", 7, func(int) *tree.Node {
			if name := g.one(answer); name != "" {
				return lua(tree.Answer, "%s", name)
			}
			return nil
		}},
		{"element", 3, func(d int) *tree.Node {
			return tree.New(tree.Answer, "({ $ and $ or $, $, $ })["+pick(g, "1", "2", "3", "1 + 1")+"]", g.truth(d+2), word(), word(), silent(), silent())
		}},
		{"call", 5, func(d int) *tree.Node { return g.callOf(fnAnswer, d) }},
	}
}

// result is what stands behind return in a decision: an answer, and perhaps a reason.
func (g *Generator) result() *tree.Node {
	a := g.answer(1)
	s := a.String()
	switch {
	case g.chance(45):
		return a
	case strings.HasSuffix(s, "nil") && strings.Contains(s, " or ") && g.chance(30):
		// The reason belongs to the result where there is one.
	case strings.Contains(s, "nil"):
		return a
	default:
		for _, v := range append(g.visible(answer), g.visible(fnAnswer)...) {
			if strings.Contains(s, v.name) {
				return a // it may be nil
			}
		}
	}
	return tree.New(tree.Piece, "$$", a, tree.New(tree.Optional, ", $", g.text(2)))
}
