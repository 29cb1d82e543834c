package syntax

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cellsh/policy/diag"
)

// TestProblems: what is told of mistakes, as users see it. Each source has as many problems as mistakes.
func TestProblems(t *testing.T) {
	const name = "testdata/problems.txt"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	sections := strings.Split(string(data), "\n=== ")
	out.WriteString(sections[0])
	for _, section := range sections[1:] {
		title, rest, _ := strings.Cut(section, "\n")
		source, _, ok := strings.Cut(rest, "\n--- ")
		if !ok {
			t.Fatalf("%s has no end of its source", title)
		}
		f := Read("f.lua", source)
		check(t, f)
		how := "problems"
		if f.Incomplete {
			how = "incomplete"
		}
		fmt.Fprintf(&out, "\n=== %s\n%s\n--- %s\n", title, source, how)
		if err := diag.Write(&out, f.Problems); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if out.String() != string(data) {
		got, want := strings.Split(out.String(), "\n"), strings.Split(string(data), "\n")
		for i := range got {
			if i >= len(want) || got[i] != want[i] {
				t.Fatalf("line %d of %s\ngot  %s\nwant %s", i+1, name, got[i], want[min(i, len(want)-1)])
			}
		}
		t.Fatalf("%s must end after line %d", name, len(got))
	}
}

// What of the source is told of in one line: what can't be shown in a file, and limits.
func TestRefused(t *testing.T) {
	deep := strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300)
	names := func(form string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form, i)
		}
		return b.String()
	}
	var upvalues strings.Builder
	for i := range 2 {
		upvalues.WriteString("local function f" + fmt.Sprint(i) + "()\n" + names("local x"+fmt.Sprint(i)+"_%d\n", 150))
	}
	upvalues.WriteString("return function()\nreturn 0" + names("\n+ x0_%d", 150) + names("\n+ x1_%d", 150) + "\nend end end")
	for _, c := range []struct {
		name, src string
		code      diag.Code
		at        string
		message   string
	}{
		{"a byte order mark", "\ufeffx = 1", diag.Syntax, "f.lua:1:1", "byte order mark"},
		{"a byte order mark in the middle", "x = \ufeff1", diag.Syntax, "f.lua:1:5", "a space must be an ordinary one"},
		{"a space of another kind", "x =\u00a01", diag.Syntax, "f.lua:1:4", "a space must be an ordinary one"},
		{"brackets", "return " + deep, diag.SourceDepth, "f.lua:1:208", "at most 200 deep"},
		{"blocks", strings.Repeat("do ", 201) + strings.Repeat("end ", 201), diag.SourceDepth, "f.lua:1:601", "at most 200 deep"},
		{"blocks up to the limit", strings.Repeat("do ", 200) + strings.Repeat("end ", 200), "", "", ""},
		{"open brackets", strings.Repeat("{", 100000), diag.SourceDepth, "f.lua:1:201", "at most 200 deep"},
		{"a zero byte", "x = 1\x00", diag.SourceBinary, "f.lua:1:6", "text"},
		{"compiled Lua", "\x1bLuaQ", diag.SourceBinary, "f.lua:1:1", "compiled Lua"},
		{"a program", "\x7fELF\x02\x01", diag.SourceBinary, "f.lua:1:1", "a program for a machine"},
		{"too much", strings.Repeat(" ", MaxSource+1), diag.SourceSize, "f.lua", "at most 1048576 bytes"},
		{"as much as can be", strings.Repeat(" ", MaxSource), "", "", ""},
		{"sums", "x = 1" + strings.Repeat("+1", MaxChain+1), diag.SourceDepth, "f.lua:1:", "at most 20000 times"},
		{"sums up to the limit", "x = 1" + strings.Repeat("+1", MaxChain-10), "", "", ""},
		{"powers", "x = 1" + strings.Repeat("^1", MaxChain+1), diag.SourceDepth, "f.lua:1:", "at most 20000 times"},
		{"concatenations", "x = y" + strings.Repeat("..x", MaxChain-10), "", "", ""},
		{"minus", "x = " + strings.Repeat("- ", MaxChain+1) + "1", diag.SourceDepth, "f.lua:1:", "at most 20000 times"},
		{"calls", "f" + strings.Repeat("()", MaxChain+1), diag.SourceDepth, "f.lua:1:", "at most 20000 times"},
		{"fields within fields", "x = " + strings.Repeat("(", 100) + "a" + strings.Repeat(strings.Repeat(".b", 300)+")", 100), diag.SourceDepth, "f.lua:1:", "at most 20000 times"},
		{"branches", "if x then" + strings.Repeat(" elseif x then", MaxChain+1) + " end", "", "", ""},
		{"200 locals", names("local x%d\n", 200), "", "", ""},
		{"201 locals", names("local x%d\n", 201), diag.SourceSize, "f.lua:201:7", "at most 200 locals"},
		{"200 locals and one in a function", names("local x%d\n", 200) + "f = function() local y end", "", "", ""},
		{"a loop takes room for three more", names("local x%d\n", 196) + "for i = 1, 2 do end", "", "", ""},
		{"a loop takes room for three more", names("local x%d\n", 197) + "for i = 1, 2 do end", diag.SourceSize, "f.lua:198:5", "at most 200 locals"},
		{"many locals in blocks", strings.Repeat("do local x end\n", 1000), "", "", ""},
		{"varargs take the room of arg", "function f(" + names("x%d,\n", 200) + "...) end", diag.SourceSize, "f.lua:1:1", "at most 200 locals"},
		{"varargs take the room of arg", "function f(" + names("x%d,\n", 199) + "...) end", "", "", ""},
		{"upvalues", upvalues.String(), diag.SourceSize, "f.lua:560:3", "at most 255 locals of those around it"},
		{"bad bytes", "x = \xff\xfe\x80", diag.Syntax, "f.lua:1:5", "can't stand here"},
		{"a line for the operating system", "#!/usr/bin/cellsh\rx\nlocal x = 1", "", "", ""},
		{"a carriage return ends a comment", "-- x\rlocal x = 1\r\r\n\ny", diag.Syntax, "f.lua:5:1", "must go on"},
		{"nothing", "", "", "", ""},
		{"goto is a name", "goto = 1 goto.x = goto:y(goto) goto() goto{} goto'' goto[1] = 2 local goto = {goto = goto.goto} function goto() end function goto.goto:goto(goto) end for goto = 1, 2 do end for goto, x in goto do end", "", "", ""},
		{"goto is a statement", "do goto goto ::goto:: end goto done do goto done end ::done::", "", "", ""},
		{"goto back", "::again:: local x goto again", "", "", ""},
		{"goto over a local to the end of a block", "do goto out local x ::out:: ::also:: end", "", "", ""},
		{"goto to the end of repeat", "repeat goto out local x ::out:: until x", diag.Syntax, "f.lua:1:8", "into the scope of a local"},
		{"goto out of a function", "::l:: f = function() goto l end", diag.Syntax, "f.lua:1:27", "\"l\" is none"},
		{"goto into a block", "goto l do ::l:: end", diag.Syntax, "f.lua:1:6", "\"l\" is none"},
		{"a table of several lines in a condition", "while f(1) {\n 2 } do end\nif f(1) {\n 2 } then end if f {\n x = 1 } then end", "", "", ""},
		{"a condition and an if behind end", "do end if\nx then end", "", "", ""},
		{"a name like function", "functions(x) local fun = {} fun(x)", "", "", ""},
		{"labels of blocks within each other", "::l:: do ::l:: goto l end", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Read("f.lua", c.src)
			if c.code == "" {
				if len(f.Problems) > 0 {
					t.Errorf("%v", f.Problems)
				}
				check(t, f)
				return
			}
			if len(f.Problems) != 1 {
				t.Fatalf("it must have one problem, but has %v", f.Problems)
			}
			if d := f.Problems[0]; d.Code != c.code || !strings.HasPrefix(d.Span.String(), c.at) || !strings.Contains(d.Message, c.message) {
				t.Errorf("%s", d.Error())
			}
			if f.Main == nil || f.Main.Body == nil {
				t.Errorf("it must have a tree")
			}
		})
	}
}

