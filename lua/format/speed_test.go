package format

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/lua/syntax"
)

// size of large sources in bytes: a quarter of what is read.
const size = syntax.MaxSource / 4

// large are sources that could take more than linear time, or give much more text than they have.
var large = map[string]string{
	"statements":       strings.Repeat("f()\n", size/4),
	"one line":         strings.Repeat("x=y+1 ", size/10),
	"one table":        "t = {" + strings.Repeat("1,", size/4) + "}",
	"table of lines":   "t = {\n" + strings.Repeat("a=1,\n", size/10) + "}",
	"sums":             "x = 1" + strings.Repeat("+1", 9000),
	"powers":           "x = 1" + strings.Repeat("^-1", 6000),
	"broken powers":    "x = 1" + strings.Repeat("^\n-1", 6000),
	"mixed":            "x = 1" + strings.Repeat("\n*1\n+1", 9000),
	"strings":          "x = a" + strings.Repeat(".. a", 18000),
	"minus":            "x = " + strings.Repeat("- ", 18000) + "1",
	"calls":            "x" + strings.Repeat("()", 9000),
	"broken calls":     "x" + strings.Repeat("\n:y()", 9000),
	"fields":           "x" + strings.Repeat(".y", 18000) + "=1",
	"targets":          "x" + strings.Repeat(",x", size/4) + "=1",
	"elseifs":          "if x then " + strings.Repeat("elseif x then ", size/14-10) + "end",
	"comments":         strings.Repeat("--\n", size/3),
	"comment in line":  "f(" + strings.Repeat("--[[]]", size/8) + ")",
	"comment behind":   strings.Repeat("x=1--\n", size/9),
	"nested":           "x = " + strings.Repeat("{", 199) + strings.Repeat("}", 199),
	"nested functions": strings.Repeat("function f() ", 199) + strings.Repeat("x=1 ", size/6) + strings.Repeat("end ", 199),
	"nested one line":  "x = " + strings.Repeat("function() return {", 99) + strings.Repeat("}end ", 99),
	"empty lines":      "x = 1" + strings.Repeat("\n", size-6),
	"long string":      "x = [[" + strings.Repeat("\n", size-10) + "]]",
	"long names":       "x = " + strings.Repeat("a", size/2) + "+" + strings.Repeat("b", size/4),
	"semicolons":       strings.Repeat("x=1;", size/6),
}

// TestLarge: no source takes long, which would be seen here, and what is formatted stays so.
func TestLarge(t *testing.T) {
	for name, text := range large {
		t.Run(name, func(t *testing.T) { check(t, text) })
	}
}

// BenchmarkSource formats what ships, and large sources. BenchmarkRead in lua/syntax is the part of it that reads once.
func BenchmarkSource(b *testing.B) {
	var shipped strings.Builder
	files, err := filepath.Glob("../../scripts/policy.d/*.lua")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		shipped.WriteString("do\n" + strings.TrimSuffix(string(text), "return service\n") + "end\n")
	}
	for _, s := range []struct{ name, text string }{
		{"shipped", shipped.String()}, {"statements", large["statements"]}, {"table", large["table of lines"]}, {"targets", large["targets"]},
	} {
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(s.text)))
			b.ReportAllocs()
			for b.Loop() {
				if out, problems := Source("x.lua", s.text); out == "" && !strings.Contains(problems.Error(), "size") {
					b.Fatal(problems)
				}
			}
		})
	}
}
