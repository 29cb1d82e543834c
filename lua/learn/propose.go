package learn

import (
	"slices"
	"strconv"
	"strings"

	"cellsh/lua/edit"
	"cellsh/lua/syntax"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// task is what one change is to do: one policy is no longer to deny these requests at one place.
type task struct {
	policy  *rules.Policy
	request kauth.RequestID
	// denial is the outcome that denies, asked all requests that get it.
	denial rules.Outcome
	asked  []*Asked
	// entry is the one that the outcome comes from, nil if it is the default.
	entry *rules.Entry
	// graphs are what the policy says to the request in the cells that asked.
	graphs []*rules.PolicyGraph
	result policy.Result
}

// Shape is how a change is made.
type Shape uint8

// The shapes, those that are liked best first.
const (
	// Element of a table that functions look into.
	Element Shape = iota
	// Condition before the return that denies, or in the one that leads to it.
	Condition
	// Entry for a more specific name, in a policy's table.
	Entry
	// Wrapped functions are asked after a condition.
	Wrapped
)

// String says what is changed.
func (s Shape) String() string {
	return [...]string{"an element of a table", "a condition", "an entry for the request", "a function around another"}[s]
}

// candidate is a change that may do it.
type candidate struct {
	file  string
	edits []edit.Edit
	shape Shape
	// rule is what is added, in one line.
	rule string
	// named says that it names cells only because what it changes may be shared.
	named bool
}

// maxCandidates is how many changes are tried for one task.
const maxCandidates = 24

// proposer finds candidates.
type proposer struct {
	*learner
	*task
	texts map[string]*edit.Source
	// named says that conditions name the cells although the policy is for no others: what is changed may be shared.
	named bool
	out   []candidate
}

// propose gives the changes that may do it, in the order in which they are tried.
func (l *learner) propose(t *task, sources []rules.Source) []candidate {
	p := &proposer{learner: l, task: t, texts: map[string]*edit.Source{}}
	for _, s := range sources {
		p.texts[s.File] = edit.Read(s.File, s.Text)
	}
	place := t.denial.Source
	returns := p.returnsAt(place.File, place.Line, t.denial.Column)
	for _, p.named = range []bool{false, true} {
		if p.named && (l.o.AnyCell || !p.alone()) {
			break
		}
		if len(returns) > 0 && t.entry != nil && t.entry.Function != nil {
			for _, r := range returns {
				p.beforeReturn(r)
			}
			p.moreSpecific(true)
		} else {
			p.moreSpecific(false)
		}
		if !p.named {
			p.elements()
		}
	}
	var out []candidate
	seen := map[string]bool{}
	for _, c := range p.out {
		k := c.file + "\x00" + edit.Apply(p.texts[c.file].Text(), c.edits)
		if !seen[k] && len(out) < maxCandidates {
			seen[k] = true
			out = append(out, c)
		}
	}
	return out
}

func (p *proposer) add(s *edit.Source, shape Shape, rule string, edits ...edit.Edit) {
	p.out = append(p.out, candidate{s.File.Name, edits, shape, rule, p.named})
}

// returning is a return that denies, with what is around it.
type returning struct {
	s    *edit.Source
	stmt *syntax.ReturnStmt
	// above are the nodes that it lies in, the file's function first.
	above []syntax.Node
}

// returnsAt are the returns at a place of a file; at any column if none is at that.
func (p *proposer) returnsAt(file string, line, column int) []returning {
	s := p.texts[file]
	if s == nil || s.File.Problems.Failed() {
		return nil
	}
	var exact, others []returning
	walk(s.File.Main, nil, func(n syntax.Node, above []syntax.Node) {
		r, ok := n.(*syntax.ReturnStmt)
		if !ok {
			return
		}
		from, at := s.File.Place(r.Pos())
		to, _ := s.File.Place(max(r.End()-1, r.Pos()))
		inside := false
		for _, e := range r.Exprs {
			l, c := s.File.Place(e.Pos())
			inside = inside || l == line && c == column
		}
		switch x := (returning{s, r, slices.Clone(above)}); {
		case from == line && at == column || inside:
			exact = append(exact, x)
		case from <= line && line <= to:
			others = append(others, x)
		}
	})
	if len(exact) > 0 {
		return exact
	}
	return others
}

// walk calls visit for a node and all below it, with the nodes above.
func walk(n syntax.Node, above []syntax.Node, visit func(syntax.Node, []syntax.Node)) {
	visit(n, above)
	above = append(above, n)
	syntax.Walk(n, func(m syntax.Node) bool {
		if m == n {
			return true
		}
		walk(m, above, visit)
		return false
	})
}

// functions around a return, the innermost first.
func (r *returning) functions() []*syntax.FunctionExpr {
	var out []*syntax.FunctionExpr
	for _, n := range slices.Backward(r.above) {
		if f, ok := n.(*syntax.FunctionExpr); ok && f.Parent != nil {
			out = append(out, f)
		}
	}
	return out
}

// writers have the names that the request may have there.
func (p *proposer) writers(functions []*syntax.FunctionExpr) []writer {
	var out []writer
	for _, f := range functions {
		for _, l := range f.Params {
			if len(out) < 3 && !slices.ContainsFunc(out, func(w writer) bool { return w.r == l.Name }) {
				out = append(out, writer{r: l.Name, groups: p.o.Groups})
			}
		}
	}
	return out
}

// common reports whether the function of the entry is asked for other requests too.
func (p *proposer) common() bool {
	lo, hi := p.entry.Pattern.Range()
	return hi-lo > 1
}

// conditions are those under which the request is to be let through: one for each line that says so. Exact ones have the ways to
// the denial in them too, so that they hold for nothing else; nil if these can't be written.
func (p *proposer) conditions(w writer, exact bool) []condition {
	told := w.tells(&p.o.Told, p.request)
	lines := rows(p.asked)
	if p.o.AnyCell || p.alone() && !p.named {
		var all []*Asked
		for _, a := range p.asked {
			b := *a
			b.Cell = ""
			all = append(all, &b)
		}
		lines = rows(all)
		for i := range lines {
			lines[i].cells = nil
		}
	}
	if p.o.AnyUser {
		for i := range lines {
			lines[i].euids = nil
		}
		if !p.o.AnyCell {
			// Cells with other users are one row now.
			var cells []string
			for _, x := range lines {
				cells = append(cells, x.cells...)
			}
			lines = []row{{cells: cells}}
		}
	}
	ways := []condition{nil}
	if exact {
		var ok bool
		if ways, ok = w.ways(p.graphs[0].Graph, p.is, p.given(), p.request); !ok {
			return nil
		}
	}
	var out []condition
	for _, x := range lines {
		for _, way := range ways {
			out = append(out, way.and(w.who(x)...).and(told...))
		}
	}
	return out
}

// is reports whether an outcome is the one that denies.
func (t *task) is(o rules.Outcome) bool { return o == t.denial }

// users are those that asked.
func (t *task) users() interval.Set {
	var set interval.Set
	for _, a := range t.asked {
		set = set.Union(interval.Single(int64(a.EUID)))
	}
	return set
}

// given are the numbers that conditions say anyway.
func (p *proposer) given() map[kauth.Field]interval.Set {
	out := map[kauth.Field]interval.Set{}
	if !p.o.AnyUser {
		out[kauth.FieldEUID] = p.users()
	}
	for f, tests := range p.o.Told.tests {
		if len(tests) == 1 && tests[0].Kind == policy.In {
			out[f] = tests[0].Set
		}
	}
	return out
}

// alone reports whether the policy is for no other cells than those that asked.
func (p *proposer) alone() bool {
	if p.policy.Cells == nil {
		return false
	}
	for _, g := range p.policy.Cells {
		if strings.Contains(g.Pattern, "*") || !slices.ContainsFunc(p.asked, func(a *Asked) bool { return a.Cell == g.Pattern }) {
			return false
		}
	}
	return true
}

// then is what is done where a condition holds.
func (p *proposer) then() string { return "return " + p.result.String() }

// rule is a condition as a statement.
func (p *proposer) rule(c condition) string {
	if len(c) == 0 {
		return p.then()
	}
	return "if " + c.String() + " then " + p.then() + " end"
}

// lines are the statements of conditions; those that are too long for a line are three.
func (p *proposer) lines(list []condition, indent, unit string) []string {
	var out []string
	for _, c := range list {
		one := p.rule(c)
		if len(c) == 0 || len(indent)+len(one) <= edit.MaxWidth {
			out = append(out, one)
			continue
		}
		out = append(out, "if "+c.String()+" then", unit+p.then(), "end")
	}
	return out
}

func always(list []condition) bool {
	return slices.ContainsFunc(list, func(c condition) bool { return len(c) == 0 })
}

// text is conditions as one line, to be shown.
func (p *proposer) text(list []condition) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, p.rule(c))
	}
	return strings.Join(parts, " ")
}

