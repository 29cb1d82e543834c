package syntax

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"cellsh/policy/diag"
)

func TestScan(t *testing.T) {
	src := "#!/usr/bin/cellsh\nlocal x = 0x1F + 1e-3 .. 'a\\'b' --[[ two\nlines ]] y[ [==[ ]] ]==] ] ~= ... -- end\n\"open\nz"
	var got []string
	for _, tok := range Scan(src) {
		got = append(got, fmt.Sprintf("%d:%d %s", tok.Line, tok.Column, tok.Text))
	}
	want := []string{"1:1 #!/usr/bin/cellsh", "2:1 local", "2:7 x", "2:9 =", "2:11 0x1F", "2:16 +", "2:18 1e-3", "2:23 ..", "2:26 'a\\'b'",
		"2:33 --[[ two\nlines ]]", "3:10 y", "3:11 [", "3:13 [==[ ]] ]==]", "3:26 ]", "3:28 ~=", "3:31 ...", "3:35 -- end", "4:1 \"open", "5:1 z"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"", "x", "--[[", "[==[", "'\\", "1..2", "#", "a\x00b", "é", "..."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		at := 0
		for _, tok := range Scan(src) {
			if tok.Offset < at || tok.Text == "" || src[tok.Offset:tok.Offset+len(tok.Text)] != tok.Text {
				t.Fatalf("token %q at %d after %d", tok.Text, tok.Offset, at)
			}
			if line := 1 + strings.Count(src[:tok.Offset], "\n"); line != tok.Line {
				t.Fatalf("token %q is on line %d, not %d", tok.Text, line, tok.Line)
			}
			at = tok.Offset + len(tok.Text)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"return 1", "x =", "for", "a.b:c{}", "goto x", "::x::", "0x", "return 0x", "x = 1e", "local function f() end", "if"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		chunk, err := Parse("f.lua", src)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message == "" || e.Code == "" {
				t.Fatalf("bad error %v", err)
			}
			return
		}
		if _, err := Guard("f.lua", chunk, HiddenConstants+"1"); err != nil {
			return
		}
	})
}

