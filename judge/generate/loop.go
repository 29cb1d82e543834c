package generate

import (
	"fmt"
	"strconv"

	"cellsh/judge/tree"
)

// loops are the statements that repeat others.
func (g *Generator) loops() []form {
	few := func() bool { return g.function().loops < 2 && g.repeats < 3 }
	return []form{
		{"numeric for", 6, func(int) *tree.Node {
			if !few() {
				return nil
			}
			i := g.name("i")
			low := g.IntN(6)
			limit := lua(tree.Number, "%d", low+g.IntN(6)-1)
			step := tree.New(tree.Optional, pick(g, "", "", ", 2", ", 3"))
			switch g.IntN(5) {
			case 0:
				limit, step = lua(tree.Number, "%d", low-g.IntN(5)+1), lua(tree.Piece, ", -%d", 1+g.IntN(2))
			case 1:
				low, limit = 1, tree.New(tree.Number, "$ % 4", g.whole(2))
			}
			body := g.loop(1, 2, variable{name: i, kind: whole, fixed: g.chance(90)})
			return statement(fmt.Sprintf("for %s = %d, $$ do$end", i, low), limit, step, body)
		}},
		{"numeric for of fractions", 3, func(int) *tree.Node {
			if !few() {
				return nil
			}
			x := g.name("x")
			head := pick(g, "0, 1, 0.25", "1, 0, -0.5", "0.5, 3", "1.5, 0.5, -0.25", "-1, 1, 0.5", "2, 1.25, -0.25", "0, 0.99, 0.5", "1, 2.5", "0, 2, 0.75", "3, 0.5, -1")
			return statement("for "+x+" = "+head+" do$end", g.loop(1, 2, variable{name: x, kind: fraction, fixed: true}))
		}},
		{"while", 4, func(int) *tree.Node {
			if !few() {
				return nil
			}
			i := g.name("w")
			g.keep(i, whole)
			condition := tree.New(tree.Optional, "")
			if g.chance(40) {
				condition = tree.New(tree.Optional, " and $", g.condition(2))
			}
			return tree.Sequence(statement("local "+i+" = 0"),
				statement(fmt.Sprintf("while %s < %d$ do %s = %s + 1$end", i, 1+g.IntN(4), i, i), condition, g.loop(1, 2)))
		}},
		{"while true", 2, func(int) *tree.Node {
			if !few() {
				return nil
			}
			i := g.name("w")
			g.keep(i, whole)
			body := g.loop(1, 2)
			return tree.Sequence(statement("local "+i+" = 0"),
				statement(fmt.Sprintf("while %s do %s = %s + 1 if %s > %d then break end$end", pick(g, "true", "1", "not nil", `""`), i, i, i, 1+g.IntN(3)), body))
		}},
		{"repeat", 4, func(int) *tree.Node {
			if !few() {
				return nil
			}
			i, q := g.name("w"), g.name("q")
			g.keep(i, whole)
			// A goto must not enter the scope of what the condition reads.
			body := statement("do$end", g.loop(0, 2))
			local := pick(g, "%s or %s >= %d", "not not %s or %s >= %d", "(%s and 1 or nil) or %s == %d")
			return tree.Sequence(statement("local "+i+" = 0"),
				statement(fmt.Sprintf("repeat %s = %s + 1$until %s", i, i, fmt.Sprintf(local, q, i, 1+g.IntN(3))),
					tree.Sequence(body, tree.New(tree.Piece, "local "+q+" = $", g.truth(2)))))
		}},
		{"repeat with function of a local", 2, func(int) *tree.Node {
			if !few() {
				return nil
			}
			i, q, f := g.name("w"), g.name("q"), g.name("f")
			g.keep(i, whole)
			g.keep(f, fnWhole)
			return tree.Sequence(statement("local "+i+", "+f+" = 0"),
				statement(fmt.Sprintf("repeat$until %s > %d", q, 2+g.IntN(4)), tree.Sequence(
					tree.New(tree.Piece, i+" = "+i+" + 1"), tree.New(tree.Piece, fmt.Sprintf("local %s = %s + $ %% 3", q, i), g.plainWhole()),
					tree.New(tree.Piece, "if "+i+" == "+strconv.Itoa(1+g.IntN(2))+" then "+f+" = function(y) return "+q+" + y end end"))),
				statement(f+" = "+f+" or function() return 0 end"))
		}},
		{"ipairs", 5, func(int) *tree.Node {
			if !few() {
				return nil
			}
			k, e := pick(g, "_", g.name("k")), g.name("e")
			known := []variable{{name: e, kind: whole, fixed: true}}
			if k != "_" {
				known = append(known, variable{name: k, kind: whole, fixed: true})
			}
			from := g.aList()
			g.walked[from.String()]++
			body := g.loop(1, 2, known...)
			g.walked[from.String()]--
			return statement(fmt.Sprintf("for %s, %s in ipairs($) do$end", k, e), from, body)
		}},
		{"ipairs and leave", 4, func(int) *tree.Node {
			if !few() {
				return nil
			}
			e := g.name("e")
			from := g.aList()
			condition := tree.New(tree.Truth, "($ == "+e+")", g.field(1))
			f := g.function()
			f.loops++
			stop := g.stop()
			g.functions[len(g.functions)-1].loops--
			return statement(fmt.Sprintf("for _, %s in ipairs($) do$end", e), from,
				tree.Sequence(statement("if $ then$end", condition, tree.Sequence(stop))))
		}},
		{"pairs", 2, func(int) *tree.Node {
			// Whatever comes first, the sum is the same.
			total := g.name("v")
			from := g.aList()
			b := tree.Sequence(statement("local "+total+" = 0"),
				statement("for _, e in pairs($) do "+total+" = "+total+" + e$end", from, tree.Sequence(statement("if $ then "+total+" = "+total+" + 1 end", g.condition(2)))))
			g.declare(total, whole)
			return b
		}},
		{"iterator of our own", 2, func(int) *tree.Node {
			if !few() {
				return nil
			}
			i := g.name("i")
			count := 1 + g.IntN(3)
			head := fmt.Sprintf(pick(g, "function(s, c) if c < s then return c + 1 end end, %d, 0", "(function(n) local c = 0 return function() if c < n then c = c + 1 return c end end end)(%d)"), count)
			return statement("for "+i+" in "+head+" do$end", g.loop(1, 2, variable{name: i, kind: whole, fixed: true}))
		}},
		{"goto out of loops", 2, func(int) *tree.Node {
			if g.Plain || !few() {
				return nil
			}
			label, i, j := g.name("done"), g.name("i"), g.name("j")
			condition := g.condition(2)
			inner := g.loop(1, 2, variable{name: i, kind: whole, fixed: true}, variable{name: j, kind: whole, fixed: true})
			inner.Parts = append([]any{statement("if $ then goto "+label+" end", condition)}, inner.Parts...)
			return tree.Sequence(statement(fmt.Sprintf("for %s = 1, 2 do$end", i), tree.Sequence(statement(fmt.Sprintf("for %s = 1, %d do$end", j, 1+g.IntN(3)), inner))),
				statement("::"+label+"::"))
		}},
		{"goto back", 2, func(int) *tree.Node {
			if g.Plain || !few() {
				return nil
			}
			label, i := g.name("again"), g.name("w")
			g.keep(i, whole)
			g.repeats++
			loops := g.function().loops
			body := g.block(1, 2)
			g.functions[len(g.functions)-1].loops = loops
			g.repeats--
			return tree.Sequence(statement("local "+i+" = 0"), statement("::"+label+"::"), statement("do$end", body),
				statement(i+" = "+i+" + 1"), statement(fmt.Sprintf("if %s < %d then goto %s end", i, 1+g.IntN(3), label)))
		}},
	}
}

// aList is one that is there, or a new one.
func (g *Generator) aList() *tree.Node {
	if name := g.one(list); name != "" && g.chance(60) {
		return lua(tree.Piece, "%s", name)
	}
	var elements []*tree.Node
	for range g.IntN(4) {
		elements = append(elements, g.whole(2))
	}
	return tree.New(tree.Piece, "{ $ }", tree.List(elements...))
}