// A session reads on where more text could mend what is wrong, and nowhere else.
func TestIncomplete(t *testing.T) {
	for _, src := range []string{
		"local x =", "x", "x.", "x:", "x:y", "f(", "f(1,", "x = {", "x = {1,\n", "x[", "if", "if x", "if x then", "if x then y()", "if x then else", "if x then elseif",
		"for", "for i", "for i =", "for i = 1", "for i = 1,", "for i = 1, 2 do", "for k, v", "for k in", "while", "while x", "while x do", "repeat", "repeat x() until", "do",
		"function", "function f", "function f(", "function f(a,", "function f()", "x = function", "local", "local function", "return 1 +", "x = not", "x = -", "goto", "::x", "::",
		"[[", "x = [==[ ]]", "--[[ a\nb", "x = 'a\\", "x = 'a\\\n", "function f()\n  x()\ny()", "f(function()\n  x()", "a, b", "a, b =", "(a)", "x = 1 ..",
		"policy \"a\" {\n  on = {\n  [\"b\"] = function(r)\n",
	} {
		if f := Read("f.lua", src); !f.Incomplete || len(f.Problems) == 0 {
			t.Errorf("%q must be incomplete, but is not: %v", src, f.Problems)
		}
	}
	for _, src := range []string{
		"", "x = 1", "x = 'a", "x = 'a\ny", "end", "x = )", "f(]", "if x = 1 then", "x = = 1", "if x then end end", "x = {1 2", "for i = 1 do", "local x = 'abc\n if x then", "x += 1",
		"return 1 x", "goto x", "x = 3x", "f(a b",
	} {
		if f := Read("f.lua", src); f.Incomplete {
			t.Errorf("%q can't be mended, but is said to be incomplete: %v", src, f.Problems)
		}
	}
}

