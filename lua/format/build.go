package format

import (
	"slices"
	"strings"

	"cellsh/lua/syntax"
)

// op is what an instruction does.
type op uint8

const (
	// opText writes a piece of the source, opSpace a space before what follows on the line.
	opText op = iota
	opSpace
	// opTrailing writes a comment behind code, opOwn one on a line of its own, opInline one within a line.
	opTrailing
	opOwn
	opInline
	// opLine is a place where a line can be broken.
	opLine
	// opOpen begins what is indented one step more than its line, or steps more; opClose ends it.
	opOpen
	opClose
	// opGroup decides for all lines of its group.
	opGroup
	// opComma writes a comma where the group is broken.
	opComma
	// opField begins a field of a table, opKey stands behind its name, before =, and opEnd ends it.
	opField
	opKey
	opEnd
)

// kind of a line.
type kind uint8

const (
	// always: it is broken.
	always kind = iota
	// keep: it is broken where the author has it so.
	keep
	// fill: it is broken where the author has it so, or where what stands up to the next one of its list does not fit.
	fill
	// grouped: it is broken where its group is.
	grouped
	// closing: as its group, and indented as the line on which that was opened.
	closing
)

// instruction is a step of writing. There are about ten for each statement: they are small.
type instruction struct {
	text string
	// group is the index of the group's instruction, end the index behind what a line or group must keep in view.
	group, end int32
	op         op
	kind       kind
	// steps of an opOpen; block says that they are those of the line on which the group begins.
	steps uint8
	block bool
	// broken says of a line that it is broken whatever fits, of a group that its lines are; blank that an empty line stands
	// before it; wide that it is a space where it is not broken; newline that a comment ends its line.
	broken, blank, wide, newline bool
	// table says of a group that it is one, and of a line that its group is; hangs that a table is broken between its fields
	// only. after says of a comment that an empty line follows it.
	table, hangs, after bool
}

// builder makes instructions of a file.
type builder struct {
	file *syntax.File
	code []instruction
	// next is the token that is looked at, last the line on which what was taken before it ends.
	next, last int
	// skip says that the next separator stands in the instructions already.
	skip bool
	// commented says that a comment has ended the line.
	commented bool
	// first says that nothing was written yet of a block or a table.
	first bool
	// chained says that the expression is part of a chain of operators, whose lines are indented already.
	chained bool
	// header says that the expression stands before the body of a loop or branch: lines are indented more than the body.
	header bool
	// problem is why the tree and the tokens do not fit each other, "" if they do.
	problem string
}

// write formats a file without problems. The text after that says what is wrong with this package.
func write(f *syntax.File) (string, string) {
	b := &builder{file: f, first: true, code: make([]instruction, 0, 2*len(f.Tokens)+1)}
	b.statements(f.Main.Body.Stmts)
	b.leading()
	if b.next < len(f.Tokens) && b.problem == "" {
		b.problem = "more than the tree holds stands in it"
	}
	if b.problem != "" {
		return "", b.problem
	}
	return printAll(b.code), ""
}

func (b *builder) add(i instruction) int32 {
	b.code = append(b.code, i)
	return b.at() - 1
}

// at is the index of the next instruction.
func (b *builder) at() int32 { return int32(len(b.code)) }

// peek is the text of the next token that is no comment, "" at the end.
func (b *builder) peek() string {
	if t := b.ahead(); t != nil {
		return t.Text
	}
	return ""
}

// ahead is the next token that is no comment, and no separator that was written already; nil at the end.
func (b *builder) ahead() *syntax.Token {
	skip := b.skip
	for i := b.next; i < len(b.file.Tokens); i++ {
		switch t := &b.file.Tokens[i]; {
		case t.Kind == syntax.Comment:
		case skip && isSeparator(t):
			skip = false
		default:
			return t
		}
	}
	return nil
}

func isSeparator(t *syntax.Token) bool { return t.Text == "," || t.Text == ";" }

// token writes the next token.
func (b *builder) token() {
	b.leading()
	if b.next == len(b.file.Tokens) {
		b.problem = "less than the tree holds stands in it"
		return
	}
	t := &b.file.Tokens[b.next]
	text := t.Text
	if t.Kind == syntax.String {
		text = literal(text)
	}
	b.take(t)
	b.add(instruction{op: opText, text: text})
	b.first, b.commented = false, false
}

