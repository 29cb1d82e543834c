package input

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"cellsh/lua/syntax"
	"cellsh/lua/vm"
	"cellsh/policy/diag"
)

func commands(word string) bool {
	switch word {
	case "list", "load", "check", "stats", "exec", "explain", "create", "decide":
		return true
	}
	return false
}

func TestCommandOrLua(t *testing.T) {
	for _, c := range []struct {
		line string
		// words of the command, "" for Lua.
		words string
	}{
		{"list", "list"},
		{"  list  ", "list"},
		{"list\r", "list"},
		{"stats -v", "stats|-v"},
		{"list --json", "list|--json"},
		{"list -- all", "list|--|all"},
		{"load scripts/policy.d", "load|scripts/policy.d"},
		{"load /etc/cellsh/policy.d", "load|/etc/cellsh/policy.d"},
		{"load ./web.lua", "load|./web.lua"},
		{"load ../web.lua", "load|../web.lua"},
		{"load .", "load|."},
		{"load ..", "load|.."},
		{"load . more.lua", "load|.|more.lua"},
		{"load ~/web.lua", "load|~/web.lua"},
		{"decide -", "decide|-"},
		{"explain web-1 network.bind.privport port=80", "explain|web-1|network.bind.privport|port=80"},
		{`create web "root=/a b" 'c d' e\ f ""`, `create|web|root=/a b|c d|e f|`},
		{`exec web-1 -- sh -c 'echo "$HOME" \n # no comment'`, `exec|web-1|--|sh|-c|echo "$HOME" \n # no comment`},
		{`load "web.lua"`, "load|web.lua"},
		{`explain 'web-1' x`, "explain|web-1|x"},
		{"list;", "list"},
		{"list|wc", "list"},
		{"list > all", "list"},
		{"list >>all", "list"},
		{"list >= 3", ""},
		{`load("web.lua")`, ""},
		{`load ("web.lua")`, ""},
		{"load [[web.lua]]", ""},
		{"load {}", ""},
		{"list = 3", ""},
		{"list=3", ""},
		{"list == 3", ""},
		{"list ~= 3", ""},
		{"list, load = 1, 2", ""},
		{"list - 1", ""},
		{"list / 2", ""},
		{"list * 2", ""},
		{"list .. 'x'", ""},
		{"check.x", ""},
		{"check .x", ""},
		{"check:run()", ""},
		{"check :run()", ""},
		{"check[1]", ""},
		{"list or {}", ""},
		{"list and 1", ""},
		{"lists()", ""},
		{"=list", ""},
	} {
		got, err := New(commands).Add(c.line)
		if err != nil || len(got) != 1 {
			t.Errorf("%q: %v, %v", c.line, got, err)
			continue
		}
		if words := strings.Join(got[0].Words, "|"); words != c.words || (got[0].Words == nil) != (got[0].File != nil) {
			t.Errorf("%q: words %q, want %q", c.line, words, c.words)
		}
	}
}

func TestRedirect(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"list", `["list"]`},
		{"list | wc -l > n; date", `["list"] into "wc -l > n; date"`},
		{"list|wc", `["list"] into "wc"`},
		{"list > 'a b'", `["list"] to "a b"`},
		{"list>>all", `["list"] to more of "all"`},
		{"list > a; stats", `["list"] to "a"; ["stats"]`},
		{"list;stats ; list", `["list"]; ["stats"]; ["list"]`},
		{"list; 1 + 1", `["list"]; Lua`},
		{"list; ; ;stats;;", `["list"]; ["stats"]`},
		{"list > a;; stats", `["list"] to "a"; ["stats"]`},
		{"explain w r flags=A|B port=>5", `["explain" "w" "r" "flags=A|B" "port=>5"]`},
		{"create 'a|b' a\\;b \">\"", `["create" "a|b" "a;b" ">"]`},
		{"!ls -l | wc", `host "ls -l | wc"`},
		{"  ! ls", `host "ls"`},
		{"list |", "command:1:6: error: a | must be followed by a command of this machine, but nothing follows it [command.line]"},
		{"list >", "command:1:6: error: a > must be followed by the name of a file, but nothing follows it [command.line]"},
		{"list > a b", "command:1:10: error: what a command writes to must be the last on its line, but more follows [command.line]"},
		{"list > a | wc", "command:1:10: error: what a command writes to must be the last on its line, but more follows [command.line]"},
		{"list > 'a", "command:1:8: error: the quote must be closed, but the line ends before [command.line]"},
		{"!", "command:1:1: error: a ! must be followed by a command of this machine, but nothing follows it [command.line]"},
	} {
		statements, err := New(commands).Add(c.line)
		var parts []string
		for _, s := range statements {
			part := fmt.Sprintf("%q", s.Words)
			switch {
			case s.Host != "":
				part = fmt.Sprintf("host %q", s.Host)
			case s.File != nil:
				part = "Lua"
			case s.To.Pipe != "":
				part += fmt.Sprintf(" into %q", s.To.Pipe)
			case s.To.Append:
				part += fmt.Sprintf(" to more of %q", s.To.File)
			case s.To.File != "":
				part += fmt.Sprintf(" to %q", s.To.File)
			}
			parts = append(parts, part)
		}
		if err != nil {
			parts = append(parts, err.Error())
		}
		if got := strings.Join(parts, "; "); got != c.want {
			t.Errorf("%q: %s, want %s", c.line, got, c.want)
		}
	}
}