func TestReadExpressions(t *testing.T) {
	for _, c := range []struct {
		src     string
		values  int
		message string
	}{
		{"1", 1, ""}, {"a, b.c, ...", 3, ""}, {"#t", 1, ""}, {"function() return 1 end", 1, ""}, {"f()\n", 1, ""}, {"-- c\n x", 1, ""},
		{"", 0, "must be an expression, but is empty"}, {"x = 1", 0, "=\" can't stand here"}, {"local x", 0, "\"local\" can't stand here"}, {"1 2", 0, "\"2\" can't stand here"},
		{"f(", 0, "must go on after \"(\""}, {"1 +", 0, "must go on"}, {"return 1", 0, "\"return\" can't stand here"}, {"f();", 0, "\";\" can't stand here"},
	} {
		f := ReadExpressions("f.lua", c.src)
		check(t, f)
		if c.message != "" {
			if len(f.Problems) != 1 || !strings.Contains(f.Problems[0].Message, c.message) {
				t.Errorf("%q: %v", c.src, f.Problems)
			}
			continue
		}
		if len(f.Problems) > 0 || len(f.Main.Body.Stmts) != 1 || len(f.Main.Body.Stmts[0].(*ReturnStmt).Exprs) != c.values {
			t.Errorf("%q: %v", c.src, f.Problems)
		}
	}
	if f := ReadExpressions("f.lua", "f(\n"); !f.Incomplete {
		t.Errorf("it must be incomplete: %v", f.Problems)
	}
}

// The first problems are told, and the others counted.
func TestManyProblems(t *testing.T) {
	f := Read("f.lua", strings.Repeat("x = = 1\n", 10000))
	if len(f.Problems) != maxProblems+1 {
		t.Fatalf("%d problems are told", len(f.Problems))
	}
	for i, d := range f.Problems[:maxProblems] {
		if d.Line != i+1 || d.Column != 5 {
			t.Errorf("problem %d is at %v", i, d.Span)
		}
	}
	if last := f.Problems[maxProblems]; last.Line != maxProblems+1 || !strings.Contains(last.Message, "9980 more mistakes") {
		t.Errorf("%s", last.Error())
	}
	f = Read("f.lua", strings.Repeat("x = = 1\n", maxProblems+1))
	if last := f.Problems[len(f.Problems)-1]; !strings.Contains(last.Message, "1 more mistake from here on") {
		t.Errorf("%s", last.Error())
	}
}

// One mistake in a program is one problem, wherever it is: a token less, or one too many.
func TestOneMistake(t *testing.T) {
	text := programs(t)
	told, cases := map[int]int{}, 0
	for _, s := range text {
		tokens := Scan(s)
		if len(s) > 20000 {
			continue
		}
		for i := 0; i < len(tokens); i += 7 {
			if tokens[i].Kind == Comment {
				continue
			}
			f := Read("f.lua", s[:tokens[i].Offset]+s[tokens[i].End():])
			told[len(f.Problems)]++
			cases++
		}
	}
	t.Logf("problems by their number: %v", told)
	if few := told[0] + told[1]; few*100 < cases*93 {
		t.Errorf("of %d programs with a token less, only %d have at most one problem: %v", cases, few, told)
	}
}
