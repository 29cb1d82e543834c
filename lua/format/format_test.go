package format

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/syntax"
)

var update = flag.Bool("update", false, "write golden files")

// TestGolden: what is written without care, and in the style.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		check(t, string(text))
		got, problems := Source(name, string(text))
		if problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
		golden := strings.TrimSuffix(name, ".lua") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s gives\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestShipped: what ships is in the style.
func TestShipped(t *testing.T) {
	for _, pattern := range []string{"../../scripts/*.lua", "../../scripts/*/*.lua"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(err, pattern)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got, problems := Source(name, string(b)); got != string(b) {
				t.Errorf("%s is not formatted %v; run: cellsh fmt -w %s", name, problems, name)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{"x = ", "x = = 1", "a;;b()", "\x00", strings.Repeat("x = 1\n", syntax.MaxSource)} {
		if got, problems := Source("x.lua", text); got != "" || !problems.Failed() {
			t.Errorf("%q... gives %q, %v", text[:min(len(text), 20)], got[:min(len(got), 20)], problems)
		}
	}
	// It is small enough to be read, but not with the spaces that the style wants.
	if _, problems := Source("x.lua", strings.Repeat("x=y+y+y+y ", syntax.MaxSource/10)); !problems.Failed() || !strings.Contains(problems.Error(), "size") {
		t.Errorf("%v", problems)
	}
}

// check holds what must hold for every source without problems.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string) {
	t.Helper()
	before := syntax.Read("x.lua", text)
	got, problems := Source("x.lua", text)
	if before.Problems.Failed() {
		if got != "" || !problems.Failed() {
			t.Fatalf("%q has problems and gives %q", text, got)
		}
		return
	}
	if problems != nil {
		if strings.Contains(problems.Error(), "size") {
			return
		}
		t.Fatalf("%v of\n%s", problems, text)
	}
	after := syntax.Read("x.lua", got)
	if !syntax.Same(before, after) {
		t.Fatalf("\n%s\nis another program than\n%s", got, text)
	}
	// A tree says nothing of how numbers and strings are written, and nothing at all of comments.
	if a, b := significant(before), significant(after); !slices.Equal(a, b) {
		t.Fatalf("\n%s\nhas other tokens than\n%s\n%q\n%q", got, text, b, a)
	}
	if again, problems := Source("x.lua", got); again != got {
		t.Fatalf("\n%s\nis formatted once more to\n%s\n%vof\n%s", got, again, problems, text)
	}
	for line := range strings.SplitSeq(got, "\n") {
		if strings.HasSuffix(line, " ") && !strings.Contains(text, "]") {
			t.Fatalf("a space ends the line %q of\n%s", line, got)
		}
	}
	if got != "" && (!strings.HasSuffix(got, "\n") || strings.HasSuffix(got, "\n\n")) && !strings.Contains(text, "]") {
		t.Fatalf("%q does not end with one line's end", got)
	}
	if strings.Contains(got, "\n\n\n") && !strings.Contains(text, "[") {
		t.Fatalf("two empty lines in\n%s", got)
	}
}

// significant are the tokens and comments that the style must not change, and comments each with the number of tokens
// before it that are no separators.
func significant(f *syntax.File) []string {
	var all []string
	for i := range f.Tokens {
		switch t := &f.Tokens[i]; {
		case t.Text == "," || t.Text == ";":
		case t.Kind == syntax.String && t.Text[0] != '[':
			all = append(all, "string "+strings.Trim(t.Text, `'"`)[:0])
		case t.Kind == syntax.Comment || t.Kind == syntax.String:
			all = append(all, strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\n\r", "\n", "\r", "\n").Replace(t.Text), " \t\v\f\n"))
		default:
			all = append(all, t.Text)
		}
	}
	return all
}

// corpus are sources of the tests of other packages.
func corpus(t testing.TB) []string {
	var all []string
	for _, pattern := range []string{"../../scripts/*.lua", "../../scripts/*/*.lua", "../lower/testdata/*.lua", "../symbolic/testdata/scripts/*.lua", "../../docs/cellsh.lua"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(err, pattern)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		}
	}
	return all
}

func TestCorpus(t *testing.T) {
	for _, text := range corpus(t) {
		check(t, text)
		check(t, strings.ReplaceAll(text, "\n", "\r\n"))
	}
}

// TestRandom writes programs of everything that the grammar has, with spaces, lines and comments anywhere.
func TestRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{t: t}
		w.block(3)
		text := w.b.String()
		if p := syntax.Read("x.lua", text).Problems; p.Failed() {
			t.Fatalf("the program is wrong: %v\n%s", p, text)
		}
		check(t, text)
	})
}

