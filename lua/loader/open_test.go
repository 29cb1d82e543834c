package loader

import (
	"strings"
	"testing"

	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// What functions of the library make of a table with holes, or of the text of a table, is as open as what # and tostring give.
func TestOpenAnswersOfTheLibrary(t *testing.T) {
	for _, c := range [...]struct {
		condition string
		open      bool
	}{
		{`string.format("%5s", {}) == "table"`, true},
		{`("%s"):format(function() end) == "function"`, true},
		{`("%d"):format(3) == "3"`, false},
		{`select("#", unpack({1, nil, 3})) == 3`, true},
		{`select("#", unpack({1, nil, 3}, 1, 3)) == 3`, false},
		{`select("#", unpack({1, 2, 3})) == 3`, false},
		{`table.getn({1, nil, 3}) == 3`, true},
		{`table.maxn({1, nil, 3}) == 3`, false},
		{`insert({1, nil, 3}, 4)[4] == 4`, true},
		{`insert({1, 2, 3}, 4)[4] == 4`, false},
		{`table.remove({1, nil, 3}) == 3`, true},
	} {
		set, problems := LoadSources([]rules.Source{{File: "a.lua", Text: `local function insert(t, x) table.insert(t, x) return t end
policy "p" { cells = "a", on = { ["process.fork"] = function(r) if ` + c.condition + ` and r.euid == 5 then return deny end return allow end } }`}}, Options{})
		if problems.Failed() {
			t.Fatal(c.condition, problems)
		}
		compiler := rules.NewCompiler(set, rules.Options{})
		if _, err := compiler.Program("a"); err != nil {
			t.Fatal(c.condition, err, compiler.Problems())
		}
		found := false
		for _, p := range compiler.Problems() {
			found = found || p.Code == diag.DecisionOpen
		}
		if found != c.open {
			t.Errorf("%s: open is %v, but must be %v", c.condition, found, c.open)
		}
	}
}

// TestOpenPlaces: the place is told that makes the difference, and not another at which something open is asked in vain.
func TestOpenPlaces(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
	}{
		{"declared", `local names, last = { a = 1, b = 2 }, nil
for k in pairs(names) do last = names[k] end
local n = 0
for k in pairs(names) do n = n + 1 end
last = nil
for k in pairs(names) do last = k end
policy(last) { cells = "a" }
policy("n" .. n) { cells = "a" }`, 6},
		{"decided inside", `local names = { a = 1, b = 2 }
for k in pairs(names) do local x = k end
policy "p" { cells = "a", on = { ["process.fork"] = function(r)
  local n, last = 0, 0
  for k in pairs(names) do n = n + 1 end
  for k, v in pairs(names) do last = v end
  if r.euid == last then return deny end
end } }`, 6},
		{"decided outside", `local names, last = { a = 1, b = 2 }, 0
local n = 0
for k in pairs(names) do n = n + 1 end
for k, v in pairs(names) do last = v end
policy "p" { cells = "a", on = { ["process.fork"] = function(r)
  local c = 0
  for k in pairs(names) do c = c + 1 end
  if r.euid == last or r.euid == n + c then return deny end
end } }`, 4},
	} {
		set, problems := LoadSources([]rules.Source{{File: "a.lua", Text: c.text}}, Options{})
		if problems.Failed() {
			t.Fatal(c.name, problems)
		}
		compiler := rules.NewCompiler(set, rules.Options{})
		if _, err := compiler.Program("a"); err != nil {
			t.Fatal(c.name, err, compiler.Problems())
		}
		var lines []int
		for _, p := range append(problems, compiler.Problems()...) {
			if p.Code == diag.DecisionOpen {
				lines = append(lines, p.Span.Line)
			}
		}
		if len(lines) != 1 || lines[0] != c.line {
			t.Errorf("%s: told at lines %v, but must be at %d", c.name, lines, c.line)
		}
	}
}

// A table with __tostring is the same error for string.format in both readings.
func TestFormatOfTostring(t *testing.T) {
	_, problems := LoadSources([]rules.Source{{File: "a.lua", Text: `local o = setmetatable({}, {__tostring = function() return "x" end})
if pcall(string.format, "%s", o) then policy "q" {} end
policy(tostring(o)) {}
print(("%s"):format(o))`}}, Options{})
	if len(problems) != 1 || problems[0].Code != diag.Runtime || !strings.Contains(problems[0].Message, "write tostring(v)") {
		t.Error(problems)
	}
}
