package library

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"cellsh/lua/value"
)

// The answers of PUC Lua 5.1 to thousands of calls are in a file, so that the tests need no other Lua.
//
//	go test ./lua/library -run TestRecorded -record
//
// asks lua5.1 again. A line is a call and its results, with tabs between: name, arguments, results. Values are nil, true,
// false, numbers with 17 digits, strings as in Go and lists in braces; a call that raises an error has the result error.
const recordedFile = "testdata/puc51.txt"

var record = flag.Bool("record", false, "ask lua5.1 what the calls of the tests give")

//go:embed testdata/driver.lua
var driver string

// recordedCall is one line. Names that the library does not have are those of perform.
type recordedCall struct {
	name string
	args []value.Value
	want string
}

func (c recordedCall) String() string { return c.name + "\t" + encode(c.args) }

// encode writes values as the file has them.
func encode(values []value.Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		switch x := v.(type) {
		case value.String:
			parts[i] = quoteASCII(string(x))
		case value.Number:
			parts[i] = encodeNumber(float64(x))
		case *array:
			var inner []value.Value
			for i := 1; i <= x.Len(); i++ {
				inner = append(inner, x.At(i))
			}
			parts[i] = "{" + encode(inner) + "}"
		case value.Nil:
			parts[i] = "nil"
		case value.Bool:
			parts[i] = strconv.FormatBool(bool(x))
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return strings.Join(parts, " ")
}

func encodeNumber(x float64) string {
	switch {
	case x != x:
		return "nan"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	return strconv.FormatFloat(x, 'g', 17, 64)
}

func quoteASCII(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// decode reads what encode wrote, up to the end or a closing brace.
func decode(s string) (values []value.Value, rest string, err error) {
	for {
		s = strings.TrimLeft(s, " ")
		switch {
		case s == "" || s[0] == '}':
			return values, s, nil
		case s[0] == '{':
			inner, rest, err := decode(s[1:])
			if err != nil || rest == "" {
				return nil, "", fmt.Errorf("a list without its end: %s", s)
			}
			t := &array{}
			for i, v := range inner {
				if err := t.Put(i+1, v); err != nil {
					return nil, "", err
				}
			}
			values, s = append(values, t), rest[1:]
		case s[0] == '"':
			quoted, err := strconv.QuotedPrefix(s)
			if err != nil {
				return nil, "", fmt.Errorf("%s: %w", s, err)
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, "", fmt.Errorf("%s: %w", s, err)
			}
			values, s = append(values, value.String(text)), s[len(quoted):]
		default:
			end := strings.IndexAny(s, " }")
			if end < 0 {
				end = len(s)
			}
			word := s[:end]
			s = s[end:]
			switch word {
			case "nil":
				values = append(values, value.Nil{})
			case "true", "false":
				values = append(values, value.Bool(word == "true"))
			default:
				x, err := strconv.ParseFloat(word, 64)
				if err != nil {
					return nil, "", err
				}
				values = append(values, value.Number(x))
			}
		}
	}
}

// perform does what the driver does by the same name, for what is no function of the library by itself.
func perform(name string, m Meter, args []value.Value) ([]value.Value, error) {
	if operate, ok := arithmetic[name]; ok {
		x, ok := value.ToNumber(args[0])
		y, ok2 := value.ToNumber(args[1])
		if !ok || !ok2 {
			return nil, errors.New("no numbers")
		}
		return one(operate(x, y)), nil
	}
	switch name {
	case "less":
		yes, ok := value.Less(args[0], args[1])
		if !ok {
			return nil, errors.New("no order")
		}
		return one(value.Bool(yes)), nil
	case "lessequal":
		yes, ok := value.LessEqual(args[0], args[1])
		if !ok {
			return nil, errors.New("no order")
		}
		return one(value.Bool(yes)), nil
	case "equal":
		return one(value.Bool(value.Equal(args[0], args[1]))), nil
	case "concat":
		left, ok := value.ToString(args[0])
		right, ok2 := value.ToString(args[1])
		if !ok || !ok2 {
			return nil, errors.New("no strings")
		}
		return one(value.String(left + right)), nil
	case "gmatch":
		g, err := Gmatch(m, args)
		if err != nil {
			return nil, err
		}
		var all []value.Value
		for {
			found, err := g.Next(m)
			if err != nil {
				return nil, err
			}
			if len(found) == 0 || len(all) > 200 {
				return all, nil
			}
			all = append(all, found...)
			all = append(all, value.String("|"))
		}
	case "string.gsub":
		return Gsub(m, args, func(value.Value, []value.Value) (value.Value, error) { panic("a string calls nobody") })
	case "gsubtable":
		// The table is {ab = "x", a = false, b = 7, [1] = "one", x = true}.
		entries := map[value.Value]value.Value{value.String("ab"): value.String("x"), value.String("a"): value.Bool(false), value.String("b"): value.Number(7),
			value.Number(1): value.String("one"), value.String("x"): value.Bool(true)}
		return Gsub(m, list(args[0], args[1], newArray()), func(_ value.Value, captures []value.Value) (value.Value, error) {
			if v, ok := entries[captures[0]]; ok {
				return v, nil
			}
			return value.Nil{}, nil
		})
	case "gsubfunction":
		// The function gives its arguments, each in brackets.
		return Gsub(m, list(args[0], args[1], &value.Builtin{}), func(_ value.Value, captures []value.Value) (value.Value, error) {
			s := ""
			for _, c := range captures {
				part, _ := value.ToString(c)
				s += "[" + part + "]"
			}
			return value.String(s), nil
		})
	case "table.sort":
		err := Sort(m, args, func(_, a, b value.Value) (bool, error) {
			yes, ok := value.Less(a, b)
			if !ok {
				return false, errors.New("no order")
			}
			return yes, nil
		})
		return args[:1], err
	case "table.sortdown":
		err := Sort(m, args, func(_, a, b value.Value) (bool, error) {
			yes, _ := value.Less(b, a)
			return yes, nil
		})
		return args[:1], err
	case "table.insert", "table.remove":
		// The table too, before the results.
		results, err := Session[name].Call(m, args)
		return append(list(args[0]), results...), err
	case "date", "dateberlin":
		results, err := clocks[name]["os.date"].Call(m, args)
		if err == nil && results[0].Type() == value.TableType {
			t := results[0].(*value.Table)
			return list(t.Field("sec"), t.Field("min"), t.Field("hour"), t.Field("day"), t.Field("month"), t.Field("year"), t.Field("wday"), t.Field("yday"), t.Field("isdst")), nil
		}
		return results, err
	case "time", "timeberlin":
		f := fields{}
		for i, name := range []string{"year", "month", "day", "hour", "min", "sec", "isdst"} {
			if i < len(args) {
				f.Set(value.String(name), args[i])
			}
		}
		return clocks[strings.Replace(name, "time", "date", 1)]["os.time"].Call(m, list(&f))
	}
	f := Session[name]
	if plain, ok := strings.CutPrefix(name, "plain."); ok {
		f = Policy["string."+plain]
		args = args[:min(3, len(args))]
	}
	if f == nil {
		panic("no function " + name)
	}
	return f.Call(m, args)
}

var arithmetic = map[string]func(a, b value.Number) value.Number{
	"add": value.Add, "sub": value.Sub, "mul": value.Mul, "div": value.Div, "mod": value.Mod, "pow": value.Pow,
}

type fields struct{ value.Table }

func (f *fields) Lookup(name string) (value.Value, error) { return f.Field(name), nil }

var clocks = func() map[string]Set {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return map[string]Set{"date": Clock(time.Now, time.UTC), "dateberlin": Clock(time.Now, berlin)}
}()

// rounded are functions of math whose last digits C does not promise.
var rounded = []string{"acos", "asin", "atan", "atan2", "cos", "cosh", "exp", "log", "log10", "sin", "sinh", "tan", "tanh"}

// same compares results with what was recorded, but for the last digits of functions that C rounds as it likes.
func (c recordedCall) same(got string) bool {
	if got == c.want {
		return true
	}
	library, function, _ := strings.Cut(c.name, ".")
	x, err1 := strconv.ParseFloat(got, 64)
	y, err2 := strconv.ParseFloat(c.want, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	ulp := math.Abs(math.Nextafter(y, math.Inf(1)) - y)
	switch {
	case c.name == "pow":
		// What is exact must be exact.
		base, power := float64(c.args[0].(value.Number)), float64(c.args[1].(value.Number))
		exact := base == math.Trunc(base) && power == math.Trunc(power) && math.Abs(y) <= 1<<53 && power > 0
		return math.Abs(x-y) <= ulp && !exact
	case library == "math" && slices.Contains(rounded, function):
		// Go takes the periods of large angles off less exactly than C.
		return math.Abs(x-y) <= max(4*ulp, 1e-14*math.Abs(y), 1e-16)
	}
	return false
}

// differences are calls that are answered otherwise than by PUC Lua, on purpose: docs/language.md lists the reasons.
var differences = map[string]string{
	// glibc forgets the zeros of %#g where rounding adds a digit, and fills what is no conversion of a date.
	"string.format\t\"%#g\" 999999.5":           `"1.00000e+06"`,
	"string.format\t\"%#g\" 999999.98999999999": `"1.00000e+06"`,
	"date\t\"%5d\" 0":                           `"%5d"`,
	// Without a reason that anybody could tell, C takes these words for numbers.
	"tonumber\t\"inf\"":       "nil",
	"tonumber\t\"-Infinity\"": "nil",
	"tonumber\t\"nan\"":       "nil",
	"add\t\"nan\" 1":          "error",
	// A zero byte ends no text.
	"tonumber\t\"10\\x00\"":                    "nil",
	"string.format\t\"%s|\" \"a\\x00b\"":       `"a\x00b|"`,
	"string.format\t\"%c|\" 0":                 `"\x00|"`,
	"string.find\t\"a\\x00b\" \"[\\x00]b\"":    "2 3",
	"string.gsub\t\"a\\x00b\" \"\\x00.\" \"\"": `"a" 1`,
	// %s takes every value.
	"string.format\t\"%s %s\" true nil": `"true nil"`,
	// Negative numbers of other bases are not wrapped around, large ones not cut.
	"tonumber\t\"-ff\" 16":                  "-255",
	"tonumber\t\"ffffffffffffffffffff\" 16": "1.2089258196146292e+24",
	// Positions, counts and bytes are not wrapped around, and NaN is none.
	"string.sub\t\"abc\" 1 inf":      `"abc"`,
	"string.rep\t\"x\" 4294967298":   "too large",
	"string.char\t4294967361":        "error",
	"string.sub\t\"abc\" nan":        "error",
	"select\t4294967297 \"a\" \"b\"": "",
	"string.byte\t\"abc\" -1.0000000000000001e+300 1.0000000000000001e+300": "97 98 99",
	// A replacement ends with no %.
	"string.gsub\t\"x\" \"x\" \"%\"": "error",
	// The second before 1970 is a time as any other; fields that are no numbers are none.
	"time\t1969 12 31 23 59 59": "-1",
	"time\t2000 1 1 \"x\"":      "error",
}

func answer(c recordedCall) string {
	m := newCounter()
	m.mostWork = 1 << 30
	results, err := perform(c.name, m, c.args)
	if err != nil {
		if err == errWork || err == errGrow {
			return err.Error()
		}
		return "error"
	}
	return encode(results)
}

func TestRecorded(t *testing.T) {
	if *record {
		recordCalls(t)
	}
	data, err := os.ReadFile(recordedFile)
	if err != nil {
		t.Fatal(err)
	}
	n, failed := 0, map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	unused := map[string]bool{}
	for key := range differences {
		unused[key] = true
	}
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		if len(parts) != 3 {
			t.Fatalf("not three parts: %s", lines.Text())
		}
		args, rest, err := decode(parts[1])
		if err != nil || rest != "" {
			t.Fatal(lines.Text(), err)
		}
		c := recordedCall{parts[0], args, parts[2]}
		n++
		key := parts[0] + "\t" + parts[1]
		got := answer(c)
		if want, ok := differences[key]; ok {
			delete(unused, key)
			if got != want {
				t.Errorf("%s(%s)\n got %s\nwant %s, on purpose", c.name, parts[1], got, want)
			}
			if c.same(got) {
				t.Errorf("%s(%s) is the same as in PUC Lua", c.name, parts[1])
			}
			continue
		}
		if !c.same(got) {
			if failed[c.name]++; failed[c.name] <= 10 {
				t.Errorf("%s(%s)\n got %s\nPUC: %s", c.name, parts[1], got, c.want)
			}
		}
	}
	for name, n := range failed {
		t.Errorf("%s: %d differ", name, n)
	}
	for key := range unused {
		t.Errorf("not recorded: %s", key)
	}
	if n < 10000 {
		t.Errorf("only %d calls", n)
	}
}

// recordCalls asks lua5.1 and writes the file.
func recordCalls(t *testing.T) {
	path, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Fatal("recording needs lua5.1, which is not installed")
	}
	calls := generateCalls()
	for key := range differences {
		name, args, _ := strings.Cut(key, "\t")
		values, _, err := decode(args)
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, recordedCall{name: name, args: values})
	}
	// One line for each, without doubles.
	seen := map[string]bool{}
	var input [2]bytes.Buffer
	var kept [2][]recordedCall
	for _, c := range calls {
		if seen[c.String()] {
			continue
		}
		seen[c.String()] = true
		i := 0
		if strings.HasSuffix(c.name, "berlin") {
			i = 1
		}
		kept[i] = append(kept[i], c)
		fmt.Fprintf(&input[i], "%s %s\n", c.name, luaSource(c.args))
	}
	var out bytes.Buffer
	for i, zone := range []string{"UTC", "CET-1CEST,M3.5.0,M10.5.0/3"} {
		cmd := exec.Command(path, "-e", driver)
		cmd.Env = append(os.Environ(), "TZ="+zone, "LC_ALL=C")
		cmd.Stdin = &input[i]
		cmd.Stderr = os.Stderr
		answers, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		results := strings.Split(strings.TrimSuffix(string(answers), "\n"), "\n")
		if len(results) != len(kept[i]) {
			t.Fatalf("%d answers to %d calls: %s", len(results), len(kept[i]), results[len(results)-1])
		}
		for j, c := range kept[i] {
			fmt.Fprintf(&out, "%s\t%s\t%s\n", c.name, encode(c.args), results[j])
		}
	}
	if err := os.WriteFile(recordedFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// luaSource writes values as Lua, with commas between.
func luaSource(values []value.Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		switch x := v.(type) {
		case value.String:
			var b strings.Builder
			b.WriteByte('"')
			for i := range len(x) {
				fmt.Fprintf(&b, `\%03d`, x[i])
			}
			b.WriteByte('"')
			parts[i] = b.String()
		case value.Number:
			// The text, because a 0 and a -0 can be one constant.
			parts[i] = fmt.Sprintf("tonumber(%q)", encodeNumber(float64(x)))
			if x != x {
				// The sign of NaN is that of the machine; this is the one without.
				parts[i] = "(-(0/0))"
			}
		case *array:
			var inner []value.Value
			for i := 1; i <= x.Len(); i++ {
				inner = append(inner, x.At(i))
			}
			parts[i] = "{" + luaSource(inner) + "}"
		default:
			parts[i] = encode(list(v))
		}
	}
	return strings.Join(parts, ", ")
}