// writer writes a random program.
type writer struct {
	t *rapid.T
	b strings.Builder
	// names is how many labels there are: each has another name.
	names int
}

func (w *writer) n(below int) int { return rapid.IntRange(0, below-1).Draw(w.t, "n") }

// gap is what may stand between two tokens.
func (w *writer) gap() {
	w.b.WriteByte(' ')
	for range w.n(3) {
		w.b.WriteString([]string{" ", "", "  ", "\t", "\n", "\n\n\n", "-- c\n", "--c \n", "--[[ d ]]", "--[=[ e\n  f ]=]", "\r\n", " --\n", "\n--[[x]]\n"}[w.n(13)])
	}
	w.b.WriteByte(' ')
}

func (w *writer) tokens(texts ...string) {
	for _, s := range texts {
		w.gap()
		w.b.WriteString(s)
	}
}

// touching writes tokens where a line must not end before.
func (w *writer) touching(s string) { w.b.WriteString([]string{"", " ", "--[[t]]"}[w.n(3)] + s) }

func (w *writer) name() {
	w.tokens([]string{"a", "b", "name", "a_much_longer_name_than_others"}[w.n(4)])
}

func (w *writer) some(most int, one func(), between ...string) {
	for i := range 1 + w.n(most) {
		if i > 0 {
			w.tokens(between[w.n(len(between))])
		}
		one()
	}
}

func (w *writer) block(depth int) {
	for range w.n(4) {
		w.statement(depth)
		if w.n(3) == 0 {
			w.tokens(";")
		}
	}
	if w.n(4) == 0 {
		w.tokens("return")
		if w.n(2) == 0 {
			w.some(3, func() { w.expr(depth) }, ",")
		}
	}
}

func (w *writer) statement(depth int) {
	if depth == 0 {
		w.name()
		w.tokens("=", "1")
		return
	}
	expr := func() { w.expr(depth - 1) }
	switch w.n(14) {
	case 0:
		w.tokens("local")
		w.some(3, w.name, ",")
		if w.n(2) == 0 {
			w.tokens("=")
			w.some(3, expr, ",")
		}
	case 1:
		w.some(2, w.variable(depth-1), ",")
		w.tokens("=")
		w.some(3, expr, ",")
	case 2:
		w.name()
		w.args(depth - 1)
	case 3:
		w.tokens("do")
		w.block(depth - 1)
		w.tokens("end")
	case 4:
		w.tokens("while")
		expr()
		w.tokens("do")
		w.block(depth - 1)
		w.tokens("end")
	case 5:
		w.tokens("repeat")
		w.block(depth - 1)
		w.tokens("until")
		expr()
	case 6, 7:
		w.tokens("if")
		expr()
		w.tokens("then")
		w.block(depth - 1)
		for range w.n(2) {
			w.tokens("elseif")
			expr()
			w.tokens("then")
			w.block(depth - 1)
		}
		if w.n(2) == 0 {
			w.tokens("else")
			w.block(depth - 1)
		}
		w.tokens("end")
	case 8:
		w.tokens("for")
		w.name()
		w.tokens("=")
		expr()
		w.tokens(",")
		expr()
		if w.n(2) == 0 {
			w.tokens(",")
			expr()
		}
		w.tokens("do")
		w.block(depth - 1)
		w.tokens("end")
	case 9:
		w.tokens("for")
		w.some(2, w.name, ",")
		w.tokens("in")
		w.some(2, expr, ",")
		w.tokens("do")
		w.block(depth - 1)
		w.tokens("end")
	case 10:
		w.tokens("function")
		w.name()
		for range w.n(2) {
			w.tokens(".")
			w.name()
		}
		if w.n(3) == 0 {
			w.tokens(":")
			w.name()
		}
		w.body(depth - 1)
	case 11:
		w.tokens("local", "function")
		w.name()
		w.body(depth - 1)
	case 12:
		w.names++
		label := "l" + strings.Repeat("x", w.names)
		w.tokens("do", "goto", label, "::", label, "::", "end")
	case 13:
		// One that must not be taken for a call.
		w.name()
		w.tokens("=", "1", ";", "(", "f", ")")
		w.touching("(")
		w.tokens(")")
	}
}

