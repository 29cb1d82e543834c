package generate

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/judge/request"
	"cellsh/judge/tree"
	"cellsh/policy/kauth"
)

// Cell is a cell, the policies that are for it, and requests to ask them.
type Cell struct {
	Name string
	// Files are one or two, each with one policy.
	Files []*File
	// Requests to ask, most of them about what the policies look at.
	Requests []request.Request
}

// File is a policy.
type File struct {
	// Name of the file, without a folder.
	Name string
	Tree *tree.Node
	// Entries are the names that functions stand for.
	Entries []string
	// asked is the request that the policy is about.
	asked string
}

// Cell writes the policies of a cell, and so many requests for each.
func (g *Generator) Cell(name string, requests int) *Cell {
	c := &Cell{Name: name}
	c.Files = append(c.Files, g.policy(name, name))
	if g.chance(12) {
		c.Files = append(c.Files, g.policy(name+pick(g, "a", "b"), name))
		if g.chance(50) {
			// The other may come first by name.
			c.Files[1] = g.policy("a"+name, name)
		}
	}
	for _, f := range c.Files {
		constants := numbersIn(f.Tree.String())
		for i := range requests {
			name := f.asked
			if i%5 == 4 {
				name = g.within(pick(g, f.Entries...))
			}
			c.Requests = append(c.Requests, g.Ask(c.Name, name, constants))
		}
	}
	return c
}

// Wide gives requests of all kinds that the entries of a policy stand for.
func (g *Generator) Wide(cell string, f *File, count int) []request.Request {
	constants := numbersIn(f.Tree.String())
	var all []request.Request
	for _, entry := range f.Entries {
		for _, id := range asked(entry) {
			for range max(count/len(asked(entry)), 4) {
				all = append(all, g.Ask(cell, id.String(), constants))
			}
		}
	}
	return all
}

// policy writes a policy for a cell.
func (g *Generator) policy(name, cell string) *File {
	g.start(none, false)
	f := &File{Name: name + ".lua", asked: g.request()}
	g.budget = pick(g, 0, 1, 3, 6)
	top := tree.Sequence()
	g.fill(top, g.budget)
	names := entries(f.asked)
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	count := min(pick(g, 1, 1, 1, 2, 2, 3), len(names))
	if g.chance(70) {
		// Most policies are about the request itself.
		for i, n := range names {
			if n == f.asked {
				names[0], names[i] = names[i], names[0]
			}
		}
	}
	f.Entries = names[:count]
	on := tree.Sequence()
	for _, entry := range f.Entries {
		key := fmt.Sprintf("[%q]", entry)
		if !strings.Contains(entry, ".") && g.chance(50) {
			key = entry
		}
		on.Append(statement(key+" = function(r)$end,", g.decision(entry)))
	}
	static := tree.New(tree.Optional, "")
	if rest := names[count:]; len(rest) > 0 && g.chance(40) {
		static = lua(tree.Optional, "%s = { %q },", pick(g, "deny", "allow", "grant"), pick(g, rest...))
	}
	missing := tree.New(tree.Optional, "")
	if g.chance(35) {
		missing = lua(tree.Optional, "default = %q,", pick(g, "deny", "allow", "grant"))
	}
	cells := pick(g, "%q", "%q", "{ %q }", `{ "none-*", %q }`)
	top.Append(statement(fmt.Sprintf("policy %q {$}", name), tree.Sequence(
		statement("cells = "+fmt.Sprintf(cells, cell)+","), missing, static, statement("on = {$},", on))))
	f.Tree = top
	return f
}

// decision is the body of a decision function.
func (g *Generator) decision(entry string) *tree.Node {
	g.fields = fieldsOf(entry)
	g.budget = pick(g, 4, 8, 12, 20)
	if len(g.fields.numbers)+len(g.fields.named) <= 4 {
		g.budget = pick(g, 4, 8) // there is little to look at
	}
	g.base = 2
	b := g.inside(function{gives: answer}, func() *tree.Node {
		b := tree.Sequence()
		g.fill(b, 2+g.IntN(6))
		g.tell(b)
		// A function that never answers is refused.
		if g.chance(25) {
			b.Append(statement("if $ then return $ end", lua(tree.Truth, "r.uid %s %d", pick(g, "==", "~=", "<", ">="), pick(g, pool...)), lua(tree.Answer, "%s", pick(g, "deny", "allow", "grant"))))
			return b
		}
		b.Append(statement("return $", g.result()))
		return b
	})
	g.fields, g.base = nil, 1
	return b
}

