package lower_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cellsh/lua/lower"
	"cellsh/lua/vm"
)

var record = flag.Bool("record", false, "ask PUC Lua for its answers and write them to testdata/answers.json")

// program is one that every Lua 5.1 must run alike.
type program struct{ file, name, text string }

// written are the programs of testdata: each file is about a rule or an issue of gopher-lua's.
func written(t *testing.T) []program {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	var all []program
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.TrimSuffix(filepath.Base(f), ".lua")
		for _, part := range strings.Split("\n"+string(text), "\n--- ")[1:] {
			name, body, _ := strings.Cut(part, "\n")
			all = append(all, program{file, name, body + "\n"})
		}
	}
	return all
}

// answers are what PUC Lua prints, by file and name.
func answers(t *testing.T, programs []program) map[string]string {
	const file = "testdata/answers.json"
	known := map[string]string{}
	if *record {
		var list []string
		for _, p := range programs {
			list = append(list, p.text)
		}
		for i, a := range puc(t, t.TempDir(), 50_000_000, list) {
			known[programs[i].file+": "+programs[i].name] = a
		}
		text, err := json.MarshalIndent(known, "", " ")
		if err == nil {
			err = os.WriteFile(file, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// Every rule and every issue in ten variants: lowered programs do what they do in PUC Lua.
func TestRules(t *testing.T) {
	programs := append(written(t), generated()...)
	known := answers(t, programs)
	count := map[string]int{}
	for _, p := range programs {
		count[p.file]++
		t.Run(p.file+"/"+p.name, func(t *testing.T) {
			want, ok := known[p.file+": "+p.name]
			if !ok {
				t.Fatal("PUC Lua was not asked: go test -record")
			}
			levels := []vm.Level{vm.Session, vm.Policy}
			if strings.Contains(p.text, "coroutine") {
				levels = levels[:1]
			}
			for _, level := range levels {
				if err := compareAt(level, false, p.text, want); err != nil {
					t.Errorf("%.4000v", err)
				}
				// What is long takes too many parts.
				if len(p.text) < 5000 {
					if err := compareAt(level, true, p.text, want); err != nil {
						t.Errorf("%.4000v", err)
					}
				}
			}
		})
	}
	for _, r := range lower.Rules {
		if count[r.Name] < 10 {
			t.Errorf("rule %s must have ten variants, but has %d", r.Name, count[r.Name])
		}
	}
	for _, issue := range []int{540, 440, 355, 280, 448, 45, 306, 490, 522, 495, 514} {
		n := count[fmt.Sprintf("issue-%d", issue)]
		for _, r := range lower.Rules {
			if r.Issue == issue {
				n += count[r.Name]
			}
		}
		if n < 10 {
			t.Errorf("issue %d must have ten variants, but has %d", issue, n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !slices.ContainsFunc(programs, func(p program) bool { return p.file+": "+p.name == name }) {
			t.Errorf("there is no program %s any more: go test -record", name)
		}
	}
}

// generated are programs that are too long to be written.
func generated() []program {
	var all []program
	add := func(file, name, form string, args ...any) {
		all = append(all, program{file, name, fmt.Sprintf(form, args...)})
	}
	// list is n pieces.
	list := func(n int, piece func(i int) string) string {
		var b strings.Builder
		for i := 1; i <= n; i++ {
			b.WriteString(piece(i))
		}
		return b.String()
	}
	numbers := func(n int) string { return list(n, func(i int) string { return fmt.Sprintf("%d,", i*7) }) }
	calls := func(n int) string { return list(n, func(i int) string { return fmt.Sprintf("id(%d),", i) }) }
	const check = "\nlocal n, sum = 0, 0 for i, v in ipairs(t) do n = n + 1 sum = sum + v end print(n, sum, #t, t[1], t[n], t.a, t.b)\n"
	const id = "local function id(...) return ... end\n"
	for _, n := range []int{49, 50, 51, 63, 64, 99, 100, 101, 1000, 25549, 25550, 25551, 30000, 100000} {
		add("constructors", fmt.Sprint("of ", n, " numbers"), "local t = {%s}%s", numbers(n), check)
	}
	for _, n := range []int{49, 50, 51, 100, 101, 150, 25500, 25550, 26000} {
		add("constructors", fmt.Sprint("of ", n, " calls"), "%slocal t = {%s}%s", id, calls(n), check)
		add("constructors", fmt.Sprint("of ", n, " calls and an open one"), "%slocal t = {%sid(1, 2, 3)}%s", id, calls(n), check)
		add("constructors", fmt.Sprint("of ", n, " calls and a key"), "%slocal t = {%sa = id(5)}%s", id, calls(n), check)
		add("constructors", fmt.Sprint("of ", n, " calls, a key and more"), "%slocal t = {a = 1, %sb = id(5), id(6), id(7, 8)}%s", id, calls(n), check)
	}
	add("constructors", "keys and elements in turn", "%slocal t = {%s}%s", id, list(300, func(i int) string { return fmt.Sprintf("id(%d), k%d = id(%d), ", i, i, i) }), check)
	add("constructors", "many keys", "local t = {%s} local n = 0 for k, v in pairs(t) do if k == 'k' .. v then n = n + 1 end end print(n, t.k1, t.k5000)\n",
		list(5000, func(i int) string { return fmt.Sprintf("k%d = %d, ", i, i) }))
	add("constructors", "many keys that are numbers", "local t = {%s} local n = 0 for k, v in pairs(t) do if k == v then n = n + 1 end end print(n, t[7], t[50000])\n",
		list(5000, func(i int) string { return fmt.Sprintf("[%d] = %d, ", i*10, i*10) }))
	add("constructors", "in an expression", "%sprint(#{%s} + #{%sid(1, 2)}, ({%s})[200], id({%s}, 5)[3])\n", id, numbers(300), calls(50), numbers(300), calls(100))
	add("constructors", "with and, or and calls", "%slocal x local t = x or {%sid(1, 2)} and {%s} print(#t)\n", id, calls(50), numbers(70))

	for _, n := range []int{10, 150, 159, 160, 161, 300, 1000, 5000} {
		add("pages", fmt.Sprint(n, " numbers"), "local s = 0\n%sprint(s)\n", list(n, func(i int) string { return fmt.Sprintf("s = s + %d.5\n", i) }))
		add("pages", fmt.Sprint(n, " strings"), "local s = 0\n%sprint(s)\n", list(n, func(i int) string { return fmt.Sprintf("if 'a%d' > 'b' then s = s + 1 end s = s + #'text%d'\n", i, i) }))
		add("pages", fmt.Sprint(n, " fields"), "local t = {}\n%slocal n = 0 for k in pairs(t) do n = n + 1 end print(n, t.f1, t.f%d)\n", list(n, func(i int) string { return fmt.Sprintf("t.f%d = %d\n", i, i) }), n)
	}
	add("pages", "negative ones", "local s = 0\n%sprint(s)\n", list(500, func(i int) string { return fmt.Sprintf("s = s + -%d\n", i) }))
	add("pages", "in functions", "%sprint(f1(), f300(), (f300()) + 1)\n", list(300, func(i int) string { return fmt.Sprintf("function f%d() return %d.25, 'x%d' end\n", i, i, i) }))

	rules := func(word string, n int) string {
		return list(n, func(i int) string {
			w := "if"
			if i > 1 && word == "elseif" {
				w = word
			}
			end := " end"
			if word == "elseif" {
				end = ""
			}
			return fmt.Sprintf("%s x == %d then return 'n%d'%s\n", w, i, i, end)
		})
	}
	for _, n := range []int{15, 16, 17, 33, 500, 10000} {
		add("chains", fmt.Sprint(n, " branches"), "local function f(x) %s end return 'none' end print(f(1), f(%d), f(%d), f(0))\n", rules("elseif", n), n/2, n)
		add("chains", fmt.Sprint(n, " branches that go on"), "local r local function f(x) r = 0 %s else r = 'none' end return r end print(f(1), f(%d), f(%d), f(0))\n",
			strings.ReplaceAll(rules("elseif", n), "return 'n", "r = 'n"), n/2, n)
		add("chains", fmt.Sprint(n, " rules"), "local function f(x) %s return 'none' end print(f(1), f(%d), f(%d), f(0))\n", rules("if", n), n/2, n)
		add("chains", fmt.Sprint(n, " ors"), "local function f(x) return x == 0%s end print(f(0), f(%d), f(-1))\n", list(n, func(i int) string { return fmt.Sprintf(" or x == %d", i) }), n)
	}
	// PUC Lua itself gives up above 200 levels where brackets or operators to the right make them.
	add("chains", "sums", "local x = 1 print(x%s)\n", list(5000, func(int) string { return " + x" }))
	add("chains", "differences and products", "local x = 2 print(x%s)\n", list(3000, func(i int) string { return [...]string{" - x", " * 1", " / 1", " + 3"}[i%4] }))
	add("chains", "remainders", "local x = 1000003 print(x%s)\n", list(100, func(i int) string { return fmt.Sprintf(" %% %d", 2000-i) }))
	add("chains", "signs", "local x = 2 print(%sx)\n", list(100, func(int) string { return "- " }))
	add("chains", "brackets", "local x = 2 print(%sx%s)\n", list(60, func(int) string { return "(x + " }), list(60, func(int) string { return ")" }))
	add("chains", "joined", "local x = 'a' print(x%s)\n", list(150, func(int) string { return " .. x" }))

	for i, n := range []int{100, 150, 190, 60, 50, 40, 30, 20, 10, 5} {
		add("sizes", fmt.Sprint(n, " locals"), "%slocal f = function() return x1, x%d end print(f(), %d)\n", list(n-1, func(i int) string { return fmt.Sprintf("local x%d = %d\n", i, i) }), n-1, i)
	}
	add("sizes", "sixty upvalues", "%slocal function f() %s return x1 + x60 end print(f(), f(), x1, x60)\n", list(60, func(i int) string { return fmt.Sprintf("local x%d = %d\n", i, i) }),
		list(60, func(i int) string { return fmt.Sprintf("x%d = x%d + 1\n", i, i) }))
	return all
}
