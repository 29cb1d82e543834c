package generate

import (
	"fmt"
	"math/rand/v2"

	"cellsh/judge/tree"
)

// kind is what a variable holds.
type kind uint8

const (
	// whole numbers are known where a function is compiled, and are integers in Lua 5.4; fractions may not be.
	whole kind = iota
	fraction
	// field is a whole number that may depend on the request.
	field
	truth
	text
	answer
	// perhaps is a text or nil.
	perhaps
	// list holds whole numbers without holes, table a text for some numbers, names a text for some names.
	list
	table
	names
	// object has a number n, and methods get and set.
	object
	// point is a table with operators.
	point
	// The functions of one argument, by what they give. pair gives a field and a truth.
	fnWhole
	fnField
	fnTruth
	fnText
	fnAnswer
	fnPair
	// procedure changes variables that are declared outside of it.
	procedure
	// rules is a table of tables with min and max, by names; handlers one of functions that give a truth.
	rules
	handlers
	// none is what the outermost function gives.
	none
)

// variable is one that a program declared.
type variable struct {
	name string
	kind kind
	// depth is how many functions are around its declaration.
	depth int
	// fixed is never assigned to.
	fixed bool
}

// function is one that is being written.
type function struct {
	// gives is the kind of variable that it will be; for a decision it is answer, for what is outermost none.
	gives kind
	// loops that are open in it.
	loops int
	// varargs says that ... may be used.
	varargs bool
}

// Generator writes programs. The same seed gives the same programs in the same order.
type Generator struct {
	*rand.Rand
	// Plain leaves out goto, which Lua 5.1 has not.
	Plain bool
	// Seen counts how often each construct was written.
	Seen map[string]int

	grammar grammar
	// fields is what requests carry where one is at hand, else nil.
	fields *fields
	// scopes of variables, the innermost last, and functions around the place, the innermost last.
	scopes    [][]variable
	functions []function
	// base is the depth of the function outside of which nothing may change.
	base int
	// names that were given.
	named int
	// budget is how many statements may still be written.
	budget int
	// repeats says that what is written may run several times.
	repeats int
	// script says that this is one, with say.
	script bool
	// walked are the lists that a loop goes through, which must not grow there.
	walked map[string]int
	// outermost says that something was used that only the outermost statements of a file may: pcall and globals.
	outermost bool
}

// New makes a generator.
func New(seed uint64) *Generator {
	g := &Generator{Rand: rand.New(rand.NewPCG(seed, 0x6c7561)), Seen: map[string]int{}, walked: map[string]int{}}
	g.grammar = g.newGrammar()
	return g
}

// form is one way to write something; the more weight the more often. make gives nil where it is not possible.
type form struct {
	name   string
	weight int
	make   func(deep int) *tree.Node
}

// grammar has the ways to write each kind of expression and statements.
type grammar struct {
	whole, fraction, field, truth, text, answer, statement []form
}

// write picks a form that is possible. One that is always possible must be among them.
func (g *Generator) write(what string, forms []form, deep int) *tree.Node {
	total := 0
	for _, f := range forms {
		total += f.weight
	}
	for range 200 {
		at := g.IntN(total)
		for i := range forms {
			if at -= forms[i].weight; at >= 0 {
				continue
			}
			if n := forms[i].make(deep); n != nil {
				g.Seen[what+": "+forms[i].name]++
				return n
			}
			break
		}
	}
	panic("no way to write " + what)
}

// chance is true in so many of 100 cases.
func (g *Generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *Generator, values ...T) T { return values[g.IntN(len(values))] }

// depth is the number of functions around the place.
func (g *Generator) depth() int { return len(g.functions) }

func (g *Generator) function() *function { return &g.functions[len(g.functions)-1] }

// fresh gives a name that there was not, or now and then hides a variable.
func (g *Generator) fresh() string {
	if g.chance(8) {
		var hidden []string
		for _, scope := range g.scopes {
			for _, v := range scope {
				if v.name[0] == 'v' {
					hidden = append(hidden, v.name)
				}
			}
		}
		if len(hidden) > 0 {
			return pick(g, hidden...)
		}
	}
	return g.name("v")
}

// name gives a name that there was not.
func (g *Generator) name(letter string) string {
	g.named++
	return fmt.Sprint(letter, g.named)
}

// declare makes a variable known in the innermost scope.
func (g *Generator) declare(name string, k kind) { g.put(variable{name: name, kind: k}) }

// keep declares one that is not assigned to.
func (g *Generator) keep(name string, k kind) { g.put(variable{name: name, kind: k, fixed: true}) }

func (g *Generator) put(v variable) {
	v.depth = g.depth()
	last := len(g.scopes) - 1
	g.scopes[last] = append(g.scopes[last], v)
}

// open begins a scope, and close ends it.
func (g *Generator) open()  { g.scopes = append(g.scopes, nil) }
func (g *Generator) close() { g.scopes = g.scopes[:len(g.scopes)-1] }

// visible are the variables of the kind that can be read here, the innermost last.
func (g *Generator) visible(k kind) []variable {
	return g.find(func(v variable) bool { return v.kind == k })
}

// assignable are those of the kind that may be assigned to here.
func (g *Generator) assignable(k kind) []variable {
	return g.find(func(v variable) bool { return v.kind == k && !v.fixed && g.mine(v) })
}

// mine reports whether the function may change the variable: it is its own, or it is a procedure and the variable is
// not outside of all that may change.
func (g *Generator) mine(v variable) bool {
	return v.depth == g.depth() || g.function().gives == procedure && v.depth >= g.base
}

func (g *Generator) find(wanted func(variable) bool) []variable {
	var found []variable
	hidden := map[string]bool{}
	for i := len(g.scopes) - 1; i >= 0; i-- {
		scope := g.scopes[i]
		for j := len(scope) - 1; j >= 0; j-- {
			if v := scope[j]; !hidden[v.name] {
				hidden[v.name] = true
				if wanted(v) {
					found = append(found, v)
				}
			}
		}
	}
	return found
}

// one gives the name of a visible variable of the kind, or "".
func (g *Generator) one(k kind) string {
	if found := g.visible(k); len(found) > 0 {
		return pick(g, found...).name
	}
	return ""
}

// target gives the name of one that may be assigned to, or "".
func (g *Generator) target(k kind) string {
	if found := g.assignable(k); len(found) > 0 {
		return pick(g, found...).name
	}
	return ""
}

// argument is the kind of the parameter of a function: a field in policies.
func (g *Generator) argument() kind {
	if g.script {
		return whole
	}
	return field
}

// text of Lua without nodes.
func lua(k tree.Kind, format string, args ...any) *tree.Node {
	return &tree.Node{Kind: k, Parts: []any{fmt.Sprintf(format, args...)}}
}