func TestParseErrors(t *testing.T) {
	deep := strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300)
	for _, c := range []struct {
		src        string
		code       diag.Code
		at         string
		incomplete bool
		message    string
	}{
		{"local x = ", diag.Syntax, "f.lua:1:9", true, `must go on after "="`},
		{"if x then\n  y()\n", diag.Syntax, "f.lua:2:5", true, "must go on"},
		{"x = 'abc\ny = 1", diag.Syntax, "f.lua:1:5", false, "the string must end on its line"},
		{"x = [[abc\n", diag.Syntax, "f.lua:1:5", true, "the string must end"},
		{"if x = 1 then end", diag.Syntax, "f.lua:1:6", false, `"=" can't stand here`},
		{"a b", diag.Syntax, "f.lua:1:3", false, `"b" can't stand here`},
		{"\ufeffx = 1", diag.Syntax, "f.lua:1:1", false, `"\xef" can't stand here`},
		{"x = = 1", diag.Syntax, "f.lua:1:5", false, `"=" can't stand here`},
		{"return " + deep, diag.SourceDepth, "f.lua:1:208", false, "at most 200 deep"},
		{"x = 1\x00", diag.SourceBinary, "f.lua:1", false, "text"},
		{strings.Repeat(" ", MaxSource+1), diag.SourceSize, "f.lua", false, "at most 1048576 bytes"},
		{"x = 1" + strings.Repeat("+1", MaxChain+1), diag.SourceDepth, "f.lua:1", false, "at most 20000 times"},
		{"\x7fELF\x02\x01", diag.Syntax, "f.lua:1", false, "Lua"},
		{"", "", "", false, ""},
	} {
		_, err := Parse("f.lua", c.src)
		if c.code == "" {
			if err != nil {
				t.Errorf("%.30q: %v", c.src, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.30q: no error", c.src)
			continue
		}
		if e.Code != c.code || !strings.HasPrefix(e.Span.String(), c.at) || e.Incomplete != c.incomplete || !strings.Contains(e.Message, c.message) {
			t.Errorf("%.30q: %s, incomplete %v", c.src, e.Error(), e.Incomplete)
		}
	}
}

// run executes a rewritten chunk in plain gopher-lua, with straightforward hidden functions.
func run(t *testing.T, src string, rewrite func(string, []ast.Stmt, string) (Constants, error)) (string, error) {
	t.Helper()
	chunk, err := Parse("f.lua", src)
	if err != nil {
		t.Fatalf("%s\n%v", src, err)
	}
	L := lua.NewState()
	defer L.Close()
	constants, err := rewrite("f.lua", chunk, HiddenConstants+"1")
	if err != nil {
		t.Fatal(err)
	}
	pages := L.NewTable()
	for _, page := range constants {
		p := L.NewTable()
		for _, v := range page {
			p.Append(v)
		}
		pages.Append(p)
	}
	L.SetGlobal(HiddenConstants+"1", pages)
	L.SetGlobal(HiddenSet, L.NewFunction(func(L *lua.LState) int {
		L.SetTable(L.Get(1), L.Get(2), L.Get(3))
		return 0
	}))
	L.SetGlobal(HiddenKey, L.NewFunction(func(L *lua.LState) int { return 1 }))
	L.SetGlobal(HiddenConcat, L.NewFunction(func(L *lua.LState) int {
		s := ""
		for i := 1; i <= L.GetTop(); i++ {
			if !lua.LVCanConvToString(L.Get(i)) {
				L.RaiseError("can't concatenate %s", L.Get(i).Type())
			}
			s += lua.LVAsString(L.Get(i))
		}
		L.Push(lua.LString(s))
		return 1
	}))
	proto, err := lua.Compile(chunk, "f.lua")
	if err != nil {
		return "", err
	}
	L.Push(L.NewFunctionFromProto(proto))
	if err := L.PCall(0, 1, nil); err != nil {
		return "", err
	}
	return L.ToString(-1), nil
}

func TestGuardKeepsMeaning(t *testing.T) {
	for _, src := range []string{
		"return 'a'..'b'..1 ..2",
		"local t = {} t[1] = 'x' t['k'] = 'y' t[1+1] = t[1]..'z' return t[1]..t[2]..t.k",
		"local function f() return 1, 2 end local t = {} t[1], t[2], t.x = f() return tostring(t[1])..tostring(t[2])..tostring(t.x)",
		"local i, t = 1, {} i, t[i] = i+1, 20 return i..tostring(t[1])..tostring(t[2])",
		"local a, b = {}, {} a[1], b[a], c = 1, 2 return tostring(a[1])..tostring(b[a])..tostring(c)",
		"local function f(...) local t = {} t[1] = ... return t[1]..select('#', ...) end return f(7, 8)",
		"local t = {[1]='a', [1+1]='b', x='c', 'd', ['y'..'z']='e'} return t[1]..t[2]..t.x..t.yz",
		"local s = '' for i = 1, 5 do s = s..i end return s",
		"local t = setmetatable({}, {__newindex=function(t,k,v) rawset(t,k,v*2) end}) t[1] = 4 return t[1]..''",
		"return (function(...) return 'x'..(...)..'y' end)(1, 2)",
		"local t = {f=function(self, x) return x..'!' end} function t:g(x) return self:f(x..'?') end return t:g('a')",
		"return -1 ..'' .. -2",
		"local s = 0 for _, v in ipairs{1,2,3} do s = s + v end while s > 3 do s = s - 1 end repeat s = s + 10 until s > 20 return s..''",
		"local function f() return 'f', 'g' end local t = {" + strings.Repeat("'a',", 50) + "x=f()} return t[1]..t[50]..t.x..#t",
		"local function f() return 'f', 'g' end local t = {" + strings.Repeat("'a',", 100) + "x=f(), 'b', (f())} return t[1]..t[100]..t[101]..t[102]..t.x..#t",
		"local s = '' for i = 1, 5 do local x, y = i, i end for k, v in next, {1, 2, 3} do s = s .. v end return s",
		"local s = '' for k in (function(_, c) if not c then return 1 end end) do s = s .. k end return s",
		"x = {} x.y = {} x.y[1] = 1 function x.y.z() return x.y[1]..'z' end return x.y.z()",
	} {
		plain, err1 := run(t, src, Mend)
		guarded, err2 := run(t, src, Guard)
		if err1 != nil || err2 != nil || plain != guarded {
			t.Errorf("%s\nplain %q %v\nguarded %q %v", src, plain, err1, guarded, err2)
		}
	}
}

// Long tables and very many constants: what gopher-lua alone gets wrong, or takes minutes for.
func TestGuardLargeSources(t *testing.T) {
	var b strings.Builder
	b.WriteString("local t = {")
	for i := 1; i <= 100000; i++ {
		fmt.Fprintf(&b, "%d,", i*7)
	}
	b.WriteString("} local n, bad = 0, 0 for i, v in ipairs(t) do n = n + 1 if v ~= i*7 then bad = bad + 1 end end return n..' '..bad..' '..#t")
	got, err := run(t, b.String(), Guard)
	if err != nil || got != "100000 0 100000" {
		t.Errorf("a table of 100000 numbers: %q, %v", got, err)
	}
	b.Reset()
	for i := range 10000 {
		fmt.Fprintf(&b, "if x == %d then return 'n%d' end\n", i, i)
	}
	b.WriteString("return 'none'")
	if got, err = run(t, "x = 9999\n"+b.String(), Guard); err != nil || got != "n9999" {
		t.Errorf("10000 ifs: %q, %v", got, err)
	}
	b.Reset()
	b.WriteString("x = 9999\n")
	for i := range 10000 {
		fmt.Fprintf(&b, "%s x == %d then return %d\n", map[bool]string{true: "if", false: "elseif"}[i == 0], i, i)
	}
	b.WriteString("end")
	if got, err = run(t, b.String(), Guard); err != nil || got != "9999" {
		t.Errorf("10000 elseifs: %q, %v", got, err)
	}
	b.Reset()
	b.WriteString("x = 9999 return x == 0")
	for i := range 10000 {
		fmt.Fprintf(&b, " or x == %d", i)
	}
	b.WriteString(" and 'yes'")
	if got, err = run(t, b.String(), Guard); err != nil || got != "yes" {
		t.Errorf("10000 ors: %q, %v", got, err)
	}
}

func TestGuardRefusesManyNames(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "x%d = 1\n", i)
	}
	chunk, err := Parse("f.lua", b.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Guard("f.lua", chunk, "k"); err == nil || !strings.Contains(err.Error(), "at most 1024 different names") {
		t.Errorf("got %v", err)
	}
}

// Random expressions mean the same guarded.
func TestGuardRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var expr func(depth int) string
	expr = func(depth int) string {
		if depth == 0 {
			return []string{"1", "'a'", "x", "t[1]", "t.k", "-2", "#'abc'"}[rnd.IntN(7)]
		}
		a, b := expr(depth-1), expr(depth-1)
		return []string{a + " .. " + b, "(" + a + " .. " + b + ")..'z'", "f(" + a + "," + b + ")", "(f(" + a + "))", "(" + a + " and " + b + ")", "t[f(" + a + ")] or " + b}[rnd.IntN(6)]
	}
	for range 200 {
		src := "local x, t = 5, {10, k='k', [3]=7} local function f(...) t[#t+1] = 1 return ... end t[x], t[2] = " + expr(2) + ", " + expr(3) + " return tostring(t[x])..tostring(t[2])..tostring(" + expr(3) + ")"
		plain, err1 := run(t, src, Mend)
		guarded, err2 := run(t, src, Guard)
		if (err1 == nil) != (err2 == nil) || plain != guarded {
			t.Fatalf("%s\nplain %q %v\nguarded %q %v", src, plain, err1, guarded, err2)
		}
	}
}
