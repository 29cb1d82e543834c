package written

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/syntax"
	"cellsh/lua/value"
	"cellsh/policy/diag"
)

// table makes a table of keys and values that follow each other.
func table(t *testing.T, pairs ...value.Value) *value.Table {
	t.Helper()
	x := &value.Table{}
	for i := 0; i < len(pairs); i += 2 {
		if err := x.Set(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// calls are the calls of a source, the outermost of each statement first.
func calls(t *testing.T, text string) []Site {
	t.Helper()
	f := syntax.Read("p.lua", text)
	if f.Problems.Failed() {
		t.Fatal(f.Problems)
	}
	var sites []Site
	syntax.Walk(f.Main, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			sites = append(sites, Site{f, c})
		}
		return true
	})
	return sites
}

// The place of a declaration is that of the word, or of what is called in its stead.
func TestPlace(t *testing.T) {
	for text, want := range map[string]string{
		`policy "p" {}`:         "1:1+6",
		`  never("t", {})`:      "1:3+5",
		`words.policy("p", {})`: "1:1+12",
		`(policy) "p" {}`:       "1:2+6",
		"words\n  :policy{}":    "2:4+6",
		`pcall(policy, "p")`:    "1:7+6",
		`pcall(policy "p", {})`: "1:7+6",
		`pcall()`:               "1:1+5",
		"x =\n policy \"p\" {}": "2:2+6",
		`for f in f() do end`:   "1:10+1",
	} {
		at := calls(t, text)[0].Place()
		if got := fmt.Sprintf("%d:%d+%d", at.Line, at.Column, at.Width); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	f := syntax.Read("p.lua", "")
	if at := (Site{File: f}).Place(); at != (diag.Span{File: "p.lua"}) {
		t.Errorf("a call that is not written must be somewhere in its file, but is at %v", at)
	}
	if at := (Site{}).Place(); at != (diag.Span{}) {
		t.Errorf("a call from nowhere must be nowhere, but is at %v", at)
	}
}

// Each string of a list has its own place, whatever it is and wherever it comes from.
func TestPlacesOfElements(t *testing.T) {
	for _, c := range []struct {
		list string
		// want are columns in the list, from 1.
		want []int
	}{
		{`{ "network.bind", "system", 'machdep' }`, []int{4, 20, 30}},
		{`{ "system", "system" }`, []int{4, 14}},
		{`{ [2] = "system", [1] = "machdep" }`, []int{26, 10}},
		{`{ "system", f() }`, []int{4, 13, 13}},
		{`{ "sys" .. "tem", [[machdep]] }`, []int{3, 19}},
		{`({ "system" })`, []int{5}},
		{`"system"`, []int{2}},
		{`("system")`, []int{3}},
		{`names`, []int{1, 1}},
		{`{ f(), "system" }`, []int{3, 9}},
	} {
		const before = "policy('p', { x = "
		site := calls(t, before+c.list+" })")[0]
		x := &Reader{Findings: NewFindings(diag.PolicyLimit), Whole: site.Place(), Written: LiteralOf(site.File, site.Arg(1))}
		list := &value.Table{}
		for i := range c.want {
			_ = list.Set(value.Number(i+1), value.String("system"))
		}
		var v value.Value = list
		if strings.HasPrefix(strings.TrimLeft(c.list, "("), `"`) {
			v = value.String("system")
		}
		var got []int
		for _, e := range x.Strings(table(t, value.String("x"), v), "x", "names") {
			got = append(got, e.At.Column-len(before))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: columns %d, want %d", c.list, got, c.want)
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	for text, want := range map[string]string{
		`x = { a = 1, b = 2, a = 3 }`:                                                      "1:21 a 1:7",
		`x = { a = 1, ["a"] = 2 }`:                                                         "1:16 a 1:7",
		`x = { [1] = 1, 2 }`:                                                               "1:16 1 1:8",
		`x = { [0x10] = 1, [16] = 2, [16.0] = 3 }`:                                         "1:20 16 1:8, 1:30 16 1:8",
		`x = { [true] = 1, [false] = 2, [true] = 3 }`:                                      "1:33 true 1:8",
		`x = { [-1] = 1, [1] = 2, [-(1)] = 3 }`:                                            "1:27 -1 1:8",
		`x = { ["1"] = 1, [1] = 2 }`:                                                       "",
		`x = { [a] = 1, [a] = 2 }`:                                                         "",
		`x = { { a = 1 }, { a = 1 } }`:                                                     "",
		`x = { a = { b = 1, b = 2 } }`:                                                     "1:20 b 1:13",
		`return function() return { a = 1, a = 1 } end`:                                    "1:35 a 1:28",
		"f{ a = 1,\n a = 2 } if { c = 1, c = 1 } then end":                                 "2:2 a 1:4, 2:22 c 2:15",
		`x = { a = 1, ["a\0"] = 2, ["\97"] = 3 }`:                                          "1:28 a 1:7",
		`x = { 1, 2, 3, [4] = 4, f() }`:                                                    "1:25 4 1:17",
		`x = { [` + strings.Repeat("(", 50) + "1" + strings.Repeat(")", 50) + `] = 1, 1 }`: "1:116 1 1:8",
	} {
		var got []string
		for _, p := range DuplicateKeys(syntax.Read("p.lua", text), diag.PolicyDuplicate) {
			name := strings.TrimSuffix(strings.TrimPrefix(p.Message, "a key must be given once, but "), " is given twice")
			got = append(got, fmt.Sprintf("%d:%d %s %d:%d", p.Line, p.Column, name, p.Related[0].Line, p.Related[0].Column))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