// tell makes the answer depend on what became of some variables.
func (g *Generator) tell(b *tree.Node) {
	for i, v := range g.some(4, whole, fraction, field, truth, text, perhaps, fnTruth, list, object) {
		var test *tree.Node
		switch v.kind {
		case whole:
			test = lua(tree.Truth, pick(g, "%s %% 2 == 1", "%s > 5", "%s == 0", "r.uid < %s", "r.gid ~= %s"), v.name)
		case fraction:
			test = lua(tree.Truth, pick(g, "%s > 1", "r.uid < %s", "%s %% 1 == 0"), v.name)
		case field:
			test = lua(tree.Truth, "%s %s %d", v.name, g.comparison(), pick(g, pool...))
		case text:
			test = lua(tree.Truth, pick(g, "#%s > 2", `%s < "b"`, `%s:sub(1, 1) == "a"`), v.name)
		case fnTruth:
			test = g.callOf(fnTruth, 1)
		case list:
			test = lua(tree.Truth, pick(g, "#%s > 2", "%s[1] == r.uid", "(%s[2] or 1) > 5"), v.name)
		case object:
			test = lua(tree.Truth, pick(g, "%s:get(2) > 5", "%s.n == r.gid"), v.name)
		default:
			test = lua(tree.Truth, pick(g, "%s", "%s", "not %s"), v.name)
		}
		answer := lua(tree.Answer, "%s", pick(g, "deny", "allow", "grant"))
		b.Append(statement("if $ then return $$ end", test, answer, lua(tree.Optional, `, "%s %d"`, v.name, i)))
	}
}

// some are at most so many of the visible variables of the kinds.
func (g *Generator) some(most int, kinds ...kind) []variable {
	found := g.find(func(v variable) bool { return slices.Contains(kinds, v.kind) })
	g.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return found[:min(most, len(found))]
}

var addresses = []string{"10.0.0.1", "10.1.0.0", "10.1.2.255", "10.1.3.0", "127.0.0.1", "192.168.1.7", "192.168.1.8", "9.255.255.255", "11.0.0.0", "::1", "::", "fe80::1", "febf::1", "fec0::1", "::ffff:10.0.0.1", "::ffff:11.0.0.1"}

// Ask is a request of the name, with values near the constants.
func (g *Generator) Ask(cell, name string, constants []int64) request.Request {
	q := request.Request{Cell: cell, Name: name, Groups: pick(g, nil, []int64{100}, []int64{20}, []int64{5, 20}, []int64{0}), Values: map[string]any{}}
	fields, id := carried(name)
	for _, f := range fields {
		q.Values[f.Info().Name] = g.value(f, id, constants)
	}
	for _, pair := range [][2]string{{"uid", "euid"}, {"gid", "egid"}, {"cur", "max"}, {"target.uid", "uid"}} {
		// Fields are compared with each other.
		if a, b := q.Values[pair[0]], q.Values[pair[1]]; a != nil && b != nil && g.chance(35) {
			q.Values[pair[0]] = b
		}
	}
	if address, ok := q.Values["addr"].(string); ok {
		q.Values["family"] = "inet"
		if strings.Contains(address, ":") {
			q.Values["family"] = "inet6"
		}
	}
	return q
}

func (g *Generator) value(f kauth.Field, id kauth.RequestID, constants []int64) any {
	name := f.Info().Name
	switch f.Info().Kind {
	case kauth.KindNamed:
		if values := namelessValues[name]; len(values) > 0 && g.chance(12) {
			return pick(g, values...)
		}
		return pick(g, namedValues[name]...)
	case kauth.KindBool:
		return g.chance(50)
	case kauth.KindString:
		if f.Info().Nullable && g.chance(20) {
			return nil
		}
		return pick(g, textValues[name]...)
	case kauth.KindAddr:
		return pick(g, addresses...)
	}
	low, top := bounds(id, f)
	if (name == "cur" || name == "max") && g.chance(20) {
		return int64(request.Unlimited)
	}
	for range 20 {
		v := pick(g, pool...) + int64(g.IntN(3)) - 1
		switch {
		case len(constants) > 0 && g.chance(60):
			v = pick(g, constants...) + int64(g.IntN(3)) - 1
		case top-low < 100:
			v = low + g.Int64N(top-low+1)
		}
		if name == "port" && id.String() == "network.bind.port" && v >= 1 && v < 1024 {
			continue
		}
		if v >= low && v <= top {
			return v
		}
	}
	if low > 0 {
		return low
	}
	return int64(0)
}

// numbersIn are the whole numbers of a text.
func numbersIn(text string) []int64 {
	var found []int64
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' || i > 0 && isName(text[i-1]) {
			continue
		}
		v, j := int64(0), i
		for ; j < len(text) && text[j] >= '0' && text[j] <= '9' && v < 1<<33; j++ {
			v = v*10 + int64(text[j]-'0')
		}
		if v <= 1<<31 {
			found = append(found, v)
		}
		i = j
	}
	return found
}

func isName(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