// beforeReturn proposes what can be done about a return that denies.
func (p *proposer) beforeReturn(r returning) {
	functions := r.functions()
	if len(functions) == 0 {
		return
	}
	s := r.s
	writers := p.writers(functions)
	var param []edit.Edit
	if len(writers) == 0 {
		// A function that looks at nothing.
		f := functions[0]
		open := strings.IndexByte(s.Text()[f.Pos():f.End()], '(')
		if open < 0 {
			return
		}
		at := f.Pos() + open + 1
		param = []edit.Edit{edit.Replace(at, at, "r")}
		writers = []writer{{r: "r", groups: p.o.Groups}}
	}
	for _, w := range writers {
		for _, guarded := range []bool{false, true} {
			if w.guarded = guarded; guarded && (!p.common() || len(p.o.Told.carried(p.request)) == 0) {
				continue
			}
			for _, exact := range []bool{false, true} {
				list := p.conditions(w, exact)
				if list == nil || exact && p.common() && !guarded && len(p.o.Told.carried(p.request)) > 0 {
					continue
				}
				p.atReturn(r, list, param)
			}
		}
	}
}

func (p *proposer) atReturn(r returning, list []condition, param []edit.Edit) {
	s, at := r.s, r.stmt.Pos()
	text := p.text(list)
	if always(list) {
		p.add(s, Condition, p.then(), edit.Replace(at, r.stmt.End(), p.then()+semicolon(s, r.stmt)))
		return
	}
	nl, unit := s.Newline(), s.Unit()
	before := func(at int) edit.Edit {
		begin, indent := s.Begin(at)
		var b strings.Builder
		for _, l := range p.lines(list, indent, unit) {
			b.WriteString(indent + l + nl)
		}
		return edit.Replace(begin, begin, b.String())
	}
	if s.First(at) {
		p.add(s, Condition, text, append(param, before(at))...)
		return
	}
	// The statement around it: before that, in its condition, or on lines of their own.
	above := r.above
	for i, n := range slices.Backward(above) {
		switch n := n.(type) {
		case *syntax.IfStmt:
			if s.First(n.Pos()) && i > 0 {
				p.add(s, Condition, text, append(param, before(n.Pos()))...)
				if c := n.Clauses[0]; c.Pos() <= at && at < c.End() && len(c.Body.Stmts) > 0 && c.Body.Stmts[0] == syntax.Stmt(r.stmt) {
					// The same condition, and more.
					same := s.Text()[c.Cond.Pos():c.Cond.End()]
					var narrow []condition
					for _, x := range list {
						narrow = append(narrow, append(condition{same}, x...))
					}
					begin, indent := s.Begin(n.Pos())
					p.add(s, Condition, p.text(narrow), append(param, edit.Replace(begin, begin, indented(p.lines(narrow, indent, unit), indent, nl)))...)
				}
			}
			for _, c := range n.Clauses {
				if c.Pos() > at || at >= c.End() || len(c.Body.Stmts) != 1 {
					continue
				}
				var nots []string
				for _, x := range list {
					nots = append(nots, x.not())
				}
				p.add(s, Condition, text, append(param, append(parens(c.Cond), edit.Replace(c.Cond.End(), c.Cond.End(), closing(c.Cond)+" and "+strings.Join(nots, " and ")))...)...)
			}
		case *syntax.FunctionExpr:
		default:
			continue
		}
		break
	}
	inline := edit.Replace(at, at, text+" ")
	p.add(s, Condition, text, append(param, inline)...)
	if b := innermost(above); b != nil && len(b.Stmts) == 1 && s.Line(b.Pos()) == s.Line(b.End()) {
		_, indent := s.Begin(at)
		var x strings.Builder
		for _, l := range append(p.lines(list, indent+unit, unit), strings.TrimRight(s.Text()[at:r.stmt.End()], " ")) {
			x.WriteString(nl + indent + unit + l)
		}
		from, to := spaced(s.Text(), at, r.stmt.End())
		p.add(s, Condition, text, append(param, edit.Replace(from, to, x.String()+nl+indent))...)
	}
}

