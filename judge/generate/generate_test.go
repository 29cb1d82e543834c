package generate

import (
	"fmt"
	"regexp"
	"testing"

	"cellsh/lua/syntax"
)

// declared is a name as the generator makes them.
var declared = regexp.MustCompile(`^[a-z]+[0-9]+$`)

// A program is Lua, and uses no name before it is declared: it would be nil there, and what Lua says of that is often an
// error, and now and then nobody's to say.
func TestNamesAreDeclared(t *testing.T) {
	g := New(11)
	look := func(name, text string) {
		f := syntax.Read(name, text)
		if f.Problems.Failed() {
			t.Fatal(f.Problems)
		}
		// Globals are declared by an assignment further up.
		set := map[string]bool{}
		syntax.Walk(f.Main.Body, func(n syntax.Node) bool {
			if a, ok := n.(*syntax.AssignStmt); ok {
				for _, target := range a.Targets {
					if n, ok := target.(*syntax.NameExpr); ok && n.Local == nil {
						set[n.Name] = true
					}
				}
			}
			if n, ok := n.(*syntax.NameExpr); ok && n.Local == nil && declared.MatchString(n.Name) && !set[n.Name] {
				t.Errorf("%s is used before it is declared in\n%s", n.Name, text)
			}
			return !t.Failed()
		})
	}
	for i := range 1000 {
		for _, f := range g.Cell(fmt.Sprint("c", i), 0).Files {
			look(f.Name, f.Tree.String())
		}
		look("s.lua", g.Script("s").Text(Print))
	}
}

// What is written depends on the seed alone, so that a difference can be had again.
func TestSeedDecides(t *testing.T) {
	write := func(seed uint64) (text string) {
		g := New(seed)
		for i := range 20 {
			c := g.Cell(fmt.Sprint("c", i), 3)
			for _, f := range c.Files {
				text += f.Tree.String()
			}
			for i := range c.Requests {
				text += c.Requests[i].JSON()
			}
			text += g.Script("s").Text(Print)
		}
		return text
	}
	if first, again := write(3), write(3); first != again || first == write(4) {
		t.Error("equal seeds must write the same, and others something else")
	}
}
