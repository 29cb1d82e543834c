package learn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cellsh/policy"
	"cellsh/policy/graph"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// condition is conditions that must hold together, each as Lua writes it. None is one that always holds.
type condition []string

// and is both together.
func (c condition) and(more ...string) condition { return append(slices.Clip(c), more...) }

// String is the condition in Lua.
func (c condition) String() string {
	if len(c) == 1 {
		return c[0]
	}
	parts := make([]string, len(c))
	for i, s := range c {
		if parts[i] = s; strings.Contains(s, " or ") {
			parts[i] = "(" + s + ")"
		}
	}
	return strings.Join(parts, " and ")
}

// not is the opposite in Lua.
func (c condition) not() string {
	if len(c) == 1 && strings.Count(c[0], " ") == 2 && strings.Contains(c[0], " == ") {
		return strings.Replace(c[0], " == ", " ~= ", 1)
	}
	return "not (" + c.String() + ")"
}

// either is one of several parts, as one part.
func either(parts []string) string {
	for i, s := range parts {
		if len(parts) > 1 && strings.Contains(s, " or ") {
			parts[i] = "(" + s + ")"
		}
	}
	return strings.Join(parts, " or ")
}

// writer writes tests as Lua, with the name that a function has for the request.
type writer struct {
	r      string
	groups policy.Groups
	// guarded says that the function is asked for requests too that lack fields.
	guarded bool
}

// field is how the function reads a field.
func (w writer) field(f kauth.Field) string { return w.r + "." + f.String() }

// test is a test as Lua writes it, or its opposite.
func (w writer) test(t *policy.Test, yes bool) string {
	text, simple := w.plain(t)
	name := w.field(t.Field)
	guard := ""
	switch {
	case t.Kind == policy.Glob && t.Field.Info().Nullable:
		guard = name + " and "
	case w.guarded && t.Kind != policy.Member && t.Kind != policy.Compare && t.Field.Info().Kind != kauth.KindBool && !simple:
		guard = name + " and "
	}
	switch {
	case yes:
		return guard + text
	case guard != "":
		return "not (" + guard + text + ")"
	case simple && strings.Contains(text, " == "):
		return strings.Replace(text, " == ", " ~= ", 1)
	case simple && strings.HasPrefix(text, "not "):
		return strings.TrimPrefix(text, "not ")
	case strings.Contains(text, " "):
		if i := strings.Index(text, "("); i > 0 && !strings.Contains(text[:i], " ") && strings.HasSuffix(text, ")") {
			return "not " + text
		}
		return "not (" + text + ")"
	}
	return "not " + text
}

// plain is the test in Lua. Simple ones need no parentheses, and hold for no field that is absent.
func (w writer) plain(t *policy.Test) (text string, simple bool) {
	name := w.field(t.Field)
	switch t.Kind {
	case policy.Is:
		if t.Text == "" && t.Field.Info().Nullable {
			return name + " == nil", true
		}
		return name + " == " + quote(t.Text), true
	case policy.Glob:
		return name + ":glob(" + quote(t.Text) + ")", false
	case policy.Within:
		text := policy.RangeText(t.First, t.Last)
		if p, ok := policy.PrefixOf(t.First, t.Last); ok && p.Bits == t.First.MaxBits() {
			text = t.First.String()
		}
		return name + ":within(" + quote(text) + ")", false
	case policy.Member:
		return w.r + ":in_group(" + w.group(t.GID) + ")", true
	case policy.Has:
		bit := fmt.Sprintf("%#x", t.Bit)
		if n, ok := t.Field.BitName(t.Bit); ok {
			bit = quote(n)
		}
		return "has(" + name + ", " + bit + ")", false
	case policy.Modulus:
		return w.set(name+" % "+strconv.FormatInt(t.Mod, 10), t.Set, 0, t.Mod-1, t.Field)
	case policy.Compare:
		op := map[policy.Order]string{policy.Less: "<", policy.Equal: "==", policy.Less | policy.Equal: "<=", policy.Greater: ">", policy.Less | policy.Greater: "~=", policy.Greater | policy.Equal: ">="}[t.Order]
		return name + " " + op + " " + w.field(t.Other), false
	}
	if t.Field.Info().Kind == kauth.KindBool {
		if t.Set.Contains(1) {
			return name, true
		}
		return "not " + name, true
	}
	info := t.Field.Info()
	return w.set(name, t.Set, info.Min, info.Max, t.Field)
}