// semicolon is that at the end of a statement, which belongs to it.
func semicolon(s *edit.Source, n syntax.Node) string {
	if strings.HasSuffix(s.Text()[n.Pos():n.End()], ";") {
		return ";"
	}
	return ""
}

// spaced is an extent with the space around it.
func spaced(text string, from, to int) (int, int) {
	for from > 0 && text[from-1] == ' ' {
		from--
	}
	for to < len(text) && text[to] == ' ' {
		to++
	}
	return from, to
}

// innermost is the block that a statement stands in.
func innermost(above []syntax.Node) *syntax.Block {
	if n := len(above); n > 0 {
		b, _ := above[n-1].(*syntax.Block)
		return b
	}
	return nil
}

// parens are put around what binds less than "and".
func parens(e syntax.Expr) []edit.Edit {
	if b, ok := e.(*syntax.BinaryExpr); ok && b.Op == syntax.Or {
		return []edit.Edit{edit.Replace(e.Pos(), e.Pos(), "(")}
	}
	return nil
}

func closing(e syntax.Expr) string {
	if parens(e) != nil {
		return ")"
	}
	return ""
}

// table is the constructor that the policy is declared with, nil if it is not written as one.
func (p *proposer) table() (*edit.Source, *syntax.TableExpr) {
	s := p.texts[p.policy.Span.File]
	if s == nil {
		return nil, nil
	}
	_, body := s.Declared(p.policy.Span)
	return s, body
}

