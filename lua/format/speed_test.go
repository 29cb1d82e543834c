package format

import (
	"strings"
	"testing"

	"cellsh/lua/loader"
	"cellsh/lua/syntax"
	"cellsh/policy/study"
)

// large are sources of a size in bytes that could take more than linear time, or give much more text than they have.
func large(size int) map[string]string {
	return map[string]string{
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
}

// someSize is a size of which what takes more than linear time would be seen.
const someSize = syntax.MaxSource / 4

// TestLarge: no source takes long, which would be seen here, and what is formatted stays so.
func TestLarge(t *testing.T) {
	size := someSize
	if testing.Short() {
		size /= 16
	}
	for name, text := range large(size) {
		t.Run(name, func(t *testing.T) { check(t, text) })
	}
}

// BenchmarkShipped formats the policies that ship, beside what else is done with them.
func BenchmarkShipped(b *testing.B) {
	sources, problems := loader.Read([]string{"../../scripts/policy.d"})
	if problems.Failed() {
		b.Fatal(problems)
	}
	size := int64(0)
	for _, s := range sources {
		size += int64(len(s.Text))
	}
	each := func(name string, work func() bool) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if !work() {
					b.Fatal("it fails")
				}
			}
		})
	}
	each("format", func() bool {
		for _, s := range sources {
			if _, problems := Source(s.File, s.Text); problems != nil {
				return false
			}
		}
		return true
	})
	each("read", func() bool {
		for _, s := range sources {
			if syntax.Read(s.File, s.Text).Problems.Failed() {
				return false
			}
		}
		return true
	})
	each("check", func() bool {
		check, err := loader.Reader{}.Load(sources).Check(study.CheckOptions{NoProof: true})
		return err == nil && !check.Problems.Failed()
	})
}

// BenchmarkLarge formats large sources. BenchmarkRead in lua/syntax is a part of it.
func BenchmarkLarge(b *testing.B) {
	texts := large(someSize)
	for _, name := range []string{"statements", "table of lines", "targets"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(texts[name])))
			b.ReportAllocs()
			for b.Loop() {
				if _, problems := Source("x.lua", texts[name]); problems != nil {
					b.Fatal(problems)
				}
			}
		})
	}
}