func (w *writer) variable(depth int) func() {
	return func() {
		w.name()
		if w.n(2) == 0 {
			w.suffix(depth)
		}
	}
}

func (w *writer) suffix(depth int) {
	if depth < 1 || w.n(2) == 0 {
		w.tokens(".")
		w.name()
		return
	}
	w.tokens("[")
	w.expr(depth - 1)
	w.tokens("]")
}

func (w *writer) args(depth int) {
	switch w.n(4) {
	case 0:
		w.tokens(`"s"`)
	case 1:
		w.table(depth)
	default:
		w.touching("(")
		if w.n(3) > 0 {
			w.some(3, func() { w.expr(depth) }, ",")
		}
		w.tokens(")")
	}
}

func (w *writer) table(depth int) {
	w.tokens("{")
	if w.n(5) > 0 && depth >= 0 {
		w.some(5, func() {
			switch w.n(4) {
			case 0:
				w.tokens("[")
				w.expr(depth - 1)
				w.tokens("]", "=")
			case 1, 2:
				w.name()
				w.tokens("=")
			}
			w.expr(depth - 1)
		}, ",", ";")
		if w.n(2) == 0 {
			w.tokens([]string{",", ";"}[w.n(2)])
		}
	}
	w.tokens("}")
}

func (w *writer) body(depth int) {
	w.touching("(")
	if w.n(2) == 0 {
		w.some(3, w.name, ",")
	}
	w.tokens(")")
	w.block(depth)
	w.tokens("end")
}

func (w *writer) expr(depth int) {
	if depth <= 0 {
		w.tokens([]string{"nil", "true", "1", "0x1F", "1e3", `"a"`, `'b'`, `'"'`, `'\''`, "[[l]]", "[==[\nl\n\tm ]==]", `"a longer string that takes room"`, "x"}[w.n(13)])
		return
	}
	switch w.n(11) {
	case 0:
		w.tokens("(")
		w.expr(depth - 1)
		w.tokens(")")
	case 1:
		w.tokens([]string{"-", "not", "#"}[w.n(3)])
		w.expr(depth - 1)
	case 2:
		w.tokens("function")
		w.body(depth - 1)
	case 3, 4:
		w.table(depth - 1)
	case 5:
		w.name()
		for range w.n(3) {
			w.suffix(depth)
		}
		if w.n(2) == 0 {
			w.tokens(":")
			w.name()
		}
		w.args(depth - 1)
	case 6, 7, 8:
		w.some(4, func() { w.expr(depth - 1) }, "and", "or", "..", "+", "-", "^", "==", "<", "*")
	default:
		w.expr(0)
	}
}

func FuzzSource(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	for _, text := range []string{"#!x\nx = 1", "x = {--[[a]];\n}", "f(--x\n)", "x = - - -1", "t[ [[a]] ] = { [ [[b]] ] = 1 }", "if a --c\nthen --d\nend --e"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
}