// moreSpecific proposes entries for the request itself, in the policy's table. Past says that the denial is in a function, of which
// the ways to it must be said.
func (p *proposer) moreSpecific(past bool) {
	pattern := p.request.Chain()[0]
	mine := slices.IndexFunc(p.policy.Entries, func(e rules.Entry) bool { return e.Pattern == pattern })
	s, t := p.table()
	w := writer{r: "r", groups: p.o.Groups}
	for _, exact := range []bool{false, true} {
		list := p.conditions(w, exact)
		if list == nil || !exact && past {
			continue
		}
		switch {
		case mine < 0 && t != nil:
			p.newEntry(s, t, pattern, list, "", nil)
			if p.named && !past {
				// Where it is shared it has to answer for those too that have not asked.
				p.newEntry(s, t, pattern, list, "return deny", nil)
			}
		case mine >= 0 && p.policy.Entries[mine].Function != nil:
			p.inFunction(p.policy.Entries[mine].Function, exact)
			if t != nil {
				p.wrap(s, t, pattern, list)
			}
		case mine >= 0 && t != nil:
			p.inPlace(s, t, pattern, list)
		}
	}
}

// entryLines are the lines of an entry of on.
func (p *proposer) entryLines(s *edit.Source, pattern kauth.Pattern, list []condition, end string) []string {
	unit := s.Unit()
	out := []string{"[" + quote(pattern.String()) + "] = function(r)"}
	for _, l := range p.lines(list, strings.Repeat(unit, 3), unit) {
		out = append(out, unit+l)
	}
	if end != "" {
		out = append(out, unit+end)
	}
	return append(out, "end")
}

// instead is what an entry stands instead of: a name that is taken out of a list, or the whole field of the policy's table.
type instead struct {
	gone  edit.Edit
	whole *syntax.TableField
}

// put adds a field to the policy's table, instead of another if that goes as a whole.
func (i *instead) put(s *edit.Source, t *syntax.TableExpr, lines []string) []edit.Edit {
	if i == nil || i.whole == nil {
		return append(i.edits(), s.AppendTo(t, lines)...)
	}
	text := edit.Joined(lines)
	if _, indent := s.Begin(i.whole.Pos()); s.First(i.whole.Pos()) {
		text = strings.Join(lines, s.Newline()+indent)
	}
	return []edit.Edit{edit.Replace(i.whole.Pos(), i.whole.End(), text)}
}

// edits take out what goes.
func (i *instead) edits() []edit.Edit {
	if i == nil {
		return nil
	}
	return []edit.Edit{i.gone}
}

