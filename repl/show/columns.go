package show

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
)

// columns gives a list of records as aligned columns: at least two tables with the same keys, all of them names, and
// values that are no tables. False if it is something else, or too wide.
func (p *printer) columns(t *lua.LTable) (string, bool) {
	list := p.table(t)
	if list.length < 2 || len(list.keys) > 0 {
		return "", false
	}
	shown := min(list.length, p.Items)
	var keys []lua.LValue
	// The first row is the header.
	rows := make([][]string, 1, shown+1)
	var numeric []bool
	for i := range list.length {
		record, ok := t.RawGetInt(i + 1).(*lua.LTable)
		if !ok {
			return "", false
		}
		tab := p.table(record)
		if i == 0 {
			keys = tab.keys
			for _, k := range keys {
				name, ok := k.(lua.LString)
				if !ok || !syntax.IsName(string(name)) {
					return "", false
				}
				rows[0] = append(rows[0], string(name))
				numeric = append(numeric, true)
			}
		}
		if tab.length > 0 || len(keys) == 0 || !slices.Equal(tab.keys, keys) {
			return "", false
		}
		var row []string
		for j, k := range keys {
			v := tab.t.RawGet(k)
			if _, ok := v.(*lua.LTable); ok {
				return "", false
			}
			numeric[j] = numeric[j] && v.Type() == lua.LTNumber
			row = append(row, p.plain(v))
		}
		if i < shown {
			rows = append(rows, row)
		}
	}
	lines := Align(rows, numeric)
	for _, line := range lines {
		if Width(line) > p.Width {
			return "", false
		}
	}
	var b strings.Builder
	b.WriteString(strings.Join(lines, "\n"))
	if list.length > shown {
		fmt.Fprintf(&b, "\n... %s more", count(list.length-shown))
	}
	return b.String(), true
}

// plain is a value in a column: strings go without quotes where nobody could take them for something else.
func (p *printer) plain(v lua.LValue) string {
	text := p.scalar(v)
	s, ok := v.(lua.LString)
	if !ok || text != `"`+string(s)+`"` || s == "" || s == "nil" || s == "true" || s == "false" || strings.TrimSpace(string(s)) != string(s) || strings.Contains(string(s), "  ") {
		return text
	}
	if _, err := strconv.ParseFloat(string(s), 64); err == nil {
		return text
	}
	return string(s)
}
