package syntax

import (
	"strings"
	"testing"
	"time"
)

// large are sources of a megabyte that could take more than linear time.
var large = map[string]string{
	"one line":           strings.Repeat("x = y + 1 ", MaxSource/10),
	"one table":          "t = {" + strings.Repeat("1,", MaxSource/2-10) + "}",
	"names":              strings.Repeat("a ", MaxSource/2),
	"statements":         strings.Repeat("f()\n", MaxSource/4),
	"semicolons":         strings.Repeat(";", MaxSource),
	"open brackets":      strings.Repeat("(", MaxSource),
	"closing brackets":   strings.Repeat(")", MaxSource),
	"braces":             strings.Repeat("{}", MaxSource/2),
	"open blocks":        strings.Repeat("if x then ", MaxSource/10),
	"ends":               strings.Repeat("end ", MaxSource/4),
	"elses":              strings.Repeat("else ", MaxSource/5),
	"thens":              strings.Repeat("then ", MaxSource/5),
	"functions":          strings.Repeat("function ", MaxSource/9),
	"functions in lines": strings.Repeat("function f()\n x()\n", MaxSource/18),
	"misspelt functions": strings.Repeat("fucntion f()\n x()\nend\n", MaxSource/22),
	"missing thens":      strings.Repeat("if x\n y()\nend\n", MaxSource/14),
	"open strings":       strings.Repeat("x = 'a)\n", MaxSource/8),
	"quotes":             strings.Repeat("\"", MaxSource),
	"long brackets":      strings.Repeat("[=[", MaxSource/3),
	"equals":             strings.Repeat("=", MaxSource),
	"brackets of equals": strings.Repeat("[=", MaxSource/2),
	"comments":           strings.Repeat("--\n", MaxSource/3),
	"foreign comments":   strings.Repeat("// x\n", MaxSource/5),
	"slashes":            strings.Repeat("/", MaxSource),
	"open comments":      strings.Repeat("/*", MaxSource/2),
	"comments in lines":  strings.Repeat("/*\n", MaxSource/3),
	"divisions in line":  "x = 1" + strings.Repeat(" // b", MaxSource/5-10),
	"guillemets":         strings.Repeat("« ", MaxSource/3),
	"arrows":             "x = " + strings.Repeat("a => ", MaxSource/5-10),
	"arrows with blocks": "x = " + strings.Repeat("(a) => {} ", MaxSource/10-10),
	"colons in if":       strings.Repeat("if x: ", MaxSource/6),
	"words behind words": strings.Repeat("a b = ", MaxSource/6),
	"minus":              "x = " + strings.Repeat("- ", MaxSource/2-10),
	"nots":               "x = " + strings.Repeat("not ", MaxSource/4-10),
	"sums":               "x = 1" + strings.Repeat("+1", MaxSource/2-10),
	"powers":             "x = 1" + strings.Repeat("^1", MaxSource/2-10),
	"calls":              "x" + strings.Repeat("()", MaxSource/2-10),
	"fields":             "x" + strings.Repeat(".y", MaxSource/2-10),
	"field assignments":  "x" + strings.Repeat(".y", MaxSource/2-10) + "=1",
	"targets":            "x" + strings.Repeat(",x", MaxSource/2-10) + "=1",
	"elseifs":            "if x then " + strings.Repeat("elseif x then ", MaxSource/14-10) + "end",
	"locals":             strings.Repeat("local x ", MaxSource/8),
	"gotos":              strings.Repeat("goto x ", MaxSource/7-1) + "::x::",
	"lost gotos":         strings.Repeat("do goto x end ", MaxSource/14),
	"labels":             strings.Repeat("::x::", MaxSource/5),
	"missing commas":     "t = {" + strings.Repeat("1 ", MaxSource/2-10) + "}",
	"wrong fields":       "t = {" + strings.Repeat("x.y=1,", MaxSource/6-10) + "}",
	"wrong arguments":    "f(" + strings.Repeat("=,", MaxSource/2-10) + ")",
	"returns":            strings.Repeat("return 1 ", MaxSource/9),
	"foreign letters":    strings.Repeat("ö", MaxSource/2),
	"foreign quotes":     strings.Repeat("“", MaxSource/3),
	"bad bytes":          strings.Repeat("\xff", MaxSource),
	"unknown":            strings.Repeat("$", MaxSource),
	"carriage returns":   strings.Repeat("\r", MaxSource),
	"different words":    differentWords(),
	"functions in sync":  strings.Repeat("x = = function() ", 150) + strings.Repeat("y = = 1\n", 1<<16) + strings.Repeat("end ", 150),
	"tables in sync":     strings.Repeat("{ = { ", 90) + strings.Repeat("= 1, ", 1<<17) + strings.Repeat("}} ", 90),
}

func differentWords() string {
	var b strings.Builder
	for i := 0; b.Len() < MaxSource-20; i++ {
		for n := i; ; n /= 26 {
			b.WriteByte('a' + byte(n%26))
			if n < 26 {
				break
			}
		}
		b.WriteString("( end\n")
	}
	return b.String()
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"one line", "one table", "statements", "names"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(large[name])))
			b.ReportAllocs()
			for b.Loop() {
				Read("f.lua", large[name])
			}
		})
	}
}

// No source takes long, whatever it is; that most take much less is for BenchmarkRead to say.
func TestReadIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	for name, text := range large {
		t.Run(name, func(t *testing.T) {
			if len(text) > MaxSource {
				t.Fatalf("it has %d bytes", len(text))
			}
			begun := time.Now()
			f := Read("f.lua", text)
			if d := time.Since(begun); d > 10*time.Second {
				t.Errorf("it took %v", d)
			} else {
				t.Logf("%v, %d problems", d, len(f.Problems))
			}
			if len(f.Problems) > maxProblems+1 {
				t.Errorf("%d problems are told", len(f.Problems))
			}
		})
	}
}
