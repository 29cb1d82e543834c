package assist

import (
	"io"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
)

// TestLibraryNames holds the names against the machines that have the functions.
func TestLibraryNames(t *testing.T) {
	for _, script := range []bool{false, true} {
		level := vm.Policy
		if script {
			level = vm.Session
		}
		v := vm.New(vm.Options{Level: level, Output: io.Discard})
		defer v.Close()
		var have []string
		collect := func(prefix string, t *lua.LTable) {
			if real, ok := v.ReadOnly(t); ok {
				t = real
			}
			t.ForEach(func(k, value lua.LValue) {
				if _, below := value.(*lua.LTable); !below && !strings.HasPrefix(k.String(), "_") {
					have = append(have, prefix+k.String())
				}
			})
		}
		globals := v.Environment()
		if !script {
			// What an environment inherits.
			globals = v.NewEnvironment().Metatable.(*lua.LTable).RawGetString("__index").(*lua.LTable)
		}
		collect("", globals)
		globals.ForEach(func(k, value lua.LValue) {
			if below, ok := value.(*lua.LTable); ok && k.String() != "_G" && k.String() != "package" {
				collect(k.String()+".", below)
			}
		})
		slices.Sort(have)
		for _, name := range libraryNames(script) {
			if !slices.Contains(have, name) {
				t.Errorf("script %v: %s does not exist", script, name)
			}
		}
		for _, name := range have {
			if !slices.Contains(libraryNames(script), name) {
				t.Errorf("script %v: %s is missing", script, name)
			}
		}
	}
}