// word writes the next token, which must be that one.
func (b *builder) word(text string) {
	if got := b.peek(); got != text && b.problem == "" {
		b.problem = text + " must stand where " + got + " does"
	}
	b.token()
}

// take moves over a token or comment.
func (b *builder) take(t *syntax.Token) {
	b.last = endLine(t)
	b.next++
}

func endLine(t *syntax.Token) int { return t.Line + strings.Count(unixLines(t.Text), "\n") }

func (b *builder) space() { b.add(instruction{op: opSpace}) }

// words writes tokens with spaces between them.
func (b *builder) words(texts ...string) {
	for i, text := range texts {
		if i > 0 {
			b.space()
		}
		b.word(text)
	}
}

// line is a place where a line can be broken.
func (b *builder) line(i instruction) int32 {
	b.trailing()
	i.op = opLine
	if t := b.here(); t != nil && b.newline() {
		i.broken = i.broken || i.kind == keep || i.kind == fill
		i.blank = i.blank && t.Line > b.last+1
	} else {
		i.blank = false
	}
	return b.add(i)
}

// open begins what is indented more than its line, end ends it.
func (b *builder) open(steps uint8) { b.add(instruction{op: opOpen, steps: steps}) }
func (b *builder) close()           { b.add(instruction{op: opClose}) }

// statements are those of a block, each on a line.
func (b *builder) statements(list []syntax.Stmt) {
	for i, s := range list {
		if i > 0 {
			b.semicolon(list[i-1], s)
			b.line(instruction{kind: always, blank: true})
			b.leading()
			if b.peek() == ";" {
				b.token()
			}
		}
		b.leading()
		b.open(1)
		b.statement(s)
		b.close()
	}
	if len(list) > 0 && b.peek() == ";" {
		b.skip = true
	}
	b.trailing()
}

// semicolon leaves out the one between two statements, unless the second could then be taken for a call of what the
// first ends with.
func (b *builder) semicolon(before, after syntax.Stmt) {
	if b.peek() != ";" {
		return
	}
	if b.file.Text[after.Pos()] == '(' {
		switch s := before.(type) {
		case *syntax.LocalStmt:
			if len(s.Exprs) > 0 {
				return
			}
		case *syntax.AssignStmt, *syntax.CallStmt, *syntax.RepeatStmt:
			return
		}
	}
	b.skip = true
}

// group begins lines that are broken together.
func (b *builder) group(i instruction) int32 {
	i.op = opGroup
	return b.add(i)
}

// block is what stands between the word that begins it and the one that ends it.
func (b *builder) block(group int32, body *syntax.Block) {
	chained, header := b.chained, b.header
	b.chained, b.header = false, false
	b.add(instruction{op: opOpen, steps: 1, group: group, block: true})
	b.first = true
	b.trailing()
	if len(body.Stmts) > 0 || b.comment() {
		b.line(instruction{kind: grouped, group: group, wide: true})
	}
	b.statements(body.Stmts)
	b.leading()
	b.line(instruction{kind: closing, group: group, wide: true})
	b.close()
	b.chained, b.header = chained, header
}

// compound begins a statement with blocks, or a function. It is broken if it is in the source, or if a block has more
// than one statement.
func (b *builder) compound(n syntax.Node, blocks ...*syntax.Block) int32 {
	b.leading()
	broken := strings.ContainsAny(b.file.Text[n.Pos():n.End()], "\r\n")
	for _, body := range blocks {
		broken = broken || len(body.Stmts) > 1
	}
	return b.group(instruction{broken: broken})
}

func (b *builder) ends(group int32) { b.code[group].end = b.at() }

