package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// print writes its arguments as tostring has them, with tabs between and a newline.
func (v *VM) print(L *lua.LState) int {
	parts := make([]string, L.GetTop())
	for i := range parts {
		parts[i] = v.tostring(L, L.Get(i+1))
	}
	line := strings.Join(parts, "\t")
	v.meter.take(L, int64(len(line)))
	if v.options.Level == Session {
		fmt.Fprintln(v.options.Output, line)
	} else {
		v.printer.Print(line)
	}
	return 0
}
