package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/repl/editor"
)

var commands = Dialect{IsCommand: func(w string) bool { return w == "load" || w == "list" || w == "explain" }}

func TestUnfinished(t *testing.T) {
	for _, c := range []struct {
		text            string
		more, evenBlank bool
	}{
		{"", false, false},
		{"  ", false, false},
		{"list", false, false},
		{"load 'a", false, false},
		{"1 + 1", false, false},
		{"1 +", true, false},
		{"for i = 1, 3 do", true, false},
		{"for i = 1, 3 do\n\nend", false, false},
		{"x = [[a", true, true},
		{"--[[ a", true, true},
		{"list\nif a then", true, false},
		{"if a then )", false, false},
	} {
		if more, evenBlank := commands.Unfinished(c.text); more != c.more || evenBlank != c.evenBlank {
			t.Errorf("%q: %v, %v; want %v, %v", c.text, more, evenBlank, c.more, c.evenBlank)
		}
	}
}

func TestIndent(t *testing.T) {
	for _, c := range []struct{ text, own, next string }{
		{"", "", ""},
		{"x = 1", "", ""},
		{"policy \"web\" {", "", "  "},
		{"policy \"web\" {\n  on = {", "  ", "    "},
		{"policy \"web\" {\n  on = {\n    }", "  ", "  "},
		{"policy \"web\" {\n  on = {\n  },\n  }", "", ""},
		{"f({", "", "  "},
		{"f({\n  })", "", ""},
		{"if a then\n  b()\n  else", "", "  "},
		{"if a then\n  b()\n  elseif c then", "", "  "},
		{"while a do\n  if b then\n    c()\n    end", "  ", "  "},
		{"f(function(r)\n  return deny\n  end)", "", ""},
		{"repeat\n  a()\n  until b", "", ""},
		{"x = [[\n  a", "  ", ""},
		{"x = { [[\n  a\n  }", "  ", ""},
		{"--[[ {\n  }", "  ", ""},
		{"list\n  for i = 1, 2 do", "  ", "    "},
		{"f {\n\tg {", "\t", "\t  "},
		{"end", "", ""},
		{"x = ')' {", "", "  "},
	} {
		if own, next := commands.Indent(c.text); own != c.own || next != c.next {
			t.Errorf("%q: own %q and next %q, want %q and %q", c.text, own, next, c.own, c.next)
		}
	}
}

// What ships is indented as it would be while it is typed, where a line begins or ends a block.
func TestIndentationOfScripts(t *testing.T) {
	files, err := filepath.Glob("../../scripts/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal("there must be scripts", err)
	}
	seen := 0
	for _, file := range files[:6] {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			word := strings.TrimSpace(line)
			if i == 0 || !strings.HasPrefix(word, "end") && !strings.HasPrefix(word, "}") {
				continue
			}
			seen++
			typed := strings.Join(lines[:i], "\n") + "\n      " + word
			if own, _ := commands.Indent(typed); own != white(line) {
				t.Errorf("%s:%d: %q, want %q", file, i+1, own, white(line))
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d lines end anything", seen)
	}
}

// marked writes the text with its looks: «k:end».
func marked(text string, at int) string {
	looks := make([]editor.Look, len(text)+1)
	for _, s := range commands.Look(text, at) {
		for i := s.From; i < s.To; i++ {
			looks[i] = s.Look
		}
	}
	names := map[editor.Look]string{editor.Keyword: "k", editor.String: "s", editor.Number: "n", editor.Comment: "c", editor.Command: "C", editor.Matching: "m", editor.Mistake: "x"}
	var b strings.Builder
	for i := range text {
		if i == 0 || looks[i] != looks[i-1] {
			if i > 0 && looks[i-1] != editor.Plain {
				b.WriteString("»")
			}
			if looks[i] != editor.Plain {
				b.WriteString("«" + names[looks[i]] + ":")
			}
		}
		b.WriteByte(text[i])
	}
	if n := len(text); n > 0 && looks[n-1] != editor.Plain {
		b.WriteString("»")
	}
	return b.String()
}

func TestLook(t *testing.T) {
	for _, c := range []struct {
		text string
		at   int
		want string
	}{
		{"list --json", 0, "«C:list» --json"},
		{` explain a "app 3" 'x`, 0, ` «C:explain» a «s:"app 3"» «x:'»«s:x»`},
		{"list;load 'a' | wc 'b'", 0, "«C:list»;«C:load» «s:'a'» | wc 'b'"},
		{"list; x = = 1", 0, "«C:list»; x = «x:=» «n:1»"},
		{"!if 'x", 0, "!if 'x"},
		{"list = 1", 0, "list = «n:1»"},
		{"if x then return 'a' end -- so", 6, "«k:if» x «k:then» «k:return» «s:'a'» «k:end» «c:-- so»"},
		{"f(1)", 4, "f«m:(»«n:1»«m:)»"},
		{"f(1)", 1, "f«m:(»«n:1»«m:)»"},
		{"f(g())", 5, "f(g«m:()»)"},
		{"if a then b() end", 17, "«m:if» a «k:then» b() «m:end»"},
		{"x = 'a", 0, "x = «x:'a»"},
		{"x = = 1", 0, "x = «x:=» «n:1»"},
		{"f(", 2, "f("},
		{"list\nx = = 1\nlist", 0, "«C:list»\nx = «x:=» «n:1»\n«C:list»"},
		{"for i = 1, 2 do", 0, "«k:for» i = «n:1», «n:2» «k:do»"},
	} {
		if got := marked(c.text, c.at); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"if ", "then ", "end", "(", ")", "{", "}", "[[", "]]", "'", "\"", "--", "\n", "  ", "list ", "load", "=", "x", "1", "function", "é", "\\", "else", "\t", "repeat", "until"})).Draw(t, "text"), "")
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		for _, s := range commands.Look(text, at) {
			if s.From < 0 || s.To > len(text) || s.From > s.To {
				t.Fatalf("%q: the span %v", text, s)
			}
		}
		own, next := commands.Indent(text)
		if strings.TrimLeft(own+next, " \t") != "" {
			t.Fatal(fmt.Sprintf("%q is indented by %q and %q", text, own, next))
		}
		commands.Unfinished(text)
	})
}