func (b *builder) statement(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.LocalStmt:
		b.words("local")
		b.space()
		list(b, s.Names, func(*syntax.Local) { b.token() })
		if len(s.Exprs) > 0 {
			b.assigned(s.Exprs)
		}
	case *syntax.AssignStmt:
		list(b, s.Targets, b.whole)
		b.assigned(s.Exprs)
	case *syntax.CallStmt:
		b.whole(s.Call)
	case *syntax.DoStmt:
		g := b.compound(s, s.Body)
		b.loop(g, s.Body)
	case *syntax.WhileStmt:
		g := b.compound(s, s.Body)
		b.word("while")
		b.condition(s.Cond)
		b.loop(g, s.Body)
	case *syntax.RepeatStmt:
		g := b.compound(s, s.Body)
		b.word("repeat")
		b.block(g, s.Body)
		b.words("until")
		b.space()
		b.expression(s.Cond, 2)
		b.ends(g)
	case *syntax.IfStmt:
		b.branches(s)
	case *syntax.NumericFor:
		g := b.compound(s, s.Body)
		b.words("for", s.Var.Name, "=")
		bounds := []syntax.Expr{s.Start, s.Limit}
		if s.Step != nil {
			bounds = append(bounds, s.Step)
		}
		b.bounds(bounds)
		b.loop(g, s.Body)
	case *syntax.GenericFor:
		g := b.compound(s, s.Body)
		b.words("for")
		b.space()
		list(b, s.Vars, func(*syntax.Local) { b.token() })
		b.space()
		b.words("in")
		b.bounds(s.Exprs)
		b.loop(g, s.Body)
	case *syntax.FunctionStmt:
		g := b.compound(s, s.Func.Body)
		b.word("function")
		b.space()
		for text := b.peek(); text != "(" && text != ""; text = b.peek() {
			b.token()
		}
		b.function(g, s.Func)
	case *syntax.LocalFunctionStmt:
		g := b.compound(s, s.Func.Body)
		b.words("local", "function", s.Name.Name)
		b.function(g, s.Func)
	case *syntax.ReturnStmt:
		b.word("return")
		if len(s.Exprs) > 0 {
			b.space()
			list(b, s.Exprs, b.whole)
		}
	case *syntax.BreakStmt:
		b.word("break")
	case *syntax.GotoStmt:
		b.words("goto", s.Label.Name)
	case *syntax.LabelStmt:
		b.word("::")
		b.token()
		b.word("::")
	default:
		b.problem = "it holds what is no statement"
	}
}

// loop writes the block between do and end.
func (b *builder) loop(group int32, body *syntax.Block) {
	b.word("do")
	b.block(group, body)
	b.word("end")
	b.ends(group)
}

func (b *builder) branches(s *syntax.IfStmt) {
	var blocks []*syntax.Block
	for _, c := range s.Clauses {
		blocks = append(blocks, c.Body)
	}
	if s.Else != nil {
		blocks = append(blocks, s.Else)
	}
	g := b.compound(s, blocks...)
	for i, c := range s.Clauses {
		if i == 0 {
			b.word("if")
		} else {
			b.word("elseif")
		}
		b.condition(c.Cond)
		b.word("then")
		b.block(g, c.Body)
	}
	if s.Else != nil {
		b.word("else")
		b.block(g, s.Else)
	}
	b.word("end")
	b.ends(g)
}

// condition stands between two words. Its lines are indented more than the block behind it.
func (b *builder) condition(e syntax.Expr) {
	b.space()
	b.header = true
	b.expression(e, 2)
	b.header = false
	b.space()
}

// bounds are what a loop goes over, between two words.
func (b *builder) bounds(exprs []syntax.Expr) {
	b.space()
	b.header = true
	list(b, exprs, b.whole)
	b.header = false
	b.space()
}

// assigned is what follows the targets of an assignment.
func (b *builder) assigned(exprs []syntax.Expr) {
	b.space()
	b.word("=")
	b.value(exprs[0])
	list(b, exprs, b.whole)
}

// value is the place behind =. The author's line break stays, but not before a bracket or a function.
func (b *builder) value(e syntax.Expr) {
	switch e.(type) {
	case *syntax.TableExpr, *syntax.FunctionExpr:
		if !b.comment() {
			b.space()
			return
		}
	}
	b.line(instruction{kind: keep, wide: true})
}

// list writes elements with commas between them.
func list[T any](b *builder, elements []T, write func(T)) {
	before := int32(-1)
	for i, e := range elements {
		if i > 0 {
			b.separator()
			before = b.filled(before)
		}
		write(e)
	}
	b.filledTo(before)
}

// filled is the place between two elements of a list, before the second; the place before the first is given, -1 for
// none.
func (b *builder) filled(before int32) int32 {
	b.filledTo(before)
	return b.line(instruction{kind: fill, wide: true})
}

func (b *builder) filledTo(before int32) {
	if before >= 0 {
		b.code[before].end = b.at()
	}
}

