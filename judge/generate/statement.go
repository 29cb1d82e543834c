package generate

import (
	"fmt"
	"strings"

	"cellsh/judge/tree"
)

// fill adds so many statements to a block, in the scope that is open.
func (g *Generator) fill(b *tree.Node, count int) {
	for range count {
		if g.budget <= 0 {
			return
		}
		g.budget--
		g.add(b, g.write("statement", g.grammar.statement, 0))
	}
}

// add puts a statement into a block, or the statements of another block.
func (g *Generator) add(b *tree.Node, n *tree.Node) {
	if n.Kind == tree.Block {
		b.Parts = append(b.Parts, n.Parts...)
		return
	}
	b.Append(n)
}

// block is a new block in a scope of its own, with variables that stand in it from the beginning.
func (g *Generator) block(least, most int, known ...variable) *tree.Node {
	g.open()
	defer g.close()
	for _, v := range known {
		g.put(v)
	}
	b := tree.Sequence()
	g.fill(b, least+g.IntN(most-least+1))
	return b
}

// statement is text with nodes that stands in a block.
func statement(format string, nodes ...*tree.Node) *tree.Node {
	return tree.New(tree.Statement, format, nodes...)
}

// leave ends the function that is being written, at the end of a block. It is nil where that makes no sense.
func (g *Generator) leave() *tree.Node {
	switch f := g.function(); f.gives {
	case answer:
		if g.chance(6) {
			return statement("return")
		}
		return statement("return $", g.result())
	case fnAnswer:
		return statement("return $", g.result())
	case fnWhole:
		return statement("return $", g.whole(1))
	case fnField:
		return statement("return $", g.field(1))
	case fnTruth:
		return statement("return $", g.truth(1))
	case fnText:
		return statement("return $", g.text(1))
	case fnPair:
		return statement("return $, $$", g.field(1), g.truth(1), tree.New(tree.Optional, pick(g, "", ", 1", ", nil")))
	case procedure:
		return statement("return")
	}
	return nil
}

// stop leaves the loop or the function; in neither it says something.
func (g *Generator) stop() *tree.Node {
	if g.function().loops > 0 && g.chance(50) {
		return statement("break")
	}
	if n := g.leave(); n != nil {
		return n
	}
	if g.function().loops > 0 {
		return statement("break")
	}
	return g.say()
}

// say writes down values in a script. Elsewhere a statement that does nothing takes its place.
func (g *Generator) say() *tree.Node {
	if !g.script {
		return statement("do end")
	}
	var values []*tree.Node
	for range 1 + g.IntN(3) {
		values = append(values, g.of(pick(g, whole, whole, fraction, truth, truth, text, perhaps), 1))
	}
	return statement("say($)", tree.List(values...))
}

// plainKinds are those of variables that hold one value.
func (g *Generator) plainKind() kind {
	if g.script {
		return pick(g, whole, whole, fraction, fraction, truth, truth, text, perhaps)
	}
	return pick(g, whole, field, field, truth, truth, truth, text, answer, perhaps, fraction)
}

// loop writes the body of a loop, with variables that are declared by it.
func (g *Generator) loop(least, most int, known ...variable) *tree.Node {
	f := g.function()
	f.loops++
	g.repeats++
	g.open()
	for _, v := range known {
		g.put(v)
	}
	b := tree.Sequence()
	if g.chance(25) {
		b.Append(g.constantStart())
	}
	skip := ""
	if !g.Plain && g.chance(20) {
		skip = g.name("next")
	}
	g.fill(b, least+g.IntN(most-least+1))
	if skip != "" {
		g.Seen["statement: goto continue"]++
		b.Append(statement("if $ then goto "+skip+" end", g.condition(2)))
		g.fill(b, 1+g.IntN(2))
	}
	if g.chance(25) {
		b.Append(statement("if $ then$end", g.condition(2), tree.Sequence(g.stop())))
	}
	if skip != "" {
		b.Append(statement("::" + skip + "::"))
	}
	g.close()
	g.repeats--
	g.functions[len(g.functions)-1].loops--
	return b
}

