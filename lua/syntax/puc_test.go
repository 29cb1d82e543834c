package syntax

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cellsh/policy/diag"
)

var update = flag.Bool("update", false, "write the golden files; what PUC Lua says is asked of lua5.1")

// pucDriver reads sources, each behind its length in bytes, and says of each whether PUC Lua 5.1 takes it.
const pucDriver = `
while true do
  local n = io.read("*l")
  if not n then break end
  local text = tonumber(n) == 0 and "" or io.read(tonumber(n))
  local f, err = loadstring(text, "=f")
  io.write(f and "yes" or "no " .. err:gsub("[\r\n]", " "), "\n")
end`

// puc asks PUC Lua 5.1 whether sources are Lua. It gives "" for those that are, else what is wrong.
func puc(t *testing.T, sources []string) []string {
	t.Helper()
	all := ask(t, pucDriver, sources)
	for i, line := range all {
		if line == "yes" {
			all[i] = ""
		} else {
			all[i] = strings.TrimPrefix(line, "no ")
		}
	}
	return all
}

// ask gives sources to a driver that answers each with a line.
func ask(t *testing.T, driver string, sources []string) []string {
	t.Helper()
	lua, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	var in bytes.Buffer
	for _, s := range sources {
		fmt.Fprintf(&in, "%d\n%s", len(s), s)
	}
	cmd := exec.Command(lua, "-e", driver)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(out)) {
		all = append(all, strings.TrimSuffix(line, "\n"))
	}
	if len(all) != len(sources) {
		t.Fatalf("lua5.1 must say something of %d sources, but does of %d", len(sources), len(all))
	}
	return all
}

// differs gives the reason why we say something else of a source than PUC Lua 5.1 does, "" if we must not. These are the
// differences that docs/language.md lists.
func differs(f *File, refused string) string {
	if len(f.Problems) == 0 {
		for i := range f.Tokens {
			if c := f.Tokens[i].code; c == codeLabel || c == codeGoto && i+1 < len(f.Tokens) {
				return "goto is the extension"
			}
		}
		for _, limit := range []string{"upvalues", "too many syntax levels", "too complex", "C levels", "control structure too long", "constant table overflow"} {
			if strings.Contains(refused, limit) {
				return "the limits of PUC Lua are lower"
			}
		}
		return ""
	}
	only := func(is func(d *diag.Diagnostic) bool) bool {
		for i := range f.Problems {
			if !is(&f.Problems[i]) {
				return false
			}
		}
		return true
	}
	switch {
	case only(func(d *diag.Diagnostic) bool { return d.Code == diag.SourceBinary }):
		return "a source is text"
	case only(func(d *diag.Diagnostic) bool { return d.Code == diag.SourceDepth || d.Code == diag.SourceSize }):
		return "the limits of PUC Lua are higher"
	case only(func(d *diag.Diagnostic) bool { return strings.HasPrefix(d.Message, "a call must have its (") }):
		return "PUC Lua looks ahead in table constructors"
	}
	return ""
}

// agree compares what we say of sources with what PUC Lua says.
func agree(t *testing.T, sources, said []string) (accepted, excused int) {
	t.Helper()
	wrong := 0
	for i, s := range sources {
		f := Read("f.lua", s)
		check(t, f)
		if ours := len(f.Problems) == 0; ours != (said[i] == "") {
			if differs(f, said[i]) != "" {
				excused++
			} else if wrong++; wrong <= 10 {
				t.Errorf("%q\nPUC Lua says %q\nwe say %v", s, said[i], f.Problems)
			}
		} else if ours {
			accepted++
		}
	}
	return accepted, excused
}

// TestPUC: of all sources in a table we say what PUC Lua 5.1 says.
func TestPUC(t *testing.T) {
	const name = "testdata/puc.txt"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var sources, said []string
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		line := scanner.Text()
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		source, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, source)
		said = append(said, strings.TrimPrefix(strings.TrimSpace(line[len(quoted):]), "yes"))
	}
	if *update {
		said = puc(t, sources)
		var b strings.Builder
		for i, s := range sources {
			verdict := said[i]
			if verdict == "" {
				verdict = "yes"
			}
			fmt.Fprintf(&b, "%s %s\n", strconv.Quote(s), verdict)
		}
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	accepted, _ := agree(t, sources, said)
	if accepted < len(sources)/4 || accepted > len(sources)*3/4 {
		t.Errorf("of %d sources %d are Lua: that says little", len(sources), accepted)
	}
}

// programs are the Lua files of the project.
func programs(tb testing.TB) []string {
	tb.Helper()
	var all []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir // some of that is wrong on purpose
		}
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".lua") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all = append(all, string(text))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(all) < 20 {
		tb.Fatalf("the project must have programs, but has %d", len(all))
	}
	return all
}