// newEntry adds an entry to on, or to the list of names that are allowed if nothing is asked. End is the last statement of its
// function.
func (p *proposer) newEntry(s *edit.Source, t *syntax.TableExpr, pattern kauth.Pattern, list []condition, end string, i *instead) {
	if always(list) {
		name := p.result.String()
		rule := name + " = { " + quote(pattern.String()) + " }"
		if f := edit.Field(t, name); f == nil {
			p.add(s, Entry, rule, i.put(s, t, []string{rule})...)
		} else if l := s.Constructor(f.Value); l != nil {
			p.add(s, Entry, rule, append(i.edits(), s.AppendTo(l, []string{quote(pattern.String())})...)...)
		}
		return
	}
	lines := p.entryLines(s, pattern, list, end)
	rule := edit.Joined(lines)
	f := edit.Field(t, "on")
	if f == nil {
		unit := s.Unit()
		all := []string{"on = {"}
		for i, l := range lines {
			if i == len(lines)-1 {
				l += ","
			}
			all = append(all, unit+l)
		}
		p.add(s, Entry, rule, i.put(s, t, append(all, "}"))...)
		return
	}
	if on := s.Constructor(f.Value); on != nil {
		p.add(s, Entry, rule, append(i.edits(), s.AppendTo(on, lines)...)...)
	}
}

// inPlace takes the name of the request out of a list, and puts an entry in its place.
func (p *proposer) inPlace(s *edit.Source, t *syntax.TableExpr, pattern kauth.Pattern, list []condition) {
	f := edit.Field(t, policy.Deny.String())
	if f == nil {
		return
	}
	l := s.Constructor(f.Value)
	if l == nil {
		if name, ok := syntax.Unparen(f.Value).(*syntax.StringExpr); ok && name.Value == pattern.String() {
			p.newEntry(s, t, pattern, list, "return deny", &instead{s.Remove(t, f), f})
		}
		return
	}
	for _, e := range l.Fields {
		name, ok := syntax.Unparen(e.Value).(*syntax.StringExpr)
		switch {
		case !ok || e.Key != nil || name.Value != pattern.String():
		case len(l.Fields) == 1 && l == syntax.Unparen(f.Value):
			p.newEntry(s, t, pattern, list, "return deny", &instead{s.Remove(t, f), f})
		default:
			p.newEntry(s, t, pattern, list, "return deny", &instead{s.Remove(l, e), nil})
		}
	}
}

// functionAt is the function whose word stands at a place.
func (p *proposer) functionAt(at diag.Span) (*edit.Source, *syntax.FunctionExpr) {
	s := p.texts[at.File]
	if s == nil {
		return nil, nil
	}
	var found *syntax.FunctionExpr
	syntax.Walk(s.File.Main, func(n syntax.Node) bool {
		if f, ok := n.(*syntax.FunctionExpr); ok {
			if line, column := s.File.Place(f.Pos()); line == at.Line && column == at.Column {
				found = f
			}
		}
		return true
	})
	return s, found
}

// inFunction puts the condition at the end of a function that has no answer yet, or before everything if the condition says all.
func (p *proposer) inFunction(fn rules.Function, exact bool) {
	s, f := p.functionAt(fn.Span())
	if f == nil || len(f.Params) == 0 {
		return
	}
	list := p.conditions(writer{r: f.Params[0].Name, groups: p.o.Groups}, exact)
	if list == nil || always(list) {
		return
	}
	nl, unit := s.Newline(), s.Unit()
	if exact && len(f.Body.Stmts) > 0 {
		first := f.Body.Stmts[0]
		if begin, indent := s.Begin(first.Pos()); s.First(first.Pos()) {
			p.add(s, Condition, p.text(list), edit.Replace(begin, begin, indented(p.lines(list, indent, unit), indent, nl)))
		} else {
			p.add(s, Condition, p.text(list), edit.Replace(first.Pos(), first.Pos(), p.text(list)+" "))
		}
		return
	}
	end := f.End() - len("end")
	if n := len(f.Body.Stmts); n > 0 {
		if r, ok := f.Body.Stmts[n-1].(*syntax.ReturnStmt); ok {
			p.atReturn(returning{s, r, []syntax.Node{f, f.Body}}, list, nil)
			return
		}
	}
	if begin, indent := s.Begin(end); s.First(end) {
		p.add(s, Condition, p.text(list), edit.Replace(begin, begin, indented(p.lines(list, indent+unit, unit), indent+unit, nl)))
		return
	}
	p.add(s, Condition, p.text(list), edit.Replace(end, end, p.text(list)+" "))
}

func indented(lines []string, indent, nl string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(indent + l + nl)
	}
	return b.String()
}

