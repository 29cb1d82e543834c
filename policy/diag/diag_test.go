package diag

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"cellsh/policy/columns"
)

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		span Span
		want string
	}{
		{Span{}, ""}, {Span{File: "a.lua"}, "a.lua"}, {Span{File: "a.lua", Line: 3}, "a.lua:3"},
		{Span{File: "a.lua", Line: 3, Column: 7, Width: 2}, "a.lua:3:7"}, {Span{File: "a.lua", Column: 7}, "a.lua"},
	} {
		if got := c.span.String(); got != c.want {
			t.Errorf("%+v must be %q, but is %q", c.span, c.want, got)
		}
	}
}

// at is a problem at a place of a line.
func at(column, width int, line string) Diagnostic {
	return Diagnostic{Span: Span{File: "p.lua", Line: 12, Column: column, Width: width}, Code: PolicyValue, Message: "m", Excerpt: line}
}

const first = "p.lua:12:%d: error: m [policy.value]\n"

func TestRendering(t *testing.T) {
	long := strings.Repeat("abcdefghi ", 30)
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"a token", at(5, 4, "  r.port"), `
   12 |   r.port
      |     ^~~~
`},
		{"one character", at(1, 1, "x"), `
   12 | x
      | ^
`},
		{"width unknown", at(3, 0, "a b"), `
   12 | a b
      |   ^
`},
		{"the end of the line", at(4, 1, "abc"), `
   12 | abc
      |    ^
`},
		{"beyond the end", at(9, 1, "abc"), `
   12 | abc
`},
		{"wider than the line", at(2, 50, "abc"), `
   12 | abc
      |  ^~
`},
		{"tabs are one wide", at(3, 3, "\t\tabc\td"), `
   12 |   abc d
      |   ^~~
`},
		{"letters of several bytes before", at(8, 3, "äöü abc"), `
   12 | äöü abc
      |     ^~~
`},
		{"letters of several bytes below", at(1, 6, "äöü abc"), `
   12 | äöü abc
      | ^~~
`},
		{"wide letters", at(12, 9, "x = 日本 .. 本本"), `
   12 | x = 日本 .. 本本
      |          ^~~~~~~
`},
		{"control characters", at(8, 1, "a\x1b[31m\x07x"), `
   12 | a?[31m?x
      |        ^
`},
		{"text that turns around", at(1, 1, "a\u202eb\u2066c\u200fd\u2028e"), `
   12 | a?b?c?d?e
      | ^
`},
		{"broken UTF-8", at(3, 2, "\xff\x80éx"), `
   12 | ??éx
      |   ^
`},
		{"a long line, its beginning", at(11, 9, long), `
   12 | abcdefghi abcdefghi abcdefghi abcdefghi abcdefghi abcdefghi abcdefghi ...
      |           ^~~~~~~~~
`},
		{"a long line, its middle", at(151, 9, long), `
   12 | ...ghi abcdefghi abcdefghi abcdefghi abcdefghi abcdefghi abcdefghi abc...
      |                                      ^~~~~~~~~
`},
		{"a long line, its end", at(291, 9, long), `
   12 | ...ghi abcdefghi abcdefghi abcdefghi abcdefghi 
      |                                      ^~~~~~~~~
`},
		{"a long line of broken UTF-8", at(150, 2, strings.Repeat("\x80", 300)), `
   12 | ...???????????????????????????????????????????????????????????????????...
      |                                      ^~
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			Write(&b, List{c.d})
			got := strings.TrimPrefix(b.String(), fmt.Sprintf(first, c.d.Column))
			if got != c.want[1:] {
				t.Errorf("rendered:\n%s\nwant:\n%s", got, c.want[1:])
			}
		})
	}
}

func TestWrite(t *testing.T) {
	list := List{
		{Code: Failed, Message: "no place\nand two lines"},
		{Span: Span{File: "a\x1b.lua"}, Severity: Warning, Code: FileRead, Message: "a file"},
		{Span: Span{File: "b.lua", Line: 2}, Severity: Note, Code: GlobNoCell, Message: "a line", Excerpt: "policy \"p\" {", Hint: "do\tthis"},
		{Span: Span{File: "c.lua", Line: 100000, Column: 1, Width: 2}, Code: PolicyDuplicate, Message: "two", Excerpt: "on",
			Related: []Related{{Span: Span{File: "b.lua", Line: 1, Column: 2}, Message: "the first is here", Excerpt: "xon"}, {Message: "nowhere"}}},
	}
	var b strings.Builder
	if err := Write(&b, list); err != nil {
		t.Fatal(err)
	}
	want := `error: no place?and two lines [failed]
a?.lua: warning: a file [file.read]
b.lua:2: note: a line [policy.no_cell]
    2 | policy "p" {
   hint: do?this
c.lua:100000:1: error: two [policy.duplicate]
100000 | on
      | ^~
   b.lua:1:2: the first is here
    1 | xon
      |  ^
   : nowhere
`
	if b.String() != want {
		t.Errorf("written:\n%s\nwant:\n%s", b.String(), want)
	}
	if err := Write(failing{}, list); err == nil {
		t.Error("an error of the writer must be told")
	}
}

// TestLines: on a narrow screen no word is cut, and the caret is below what it marks.
func TestLines(t *testing.T) {
	d := Diagnostic{Span: Span{File: "web.lua", Line: 3, Column: 31, Width: 4}, Code: PolicyKey, Message: "a policy must have known keys, but \"dney\" is none",
		Excerpt: `policy "web" { cells = "web", dney = { "system", "machdep", "process.nice" } }`, Hint: "run: apropos deny something or other",
		Related: []Related{{Span: Span{File: "base.lua", Line: 1, Column: 1, Width: 6}, Message: "the other one is here", Excerpt: `policy "base" {}`}}}
	var got []string
	for _, l := range d.Lines(36) {
		got = append(got, fmt.Sprint(l.Part)+" "+l.Text)
	}
	want := `0 web.lua:3:31: error: a policy must
0    have known keys, but "dney" is
0    none [policy.key]
1     3 | ...s = "web", dney = { "s...
2       |               ^~~~
3    base.lua:1:1: the other one is
3       here
1     1 | policy "base" {}
2       | ^~~~~~
3    hint: run:
3       apropos deny something or other`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("there is\n%s\nwant\n%s", text, want)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

// FuzzWrite: whatever the line and wherever the place, what is shown is printable and the caret is below the line.
func FuzzWrite(f *testing.F) {
	f.Add("if r.port == 80 then", 4, 6)
	f.Add(strings.Repeat("\x80", 200), 150, 3)
	f.Add(strings.Repeat("é", 100), 131, 2)
	f.Add("\x00\x1b]0;x\x07", 3, 100)
	f.Add("\xc2\u02f8\U00100000", 6, 3) // within a character
	f.Add("\U00018618", 3, 0)
	f.Fuzz(func(t *testing.T, line string, column, width int) {
		if column < 0 || width < 0 || strings.ContainsAny(line, "\r\n") {
			t.Skip()
		}
		var b strings.Builder
		Write(&b, List{at(column, width, line)})
		rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(rows) > 3 {
			t.Fatalf("%q", rows)
		}
		for _, row := range rows {
			if !utf8.ValidString(row) || strings.ContainsFunc(row, func(r rune) bool { return !unicode.IsGraphic(r) }) {
				t.Errorf("a row must be printable, but is %q", row)
			}
		}
		d := at(column, width, line)
		for _, l := range d.Lines(40) {
			if (l.Part == Source || l.Part == Mark) && columns.Width(l.Text) > 40 {
				t.Errorf("it must fit 40 columns, but is %q", l.Text)
			}
		}
		if len(rows) == 3 && (utf8.RuneCountInString(rows[1]) > 90 || columns.Width(rows[2]) > columns.Width(rows[1])+1) {
			t.Errorf("the caret must be below the line:\n%s\n%s", rows[1], rows[2])
		}
	})
}

func TestJSON(t *testing.T) {
	got, err := json.Marshal(List{
		{Code: Failed, Message: "m"},
		{Span: Span{File: "a.lua", Line: 1, Column: 2, Width: 3}, Severity: Warning, Code: PolicyKey, Message: "m", Hint: "h", Excerpt: "not written",
			Related: []Related{{Span: Span{File: "b.lua", Line: 4}, Message: "r"}}},
	})
	want := `[{"severity":"error","code":"failed","message":"m"},` +
		`{"severity":"warning","code":"policy.key","file":"a.lua","line":1,"column":2,"message":"m","hint":"h","related":[{"file":"b.lua","line":4,"message":"r"}]}]`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

func TestListIsAnError(t *testing.T) {
	e := func(s Severity, m string) Diagnostic { return Diagnostic{Severity: s, Code: Failed, Message: m} }
	for _, c := range []struct {
		list   List
		text   string
		failed bool
	}{
		{nil, "no errors", false},
		{List{e(Note, "n"), e(Warning, "w")}, "no errors", false},
		{List{e(Note, "n"), e(Error, "x")}, "error: x [failed]", true},
		{List{e(Error, "x"), e(Warning, "w"), e(Error, "y"), e(Error, "z")}, "error: x [failed] (and 2 more)", true},
	} {
		if c.list.Error() != c.text || c.list.Failed() != c.failed || (c.list.Err() != nil) != c.failed {
			t.Errorf("%v: %q, failed %v, err %v", []Diagnostic(c.list), c.list.Error(), c.list.Failed(), c.list.Err())
		}
	}
}

func TestSort(t *testing.T) {
	d := func(file string, line, column int, s Severity, m string) Diagnostic {
		return Diagnostic{Span: Span{File: file, Line: line, Column: column}, Severity: s, Message: m}
	}
	sorted := List{
		d("", 0, 0, Error, "x"), d("a", 0, 0, Error, "x"), d("a", 2, 0, Error, "x"), d("a", 2, 1, Error, "x"), d("a", 2, 1, Note, "a"),
		d("a", 10, 1, Error, "x"), d("b", 1, 1, Error, "w"), d("b", 1, 1, Error, "x"),
	}
	mixed := List{}
	for i := range sorted {
		// Each twice, in another order.
		mixed = append(mixed, sorted[(i*3+1)%len(sorted)], sorted[(i*5+2)%len(sorted)])
	}
	same := func(a, b Diagnostic) bool { return a.Error() == b.Error() && a.Span == b.Span }
	if got := mixed.Sort(); !slices.EqualFunc(got, sorted, same) {
		t.Errorf("sorted:\n%v\nwant:\n%v", []Diagnostic(got), []Diagnostic(sorted))
	}
}

func TestFiles(t *testing.T) {
	var f Files
	if f.Line("a", 1) != "" || f.Has("a") {
		t.Error("nothing is known of a file that was not added")
	}
	f.Add("a", "one\r\ntwo\rthree\n\nfive\n\rsix")
	for line, want := range map[int]string{-1: "", 0: "", 1: "one", 2: "two", 3: "three", 4: "", 5: "five", 6: "six", 7: ""} {
		if got := f.Line("a", line); got != want {
			t.Errorf("line %d must be %q, but is %q", line, want, got)
		}
	}
	f.Add("empty", "")
	if !f.Has("empty") {
		t.Error("an empty file is a file")
	}
}

func TestFill(t *testing.T) {
	var f Files
	f.Add("a", "one\ntwo")
	l := f.Fill(List{
		{Span: Span{File: "a", Line: 2}, Related: []Related{{Span: Span{File: "a", Line: 1}}, {Span: Span{File: "b", Line: 1}}}},
		{Span: Span{File: "a", Line: 1}, Excerpt: "kept"},
	})
	if l[0].Excerpt != "two" || l[0].Related[0].Excerpt != "one" || l[0].Related[1].Excerpt != "" || l[1].Excerpt != "kept" {
		t.Errorf("%+v", l)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"network.bind", "network.bind.port", "network.route", "process.signal", "deny", "allow", "grant"}
	for word, want := range map[string]string{
		"nework.bind": "network.bind", "network.bnd.port": "network.bind.port", "Network_Bind": "network.bind", "NETWORK-BIND": "network.bind",
		"process.signla": "process.signal", "dney": "deny", "alow": "allow", "deni": "deny", "aloww": "",
		"": "", "x": "", "dn": "", "frobnicate": "", "system": "", strings.Repeat("deny", 1000): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("nearest to %.30q must be %q, but is %q", word, want, got)
		}
	}
	if got := DidYouMean("alow", words); got != "did you mean allow?" {
		t.Error(got)
	}
	if got := DidYouMean("frobnicate", words); got != "" {
		t.Error(got)
	}
	// The first of equally near ones.
	if got := Nearest("bat", []string{"cat", "bar"}); got != "cat" {
		t.Error(got)
	}
}

// Every code is its own, and of one form, because scripts rely on them.
func TestCodes(t *testing.T) {
	source, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^"[a-z]+(\.[a-z_]+)?"$`)
	seen := map[string]bool{}
	ast.Inspect(source, func(n ast.Node) bool {
		if c, ok := n.(*ast.BasicLit); ok {
			if seen[c.Value] || !form.MatchString(c.Value) {
				t.Errorf("%s must be a code of its own like policy.key", c.Value)
			}
			seen[c.Value] = true
		}
		return true
	})
	if len(seen) < 30 {
		t.Errorf("there must be many codes, but %d were found", len(seen))
	}
}

func TestFold(t *testing.T) {
	many := func(line, n int, code Code) List {
		var l List
		for i := range n {
			l = append(l, Diagnostic{Span: Span{File: "a", Line: line}, Severity: Warning, Code: code, Message: fmt.Sprintf("key %05d", i), Hint: "h"})
		}
		return l
	}
	// One more than is told one by one is told too: a line that counts it would be as long.
	list := slices.Concat(many(1, maxAlike+1, Failed), many(2, 2, PolicyKey), many(3, 1, PolicyKey))
	if got := list.Fold(); len(got) != len(list) {
		t.Fatalf("%d problems must stay, but %d do", len(list), len(got))
	}
	got := many(2, 30_000, Failed).Fold()
	if len(got) != maxAlike+1 {
		t.Fatalf("%d problems must stay, but %d do", maxAlike+1, len(got))
	}
	count := got[maxAlike]
	if want := "and 29990 more of the same kind here"; count.Message != want || count.More != 29990 || count.Hint != "" || count.Line != 2 || count.Severity != Warning {
		t.Errorf("the rest must be counted as %q, but is %v", want, count)
	}
	if len(List(nil).Fold()) != 0 {
		t.Error("nothing must stay nothing")
	}
}

// Of each file the first errors are told, and how many there are; warnings beside them count by themselves.
func TestFoldFiles(t *testing.T) {
	var list List
	add := func(file string, n int, s Severity) {
		for i := range n {
			list = append(list, Diagnostic{Span: Span{File: file, Line: i + 1}, Severity: s, Code: Failed, Message: "m"})
		}
	}
	add("", 100, Error)
	add("a", maxInFile+1, Error)
	add("b", 10_000, Error)
	add("b", 2, Warning)
	add("c", 1, Error)
	add("c", 50, Note)
	list = list.Sort()
	got := list.Fold()
	count := map[string]int{}
	var rests []string
	for _, d := range got {
		count[d.File]++
		if d.More > 0 {
			rests = append(rests, d.Error())
		}
	}
	if count[""] != 100 || count["a"] != maxInFile+1 || count["b"] != maxInFile+1+2 || count["c"] != 1+maxInFile+1 {
		t.Errorf("%v", count)
	}
	if want := []string{"b: error: and 9980 more errors in this file [failed]", "c: note: and 30 more notes in this file [failed]"}; !slices.Equal(rests, want) {
		t.Errorf("%q, want %q", rests, want)
	}
	for _, s := range []Severity{Error, Warning, Note} {
		if got.Count(s) != list.Count(s) {
			t.Errorf("%d %ss must be counted, but are %d", list.Count(s), s, got.Count(s))
		}
	}
	if again := got.Fold(); len(again) != len(got) {
		t.Errorf("what is folded must stay as it is, but %d become %d", len(got), len(again))
	}
	if want := fmt.Sprintf("(and %d more)", 100+maxInFile+1+10_000+1-1); !strings.HasSuffix(got.Error(), want) {
		t.Errorf("%q must end with %q", got.Error(), want)
	}
}

func TestShort(t *testing.T) {
	for _, n := range []int{0, 59, 60, 61, 1000} {
		s := Short(strings.Repeat("x", n))
		if len(s) > 63 || n <= 60 && len(s) != n {
			t.Error(fmt.Sprint(n, " characters become ", len(s)))
		}
	}
	// No half character is left.
	if s := Short(strings.Repeat("x", 59) + "é and more"); s != strings.Repeat("x", 59)+"..." {
		t.Errorf("%q", s)
	}
}
