package generate

import (
	"cellsh/judge/tree"
)

// Script is a program without requests. It writes down values, and shows them at its end.
type Script struct {
	Name string
	// Body is what was generated. It writes down values with say, in the list trace.
	Body *tree.Node
	// Outermost says that the statements can't stand in a decision function: they catch errors or use globals.
	Outermost bool
}

// say is declared before the statements of a script. A number is written so that its kind does not matter.
const say = `local trace = {}
local function say(...)
  for i = 1, select("#", ...) do
    local v = (select(i, ...))
    if type(v) == "number" then
      if v ~= v then
        v = "nan"
      elseif v - v ~= 0 then
        v = v > 0 and "inf" or "-inf"
      else
        local n = math.floor(v)
        v = string.format("%d", n) .. (v > n and "+" .. string.format("%d", (v - n) * 65536) or "")
      end
    end
    if #trace < 300 then
      trace[#trace + 1] = type(v) == "table" and "table" or type(v) == "function" and "function" or tostring(v)
    end
  end
end
`

// Text is the script with what shows its values at the end, which can use trace.
func (s *Script) Text(end string) string { return say + s.Body.String() + end }

// Print is the end of a script that is run by itself.
const Print = `print(table.concat(trace, " "))
`

// Script writes a script.
func (g *Generator) Script(name string) *Script {
	g.start(none, true)
	g.budget = pick(g, 8, 15, 25, 40)
	b := tree.Sequence()
	g.fill(b, 40)
	// What became of the variables.
	for _, k := range []kind{whole, fraction, truth, text, perhaps} {
		for _, v := range g.visible(k) {
			b.Append(statement("say(" + v.name + ")"))
		}
	}
	return &Script{name, b, g.outermost}
}

// start forgets the program before.
func (g *Generator) start(gives kind, script bool) {
	g.scopes, g.functions = [][]variable{nil}, []function{{gives: gives}}
	g.fields, g.script, g.outermost = nil, script, false
	g.base, g.named, g.repeats = 1, 0, 0
	clear(g.walked)
}
