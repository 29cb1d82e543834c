package syntax

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// locals writes what the names of a source are resolved to.
func locals(f *File) string {
	var b strings.Builder
	Walk(f.Main, func(n Node) bool {
		switch n := n.(type) {
		case *FunctionExpr:
			if n != f.Main {
				fmt.Fprintf(&b, "[%s:", n.Name)
				for _, l := range n.Locals {
					fmt.Fprintf(&b, " %s%s", l.Name, flagsOf(l))
				}
				for _, l := range n.Upvalues {
					fmt.Fprintf(&b, " ^%s", l.Name)
				}
				b.WriteString("] ")
			}
		case *NameExpr:
			if n.Local == nil {
				fmt.Fprintf(&b, "%s=global ", n.Name)
			} else {
				line, column := f.Place(n.Local.Pos())
				fmt.Fprintf(&b, "%s=%d:%d%s ", n.Name, line, column, flagsOf(n.Local))
			}
		}
		return true
	})
	return strings.TrimSpace(b.String())
}

func flagsOf(l *Local) string {
	s := ""
	if l.Captured {
		s += "c"
	}
	if l.Assigned {
		s += "a"
	}
	if l.Implicit {
		s += "i"
	}
	return s
}

func TestLocals(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"x = x", "x=global x=global"},
		{"local x = x x = 1", "x=global x=1:7a"},
		{"local x local x = x return x", "x=1:7 x=1:15"},
		{"do local x end return x", "x=global"},
		{"local function f() return f end", "[f: ^f] f=1:16c"},
		{"local f = function() return f end", "[f:] f=global"},
		{"for i = i, 2 do i = 1 end i = 2", "i=global i=1:5a i=global"},
		{"for k, v in k do k(v) end", "k=global k=1:5 v=1:8"},
		{"repeat local x until x return x", "x=1:14 x=global"},
		{"function a.b:c(x) return self, x end", "a=global [a.b:c: selfi x] self=1:1i x=1:16"},
		{"function f(...) return arg end", "f=global [f: argi] arg=1:1i"},
		{"function f(arg, ...) local x = arg local arg = ... return arg end", "f=global [f: arg argi x arg] arg=1:1i arg=1:42"},
		{"function f(...) local x return function() return arg, x end end", "f=global [f: argci xc] [: ^arg ^x] arg=1:1ci x=1:23c"},
		{"return arg, ...", "arg=global"},
		{"local a, b local function f() b = a return function() return b, a end end", "[f: ^b ^a] b=1:10ca a=1:7c [: ^b ^a] b=1:10ca a=1:7c"},
		{"local x return function() return function() return x end, x end", "[: ^x] [: ^x] x=1:7c x=1:7c"},
		{"local x function x() end function x.y() end", "x=1:7a [x:] x=1:7a [x.y:]"},
		{"local goto = 1 goto = goto.x goto(1)", "goto=1:7a goto=1:7a goto=1:7a"},
		{"t = {f = function() end, g = {h = function() end}, [1] = function() end} a.b = function() end", "t=global [f:] [h:] [:] a=global [a.b:]"},
	} {
		f := Read("f.lua", c.src)
		if got := locals(f); got != c.want || len(f.Problems) > 0 {
			t.Errorf("%s\ngot  %s\nwant %s\n%v", c.src, got, c.want, f.Problems)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "3": 3, "3.": 3, ".5": 0.5, "3.25": 3.25, "1e3": 1000, "1E+3": 1000, "1e-3": 0.001, "08": 8, "0x10": 16, "0XfF": 255,
		"0x1p3": 8, "0xep1": 28, "0xffffffffffffffff": 1 << 64, "1e400": math.Inf(1), "1e-400": 0, "9007199254740993": 9007199254740992,
	} {
		f := Read("f.lua", "return "+text)
		if len(f.Problems) > 0 {
			t.Errorf("%s: %v", text, f.Problems)
			continue
		}
		n, ok := f.Main.Body.Stmts[0].(*ReturnStmt).Exprs[0].(*NumberExpr)
		if !ok || n.Value != want || f.Text[n.Pos():n.End()] != text {
			t.Errorf("%s must be %v, but is %+v", text, want, n)
		}
	}
	for _, text := range []string{"0x", "1e", "1e+", "3x", "1..2", "1.5.2", "5f", "1_0", "00x1", "0x1g", "0x1p", "0xp1", "0x_1", "1e5e5", "1.e"} {
		if f := Read("f.lua", "x = "+text); len(f.Problems) == 0 {
			t.Errorf("%s must be refused", text)
		}
	}
}