// group is a group by its name, if it has one.
func (w writer) group(gid uint32) string {
	if w.groups != nil {
		for _, name := range w.groups.Names() {
			if g, ok := w.groups.Lookup(name); ok && g == gid {
				return quote(name)
			}
		}
	}
	return strconv.FormatUint(uint64(gid), 10)
}

// set says that a number is in a set.
func (w writer) set(name string, set interval.Set, lo, hi int64, f kauth.Field) (text string, simple bool) {
	set = set.Intersect(interval.Between(lo, hi))
	if rest := interval.Between(lo, hi).Minus(set); f.Info().Kind == kauth.KindNamed || len(rest) < len(set) {
		// All but a few.
		if values, ok := single(rest, 4); ok && (len(rest) < len(set) || len(set) == 0) {
			var parts []string
			for _, v := range values {
				parts = append(parts, name+" ~= "+f.FormatValue(v))
			}
			return strings.Join(parts, " and "), false
		}
	}
	var parts []string
	for _, r := range set {
		values := r.Hi - r.Lo
		switch {
		case values == 0:
			parts = append(parts, name+" == "+f.FormatValue(r.Lo))
		case f.Info().Kind == kauth.KindNamed && values >= 0 && values < 64:
			for v := r.Lo; v <= r.Hi; v++ {
				parts = append(parts, name+" == "+f.FormatValue(v))
			}
		case r.Lo == lo:
			parts = append(parts, name+" <= "+f.FormatValue(r.Hi))
		case r.Hi == hi:
			parts = append(parts, name+" >= "+f.FormatValue(r.Lo))
		default:
			parts = append(parts, name+" >= "+f.FormatValue(r.Lo)+" and "+name+" <= "+f.FormatValue(r.Hi))
		}
	}
	simple = len(parts) == 1 && strings.Contains(parts[0], " == ")
	return strings.Join(parts, " or "), simple
}

// single lists the values of a set of at most so many.
func single(set interval.Set, most int) ([]int64, bool) {
	var out []int64
	for _, r := range set {
		for v := r.Lo; ; v++ {
			if len(out) == most {
				return nil, false
			}
			out = append(out, v)
			if v == r.Hi {
				break
			}
		}
	}
	return out, true
}

// quote writes a string as policies do.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// tells is what is told of a request, as Lua writes it.
func (w writer) tells(t *Told, id kauth.RequestID) condition {
	var out condition
	for _, f := range t.carried(id) {
		var parts []string
		for i := range t.tests[f] {
			parts = append(parts, w.test(&t.tests[f][i], true))
		}
		out = append(out, either(parts))
	}
	return out
}

// row is the users that asked in some cells: the same in each.
type row struct {
	cells []string
	euids []uint32
}

// rows puts cells with the same users together.
func rows(asked []*Asked) []row {
	var cells []string
	users := map[string][]uint32{}
	for _, a := range asked {
		if users[a.Cell] == nil {
			cells = append(cells, a.Cell)
		}
		if !slices.Contains(users[a.Cell], a.EUID) {
			users[a.Cell] = append(users[a.Cell], a.EUID)
		}
	}
	var out []row
next:
	for _, c := range cells {
		slices.Sort(users[c])
		for i := range out {
			if slices.Equal(out[i].euids, users[c]) {
				out[i].cells = append(out[i].cells, c)
				continue next
			}
		}
		out = append(out, row{[]string{c}, users[c]})
	}
	return out
}

