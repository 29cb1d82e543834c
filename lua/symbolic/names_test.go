package symbolic

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
)

// TestHintsAreOfLua: what hints are given for is what Lua has; one for a name that is misspelt would never be given.
func TestHintsAreOfLua(t *testing.T) {
	v := vm.New(vm.Options{Level: vm.Session})
	t.Cleanup(v.Close)
	for _, hints := range []map[string]string{absent, callHints} {
		for name, hint := range hints {
			var at lua.LValue = v.Environment()
			for part := range strings.SplitSeq(name, ".") {
				table, ok := at.(*lua.LTable)
				if !ok {
					at = lua.LNil
					break
				}
				if hidden, ok := v.ReadOnly(table); ok {
					table = hidden
				}
				at = table.RawGetString(part)
			}
			if at == lua.LNil || hint == "" {
				t.Errorf("Lua has no %s, for which there is the hint %q", name, hint)
			}
		}
	}
	for name := range questions {
		if got := questionHint(name, 0); !strings.Contains(got, name) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