// What looks like a command is told at once, and does not wait for more of Lua.
func TestMistaken(t *testing.T) {
	for line, asked := range map[string]string{
		"lst --json": "", "lst -v": "Lua", "jls": "Lua", "cellctl create -n web {": "no Lua", "lst 3": "no Lua", "x = 1": "", "x - 1": "", "x -1": "Lua",
		"local x": "", "f(x)": "", "x.y z": "", "list": "", "f {": "", "policy 'x' {": "", "explian web-1 network.bind.port": "no Lua",
	} {
		r := New(commands)
		got := ""
		r.Mistaken = func(_ string, lua bool) error {
			if got = "no Lua"; lua {
				got = "Lua"
			}
			return errors.New("mistaken")
		}
		_, err := r.Add(line)
		if got != asked || (got != "") != (err != nil && err.Error() == "mistaken") || got != "" && r.Pending() {
			t.Errorf("%q: asked %q, want %q; %v", line, got, asked, err)
		}
	}
}

func TestQuotesOfCommands(t *testing.T) {
	for line, column := range map[string]int{
		"create web 'root": 12, `create web "a\"`: 12, `load a\`: 7, `exec w -- sh -c "a 'b'`: 17,
	} {
		r := New(commands)
		_, err := r.Add(line)
		var l diag.List
		if !errors.As(err, &l) || len(l) != 1 || l[0].Column != column || l[0].Excerpt != line || l[0].Code != diag.CommandLine {
			t.Errorf("%q: %#v", line, err)
		}
		if r.Pending() {
			t.Errorf("%q is pending", line)
		}
	}
}

func TestWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.String()).Draw(t, "words")
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, quote(w))
		}
		got, err := Words(strings.Join(quoted, "  "))
		if err != nil || len(got) != len(words) || len(words) > 0 && !reflect.DeepEqual(got, words) {
			t.Fatalf("%q became %q as %q: %v", words, got, quoted, err)
		}
	})
}

// quote writes a word so that Words gives it back.
func quote(word string) string {
	plain := word != ""
	for i := 0; i < len(word); i++ {
		plain = plain && strings.IndexByte(" \t\r\n\v\f'\"\\", word[i]) < 0
	}
	switch {
	case plain:
		return word
	case !strings.Contains(word, "'"):
		return "'" + word + "'"
	}
	return fmt.Sprintf(`"%s"`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word))
}

// session runs lines as a session does and gives what it shows: values, output, and errors in one line.
func session(t *testing.T, r *Reader, lines ...string) string {
	t.Helper()
	var out bytes.Buffer
	v := vm.New(vm.Options{Level: vm.Session, Output: &out})
	defer v.Close()
	run := func(statements []Statement, err error) {
		for _, s := range statements {
			if s.Words != nil {
				fmt.Fprintf(&out, "command %s\n", strings.Join(s.Words, " "))
				continue
			}
			fn, err := v.CompileStatement(v.Environment(), s.File)
			if err != nil {
				t.Fatalf("%q: %v", s.Text, err)
			}
			values, err := v.Call(fn)
			if err != nil {
				fmt.Fprintln(&out, err)
			}
			for _, value := range values {
				fmt.Fprintf(&out, "%s ", lua.LVAsString(v.L.ToStringMeta(value)))
			}
			if len(values) > 0 {
				fmt.Fprintln(&out)
			}
		}
		if err != nil {
			fmt.Fprintln(&out, err)
		}
	}
	for _, line := range lines {
		run(r.Add(line))
	}
	run(nil, r.End())
	return out.String()
}

