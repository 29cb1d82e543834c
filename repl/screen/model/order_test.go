package model

import (
	"fmt"
	"strings"
	"testing"
)

// TestFigures: figures are what commands write.
func TestFigures(t *testing.T) {
	for text, want := range map[string]float64{"12": 12, "0": 0, "-3": -3, "3.5K": 3584, "512M": 512 << 20, "7%": 7, "2h5m": 7500, "1d": 86400, "0.25s": 0.25, "3, 2 zombies": 3} {
		if got, ok := figure(text); !ok || got != want {
			t.Errorf("%s must be %v, but is %v, %t", text, want, got, ok)
		}
	}
	for _, text := range []string{"", "web", "3x", "1.2.3", "-", "K"} {
		if got, ok := figure(text); ok {
			t.Errorf("%q must be no figure, but is %v", text, got)
		}
	}
}

// TestOrder: rows are sorted below the row that they belong to, what is not known comes last, and what divides stays.
func TestOrder(t *testing.T) {
	table := func(rows ...string) []Row {
		var out []Row
		for _, text := range rows {
			depth := len(text) - len(strings.TrimLeft(text, "."))
			words := strings.Fields(strings.TrimLeft(text, "."))
			r := Row{ID: words[0], Depth: depth, Fields: fields(words...)}
			if words[0] != "---" {
				r.Subject = Process{}
			}
			out = append(out, r)
		}
		return out
	}
	columns := []Column{{Title: "NAME"}, {Title: "N", Right: true}}
	rows := table("b 2", ".d 5", "..x 1", ".c -", ".e 10", "a 1K", "--- 0", "z 3", "y 3", "x")
	for _, c := range []struct {
		order order
		want  string
	}{
		{order{}, "b d x c e a --- z y x"},
		{order{"NAME", false}, "a b c d x e --- x y z"},
		{order{"NAME", true}, "b e d x c a --- z y x"},
		{order{"N", false}, "b d x e c a --- z y x"},
		{order{"N", true}, "a b e d x c --- z y x"},
		{order{"no such", false}, "b d x c e a --- z y x"},
	} {
		var got []string
		for _, r := range c.order.sort(columns, rows) {
			got = append(got, r.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: the order must be %s, but is %s", c.order, c.want, strings.Join(got, " "))
		}
	}
}

// TestNextColumn: columns without a title are passed.
func TestNextColumn(t *testing.T) {
	m := screen()
	m.Filled(Place{Kind: Cells}, Table{Columns: []Column{{}, {Title: "B"}, {}, {Title: "D"}, {}}, Rows: []Row{row("x", Cell{})}}, "")
	for _, want := range []string{"B", "D", "", "B"} {
		m.sortNext()
		if got := m.Panel().order.column; got != want {
			t.Errorf("the next must be %q, but is %q", want, got)
		}
	}
}

// TestManyRows: so many cells are listed, sorted and sifted as fast as one can see.
func TestManyRows(t *testing.T) {
	var names []string
	for i := range 10000 {
		names = append(names, fmt.Sprintf("web-%d", i))
	}
	m := screen()
	m.Filled(Place{Kind: Cells}, cells(names...), "")
	for _, k := range ParseKeys([]string{"Alt-s", "End", "/", "9999"}) {
		m.Press(k)
	}
	if p := m.Panel(); p.Len() != 1 || p.Row().ID != "web-9999" {
		t.Errorf("one cell must be shown, but there are %d", p.Len())
	}
}