// separator writes a comma for what separates two elements. Comments before it stand behind it.
func (b *builder) separator() {
	b.add(instruction{op: opText, text: ","})
	b.skip = true
}

func (b *builder) whole(e syntax.Expr) { b.expression(e, 1) }

// expression writes one whose lines are indented by steps if it is a chain.
func (b *builder) expression(e syntax.Expr, steps uint8) {
	switch e := e.(type) {
	case *syntax.NilExpr, *syntax.TrueExpr, *syntax.FalseExpr, *syntax.NumberExpr, *syntax.StringExpr, *syntax.VarargExpr, *syntax.NameExpr:
		b.token()
	case *syntax.FunctionExpr:
		g := b.compound(e, e.Body)
		b.word("function")
		b.function(g, e)
	case *syntax.IndexExpr, *syntax.CallExpr:
		b.suffixes(e, steps)
	case *syntax.BinaryExpr:
		b.chain(steps, func() { b.binary(e) })
	case *syntax.UnaryExpr:
		b.token()
		if e.Op == syntax.Not || strings.HasPrefix(b.peek(), "-") {
			b.space()
		}
		b.expression(e.Operand, steps)
	case *syntax.TableExpr:
		b.table(e, false)
	case *syntax.ParenExpr:
		b.bracket("(", ")", func() { b.whole(e.Inner) })
	default:
		b.problem = "it holds what is no expression"
	}
}

// chain writes what is indented once if its lines are broken, however many chains it consists of.
func (b *builder) chain(steps uint8, write func()) {
	if b.chained {
		write()
		return
	}
	b.leading()
	b.chained = true
	b.open(steps)
	write()
	b.close()
	b.chained = false
}

// binary writes operators of one strength with what stands between them. A line is broken before an operator.
func (b *builder) binary(e *syntax.BinaryExpr) {
	// Long chains, to the left and to the right, are gone through without recursion.
	var operands []syntax.Expr
	right := rightward(e.Op)
	var rest syntax.Expr = e
	for {
		n, ok := rest.(*syntax.BinaryExpr)
		if !ok || strength(n.Op) != strength(e.Op) {
			break
		}
		if right {
			operands, rest = append(operands, n.Left), n.Right
		} else {
			operands, rest = append(operands, n.Right), n.Left
		}
	}
	operands = append(operands, rest)
	if !right {
		slices.Reverse(operands)
	}
	before := int32(-1)
	for i, operand := range operands {
		if i > 0 {
			b.filledTo(before)
			b.trailing()
			behind := b.breaksBehind()
			before = b.line(instruction{kind: fill, wide: true, broken: behind})
			b.token()
			b.space()
		}
		b.expression(operand, 1)
	}
	b.filledTo(before)
}

// breaksBehind reports whether the line ends behind the token that is next.
func (b *builder) breaksBehind() bool {
	seen := 0
	for i := b.next; i < len(b.file.Tokens); i++ {
		t := &b.file.Tokens[i]
		if seen > 0 {
			return t.Line > seen
		}
		if t.Kind != syntax.Comment {
			seen = t.Line
		}
	}
	return false
}

func rightward(o syntax.Op) bool { return o == syntax.Concat || o == syntax.Pow }

// strength of an operator: those of one strength are one chain.
func strength(o syntax.Op) int {
	switch o {
	case syntax.Or:
		return 1
	case syntax.And:
		return 2
	case syntax.Less, syntax.Greater, syntax.LessEqual, syntax.GreaterEqual, syntax.NotEqual, syntax.Equal:
		return 3
	case syntax.Concat:
		return 4
	case syntax.Add, syntax.Sub:
		return 5
	case syntax.Mul, syntax.Div, syntax.Mod:
		return 6
	}
	return 7
}

// suffixes writes what is indexed and called, and how often.
func (b *builder) suffixes(e syntax.Expr, steps uint8) {
	var parts []syntax.Expr
	inner := e
	for {
		parts = append(parts, inner)
		switch n := inner.(type) {
		case *syntax.IndexExpr:
			inner = n.Object
			continue
		case *syntax.CallExpr:
			inner = n.Func
			continue
		}
		break
	}
	b.chain(steps, func() {
		b.expression(inner, 1)
		for i := len(parts) - 2; i >= 0; i-- {
			switch n := parts[i].(type) {
			case *syntax.IndexExpr:
				if n.Dot {
					b.line(instruction{kind: keep})
					b.word(".")
					b.token()
				} else {
					b.bracket("[", "]", func() { b.whole(n.Key) })
				}
			case *syntax.CallExpr:
				if n.Method != nil {
					b.line(instruction{kind: keep})
					b.word(":")
					b.token()
				}
				b.args(n, parts[i+1])
			}
		}
	})
}