func TestSession(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"an expression gives its values", []string{"1 + 1", "'a', nil, 2", "= 3, 4", "  =5", "return 6", "#'abc'", "-1", "(2)", "{} ~= nil"}, "2 \na nil 2 \n3 4 \n5 \n6 \n3 \n-1 \n2 \ntrue \n"},
		{"a call is both, and runs once", []string{"n = 0", "function f() n = n + 1 return n, 'x' end", "f()", "n", "print(f())"}, "1 x \n1 \n2\tx\n"},
		{"a local stays", []string{"local x = 5", "x", "local x = x + 1", "x"}, "5 \n6 \n"},
		{"a local without a value is nil", []string{"x = 1", "y = 2", "local x, y", "x, y"}, "nil nil \n"},
		{"locals of a call with several values", []string{"local a, b, c, d = (function() return 1, 2, 3 end)()", "a, b, c, d", "local a, b = b, a", "a, b", "local a, b = 9", "a, b"}, "1 2 3 nil \n2 1 \n9 nil \n"},
		{"a local function calls itself", []string{"local function fact(n) if n < 2 then return 1 end return n * fact(n - 1) end", "fact(5)"}, "120 \n"},
		{"several statements a line, with closures", []string{"local n = 0; local function inc() n = n + 1 return n end inc() inc()", "n, inc()"}, "2 3 \n"},
		{"inner locals stay inside", []string{"do local x = 1 end", "for i = 1, 1 do local y = i end", "if true then local z = 1 end", "function f() local w = 1 end f()", "x, y, z, w, i"}, "nil nil nil nil nil \n"},
		{"several lines", []string{"for i = 1, 2 do", "  print(i)", "end", "f = function()", "return 7", "end", "f()", "1 +", "2"}, "1\n2\n7 \n3 \n"},
		{"long strings keep their blank lines", []string{"x = [[a", "", "b]]", "x", "--[==[ a", "", "]] ]==]", "'z'"}, "a\n\nb \nz \n"},
		{"a blank line gives up", []string{"f(", "", "1"}, "session[1]:1:2: error: the source must go on after \"(\", but ends [source.syntax]\n1 \n"},
		{"blank lines and comments are nothing", []string{"", "  ", "-- list", "--[[ x ]]", "1"}, "1 \n"},
		{"commands between", []string{"x = 1", "list", "f = function()", "list()", "end", "list -v"}, "command list\ncommand list -v\n"},
		{"pasted text", []string{"local t = {\n\n  1,\n\n  2 }\n\n\n#t\nlist\nreturn t[1]\n"}, "2 \ncommand list\n1 \n"},
		{"an error has its place", []string{"x = = 1", "1 + + 2", "f() g(] h", "= 1 + )", "if x then", "end end", "\"abc"},
			"session[1]:1:5: error: an expression must follow \"=\", but \"=\" does [source.syntax]\n" +
				"session[1]:1:5: error: an expression must follow \"+\", but \"+\" does [source.syntax]\n" +
				"session[1]:1:7: error: the \"(\" of line 1 must be closed with \")\", but \"]\" stands here [source.syntax] (and 1 more)\n" +
				"session[1]:1:5: error: the source must go on after \"+\", but ends [source.syntax] (and 1 more)\n" +
				"session[1]:2:5: error: \"end\" must close a block, but none is open [source.syntax]\n" +
				"session[1]:1:1: error: a string must end on its line, but this one does not [source.syntax]\n"},
		{"lines are those of the statement", []string{"x = 1", "local f = function()", "  local t", "  return t.x", "end", "f()"}, "session[2]:3:12: error: what is indexed with x must be a table, but is nil [lua.runtime]\n"},
		{"the end is too early", []string{"while true do"}, "session[1]:1:12: error: the source must go on after \"do\", but ends [source.syntax]\n"},
	} {
		if got := session(t, New(commands), c.lines...); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestScriptsKeepBlankLines(t *testing.T) {
	if got := session(t, NewScript(commands), "f = function()", "", "return 1", "", "end", "f()"); got != "1 \n" {
		t.Error(got)
	}
}

func TestDrop(t *testing.T) {
	r := New(commands)
	r.Add("for i = 1, 2 do")
	if !r.Pending() {
		t.Fatal("not pending")
	}
	r.Drop()
	if got, err := r.Add("list"); err != nil || len(got) != 1 || got[0].Words == nil {
		t.Error(got, err)
	}
}

func TestLongStatements(t *testing.T) {
	r := New(commands)
	r.Add("t = {")
	for i := range 20000 {
		if got, err := r.Add(fmt.Sprintf("{ name = 'cell-%d', [[ { ]] }, -- {", i)); len(got) > 0 || err != nil {
			t.Fatal(got, err)
		}
	}
	got, err := r.Add("}")
	if err != nil || len(got) != 1 {
		t.Fatal(len(got), err)
	}
	if n := len(got[0].File.Main.Body.Stmts[0].(*syntax.AssignStmt).Exprs[0].(*syntax.TableExpr).Fields); n != 20000 {
		t.Error(n)
	}
}

// dump writes statements in full, with their lines, moved down. Locals at the top are what globals are, as in a session.
func dump(f *syntax.File, stmts []syntax.Stmt, down int) string {
	var b strings.Builder
	for _, s := range stmts {
		if ret, ok := s.(*syntax.ReturnStmt); ok {
			// A call alone is an expression in a session.
			s = &syntax.CallStmt{Call: ret.Exprs[0].(*syntax.CallExpr)}
		}
		syntax.Walk(s, func(node syntax.Node) bool {
			line, _ := f.Place(node.Pos())
			switch n := node.(type) {
			case *syntax.CallStmt:
				return true
			case *syntax.NameExpr:
				b.WriteString(n.Name)
			case *syntax.StringExpr:
				b.WriteString(n.Value)
			case *syntax.NumberExpr:
				fmt.Fprint(&b, n.Value)
			}
			fmt.Fprintf(&b, " %T %d\n", node, line+down)
			return true
		})
	}
	return b.String()
}

// A script of which every statement begins a line, and none could go on with what begins the next, gives the same line
// by line as at once.
func TestLineByLineIsTheWhole(t *testing.T) {
	statement := []string{"x = 1", "local y, z = 1, { 2,\n 3 }", "local function f(a, ...)\n\n  local b = a\n  return b, ...\nend", "for i = 1, 3 do\n  x = i\nend",
		"if x then\n  y()\nelseif z then\n  local q = 1\nelse\n\nend", "repeat\n  local k = x\nuntil k", "print([[\n\nlong ]] .. 'x')", "-- comment", "", "a.b:c({\n}, function() end)", "while x do break end",
		"function t.f:g() end", "do\n  local inner = 1\nend", "local lonely", "x = 1; y = 2 z = 3", "policy \"web\" {\n  deny = { \"network\" },\n\n  on = { [\"network.bind\"] = function(r)\n    return deny\n  end },\n}"}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom(statement), 1, 8).Draw(t, "script")
		text := strings.Join(parts, "\n")
		whole := syntax.Read("x", text)
		if whole.Problems.Failed() {
			t.Fatal(whole.Problems)
		}
		want := dump(whole, whole.Main.Body.Stmts, 0)
		r := NewScript(commands)
		got := ""
		for i, line := range strings.Split(text, "\n") {
			statements, err := r.Add(line)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range statements {
				got += dump(s.File, s.File.Main.Body.Stmts, i-strings.Count(s.Text, "\n"))
			}
		}
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("%s\ngot\n%s\nwant\n%s", text, got, want)
		}
	})
}