// odds and ends that programs are mutated with.
var bits = strings.Fields(`and break do else elseif end false for function goto if in local nil not or repeat return then true until while
+ - * / % ^ # == ~= <= >= < > = ( ) { } [ ] ; : , . .. ... :: x y a.b f() "s" 's' [[s]] [=[s]=] 1 0x1f 1e3 .5 3. 1..2 0x 1e arg self
-- --[[c]] != && || ! += // ? ::l:: goto\ l`)

// mutated gives pieces of programs with some tokens changed.
func mutated(rnd *rand.Rand, texts []string, n int) []string {
	var all []string
	for len(all) < n {
		tokens := Scan(texts[rnd.IntN(len(texts))])
		from := rnd.IntN(len(tokens))
		tokens = tokens[from:min(from+1+rnd.IntN(80), len(tokens))]
		// Most are whole statements, as far as lines that are not indented say so.
		if rnd.IntN(4) > 0 {
			for len(tokens) > 0 && tokens[0].Column > 1 {
				tokens = tokens[1:]
			}
			end := len(tokens)
			for end > 0 && (end == len(tokens) || tokens[end].Column > 1) {
				end--
			}
			tokens = tokens[:end]
		}
		if len(tokens) == 0 {
			continue
		}
		rate := 40
		if rnd.IntN(2) == 0 {
			rate = 400
		}
		var b strings.Builder
		for i, tok := range tokens {
			word := tok.Text
			switch rnd.IntN(rate) {
			case 0:
				word = ""
			case 1:
				word = bits[rnd.IntN(len(bits))]
			case 2:
				word += " " + bits[rnd.IntN(len(bits))]
			case 3:
				word = tokens[rnd.IntN(len(tokens))].Text
			}
			space := " "
			if i > 0 && tok.Line > tokens[i-1].Line {
				space = []string{"\n", "\r\n", "\r"}[max(0, rnd.IntN(12)-9)]
			} else if rnd.IntN(rate) == 0 {
				space = ""
			}
			b.WriteString(space + strings.ReplaceAll(word, "\\ ", " "))
		}
		s := strings.TrimSpace(b.String())
		if strings.HasPrefix(s, "#") {
			// That is a line for the operating system in files, which are all that we read.
			continue
		}
		all = append(all, s)
	}
	return all
}

// generated gives programs that are Lua for the most part: made of the grammar, with few slips.
func generated(rnd *rand.Rand, n int) []string {
	var all []string
	for range n {
		g := &generator{rnd: rnd}
		g.block(1+rnd.IntN(4), false)
		all = append(all, strings.TrimSpace(g.String()))
	}
	return all
}

type generator struct {
	strings.Builder
	rnd *rand.Rand
	// loops are those around in this function, varargs whether it has them.
	loops  int
	vararg bool
}

func (g *generator) pick(list ...string) string { return list[g.rnd.IntN(len(list))] }

func (g *generator) put(words ...string) {
	for _, w := range words {
		g.WriteString(w)
		switch g.rnd.IntN(60) {
		case 0:
			g.WriteString("\n")
		case 1:
			g.WriteString(" --[[c\n]]")
		case 2:
			g.WriteString(" -- c\r\n")
		case 3:
			// A slip.
			if g.rnd.IntN(20) == 0 {
				g.WriteString(" " + g.pick(bits...))
			}
		}
		g.WriteString(" ")
	}
}

func (g *generator) block(depth int, loop bool) {
	loops := g.loops
	if loop {
		g.loops++
	}
	for range g.rnd.IntN(4) {
		g.stmt(depth)
		if g.rnd.IntN(6) == 0 {
			g.put(";")
		}
		if g.rnd.IntN(2) == 0 {
			g.WriteString("\n")
		}
	}
	switch g.rnd.IntN(6) {
	case 0:
		g.put("return")
		if g.rnd.IntN(3) > 0 {
			g.list(depth)
		}
		if g.rnd.IntN(4) == 0 {
			g.put(";")
		}
	case 1:
		if g.loops > 0 {
			g.put("break")
		}
	}
	g.loops = loops
}

func (g *generator) names() {
	g.put(g.name())
	for g.rnd.IntN(3) == 0 {
		g.put(",", g.name())
	}
}

func (g *generator) name() string { return g.pick("x", "y", "z", "arg", "self", "goto", "_", "a1") }

