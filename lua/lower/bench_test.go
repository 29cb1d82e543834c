package lower_test

import (
	"testing"

	"cellsh/lua/lower"
	"cellsh/lua/syntax"
)

func BenchmarkCompile(b *testing.B) {
	for name, text := range map[string]string{
		"rules": "return function(r) " + repeat(10000, "if r.port == %[1]d then return deny, 'rule %[1]d' end\n") + "end",
		"table": "local t = {" + repeat(100000, "%d, ") + "}",
		"calls": "local t = {" + repeat(50000, "f(%d), ") + "}",
		"or":    "return function(r) return r.port == 0" + repeat(10000, " or r.port == %d") + " end",
	} {
		f := syntax.Read("p.lua", text)
		b.Run(name+"/lower", func(b *testing.B) {
			for b.Loop() {
				if _, err := lower.File(f, lower.Options{Guard: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/both", func(b *testing.B) {
			for b.Loop() {
				l, err := lower.File(f, lower.Options{Guard: true})
				if err == nil {
					_, err = l.Compile()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
