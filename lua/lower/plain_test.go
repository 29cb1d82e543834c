package lower_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/lower"
)

// plain runs a program in gopher-lua as it is.
func plain(text string) (out string) {
	L := lua.NewState()
	defer L.Close()
	var b strings.Builder
	L.SetGlobal("print", L.NewFunction(func(L *lua.LState) int {
		for i := 1; i <= L.GetTop(); i++ {
			if i > 1 {
				b.WriteByte('\t')
			}
			b.WriteString(L.ToStringMeta(L.Get(i)).String())
		}
		b.WriteByte('\n')
		return 0
	}))
	defer func() {
		if r := recover(); r != nil {
			out = b.String() + fmt.Sprint(r)
		}
	}()
	if err := L.DoString(text); err != nil {
		return b.String() + "error\n"
	}
	return b.String()
}

// Rules are there for a reason: without them some of their programs mean something else. When gopher-lua mends a bug, this
// says so.
func TestRulesAreNeeded(t *testing.T) {
	// The reason is time, or room, or lies in other rules.
	others := []string{"pages", "chains", "sizes", "repeat", "methods", "constants"}
	programs := written(t)
	known := answers(t, append(programs, generated()...))
	for _, r := range lower.Rules {
		if slices.Contains(others, r.Name) {
			continue
		}
		var wrong []string
		for _, p := range programs {
			if p.file == r.Name && plain(p.text) != known[p.file+": "+p.name] {
				wrong = append(wrong, p.name)
			}
		}
		t.Logf("%s: %s", r.Name, strings.Join(wrong, ", "))
		if len(wrong) == 0 {
			t.Errorf("rule %s: gopher-lua does right without it", r.Name)
		}
	}
}