// args writes what a function is called with.
func (b *builder) args(c *syntax.CallExpr, called syntax.Expr) {
	if b.peek() == "(" {
		b.bracket("(", ")", func() { list(b, c.Args, b.whole) })
		return
	}
	_, text := c.Args[0].(*syntax.StringExpr)
	if _, again := called.(*syntax.CallExpr); text || again && c.Method == nil {
		// policy "web" { ... }
		b.space()
	}
	chained := b.chained
	b.chained = false
	b.whole(c.Args[0])
	b.chained = chained
}

// bracket writes what stands between two brackets.
func (b *builder) bracket(open, close string, write func()) {
	b.word(open)
	chained := b.chained
	b.chained = false
	at := b.at()
	b.open(1)
	b.trailing()
	broken := b.peek() != close && b.newline()
	if b.header && !broken {
		b.code[at].steps = 2
	}
	// [[ would begin a string.
	apart := open == "[" && strings.HasPrefix(b.peek(), "[")
	if b.peek() != close {
		b.line(instruction{kind: keep, wide: apart})
		write()
	}
	b.leading()
	b.line(instruction{kind: closing, group: -1, broken: broken, wide: apart})
	b.close()
	b.chained = chained
	b.word(close)
}

// table writes a constructor. One that hangs is an element of another.
func (b *builder) table(t *syntax.TableExpr, hangs bool) {
	chained := b.chained
	b.chained = false
	b.leading()
	g := b.group(instruction{table: true, hangs: hangs})
	b.word("{")
	if len(t.Fields) == 0 && !b.comment() {
		b.chained = chained
		b.word("}")
		b.ends(g)
		return
	}
	b.open(1)
	b.trailing()
	broken := b.newline() && (len(t.Fields) > 0 || b.comment())
	b.first = true
	if len(t.Fields) > 0 || broken {
		b.line(instruction{kind: grouped, group: g, broken: broken, wide: true})
	}
	authored := broken
	before := int32(-1)
	for i, f := range t.Fields {
		if i > 0 {
			b.separator()
			b.filledTo(before)
			before = b.line(instruction{kind: fill, wide: true, blank: true, group: g, table: true})
			authored = authored || b.code[before].broken
		}
		b.field(g, f)
	}
	b.filledTo(before)
	if len(t.Fields) > 0 {
		b.add(instruction{op: opComma, group: g})
		if text := b.peek(); text == "," || text == ";" {
			b.skip = true
		}
	}
	comma := b.at() - 1
	b.trailing()
	ends := broken || b.newline()
	b.leading()
	b.line(instruction{kind: closing, group: g, broken: ends, wide: true})
	if len(t.Fields) > 0 {
		b.code[comma].broken = ends
	}
	// What the author has broken stays so, and nothing else is decided.
	b.code[g].broken = authored || ends
	b.close()
	b.chained = chained
	b.word("}")
	b.ends(g)
}

func (b *builder) field(group int32, f *syntax.TableField) {
	b.leading()
	b.add(instruction{op: opField, group: group})
	switch {
	case f.Named:
		b.token()
		b.add(instruction{op: opKey, group: group})
		b.space()
		b.word("=")
		b.value(f.Value)
	case f.Key != nil:
		b.bracket("[", "]", func() { b.whole(f.Key) })
		b.space()
		b.word("=")
		b.value(f.Value)
	}
	if t, ok := f.Value.(*syntax.TableExpr); ok && f.Key == nil {
		b.table(t, true)
	} else {
		b.whole(f.Value)
	}
	b.add(instruction{op: opEnd})
}

// function writes the parameters, the body and the end of one.
func (b *builder) function(group int32, f *syntax.FunctionExpr) {
	b.bracket("(", ")", func() {
		before := int32(-1)
		for b.peek() != ")" && b.peek() != "" {
			b.token()
			if b.peek() == "," {
				b.separator()
				before = b.filled(before)
			}
		}
		b.filledTo(before)
	})
	b.block(group, f.Body)
	b.word("end")
	b.ends(group)
}
