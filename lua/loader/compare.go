package loader

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cellsh/lua/declare"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// mark is how much was declared before a file.
type mark struct{ policies, nevers, problems int }

func markOf(d *declare.Declarations) mark {
	found, _ := d.Found()
	return mark{len(d.Policies()), len(d.Nevers()), len(found)}
}

// declared is what a file declares in one reading.
type declared struct {
	policies []*rules.Policy
	nevers   []*rules.Never
	// problems that were found; all is false if some were left out.
	problems diag.List
	all      bool
}

func (m mark) since(d *declare.Declarations) declared {
	found, all := d.Found()
	return declared{d.Policies()[m.policies:], d.Nevers()[m.nevers:], found[m.problems:], all}
}

// difference is something that two readings of a file do not agree on.
type difference struct {
	at   diag.Span
	text string
}

// compare finds what two readings declare differently. Pair is told of functions that stand at the same place, and
// says whether they are the same function of the source.
func compare(first, second declared, pair func(first, second rules.Function) bool) []difference {
	c := &comparison{pair: pair}
	match(c, "policy", first.policies, second.policies, func(p *rules.Policy) (string, diag.Span) { return p.Name, p.Span }, c.policy)
	match(c, "never", first.nevers, second.nevers, func(n *rules.Never) (string, diag.Span) { return n.Title, n.Span }, c.never)
	if len(c.found) == 0 && first.all && second.all {
		c.problems(first.problems, second.problems)
	}
	return c.found
}

type comparison struct {
	pair  func(first, second rules.Function) bool
	found []difference
}

func (c *comparison) differ(at diag.Span, form string, args ...any) {
	c.found = append(c.found, difference{at, fmt.Sprintf(form, args...)})
}

// unequal reports what the two say about something that is not the same.
func (c *comparison) unequal(at diag.Span, what, first, second string) {
	const most = 200
	c.differ(at, "%s is %s in the first, and %s in the second", what, diag.Cut(first, most), diag.Cut(second, most))
}

