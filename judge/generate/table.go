package generate

import (
	"fmt"
	"strings"

	"cellsh/judge/tree"
)

// listOfMine gives the name of a list that may be changed here, or "". Only the function that made it does, and not while
// a loop goes through it.
func (g *Generator) listOfMine() string {
	return g.chosen(func(v variable) bool { return v.kind == list && v.depth == g.depth() && g.walked[v.name] == 0 })
}

// objectOfMine gives the name of an object that may be changed here, or "".
func (g *Generator) objectOfMine() string {
	return g.chosen(func(v variable) bool { return v.kind == object && g.mine(v) })
}

func (g *Generator) chosen(wanted func(variable) bool) string {
	if found := g.find(wanted); len(found) > 0 {
		return pick(g, found...).name
	}
	return ""
}

// tables are the statements that make tables and change them.
func (g *Generator) tables() []form {
	value := func() string { return pick(g, `"a"`, `"bc"`, `"x"`) }
	return []form{
		{"list", 5, func(int) *tree.Node {
			var elements []*tree.Node
			for range g.IntN(5) {
				elements = append(elements, g.whole(1))
			}
			name := g.fresh()
			g.keep(name, list)
			return statement("local "+name+" = { $ }", tree.List(elements...))
		}},
		{"change of list", 6, func(int) *tree.Node {
			name := g.listOfMine()
			if name == "" {
				return nil
			}
			return statement(fmt.Sprintf(pick(g, "%[1]s[#%[1]s + 1] = $", "table.insert(%[1]s, $)", "table.insert(%[1]s, 1, $)", "%[1]s[1] = $",
				"%[1]s[#%[1]s + 1], %[1]s[#%[1]s + 2] = $, 7", "%[1]s[math.max(1, #%[1]s)] = $"), name), g.whole(1))
		}},
		{"shorter list", 4, func(int) *tree.Node {
			name := g.listOfMine()
			if name == "" {
				return nil
			}
			return statement(fmt.Sprintf(pick(g, "table.remove(%[1]s)", "table.remove(%[1]s, 1)", "%[1]s[#%[1]s] = nil", "table.sort(%[1]s)", "table.sort(%[1]s, function(a, b) return a > b end)",
				"%[1]s[1], %[1]s[#%[1]s] = %[1]s[#%[1]s], %[1]s[1]", "if %[1]s[2] then %[1]s[1], %[1]s[2] = %[1]s[2], %[1]s[1] end"), name))
		}},
		{"copy of list", 2, func(int) *tree.Node {
			from := g.one(list)
			if from == "" {
				return nil
			}
			name := g.name("v")
			g.keep(name, list)
			return statement(fmt.Sprintf("local %s = { %s }", name, strings.NewReplacer("(t", "("+from, "#t", "#"+from).Replace(pick(g, "unpack(t)", "7, unpack(t)", "(unpack(t)) or 1", "5, unpack(t, 1, math.min(2, #t))", "unpack(t, 2)", "select(2, 0, unpack(t))"))))
		}},
		{"table", 4, func(int) *tree.Node {
			var pairs []string
			for _, k := range g.Perm(len(pool))[:1+g.IntN(6)] {
				pairs = append(pairs, fmt.Sprintf("[%d] = %s", pool[k], value()))
			}
			name := g.fresh()
			g.keep(name, table)
			return statement("local " + name + " = { " + strings.Join(pairs, ", ") + " }")
		}},
		{"table filled in a loop", 2, func(int) *tree.Node {
			name := g.name("v")
			g.keep(name, table)
			low := g.IntN(6)
			return tree.Sequence(statement("local "+name+" = {}"), statement(fmt.Sprintf("for i = %d, %d%s do %s[i%s] = i %% %d == 0 and \"a\" or \"x\" end",
				low, low+5+g.IntN(30), pick(g, "", ", 3"), name, pick(g, "", " * 2", " + 75"), 2+g.IntN(3))))
		}},
		{"table with __index", 2, func(int) *tree.Node {
			name := g.name("v")
			g.keep(name, table)
			index := pick(g, `function(t, k) if k == 80 then return "x" end end`, `function(t, k) if k > 100 and k < 1000 then return "a" end end`, `function(t, k) return k >= 1024 and "x" or nil end`,
				`{ [22] = "a", [443] = "x" }`, `setmetatable({ [1] = "a" }, { __index = { [2] = "bc" } })`, `function(_, k) return ({ [80] = "a", [81] = "x" })[k] end`)
			return statement(fmt.Sprintf("local %s = setmetatable({ [%d] = %s }, { __index = %s })", name, pick(g, pool...), value(), index))
		}},
		{"names", 3, func(int) *tree.Node {
			name := g.name("v")
			g.keep(name, names)
			return statement(fmt.Sprintf("local %s = { %s = %s, %s = %s, [\"%s\"] = \"b\" }", name, pick(g, "tcp", "inet", "kill"), value(), pick(g, "udp", "stream", "term"), value(), pick(g, "raw", "dgram", "nofile", "block")))
		}},
		{"rules", 2, func(int) *tree.Node {
			name := g.name("v")
			g.keep(name, rules)
			rule := func() string {
				low := pick(g, pool...)
				return fmt.Sprintf("{ min = %d, max = %d }", low, low+int64(g.IntN(50)))
			}
			return statement(fmt.Sprintf("local %s = { %s = %s, %s = %s }", name, pick(g, "tcp", "inet", "kill", "stream"), rule(), pick(g, "udp", "raw", "term", "core"), rule()))
		}},
		{"handlers", 2, func(int) *tree.Node {
			name := g.name("v")
			g.keep(name, handlers)
			handler := func() string { return fmt.Sprintf("function(x) return x %s %d end", g.comparison(), pick(g, pool...)) }
			return statement(fmt.Sprintf("local %s = { %s = %s, %s = %s }", name, pick(g, "tcp", "inet", "kill", "stream"), handler(), pick(g, "udp", "raw", "term", "core"), handler()))
		}},
		{"object", 3, func(int) *tree.Node {
			name := g.name("o")
			start := g.whole(2)
			condition := g.inside(function{gives: fnWhole}, func() *tree.Node { return g.condition(2) })
			b := tree.Sequence(statement("local "+name+" = { n = $ }", start))
			get := "(self, k) if $ then return self.n end return (self.n + k) % 1009 end"
			switch g.IntN(3) {
			case 0:
				b.Append(statement("function "+name+":get"+strings.Replace(get, "self, ", "", 1), condition))
			case 1:
				b.Append(statement("function "+name+".get"+get, condition))
			default:
				index := pick(g, "{ get = F }", `function(_, key) if key == "get" then return F end end`, "setmetatable({}, { __index = { get = F } })")
				b.Append(statement("setmetatable("+name+", { __index = "+strings.Replace(index, "F", "function"+get, 1)+" })", condition))
			}
			b.Append(statement("function " + name + ":set(k) self.n = k % 1009 return self end"))
			g.keep(name, object)
			return b
		}},
		{"change of object", 3, func(int) *tree.Node {
			name := g.objectOfMine()
			if name == "" {
				return nil
			}
			return statement(name+pick(g, ":set($)", ".n = $ % 1009", ":set($):set(5)", `["n"] = $ % 7`), g.whole(2))
		}},
		{"points", 2, func(int) *tree.Node {
			if g.one(point) != "" {
				return nil // points of one kind can be compared with each other
			}
			meta, a, b := g.name("m"), g.name("p"), g.name("p")
			n := tree.Sequence(
				statement("local "+meta+" = {}"),
				statement("function "+meta+".__add(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, "+meta+") end"),
				statement("function "+meta+".__sub(a, b) return setmetatable({ x = a.x - b.x, y = a.y - b.y }, "+meta+") end"),
				statement("function "+meta+".__unm(a) return setmetatable({ x = -a.x, y = -a.y }, "+meta+") end"),
				statement("function "+meta+".__eq(a, b) return a.x == b.x end"),
				statement("function "+meta+".__lt(a, b) return a.x < b.x end"),
				statement("function "+meta+".__le(a, b) return a.x <= b.x end"),
				statement("function "+meta+".__concat(a, b) return (a.x * 10 + b.y) % 1009 end"),
				statement("local "+a+" = setmetatable({ x = $, y = $ }, "+meta+")", g.stored(whole, 2), g.stored(whole, 2)),
				statement("local "+b+" = setmetatable({ x = $, y = $ }, "+meta+")", g.stored(whole, 2), g.stored(whole, 2)))
			g.keep(a, point)
			g.keep(b, point)
			return n
		}},
		{"__newindex", 1, func(int) *tree.Node {
			log, t := g.name("v"), g.name("v")
			n := tree.Sequence(statement("local "+log+" = {}"),
				statement("local "+t+" = setmetatable({ 1 }, { __newindex = function(_, k, v) "+log+"[#"+log+" + 1] = v end })"),
				statement(t+"[1], "+t+"[2] = $, $", g.whole(2), g.whole(2)), statement(t+".x = $", g.whole(2)))
			g.keep(log, list)
			return n
		}},
	}
}