// who says which cells and users a row is; of no cells and no users it says nothing.
func (w writer) who(x row) condition {
	var out condition
	var cells, users []string
	for _, c := range x.cells {
		cells = append(cells, w.r+".cell.name == "+quote(c))
	}
	for _, u := range x.euids {
		users = append(users, w.r+".euid == "+strconv.FormatUint(uint64(u), 10))
	}
	for _, parts := range [][]string{cells, users} {
		if len(parts) > 0 {
			out = append(out, strings.Join(parts, " or "))
		}
	}
	return out
}

// How many ways to a denial are written out, and how many conditions each can have.
const (
	maxWays       = 4
	maxConditions = 6
)

// ways are the conditions under which a graph gives an outcome, each as Lua writes it, for requests that are so as it is told: all
// of these hold already. False if they are too many, or one can't be written.
func (w writer) ways(g *graph.Graph[rules.Outcome], want func(rules.Outcome) bool, given map[kauth.Field]interval.Set, id kauth.RequestID) ([]condition, bool) {
	type step struct {
		test policy.Test
		yes  bool
	}
	var out []condition
	var path []step
	leads := map[graph.Ref]bool{}
	var lead func(r graph.Ref) bool
	lead = func(r graph.Ref) bool {
		if _, ok := r.Leaf(); ok {
			return want(g.Leaf(r))
		}
		yes, known := leads[r]
		if !known {
			yes = lead(g.Nodes[r].Yes)
			yes = lead(g.Nodes[r].No) || yes
			leads[r] = yes
		}
		return yes
	}
	// write gives the condition of the path; false if it can't be, nil if nothing takes it.
	write := func() (condition, bool, bool) {
		sets := map[kauth.Field]interval.Set{}
		var order []kauth.Field
		var c condition
		for i := range path {
			s := &path[i]
			f := s.test.Field
			if s.test.Kind != policy.In {
				if text := w.test(&s.test, s.yes); !slices.Contains(c, text) {
					c = append(c, text)
				}
				continue
			}
			if sets[f] == nil {
				order = append(order, f)
				sets[f] = interval.Between(id.Range(f))
			}
			if s.yes {
				sets[f] = sets[f].Intersect(s.test.Set)
			} else {
				sets[f] = sets[f].Minus(s.test.Set)
			}
			if len(sets[f]) == 0 {
				return nil, false, true
			}
		}
		for _, f := range order {
			set, within := sets[f], interval.Between(id.Range(f))
			if usual := graph.Usual(id, f); usual != nil {
				within = usual
			}
			if known, ok := given[f]; ok {
				within = within.Intersect(known)
			}
			switch rest := within.Minus(set); {
			case len(within.Intersect(set)) == 0:
				return nil, false, true
			case len(rest) == 0:
				continue // it holds anyway
			case len(rest) <= len(within.Intersect(set)):
				// What is left out says more.
				t := policy.Test{Kind: policy.In, Field: f, Set: rest}
				c = append(c, w.test(&t, false))
			default:
				t := policy.Test{Kind: policy.In, Field: f, Set: set}
				c = append(c, w.test(&t, true))
			}
		}
		return c, true, len(c) <= maxConditions
	}
	steps := 0
	var walk func(r graph.Ref) bool
	walk = func(r graph.Ref) bool {
		if steps++; steps > 1000 || len(path) > 200 {
			return false
		}
		if _, ok := r.Leaf(); ok {
			c, some, ok := write()
			if ok && some {
				out = append(out, c)
			}
			return ok && len(out) <= maxWays
		}
		n := &g.Nodes[r]
		for _, way := range []struct {
			to  graph.Ref
			yes bool
		}{{n.Yes, true}, {n.No, false}} {
			if !lead(way.to) {
				continue
			}
			path = append(path, step{n.Test, way.yes})
			ok := walk(way.to)
			path = path[:len(path)-1]
			if !ok {
				return false
			}
		}
		return true
	}
	if !lead(g.Root) || !walk(g.Root) {
		return nil, false
	}
	return out, true
}