// wrap puts a function around the one that an entry names.
func (p *proposer) wrap(s *edit.Source, t *syntax.TableExpr, pattern kauth.Pattern, list []condition) {
	f := edit.Field(t, "on")
	if f == nil {
		return
	}
	on := s.Constructor(f.Value)
	if on == nil {
		return
	}
	e := edit.Field(on, pattern.String())
	if e == nil || syntax.Spelling(e.Value) == "" {
		return
	}
	lines := p.entryLines(s, pattern, list, "return "+syntax.Spelling(e.Value)+"(r)")
	if always(list) {
		lines = p.entryLines(s, pattern, list[:1], "")
	}
	rule := edit.Joined(lines)
	if _, indent := s.Begin(e.Pos()); s.First(e.Pos()) {
		p.add(s, Wrapped, rule, edit.Replace(e.Pos(), e.End(), strings.Join(lines, s.Newline()+indent)))
		return
	}
	p.add(s, Wrapped, rule, edit.Replace(e.Pos(), e.End(), rule))
}

// maxTables is how many constructors of a file are tried.
const maxTables = 12

// elements proposes that what is told, or the user, becomes an element of tables that functions look into.
func (p *proposer) elements() {
	var numbers []int64
	var texts []string
	if !p.o.AnyUser {
		for _, a := range p.asked {
			if n := int64(a.EUID); !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
		if len(numbers) > 1 {
			numbers = nil
		}
	}
	for _, f := range p.o.Told.carried(p.request) {
		tests := p.o.Told.tests[f]
		if len(tests) != 1 {
			continue
		}
		switch test := tests[0]; test.Kind {
		case policy.In:
			if v, ok := single(test.Set, 1); ok && len(v) == 1 {
				if f.Info().Kind == kauth.KindNamed {
					if name, ok := f.Info().Names.Name(v[0]); ok {
						texts = append(texts, name)
					}
				} else {
					numbers = append(numbers, v[0])
				}
			}
		case policy.Is, policy.Glob:
			texts = append(texts, test.Text)
		case policy.Within:
			texts = append(texts, policy.RangeText(test.First, test.Last))
		}
	}
	if len(numbers)+len(texts) == 0 {
		return
	}
	files := []string{p.denial.Source.File}
	if p.policy.Span.File != files[0] {
		files = append(files, p.policy.Span.File)
	}
	for _, s := range p.texts {
		if !slices.Contains(files, s.File.Name) {
			files = append(files, s.File.Name)
		}
	}
	slices.Sort(files[1:])
	tables := 0
	for _, name := range files {
		s := p.texts[name]
		if s == nil || s.File.Problems.Failed() {
			continue
		}
		syntax.Walk(s.File.Main, func(n syntax.Node) bool {
			t, ok := n.(*syntax.TableExpr)
			if !ok || len(t.Fields) == 0 || tables >= maxTables {
				return true
			}
			before := len(p.out)
			for _, v := range numbers {
				p.element(s, t, strconv.FormatInt(v, 10), func(e syntax.Expr) bool { _, ok := e.(*syntax.NumberExpr); return ok }, false)
			}
			for _, v := range texts {
				p.element(s, t, quote(v), func(e syntax.Expr) bool { _, ok := e.(*syntax.StringExpr); return ok }, true)
			}
			if len(p.out) > before {
				tables++
			}
			return true
		})
	}
}

// element adds a value to a table whose elements are all such: as an element of a list, or as a key like the others.
func (p *proposer) element(s *edit.Source, t *syntax.TableExpr, value string, such func(syntax.Expr) bool, text bool) {
	list, keys := true, true
	for _, f := range t.Fields {
		list = list && f.Key == nil && such(syntax.Unparen(f.Value))
		keys = keys && f.Key != nil && such(syntax.Unparen(f.Key))
	}
	switch {
	case list:
		p.add(s, Element, value, s.AppendTo(t, []string{value})...)
	case keys:
		last := t.Fields[len(t.Fields)-1]
		key := "[" + value + "]"
		if last.Named {
			if key = strings.Trim(value, `"`); !text || !isName(key) {
				return
			}
		}
		entry := key + " = " + s.Text()[last.Value.Pos():last.Value.End()]
		p.add(s, Element, entry, s.AppendTo(t, []string{entry})...)
	}
}

// isName reports whether a text can be a key without brackets. Words of Lua are refused when the text is read again.
func isName(s string) bool {
	for i, c := range []byte(s) {
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}
