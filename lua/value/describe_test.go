package value

import (
	"iter"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	d := Describer[Value]{
		Plain: func(v Value) Value {
			switch v.(type) {
			case Nil, Bool, Number, String:
				return v
			}
			return nil
		},
		Pairs: func(v Value) iter.Seq2[Value, Value] {
			if t, ok := v.(*Table); ok {
				return t.Pairs
			}
			return nil
		},
		Other: func(v Value) string { return v.Type().String() },
	}
	table := func(list ...Value) *Table {
		table := &Table{}
		for i := 0; i < len(list); i += 2 {
			if err := table.Set(list[i], list[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		return table
	}
	circle := table()
	if err := circle.Set(String("me"), circle); err != nil {
		t.Fatal(err)
	}
	many := table()
	for i := range 100 {
		if err := many.Set(Number(i+1), Number(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Nil{}, "nil"},
		{Bool(true), "true"},
		{Number(1.5), "1.5"},
		{String("a\n"), `"a\n"`},
		{String("\x00\u200b\"ü"), `"\000\226\128\139\"ü"`},
		{&Builtin{}, "function"},
		{table(), "{}"},
		{table(String("code"), Number(1)), "{code = 1}"},
		{table(String("end"), Number(1)), `{["end"] = 1}`},
		{table(String("goto"), Number(1)), `{["goto"] = 1}`},
		{table(String("_G2"), Number(1)), "{_G2 = 1}"},
		{table(String("2x"), Number(1)), `{["2x"] = 1}`},
		{table(String(""), Number(1)), `{[""] = 1}`},
		{table(String(strings.Repeat("n", 40)), Number(1)), "{" + strings.Repeat("n", 40) + " = 1}"},
		{table(Number(1), String("a"), Number(2), Bool(false), String("x y"), Number(1), Number(10), &Builtin{}), `{"a", false, [10] = function, ["x y"] = 1}`},
		{table(String("a"), table(String("b"), table(Number(1), Number(2)))), "{a = {b = {2}}}"},
		{table(String("a"), table(String("b"), table(String("c"), table(String("d"), Number(1))))), "{a = {b = {c = {...}}}}"},
		{table(table(), Number(1), Bool(true), Number(2)), "{[{}] = 1, [true] = 2}"},
		{circle, "{me = {me = {me = {...}}}}"},
		{many, "{0, 1, 2, 3, 4, 5, 6, 7, ...}"},
		{table(String(strings.Repeat("x", 1000)), String(strings.Repeat("y", 1000))), `{["` + strings.Repeat("x", 60) + `..."] = "` + strings.Repeat("y", 60) + `..."}`},
	} {
		if got := d.Describe(c.v); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
