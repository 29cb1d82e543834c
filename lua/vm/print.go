package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxPrinted is how many bytes a machine of the sandbox prints.
const maxPrinted = 64 << 10

// print writes its arguments as tostring has them, with tabs between and a newline. What a policy prints does nothing to a
// terminal, and is not endless.
func (v *VM) print(L *lua.LState) int {
	parts := make([]string, L.GetTop())
	for i := range parts {
		parts[i] = v.tostring(L, L.Get(i+1))
	}
	line := strings.Join(parts, "\t")
	v.meter.take(L, int64(len(line)))
	if v.options.Level == Session {
		fmt.Fprintln(v.options.Output, line)
		return 0
	}
	line = printable(line) + "\n"
	before := v.printed
	v.printed += len(line)
	switch {
	case v.printed <= maxPrinted:
		fmt.Fprint(v.options.Output, line)
	case before <= maxPrinted:
		fmt.Fprintf(v.options.Output, "(a file prints at most %d bytes: what follows is left out)\n", maxPrinted)
		v.printed = maxPrinted + 1
	}
	return 0
}

// printable writes control characters as Lua does in strings.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\t' && r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			fmt.Fprintf(&b, "\\%d", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
