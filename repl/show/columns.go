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
	widths := make([]int, len(keys))
	total := 0
	for j := range keys {
		for _, row := range rows {
			widths[j] = max(widths[j], Width(row[j]))
		}
		total += widths[j] + 2
	}
	if total-2 > p.Width {
		return "", false
	}
	var b strings.Builder
	for i, row := range rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		var line strings.Builder
		for j, s := range row {
			pad := strings.Repeat(" ", widths[j]-Width(s))
			if numeric[j] {
				line.WriteString(pad + s + "  ")
			} else {
				line.WriteString(s + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
	}
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