// constantStart is what a loop may begin with although it is known what becomes of it.
func (g *Generator) constantStart() *tree.Node {
	g.Seen["statement: constant condition at the start of a loop"]++
	constant := pick(g, "false", "nil", "true", "1", "not true", "not 1", `""`)
	switch g.IntN(8) {
	case 0:
		return statement("while " + pick(g, "false", "nil", "not 1") + " do local x = 1 end")
	case 1:
		name := g.name("k")
		return statement("local " + name + " = " + constant + pick(g, " and ", " or ") + pick(g, "1", "false", "nil"))
	case 2:
		return statement("do $ end", statement(pick(g, "while true do break end", "repeat break until nil", "for i = 1, 0 do local y = i end", "local x = false or nil", "if nil then end")))
	case 3:
		return statement("if "+constant+" then$else$end", tree.Sequence(statement("local x = 1")), tree.Sequence(statement("local x, y = 2")))
	case 4:
		if g.function().loops > 0 {
			return statement("if " + pick(g, "false", "nil", "not 1") + " then break end")
		}
	case 5:
		if n := g.leave(); n != nil {
			return statement("if "+pick(g, "false", "nil", "not 1")+" then$end", tree.Sequence(n))
		}
	}
	return statement("if " + constant + " then local x = 1 end")
}

// statements are all forms of them.
func (g *Generator) statements() []form {
	return append(append(append([]form{
		{"say", 20, func(int) *tree.Node {
			if !g.script {
				return nil
			}
			return g.say()
		}},
		{"local", 26, func(int) *tree.Node {
			k := g.plainKind()
			value := g.stored(k, 0)
			name := g.fresh()
			g.declare(name, k)
			return statement("local "+name+" = $", value)
		}},
		{"several locals", 5, func(int) *tree.Node {
			var kinds []kind
			var values []*tree.Node
			for range 2 + g.IntN(2) {
				k := g.plainKind()
				kinds, values = append(kinds, k), append(values, g.stored(k, 1))
			}
			var given []string
			for _, k := range kinds {
				name := g.name("v")
				given = append(given, name)
				g.declare(name, k)
			}
			extra := pick(g, "", "", "", ", 1", ", nil")
			return statement("local "+strings.Join(given, ", ")+" = $"+extra, tree.List(values...))
		}},
		{"too few values", 2, func(int) *tree.Node {
			k := pick(g, truth, whole, text)
			first := g.stored(k, 1)
			a, b := g.name("v"), g.name("v")
			g.declare(a, k)
			g.declare(b, perhaps)
			return statement("local "+a+", "+b+" = $", first)
		}},
		{"assignment", 12, func(int) *tree.Node {
			k := g.plainKind()
			name := g.target(k)
			if name == "" {
				return nil
			}
			return statement(name+" = $", g.stored(k, 0))
		}},
		{"count", 3, func(int) *tree.Node {
			name := g.target(whole)
			if name == "" {
				return nil
			}
			return statement(fmt.Sprintf("%s = %s %s %d", name, name, pick(g, "+", "-"), 1+g.IntN(9)))
		}},
		{"and or not into existing", 10, func(int) *tree.Node { return g.intoExisting() }},
		{"several assignments", 8, func(int) *tree.Node { return g.severalAssignments() }},
		{"swap or rotation", 8, func(int) *tree.Node { return g.rotation() }},
		{"if", 15, func(int) *tree.Node {
			condition := g.condition(0)
			body := g.block(1, 3)
			others := tree.New(tree.Piece, "")
			for g.chance(25) {
				others = tree.New(tree.Piece, "$$", others, tree.New(tree.Optional, "elseif $ then$", g.condition(1), g.block(1, 2)))
			}
			last := tree.New(tree.Optional, "")
			if g.chance(35) {
				last = tree.New(tree.Optional, "else$", g.block(1, 3))
			}
			return statement("if $ then$$$end", condition, body, others, last)
		}},
		{"if and leave", 12, func(int) *tree.Node {
			return statement("if $ then$end", g.condition(0), tree.Sequence(g.stop()))
		}},
		{"constant condition", 2, func(int) *tree.Node { return g.constantStart() }},
		{"do", 2, func(int) *tree.Node { return statement("do$end", g.block(1, 3)) }},
		{"leave at once", 1, func(int) *tree.Node {
			n := g.leave()
			if n == nil || !g.chance(30) {
				return nil
			}
			return statement("do $ end", n)
		}},
	}, g.loops()...), g.tables()...), g.closures()...)
}

