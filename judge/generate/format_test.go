package generate

import (
	"fmt"
	"testing"

	"cellsh/lua/format"
	"cellsh/lua/syntax"
)

// TestFormat holds cellsh fmt against random programs: they stay the same, and what is formatted is not formatted again.
func TestFormat(t *testing.T) {
	count := 500
	if testing.Short() {
		count = 50
	}
	g := New(11)
	var texts []string
	for i := range count {
		texts = append(texts, g.Script(fmt.Sprint("s", i)).Text(Print))
		for _, f := range g.Cell(fmt.Sprint("c", i), 0).Files {
			texts = append(texts, f.Tree.String())
		}
	}
	for _, text := range texts {
		got, problems := format.Source("x.lua", text)
		if problems != nil {
			t.Fatalf("%v of\n%s", problems, text)
		}
		if !syntax.Same(syntax.Read("x.lua", text), syntax.Read("x.lua", got)) {
			t.Fatalf("\n%s\nis another program than\n%s", got, text)
		}
		if again, problems := format.Source("x.lua", got); again != got {
			t.Fatalf("\n%s\nis formatted once more to\n%s\n%vof\n%s", got, again, problems, text)
		}
	}
}
