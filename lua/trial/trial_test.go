package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellsh/policy/diag"
)

// runTests runs a test file beside a policy that answers for ports.
func runTests(t *testing.T, text string) *Trial {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"web.lua":      `policy "web" { on = { ["network.bind.privport"] = function(r) if r.port == 80 then return deny end end } }`,
		"web_test.lua": text,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Run([]string{dir}, Options{})
}

// All tests of a file share one budget, and those that are left when it is used up are counted.
func TestTestsShareABudget(t *testing.T) {
	for _, c := range []struct {
		name, each string
		code       diag.Code
	}{
		{"instructions", "for i = 1, 1000000 do local x = i end", diag.Budget},
		{"memory", `kept = kept or {} kept[#kept + 1] = string.rep("x", 4000000) .. #kept`, diag.Memory},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runTests(t, "for i = 1, 100 do test('t' .. i, function() "+c.each+" end) end")
			if r.Passed() == 0 || r.Failed() != 1 || len(r.Problems) != 1 || r.OK() {
				t.Fatalf("%d passed, %d failed, %v", r.Passed(), r.Failed(), r.Problems)
			}
			if p := r.Results[len(r.Results)-1].Problem; p == nil || p.Code != c.code {
				t.Errorf("%v, want %s", p, c.code)
			}
			left := fmt.Sprintf("but of this one it is used up with %d left", 100-len(r.Results))
			if p := r.Problems[0]; p.Code != c.code || !strings.Contains(p.Message, left) || !strings.HasSuffix(p.File, "web_test.lua") {
				t.Errorf("%v, want %q", p, left)
			}
		})
	}
}

// A test that fails in another way leaves the others alone, as does an error outside of tests.
func TestTestsGoOnAfterFailures(t *testing.T) {
	r := runTests(t, `test("wrong", function() error("no") end) test("right", function() assert(decide{ cell = "a", request = "network.bind.privport", port = 80 }.result == "deny") end)`)
	if r.Passed() != 1 || r.Failed() != 1 || len(r.Problems) > 0 {
		t.Errorf("%d passed, %d failed, %v", r.Passed(), r.Failed(), r.Problems)
	}
	r = runTests(t, `test("right", function() end) error("no")`)
	if len(r.Results) != 0 || len(r.Problems) != 1 || r.Problems[0].Code != diag.Runtime || r.Problems[0].Line != 1 {
		t.Errorf("%v, %v", r.Results, r.Problems)
	}
}

// Rows inherit from the table around them, and their own values come first.
func TestCases(t *testing.T) {
	r := runTests(t, `cases("ports", { cell = "a", request = "network.bind.privport", expect = allow, port = 81,
		{ }, { port = 80, expect = deny }, { port = 80, name = "wrong" } })`)
	var got []string
	for _, x := range r.Results {
		got = append(got, fmt.Sprintf("%s %v", x.Name, x.Problem == nil))
	}
	if want := "ports: row 1 true, ports: row 2 true, ports: wrong false"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is defined within a test would never run.
func TestTestsAreDefinedOutside(t *testing.T) {
	for word, text := range map[string]string{"test": `test("inner", function() error("no") end)`, "cases": `cases{ cell = "a", request = "network.bind.privport", { port = 80, expect = allow } }`} {
		r := runTests(t, `test("outer", function() `+text+` end)`)
		want := word + " must stand outside of tests, but is called in one"
		if r.Passed() != 0 || r.Failed() != 1 || !strings.HasPrefix(r.Results[0].Problem.Message, want) {
			t.Errorf("%s: %d passed, %v", word, r.Passed(), r.Results)
		}
	}
}

// Thousands of cases take time in proportion to their number.
func BenchmarkCases(b *testing.B) {
	for _, n := range []int{1000, 8000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			var rows strings.Builder
			for i := range n {
				fmt.Fprintf(&rows, "{ cell = \"c%d\", port = %d, expect = allow },\n", i, 1024+i)
			}
			files := map[string]string{
				"web.lua":      `policy "web" { on = { ["network.bind.port"] = function(r) if r.port == 80 then return deny end end } }`,
				"web_test.lua": "cases({ request = \"network.bind.port\",\n" + rows.String() + "})",
			}
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if r := Run([]string{dir}, Options{}); r.Passed() != n {
					b.Fatalf("%d passed, %v", r.Passed(), r.Problems)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/case")
		})
	}
}