func TestStrings(t *testing.T) {
	for text, want := range map[string]string{
		`"a\n\t\\\"\'\065\0\x41\q"`: "a\n\t\\\"'A\x00x41q", `'\0651'`: "A1", `'\10'`: "\n", "'\\\n'": "\n", "'\\\r\n\\\n\r\\\r'": "\n\n\n",
		"[[a]]": "a", "[[\na]]": "a", "[[\n\na\r\nb\rc\n\rd]]": "\na\nb\nc\nd", "[==[]]]=]]==]": "]]]=]", `[[\n]]`: `\n`, "''": "", "[[]]": "", "[=[[[]=]": "[[",
	} {
		f := Read("f.lua", "return "+text)
		if len(f.Problems) > 0 {
			t.Errorf("%s: %v", text, f.Problems)
			continue
		}
		if s, ok := f.Main.Body.Stmts[0].(*ReturnStmt).Exprs[0].(*StringExpr); !ok || s.Value != want {
			t.Errorf("%s must be %q, but is %+v", text, want, s)
		}
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"x = 1;y = 2 -- c", "x=0x1\ny = 2.0", true}, {"f'x'", "f([[x]])", true}, {"x = (a + b) * c", "x = a + b * c", false},
		{"x = (a * b) + c", "x = a * b + c", true}, {"return (f())", "return f()", false}, {"return ((f()))", "return (f())", true},
		{"return (...)", "return ...", false}, {"x = {a = 1, 2}", "x = {['a'] = 1; 2,}", true}, {"x = a.b", "x = a['b']", true},
		{"x = a, b", "x, a = b", false}, {"x = y", "x = z", false}, {"if a then b() end", "if a then b() else end", false},
		{"x = {a = 1}", "x = {a, 1}", false}, {"x = 'a'", "x = 'b'", false}, {"x = a - b", "x = a + b", false}, {"x = (a).b", "x = a.b", true},
		{"f()", "f(", false}, {"a:b()", "a.b()", false}, {"x = {[1]=2}", "x={1,2}", false}, {"for i=1,2 do end", "for i=1,2,3 do end", false},
	} {
		if got := Same(Read("a", c.a), Read("b", c.b)); got != c.same {
			t.Errorf("%s and %s: same is %v", c.a, c.b, got)
		}
	}
}

// A call is named after what it calls, and not after a call inside of that.
func TestSpelling(t *testing.T) {
	for source, want := range map[string]string{
		"f()": "f", "a.b.c()": "a.b.c", "a.b:m()": "a.b:m", "('x'):m()": "m", "f()()": "", "f().x()": "", "a[1]()": "", "a['b']()": "", "(f)()": "",
	} {
		f := Read("f.lua", source)
		call := f.Main.Body.Stmts[0].(*CallStmt).Call
		if got := call.Spelling(); got != want {
			t.Errorf("%s is %q, want %q", source, got, want)
		}
	}
}

func TestWalk(t *testing.T) {
	f := Read("f.lua", "local a = b.c:d(1) function a.e:f(x) goto l ::l:: end for i = 1, 2, 3 do end t = {[1] = (2), z = -3}")
	var all []string
	Walk(f.Main, func(n Node) bool {
		name := strings.TrimPrefix(fmt.Sprintf("%T", n), "*syntax.")
		switch n := n.(type) {
		case *Ident:
			name = n.Name
		case *Local:
			name = "local " + n.Name
		}
		all = append(all, name)
		_, field := n.(*TableField)
		return !field
	})
	want := "FunctionExpr Block LocalStmt local a CallExpr IndexExpr NameExpr StringExpr d NumberExpr FunctionStmt IndexExpr IndexExpr NameExpr StringExpr StringExpr " +
		"FunctionExpr local x Block GotoStmt l LabelStmt l NumericFor local i NumberExpr NumberExpr NumberExpr Block AssignStmt NameExpr TableExpr TableField TableField"
	if got := strings.Join(all, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Blocks reach from the word before them to the one behind them, comments included.
func TestExtents(t *testing.T) {
	f := Read("f.lua", "if a then --c\n x() --d\nelse end do --e\nend")
	var got []string
	Walk(f.Main, func(n Node) bool {
		switch n.(type) {
		case *Block, *IfStmt, *IfClause, *DoStmt:
			got = append(got, f.Text[n.Pos():n.End()])
		}
		return true
	})
	want := []string{f.Text, "if a then --c\n x() --d\nelse end", "if a then --c\n x() --d\n", " --c\n x() --d\n", " ", "do --e\nend", " --e\n"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
