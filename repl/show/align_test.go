package show

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAlign(t *testing.T) {
	got := Align([][]string{{"ID", "NAME", "N"}, {"7", "界", "1"}, {"10", "web", "-"}, {"", "", ""}}, []bool{true, false, true})
	want := []string{
		"ID  NAME  N",
		" 7  界    1",
		"10  web   -",
		"",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := Align(nil, nil); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// Every cell of a column ends or begins in the same column of the terminal.
func TestAlignKeepsColumns(t *testing.T) {
	text := rapid.StringMatching(`[a-z界]{1,5}`)
	rapid.Check(t, func(t *rapid.T) {
		right := rapid.SliceOfN(rapid.Bool(), 1, 4).Draw(t, "right")
		rows := rapid.SliceOfN(rapid.SliceOfN(text, len(right), len(right)), 1, 5).Draw(t, "rows")
		lines := Align(rows, right)
		place := make([]int, len(right))
		for n, line := range lines {
			words := strings.Fields(line)
			if !slices.Equal(words, rows[n]) {
				t.Fatalf("%q has not the cells %q", line, rows[n])
			}
			from := 0
			for i, w := range words {
				from += strings.Index(line[from:], w)
				at := Width(line[:from])
				if right[i] {
					at += Width(w)
				}
				if from += len(w); n == 0 {
					place[i] = at
				} else if place[i] != at {
					t.Fatalf("column %d is at %d and %d of %q", i, place[i], at, lines)
				}
			}
		}
	})
}

func TestFit(t *testing.T) {
	for _, x := range []struct {
		line    string
		columns int
		want    string
	}{{"web-1", 5, "web-1"}, {"web-1", 4, "we.."}, {"界界界", 5, "界.."}, {"web", 1, "."}, {"web", 0, ""}, {"", 0, ""}} {
		if got := Fit(x.line, x.columns); got != x.want {
			t.Errorf("%q in %d columns: %q", x.line, x.columns, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		line, columns := rapid.StringMatching(`[a-z界]*`).Draw(t, "line"), rapid.IntRange(0, 20).Draw(t, "columns")
		if got := Fit(line, columns); Width(got) > columns {
			t.Fatalf("%q is wider than %d", got, columns)
		}
	})
}

func TestRows(t *testing.T) {
	for _, x := range []struct {
		line          string
		columns, want int
	}{{"", 80, 1}, {"12345", 5, 1}, {"123456", 5, 2}, {"界界界", 5, 2}, {"12", 0, 2}} {
		if got := Rows(x.line, x.columns); got != x.want {
			t.Errorf("%q in %d columns: %d", x.line, x.columns, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, x := range []struct {
		line    string
		columns int
		want    []string
	}{
		{"", 5, []string{""}}, {"web-1 is there", 20, []string{"web-1 is there"}}, {"web-1 is there", 8, []string{"web-1 is", "there"}},
		{"  a bc de", 5, []string{"  a", "  bc", "  de"}}, {"abcdefg hi", 3, []string{"abc", "def", "g", "hi"}}, {"界界界", 4, []string{"界界", "界"}}, {"界", 1, []string{"界"}},
		{"a      b", 4, []string{"a", "b"}}, {"        long indentation", 6, []string{"   lon", "   g", "   ind", "   ent", "   ati", "   on"}},
	} {
		if got := Wrap(x.line, x.columns); !slices.Equal(got, x.want) {
			t.Errorf("%q in %d columns: %q", x.line, x.columns, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		line, columns := rapid.StringMatching(`[a-z界 ]*`).Draw(t, "line"), rapid.IntRange(2, 20).Draw(t, "columns")
		got := Wrap(line, columns)
		for _, l := range got {
			if Width(l) > columns {
				t.Fatalf("%q is wider than %d", l, columns)
			}
		}
		if strings.ReplaceAll(strings.Join(got, ""), " ", "") != strings.ReplaceAll(line, " ", "") {
			t.Fatalf("%q is not in %q", line, got)
		}
	})
}