func (g *generator) stmt(depth int) {
	if depth <= 0 {
		g.put(g.name(), "=", g.pick("1", "nil", "x", "'s'"))
		return
	}
	depth--
	switch g.rnd.IntN(12) {
	case 0:
		g.put("local")
		g.names()
		if g.rnd.IntN(2) == 0 {
			g.put("=")
			g.list(depth)
		}
	case 1:
		g.target(depth)
		for g.rnd.IntN(3) == 0 {
			g.put(",")
			g.target(depth)
		}
		g.put("=")
		g.list(depth)
	case 2:
		g.call(depth)
	case 3:
		g.put("do")
		g.block(depth, false)
		g.put("end")
	case 4:
		g.put("while")
		g.expr(depth)
		g.put("do")
		g.block(depth, true)
		g.put("end")
	case 5:
		g.put("repeat")
		g.block(depth, true)
		g.put("until")
		g.expr(depth)
	case 6, 7:
		g.put("if")
		g.expr(depth)
		g.put("then")
		g.block(depth, false)
		for g.rnd.IntN(3) == 0 {
			g.put("elseif")
			g.expr(depth)
			g.put("then")
			g.block(depth, false)
		}
		if g.rnd.IntN(2) == 0 {
			g.put("else")
			g.block(depth, false)
		}
		g.put("end")
	case 8:
		g.put("for", g.name(), "=")
		g.expr(depth)
		g.put(",")
		g.expr(depth)
		if g.rnd.IntN(2) == 0 {
			g.put(",")
			g.expr(depth)
		}
		g.put("do")
		g.block(depth, true)
		g.put("end")
	case 9:
		g.put("for")
		g.names()
		g.put("in")
		g.list(depth)
		g.put("do")
		g.block(depth, true)
		g.put("end")
	case 10:
		g.put("function", g.name())
		for g.rnd.IntN(3) == 0 {
			g.put(".", g.name())
		}
		if g.rnd.IntN(3) == 0 {
			g.put(":", g.name())
		}
		g.body(depth)
	case 11:
		g.put("local", "function", g.name())
		g.body(depth)
	}
}

func (g *generator) body(depth int) {
	g.put("(")
	loops, vararg := g.loops, g.vararg
	g.loops, g.vararg = 0, false
	switch g.rnd.IntN(4) {
	case 0:
		g.names()
	case 1:
		g.names()
		g.put(",", "...")
		g.vararg = true
	case 2:
		g.put("...")
		g.vararg = true
	}
	g.put(")")
	g.block(depth, false)
	g.put("end")
	g.loops, g.vararg = loops, vararg
}

func (g *generator) list(depth int) {
	g.expr(depth)
	for g.rnd.IntN(3) == 0 {
		g.put(",")
		g.expr(depth)
	}
}

func (g *generator) target(depth int) {
	g.put(g.name())
	for g.rnd.IntN(3) == 0 {
		g.suffix(depth)
	}
}

func (g *generator) suffix(depth int) {
	switch g.rnd.IntN(3) {
	case 0:
		g.put("[")
		g.expr(depth - 1)
		g.put("]")
	default:
		g.put(".", g.name())
	}
}

func (g *generator) call(depth int) {
	switch g.rnd.IntN(3) {
	case 0:
		g.put("(")
		g.expr(depth - 1)
		g.put(")")
		g.suffix(depth)
	default:
		g.target(depth)
	}
	if g.rnd.IntN(4) == 0 {
		g.put(":", g.name())
	}
	switch g.rnd.IntN(4) {
	case 0:
		g.put(g.pick("'s'", "[[s]]", `"\065\q"`))
	case 1:
		g.table(depth - 1)
	case 2:
		g.put("(", ")")
	default:
		g.put("(")
		g.list(depth - 1)
		g.put(")")
	}
}

func (g *generator) table(depth int) {
	g.put("{")
	for g.rnd.IntN(3) > 0 {
		switch g.rnd.IntN(3) {
		case 0:
			g.put("[")
			g.expr(depth)
			g.put("]", "=")
		case 1:
			g.put(g.name(), "=")
		}
		g.expr(depth)
		g.put(g.pick(",", ";"))
	}
	g.put("}")
}

func (g *generator) expr(depth int) {
	if depth <= 0 {
		dots := "x"
		if g.vararg {
			dots = "..."
		}
		g.put(g.pick("1", "nil", "true", "false", "'s'", "[==[]]]==]", "x", "y", "0x1F", "1e3", ".5", "3.", dots))
		return
	}
	depth--
	switch g.rnd.IntN(8) {
	case 0, 1:
		g.expr(depth)
		g.put(g.pick("and", "or", "<", ">", "<=", ">=", "~=", "==", "..", "+", "-", "*", "/", "%", "^"))
		g.expr(depth)
	case 2:
		g.put(g.pick("not", "-", "#"))
		g.expr(depth)
	case 3:
		g.put("(")
		g.expr(depth)
		g.put(")")
	case 4:
		g.table(depth)
	case 5:
		g.put("function")
		g.body(depth)
	case 6:
		g.call(depth)
	default:
		g.expr(0)
	}
}

