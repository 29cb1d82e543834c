package library

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/lua/value"
)

// counter is a meter that counts, with limits.
type counter struct {
	work, bytes       int
	mostWork, mostAll int
	// longest is the longest result that is let through.
	longest int
}

var errWork, errGrow = errors.New("too much work"), errors.New("too large")

func newCounter() *counter {
	return &counter{mostWork: math.MaxInt / 2, mostAll: math.MaxInt / 2, longest: 4 << 20}
}

func (c *counter) Work(n int) error {
	if n < 0 {
		panic("negative work")
	}
	if c.work += n; c.work > c.mostWork {
		return errWork
	}
	return nil
}

func (c *counter) Grow(what string, n int) error {
	if n < 0 {
		panic("negative size of " + what)
	}
	if c.bytes += n; c.bytes > c.mostAll || n > c.longest {
		return errGrow
	}
	return nil
}

// list makes plain values of those of Go.
func list(values ...any) []value.Value {
	out := make([]value.Value, len(values))
	for i, v := range values {
		switch x := v.(type) {
		case nil:
			out[i] = value.Nil{}
		case bool:
			out[i] = value.Bool(x)
		case int:
			out[i] = value.Number(x)
		case float64:
			out[i] = value.Number(x)
		case string:
			out[i] = value.String(x)
		case value.Value:
			out[i] = x
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return out
}

// array is a table as machines hand it over.
type array struct {
	value.Table
}

func (t *array) Put(i int, v value.Value) error {
	if t.ReadOnly != "" {
		return fmt.Errorf("%s can't be changed", t.ReadOnly)
	}
	return t.Set(value.Number(i), v)
}

func newArray(values ...any) *array {
	t := &array{}
	for i, v := range list(values...) {
		if err := t.Put(i+1, v); err != nil {
			panic(err)
		}
	}
	return t
}

// show writes values as a test can compare them.
func show(values []value.Value) string {
	var parts []string
	for _, v := range values {
		switch x := v.(type) {
		case value.String:
			parts = append(parts, fmt.Sprintf("%q", string(x)))
		case *array:
			var inner []value.Value
			for i := 1; i <= x.Len(); i++ {
				inner = append(inner, x.At(i))
			}
			parts = append(parts, "{"+show(inner)+"}")
		default:
			s, err := ToString(v)
			if err != nil {
				s = err.Error()
			}
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func call(set Set, m Meter, name string, args ...any) string {
	results, err := set[name].Call(m, list(args...))
	if err != nil {
		return "error: " + err.Error()
	}
	return show(results)
}

func TestCalls(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"type", []any{nil}, `"nil"`},
		{"type", nil, "error: argument 1 of type must be a value, but is missing"},
		{"tostring", []any{0.1 + 0.2}, `"0.3"`},
		{"tostring", []any{true}, `"true"`},
		{"tostring", []any{nil}, `"nil"`},
		{"tostring", []any{newArray()}, `"table"`},
		{"tostring", []any{&value.Builtin{}}, `"function"`},
		{"tostring", nil, "error: argument 1 of tostring must be a value, but is missing"},
		{"tonumber", []any{" 0x10 "}, "16"},
		{"tonumber", []any{"1e3"}, "1000"},
		{"tonumber", []any{"x"}, "nil"},
		{"tonumber", []any{nil}, "nil"},
		{"tonumber", []any{"ff", 16}, "255"},
		{"tonumber", []any{"-0xff", 16}, "-255"},
		{"tonumber", []any{" zz ", 36}, "1295"},
		{"tonumber", []any{"8", 8}, "nil"},
		{"tonumber", []any{"1", 1}, "error: argument 2 of tonumber must be a base from 2 to 36, but is 1"},
		{"tonumber", []any{nil, 16}, "error: argument 1 of tonumber must be a string, but is nil"},
		{"tonumber", nil, "error: argument 1 of tonumber must be a value, but is missing"},
		{"select", []any{"#", nil, nil}, "2"},
		{"select", []any{2, "a", "b", "c"}, `"b" "c"`},
		{"select", []any{-1, "a", "b", "c"}, `"c"`},
		{"select", []any{9, "a"}, ""},
		{"select", []any{0, "a"}, `error: argument 1 of select must be the index of an argument, or "#", but is 0`},
		{"select", []any{-2, "a"}, `error: argument 1 of select must be the index of an argument, or "#", but is -2`},
		{"select", []any{"x"}, `error: argument 1 of select must be a number, but is the string "x"`},
		{"unpack", []any{newArray(1, nil, 3)}, "1 nil 3"},
		{"unpack", []any{newArray(1, 2, 3), 2}, "2 3"},
		{"unpack", []any{newArray(1), -1, 1}, "nil nil 1"},
		{"unpack", []any{newArray(1), 2, 1}, ""},
		{"unpack", []any{newArray(1), 1, 1e6}, "error: unpack must give at most 10000 values, but would give 1000000"},
		{"unpack", []any{"x"}, `error: argument 1 of unpack must be a table, but is the string "x"`},

		{"string.byte", []any{"abc"}, "97"},
		{"string.byte", []any{"abc", -2, -1}, "98 99"},
		{"string.byte", []any{"abc", 9}, ""},
		{"string.byte", []any{strings.Repeat("x", 20000), 1, -1}, "error: string.byte must give at most 10000 values, but would give 20000"},
		{"string.char", []any{97, "98", 99.9}, `"abc"`},
		{"string.char", []any{97, 256}, "error: argument 2 of string.char must be a byte, 0 to 255, but is 256"},
		{"string.char", []any{-1}, "error: argument 1 of string.char must be a byte, 0 to 255, but is -1"},
		{"string.char", nil, `""`},
		{"string.glob", []any{"web-1", "web-*"}, "true"},
		{"string.glob", []any{"db-1", "web-*"}, "false"},
		{"string.len", []any{123}, "3"},
		{"string.lower", []any{"ÄB"}, `"Äb"`},
		{"string.upper", []any{"äb"}, `"äB"`},
		{"string.reverse", []any{"abc"}, `"cba"`},
		{"string.rep", []any{"ab", 3}, `"ababab"`},
		{"string.rep", []any{"ab", -1}, `""`},
		{"string.rep", []any{"", math.Inf(1)}, `""`},
		{"string.rep", []any{"ab", math.Inf(1)}, "error: too large"},
		{"string.rep", []any{"ab", 1e15}, "error: too large"},
		{"string.rep", []any{nil, 3}, "error: argument 1 of string.rep must be a string, but is nil"},
		{"string.rep", []any{"x"}, "error: argument 2 of string.rep must be a number, but is missing"},
		{"string.rep", []any{"x", long}, "error: argument 2 of string.rep must be a number, but is a string"},
		{"string.rep", []any{true, 3}, "error: argument 1 of string.rep must be a string, but is a boolean"},
		{"string.rep", []any{"x", math.NaN()}, "error: argument 2 of string.rep must be a number, but is nan"},
		{"string.sub", []any{"abcdef", 2, 4}, `"bcd"`},
		{"string.sub", []any{"abcdef", -2}, `"ef"`},
		{"string.sub", []any{"abcdef", 4, 2}, `""`},
		{"string.sub", []any{"abcdef", -100, 100}, `"abcdef"`},
		{"string.sub", []any{"abcdef", 1, math.Inf(1)}, `"abcdef"`},
		{"string.sub", []any{"abcdef", 100}, `""`},
		{"string.find", []any{"a.c", "."}, "2 2"},
		{"string.find", []any{"abc", "", 10}, "4 3"},
		{"string.find", []any{"abc", "x"}, "nil"},

		{"string.format", []any{"%5.2f|%-4d|%x|%s|%q|%%|%c|%i", 3.14159, 7, 255, true, "a\"b", 65, -3}, "\" 3.14|7   |ff|true|\\\"a\\\\\\\"b\\\"|%|A|-3\""},
		{"string.format", []any{"%d"}, "error: argument 2 of string.format must be a number, but is missing"},
		{"string.format", []any{"%s"}, "error: argument 2 of string.format must be a value, but is missing"},
		{"string.format", []any{"%d", "x"}, `error: argument 2 of string.format must be a number, but is the string "x"`},
		{"string.format", []any{"%s %s", newArray(), nil}, `"table nil"`},
		{"string.format", []any{"%y", 1}, `error: a conversion of string.format must be one of c d e E f g G i o q s u x X and %, with at most two digits for width and precision, but is "%y"`},
		{"string.format", []any{"%*d", 1}, `error: a conversion of string.format must be one of c d e E f g G i o q s u x X and %, with at most two digits for width and precision, but is "%*d"`},
		{"string.format", []any{"%999999999999d", 1}, `error: a conversion of string.format must be one of c d e E f g G i o q s u x X and %, with at most two digits for width and precision, but is "%99999999"`},
		{"string.format", []any{"%"}, `error: a conversion of string.format must be one of c d e E f g G i o q s u x X and %, with at most two digits for width and precision, but is "%"`},
		{"string.format", []any{"%s%c", "a\x00b", 0}, `"a\x00b\x00"`},
		{"string.format", []any{"%5.1f|%f|%G", math.NaN(), -math.NaN(), math.Inf(-1)}, `"  nan|nan|-INF"`},

		{"re.match", []any{"port 80", `(\w+) (\d+)`}, `"port" "80"`},
		{"re.match", []any{"ab", "a(x)?b"}, `""`},
		{"re.match", []any{"x", "y"}, "nil"},
		{"re.match", []any{"x", "y", "z"}, "error: re.match must have at most 2 arguments, but has 3"},
		{"re.find", []any{"x", "y", 1.0, 2.0}, "error: re.find must have at most 3 arguments, but has 4"},
		{"re.replace", []any{"x", "y", "z", 1.0}, "error: re.replace must have at most 3 arguments, but has 4"},
		{"string.glob", []any{"tun0", "tap*", "tun*"}, "error: string.glob must have at most 2 arguments, but has 3"},
		{"has", []any{1.0, 1.0, 2.0}, "error: has must have at most 2 arguments, but has 3"},
		{"re.find", []any{"abcabc", "c", 4}, "6 6"},
		{"re.find", []any{"abc", "^b", 2}, "2 2"},
		{"re.find", []any{"abc", "", 9}, "4 3"},
		{"re.replace", []any{"a1b2", "[0-9]", "<$0>"}, `"a<1>b<2>"`},
		{"re.replace", []any{"ab", "(?P<x>a)", "${x}$$$9$"}, `"a$$b"`},
		{"re.match", []any{"x", "("}, "error: argument 2 of re.match must be a regular expression, but is wrong: missing closing ): ("},
		{"re.match", []any{"x", strings.Repeat("a", 1001)}, "error: a regular expression must have at most 1000 bytes, but has 1001"},
		{"re.match", []any{"x", "((a{1000}){1000}){1000}"}, "error: argument 2 of re.match must be a regular expression, but is wrong: invalid repeat count: {1000}"},
		{"re.match", []any{"x", strings.Repeat("(a{1000})", 100)}, "error: argument 2 of re.match must be a regular expression of fewer steps, but repeats too much"},

		{"table.concat", []any{newArray("a", 1, 0.5), ", "}, `"a, 1, 0.5"`},
		{"table.concat", []any{newArray("a", "b", "c"), "-", 2, 3}, `"b-c"`},
		{"table.concat", []any{newArray(), "-"}, `""`},
		{"table.concat", []any{newArray("a"), "-", 1, 2}, "error: the elements that table.concat joins must be strings or numbers, but element 2 is nil"},
		{"table.concat", []any{newArray(true)}, "error: the elements that table.concat joins must be strings or numbers, but element 1 is boolean"},
		{"table.getn", []any{newArray(1, 2)}, "2"},
		{"table.maxn", []any{newArray(1, 2)}, "2"},
		{"table.insert", []any{newArray(), 1, 2, 3}, "error: table.insert must have 2 or 3 arguments, but has 4"},
		{"table.insert", []any{newArray()}, "error: table.insert must have 2 or 3 arguments, but has 1"},
		{"table.insert", []any{newArray(), "x", 3}, `error: argument 2 of table.insert must be a number, but is the string "x"`},
		{"table.insert", []any{nil, 3}, "error: argument 1 of table.insert must be a table, but is nil"},

		{"math.log10", []any{1000}, "3"},
		{"math.modf", []any{-3.5}, "-3 -0.5"},
		{"math.modf", []any{math.Inf(-1)}, "-inf -0"},
		{"math.max", []any{1, "3", 2}, "3"},
		{"math.max", nil, "error: argument 1 of math.max must be a number, but is missing"},
		{"math.min", []any{1, -3, 2}, "-3"},
		{"math.floor", []any{"-1.5"}, "-2"},
		{"math.pow", []any{2, 10}, "1024"},
	} {
		for name, set := range map[string]Set{"Policy": Policy, "Session": Session} {
			if name == "Session" && c.name == "string.find" {
				continue
			}
			if got := call(set, newCounter(), c.name, c.args...); got != c.want {
				t.Errorf("%s: %s(%s)\n got %s\nwant %s", name, c.name, show(list(c.args...)), got, c.want)
			}
		}
	}
}

func TestTableChanges(t *testing.T) {
	for _, c := range []struct {
		name  string
		table *array
		args  []any
		want  string
	}{
		{"table.insert", newArray(1, 2), []any{3}, "{1 2 3}"},
		{"table.insert", newArray(1, 2), []any{1, 0}, "{0 1 2}"},
		{"table.insert", newArray(1, 2), []any{5, 0}, "{1 2 nil nil 0}"},
		{"table.insert", newArray(1, 2), []any{nil}, "{1 2}"},
		{"table.remove", newArray(1, 2, 3), nil, "{1 2} 3"},
		{"table.remove", newArray(1, 2, 3), []any{1}, "{2 3} 1"},
		{"table.remove", newArray(1, 2, 3), []any{9}, "{1 2 3}"},
		{"table.remove", newArray(), nil, "{}"},
	} {
		results := call(Policy, newCounter(), c.name, append([]any{c.table}, c.args...)...)
		if got := strings.TrimSpace(show([]value.Value{c.table}) + " " + results); got != c.want {
			t.Errorf("%s(%v): %s, want %s", c.name, c.args, got, c.want)
		}
	}
	fixed := newArray(1)
	fixed.ReadOnly = "string"
	for _, name := range []string{"table.insert", "table.remove"} {
		if got := call(Policy, newCounter(), name, fixed); !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSort(t *testing.T) {
	less := func(f, a, b value.Value) (bool, error) {
		yes, ok := value.Less(a, b)
		if !ok {
			return false, errors.New("no order")
		}
		return yes, nil
	}
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(0, 20), 0, 100).Draw(t, "numbers")
		table := newArray()
		for i, n := range numbers {
			// The fraction tells where it was.
			table.Put(i+1, value.Number(float64(n)+float64(i)/1000))
		}
		byWhole := func(f, a, b value.Value) (bool, error) {
			return math.Floor(float64(a.(value.Number))) < math.Floor(float64(b.(value.Number))), nil
		}
		if err := Sort(newCounter(), list(table), byWhole); err != nil {
			t.Fatal(err)
		}
		for i := 2; i <= table.Len(); i++ {
			if table.At(i-1).(value.Number) >= table.At(i).(value.Number) {
				t.Fatalf("not sorted, or not stable: %s", show(list(table)))
			}
		}
		// A function that contradicts itself.
		coin := rapid.SliceOfN(rapid.Bool(), 1, 50).Draw(t, "coin")
		calls := 0
		if err := Sort(newCounter(), list(table), func(f, a, b value.Value) (bool, error) {
			calls++
			return coin[calls%len(coin)], nil
		}); err != nil {
			t.Fatal(err)
		}
		if calls > 100*7 {
			t.Fatalf("%d calls", calls)
		}
		if table.Len() != len(numbers) {
			t.Fatal("elements are lost")
		}
	})
	mixed := newArray(3, "x", 1)
	if err := Sort(newCounter(), list(mixed), less); err == nil || err.Error() != "no order" {
		t.Error(err)
	}
	if got := show(list(mixed)); got != `{3 "x" 1}` {
		t.Error("after an error the table must be as it was, but is", got)
	}
	fixed := newArray(2, 1)
	fixed.ReadOnly = "string"
	for _, c := range []struct {
		args []value.Value
		want string
	}{
		{list(), "argument 1 of table.sort must be a table, but is missing"},
		{list(newArray(), 1), "argument 2 of table.sort must be a function, but is a number"},
		{list(fixed), "string can't be changed"},
	} {
		if err := Sort(newCounter(), c.args, less); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	large := newArray()
	for i := range 10000 {
		large.Put(i+1, value.Number(-i))
	}
	m := newCounter()
	m.mostWork = 50000
	if err := Sort(m, list(large), less); err != errWork {
		t.Error(err)
	}
}

// What a function announces bounds what it makes, and comes before.
func TestMeter(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	wide := newArray()
	for i := range 100 {
		wide.Put(i+1, value.String(long))
	}
	var many []any
	for range 100 {
		many = append(many, long)
	}
	for _, c := range []struct {
		name string
		args []any
		err  error
	}{
		{"string.rep", []any{"x", 5 << 20}, errGrow},
		{"string.format", append([]any{strings.Repeat("%s", 100)}, many...), errGrow},
		{"string.format", []any{"%q", strings.Repeat("\n", 4000000)}, errGrow},
		{"table.concat", []any{wide}, errGrow},
		{"table.concat", []any{newArray("a", "b"), strings.Repeat("x", 5<<20)}, errGrow},
		{"re.replace", []any{strings.Repeat("x", 4000), "x", strings.Repeat("y", 4000)}, errGrow},
		{"re.replace", []any{strings.Repeat("x", 4000), "x*", strings.Repeat("$0", 4000)}, errGrow},
		{"re.replace", []any{strings.Repeat("x", 1<<20), "x", strings.Repeat("$0$0", 1<<18)}, errWork},
		{"re.match", []any{strings.Repeat("a", 100000), strings.Repeat("a{0,1000}", 100) + "b"}, errWork},
		{"re.find", []any{strings.Repeat("a", 100000), strings.Repeat("a{0,1000}", 100) + "b"}, errWork},
		{"re.replace", []any{strings.Repeat("a", 100000), strings.Repeat("a{0,1000}", 100) + "b", ""}, errWork},
		// Every search reads to the end and finds one letter.
		{"re.replace", []any{strings.Repeat("a", 100000), "a.*z|a", ""}, errWork},
		{"table.insert", []any{newArray(), -1e15, 1}, errWork},
		{"table.insert", []any{newArray(), math.Inf(-1), 1}, errWork},
	} {
		m := newCounter()
		m.mostWork = 20_000_000
		if _, err := Policy[c.name].Call(m, list(c.args...)); err != c.err {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
	// Nothing goes on after the meter said no.
	rapid.Check(t, func(t *rapid.T) {
		m := newCounter()
		m.mostWork = rapid.IntRange(0, 500).Draw(t, "work")
		_, err := Policy["re.replace"].Call(m, list(strings.Repeat("ab", 200), "(a|b)+?", "<$1>"))
		if err != errWork {
			t.Fatal(err)
		}
		if m.work > m.mostWork+2*compileStep*20 {
			t.Fatalf("%d of %d", m.work, m.mostWork)
		}
	})
}

var expressionParts = rapid.SampledFrom([]string{"a", "b", ".", "x*", "a*?", "(a|b)", "(?:ab)+", "(b)?", "^", "$", `\b`, `\B`, "[ab]", "[^a]", "(?i:A)", "a{2,3}", "ä",
	"|", `\w`, `\s+`, `(a*)*`, "(?s:.)", "(?m:^)", "(?m:$)", `\z`, "(?P<n>b+?)", "\\pL", "()"})

// regexp of Go's library finds the same.
func checkExpression(t interface{ Fatalf(string, ...any) }, src, s, with string) {
	if len(src) > maxExpression {
		return
	}
	// What would take too long is not asked of Go either.
	m := newCounter()
	m.mostWork = 5_000_000
	got, found, replaced := call(Policy, m, "re.match", s, src), call(Policy, m, "re.find", s, src), call(Policy, m, "re.replace", s, src, with)
	for _, out := range []string{got, found, replaced} {
		if out == "error: "+errWork.Error() || out == "error: "+errGrow.Error() || strings.HasSuffix(out, "repeats too much") {
			return
		}
	}
	re, err := regexp.Compile(src)
	if err != nil {
		if !strings.HasPrefix(got, "error: ") {
			t.Fatalf("%q is no expression, but gives %s", src, got)
		}
		return
	}
	want := "nil"
	if m := re.FindStringSubmatch(s); m != nil {
		if len(m) > 1 {
			m = m[1:]
		}
		var values []value.Value
		for _, p := range m {
			values = append(values, value.String(p))
		}
		want = show(values)
	}
	if got != want {
		t.Fatalf("re.match(%q, %q): %s, want %s", s, src, got, want)
	}
	want = "nil"
	if m := re.FindStringIndex(s); m != nil {
		want = fmt.Sprint(m[0]+1, m[1])
	}
	if found != want {
		t.Fatalf("re.find(%q, %q): %s, want %s", s, src, found, want)
	}
	if want = re.ReplaceAllString(s, with); replaced != show(list(want)) {
		t.Fatalf("re.replace(%q, %q, %q): %s, want %q", s, src, with, replaced, want)
	}
}

func TestExpressionsAreAsGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOfN(expressionParts, 0, 6).Draw(t, "expression"), "")
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "x", " ", "\n", "ä", "A", "\xff"}), 0, 12).Draw(t, "text"), "")
		with := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"$", "$1", "${1}", "$0", "${n}", "$n", "-", "{", "$2x", "$01", "$$", "ä"}), 0, 4).Draw(t, "template"), "")
		checkExpression(t, src, s, with)
	})
}

func FuzzExpression(f *testing.F) {
	f.Add("(a|b)*c", "ababc", "$1")
	f.Add(`\bx\B`, "xx x", "${1}$$")
	f.Fuzz(func(t *testing.T, src, s, with string) {
		if len(s) > 1000 || len(with) > 1000 || len(src) > 100 {
			return
		}
		checkExpression(t, src, s, with)
	})
}