// match brings those of the same name together; those of one name in their order.
func match[T any](c *comparison, word string, first, second []T, name func(T) (string, diag.Span), both func(T, T)) {
	others := map[string][]T{}
	for _, x := range second {
		n, _ := name(x)
		others[n] = append(others[n], x)
	}
	for _, x := range first {
		n, at := name(x)
		if list := others[n]; len(list) > 0 {
			others[n] = list[1:]
			both(x, list[0])
		} else {
			c.differ(at, "only the first declares %s %q", word, diag.Short(n))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(others)) {
		for _, x := range others[n] {
			_, at := name(x)
			c.differ(at, "only the second declares %s %q", word, diag.Short(n))
		}
	}
}

func (c *comparison) policy(p, q *rules.Policy) {
	of := func(what string) string { return fmt.Sprintf("%s of policy %q", what, diag.Short(p.Name)) }
	if !sameGlobs(p.Cells, q.Cells) {
		c.unequal(p.Span, of("cells"), globs(p.Cells), globs(q.Cells))
	}
	if p.Audit != q.Audit {
		c.unequal(p.Span, of("mode"), p.Mode(), q.Mode())
	}
	if defaultOf(p) != defaultOf(q) {
		c.unequal(p.Span, of("default"), defaultOf(p), defaultOf(q))
	}
	if one, other := budget(&p.Budget), budget(&q.Budget); one != other {
		c.unequal(p.Span, of("budget"), one, other)
	}
	others := make(map[kauth.Pattern]*rules.Entry, len(q.Entries))
	for i := range q.Entries {
		others[q.Entries[i].Pattern] = &q.Entries[i]
	}
	answer := func(e *rules.Entry) string {
		return fmt.Sprintf("what policy %q says to %s", diag.Short(p.Name), e.Pattern)
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		other := others[e.Pattern]
		delete(others, e.Pattern)
		if other == nil || e.Result != other.Result || !c.same(e.Function, other.Function) {
			c.unequal(e.Span, answer(e), says(e), says(other))
		}
	}
	for i := range q.Entries {
		if e := &q.Entries[i]; others[e.Pattern] != nil {
			c.unequal(e.Span, answer(e), says(nil), says(e))
		}
	}
}

func (c *comparison) never(n, o *rules.Never) {
	of := func(what string) string { return fmt.Sprintf("%s of never %q", what, diag.Short(n.Title)) }
	if !sameGlobs(n.Cells, o.Cells) {
		c.unequal(n.Span, of("cells"), globs(n.Cells), globs(o.Cells))
	}
	if one, other := patterns(n.Patterns), patterns(o.Patterns); one != other {
		c.unequal(n.Span, of("what is denied"), one, other)
	}
	if !c.same(n.Where, o.Where) {
		c.unequal(n.Span, of("where"), functionText(n.Where), functionText(o.Where))
	}
}

// same reports whether two functions stand for one of the source, or there is none in both.
func (c *comparison) same(first, second rules.Function) bool {
	if first == nil || second == nil {
		return first == nil && second == nil
	}
	return c.pair(first, second)
}

// problems compares what was found wrong. Some of it is about what is not declared then.
func (c *comparison) problems(first, second diag.List) {
	type key struct {
		severity diag.Severity
		code     diag.Code
		message  string
	}
	count := map[key]int{}
	for _, p := range second {
		count[key{p.Severity, p.Code, p.Message}]++
	}
	for _, p := range first {
		if k := (key{p.Severity, p.Code, p.Message}); count[k] > 0 {
			count[k]--
		} else {
			c.differ(p.Span, "only the first finds: %s", p.Message)
			return
		}
	}
	for _, p := range second {
		if count[key{p.Severity, p.Code, p.Message}] > 0 {
			c.differ(p.Span, "only the second finds: %s", p.Message)
			return
		}
	}
}

// says is an entry in words.
func says(e *rules.Entry) string {
	switch {
	case e == nil:
		return "nothing"
	case e.Function != nil:
		return functionText(e.Function)
	}
	return e.Result.String()
}

// functionText says which function of the source one is.
func functionText(f rules.Function) string {
	if f == nil {
		return "nothing"
	}
	return "the function at " + f.Span().String()
}

func defaultOf(p *rules.Policy) string {
	if p.Default.Span.Line == 0 {
		return "not given"
	}
	return p.Default.Result.String()
}

func sameGlobs(a, b []rules.Glob) bool {
	return (a == nil) == (b == nil) && slices.EqualFunc(a, b, func(x, y rules.Glob) bool { return x.Pattern == y.Pattern })
}

func globs(list []rules.Glob) string {
	if len(list) == 0 {
		// An empty list stands for one whose globs are all wrong.
		if list == nil {
			return "not given"
		}
		return "none"
	}
	texts := make([]string, len(list))
	for i, g := range list {
		texts[i] = fmt.Sprintf("%q", g.Pattern)
	}
	return strings.Join(texts, ", ")
}

func patterns(list []kauth.Pattern) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

func budget(b *rules.Budget) string {
	var texts []string
	for _, f := range [...]struct {
		name string
		of   *int64
	}{{"procs", b.Procs}, {"nofile", b.Nofile}, {"as", b.AS}, {"core", b.Core}} {
		if f.of != nil {
			texts = append(texts, fmt.Sprintf("%s = %d", f.name, *f.of))
		}
	}
	for _, f := range [...]struct {
		name string
		of   *rules.Watch
	}{{"memory", b.Memory}, {"cpu", b.CPU}} {
		if f.of != nil {
			texts = append(texts, strings.TrimSpace(fmt.Sprintf("%s = %d %s", f.name, f.of.Limit, f.of.Terms)))
		}
	}
	if len(texts) == 0 {
		return "nothing"
	}
	return strings.Join(texts, ", ")
}