// TestPUCLive asks PUC Lua 5.1, where it is installed, of programs that were mutated or made up.
func TestPUCLive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 5))
	texts := programs(t)
	for name, sources := range map[string][]string{"whole": texts, "mutated": mutated(rnd, texts, 10000), "generated": generated(rnd, 10000)} {
		for i := range sources {
			sources[i] = strings.TrimPrefix(sources[i], "#")
		}
		accepted, excused := agree(t, sources, puc(t, sources))
		t.Logf("%s: %d sources, %d accepted by both, %d that differ as is documented", name, len(sources), accepted, excused)
		if accepted < len(sources)/20 {
			t.Errorf("too few of the %s sources are Lua: %d", name, accepted)
		}
	}
}

// literalDriver says what the literals of sources are worth, in hexadecimal.
const literalDriver = `
while true do
  local n = io.read("*l")
  if not n then break end
  local f = loadstring(io.read(tonumber(n)))
  local ok, v = pcall(f or type, nil)
  local t = type(v) == "number" and "number " .. string.format("%.17g", v) or tostring(v)
  io.write(f and t:gsub(".", function(c) return string.format("%02x", c:byte()) end) or "refused", "\n")
end`

// TestLiteralsLive asks PUC Lua 5.1, where it is installed, what numbers and strings are worth.
func TestLiteralsLive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 9))
	// One of each rune of an alphabet, now and then several.
	from := func(alphabet string, n int) string {
		var b strings.Builder
		for range rnd.IntN(n) {
			b.WriteByte(alphabet[rnd.IntN(len(alphabet))])
		}
		return b.String()
	}
	var sources []string
	for range 20000 {
		literal := ""
		switch rnd.IntN(6) {
		case 0:
			literal = from("0123456789", 25) + "." + from("0123456789", 25)
		case 1:
			literal = "0" + from("xX", 2) + from("0123456789abcdefABCDEF", 20) + from("pP", 2) + from("0123456789", 4)
		case 2:
			literal = "1" + from("0123456789.", 20) + from("eE", 2) + from("+-", 2) + from("0123456789", 4)
		case 3:
			literal = "1" + from("0123456789.xXeEpP+-_af", 8)
		case 4:
			literal = "'" + strings.ReplaceAll(from("ab\\\\\\0123456789nrtx\r\n\"", 12), "'", "") + "'"
		case 5:
			level := from("=", 3)
			literal = "[" + level + "[" + from("ab\\[]]==\r\n", 12) + "]" + level + "]"
		}
		sources = append(sources, "return "+literal)
	}
	values := 0
	for i, said := range ask(t, literalDriver, sources) {
		f := Read("f.lua", sources[i])
		ours := "refused"
		if len(f.Problems) == 0 {
			exprs := f.Main.Body.Stmts[0].(*ReturnStmt).Exprs
			switch n := exprs[0].(type) {
			case *NumberExpr:
				text, err := hex.DecodeString(said)
				theirs, _ := strconv.ParseFloat(strings.TrimPrefix(string(text), "number "), 64)
				if err != nil || theirs != n.Value {
					t.Errorf("%q is %v, but PUC Lua says %s", sources[i], n.Value, text)
				}
				values++
				continue
			case *StringExpr:
				ours = hex.EncodeToString([]byte(n.Value))
				values++
			default:
				// An operator stands in it.
				continue
			}
		}
		if ours != said {
			t.Errorf("%q is %s, but PUC Lua says %s", sources[i], ours, said)
		}
	}
	if values < len(sources)/10 {
		t.Errorf("of %d sources only %d are literals", len(sources), values)
	}
}

// FuzzPUC: what is Lua to PUC Lua is Lua to us, and nothing else, but for the documented differences.
func FuzzPUC(f *testing.F) {
	if _, err := exec.LookPath("lua5.1"); err != nil {
		f.Skip("lua5.1 is not installed")
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	for _, s := range append(generated(rnd, 100), mutated(rnd, programs(f), 100)...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "#") || strings.HasPrefix(text, "\x1b") || len(text) > 10000 {
			// That is what stands in files, and not in strings.
			return
		}
		agree(t, []string{text}, puc(t, []string{text}))
	})
}

// FuzzRead: whatever the text is, the file is as it should be.
func FuzzRead(f *testing.F) {
	for _, s := range programs(f) {
		if len(s) < 4000 {
			f.Add(s)
		}
	}
	for _, s := range large {
		f.Add(s[:200])
	}
	rnd := rand.New(rand.NewPCG(2, 6))
	for _, s := range append(generated(rnd, 50), mutated(rnd, programs(f), 50)...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		check(t, Read("f.lua", src))
		check(t, ReadExpressions("f.lua", src))
	})
}