func FuzzAdd(f *testing.F) {
	for _, s := range []string{"list 'x", "x = 1\n\nfor", "=", "= (", "#", "#!", "local", "local x = [==[\n\n]==]", "--[[\n]]", "\x00", "1 2", "return", "return return", "a\rb", "end", "]]", "goto x", "::x::", "load \\", "!ls", "list | wc; x", "list > a; 1 + 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, lines := New(commands), NewScript(commands)
		all, err := one.Add(text)
		checkError(t, err)
		checkError(t, one.End())
		// Pasted text is the same as its lines.
		if err == nil && strings.Contains(text, "\n") {
			var got []Statement
			for line := range strings.SplitSeq(text, "\n") {
				statements, err := lines.Add(line)
				checkError(t, err)
				got = append(got, statements...)
			}
			if len(got) != len(all) {
				t.Fatalf("%d statements, but %d line by line", len(all), len(got))
			}
		}
		for _, s := range all {
			kinds := 0
			for _, is := range []bool{len(s.Words) > 0, s.File != nil, s.Host != ""} {
				if is {
					kinds++
				}
			}
			if kinds != 1 {
				t.Fatalf("%q is of %d kinds", s.Text, kinds)
			}
			if s.File != nil {
				v := vm.New(vm.Options{Level: vm.Session})
				v.CompileStatement(v.Environment(), s.File)
				v.Close()
			}
		}
	})
}

func checkError(t *testing.T, err error) {
	var l diag.List
	if err != nil && (!errors.As(err, &l) || !l.Failed() || l[0].Message == "" || l[0].Code == "") {
		t.Fatalf("bad error %#v", err)
	}
}