// intoExisting assigns what and, or and not make of a variable to the variable.
func (g *Generator) intoExisting() *tree.Node {
	switch g.IntN(4) {
	case 0:
		k := pick(g, whole, fraction, text, field)
		if name := g.target(k); name != "" {
			switch g.IntN(4) {
			case 0:
				return statement(name+" = $ and "+name+" or $", g.condition(1), g.stored(k, 2))
			case 1:
				return statement(name+" = $ and $ or "+name, g.condition(1), g.stored(k, 2))
			case 2:
				return statement(name + " = " + name + " or nil")
			}
			return statement(name+" = "+name+" and $", g.stored(k, 2))
		}
	case 1:
		if name := g.target(answer); name != "" {
			return statement(name+" = $ and "+pick(g, "deny", "allow", name)+" or "+pick(g, "grant", "nil", name), g.condition(1))
		}
	}
	name := g.target(truth)
	if name == "" {
		return nil
	}
	text := strings.ReplaceAll(pick(g, "v = not $ and v", "v = $ and v", "v = v and $", "v = $ or v", "v = v or $", "v = not v", "v = not (v and $)", "v = not v or $",
		"v = not $ or not v", "v = $ and not v", "v = (v or $) and not (v and $)", "v = $ == v", "v = v ~= $", "v = $ and v or not v", "v = not $"), "v", name)
	var nodes []*tree.Node
	for range strings.Count(text, "$") {
		nodes = append(nodes, g.truth(2))
	}
	return statement(text, nodes...)
}

// severalAssignments assigns to some variables at once, values that are made of them.
func (g *Generator) severalAssignments() *tree.Node {
	var targets []string
	var values []*tree.Node
	for range 2 + g.IntN(3) {
		k := g.plainKind()
		name := g.target(k)
		if name == "" || containsWord(targets, name) {
			continue
		}
		targets, values = append(targets, name), append(values, g.stored(k, 1))
	}
	if name := g.listOfMine(); name != "" && g.chance(20) {
		targets, values = append(targets, name+"[1]"), append(values, g.stored(whole, 1))
	}
	if len(targets) < 2 {
		return nil
	}
	extra := pick(g, "", "", "", "", ", 1", ", nil, 2")
	return statement(strings.Join(targets, ", ")+" = $"+extra, tree.List(values...))
}

func containsWord(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// rotation puts the values of variables into others of them.
func (g *Generator) rotation() *tree.Node {
	k := g.plainKind()
	found := g.assignable(k)
	if len(found) < 2 {
		return nil
	}
	g.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	found = found[:min(len(found), 2+g.IntN(3))]
	var targets []string
	for _, v := range found {
		targets = append(targets, v.name)
	}
	var values []*tree.Node
	for i := range targets {
		source := targets[(i+1)%len(targets)]
		if g.chance(15) {
			source = pick(g, targets...)
		}
		switch {
		case k == whole && g.chance(30):
			values = append(values, tree.New(tree.Number, fmt.Sprintf("(%s + $) %% 1009", source), g.plainWhole()))
		case k == whole && g.chance(15):
			values = append(values, lua(tree.Number, "(%s + %s) %% 1009", targets[0], source))
		case k == truth && g.chance(30):
			values = append(values, lua(tree.Truth, "%s %s", pick(g, "not", targets[0]+" and", targets[len(targets)-1]+" or", "not "+targets[0]+" and"), source))
		case k == text && g.chance(20):
			values = append(values, lua(tree.Text, "(%s .. %s):sub(1, 20)", targets[0], source))
		default:
			values = append(values, lua(tree.Piece, "%s", source))
		}
	}
	return statement(strings.Join(targets, ", ")+" = $", tree.List(values...))
}
