package syntax

import (
	"fmt"
	"slices"
	"strings"
)

// block reads statements up to the word that ends them. The block ends with the last of them until that word is found to
// belong to it.
func (p *parser) block() *Block {
	b := &Block{extent: p.nowhere()}
	p.open()
	p.statements(b)
	b.to = p.last()
	p.close(b, false)
	return b
}

// statements reads statements into a block.
func (p *parser) statements(b *Block) {
	for !p.blockEnds() {
		from := p.at
		s, last := p.statement()
		b.Stmts = append(b.Stmts, s)
		if p.lost {
			p.sync(from)
			continue
		}
		p.accept(codeSemicolon)
		if last && !p.blockEnds() {
			p.afterLast(s)
			if !p.begins() {
				p.sync(p.at)
			}
		}
	}
}

// blockEnds reports whether a block ends here.
func (p *parser) blockEnds() bool {
	switch p.code() {
	case codeElse, codeElseif, codeEndWord, codeUntil, codeEnd:
		return true
	}
	return false
}

// sync moves to where a statement could begin, or where the block ends. Functions on the way are read for their
// problems. The statement began at an item.
func (p *parser) sync(began int) {
	depth := 0
	for {
		c := p.code()
		if c == codeEnd {
			break
		}
		fresh := p.at > began
		if c == codeOpenParen && fresh && depth <= 0 && p.begins() && !wantsOperand(p.items[p.at-1].code) {
			break
		}
		switch c {
		case codeOpenParen, codeOpenBrace, codeOpenBracket:
			depth++
		case codeCloseParen, codeCloseBrace, codeCloseBracket:
			depth--
		case codeFunction:
			if isName(p.ahead(1)) && depth <= 0 && fresh {
				p.lost = false
				return
			}
			from := p.from()
			p.lost = false
			p.skip()
			p.functionBody(p.at-1, from, "", false)
			continue
		case codeSemicolon:
			if depth <= 0 && fresh {
				p.lost = false
				p.skip()
				return
			}
		default:
			if depth <= 0 && (p.blockEnds() || fresh && p.freshStatement()) {
				p.lost = false
				return
			}
		}
		p.skip()
	}
	p.lost = false
}

// freshStatement reports whether a statement begins here, whatever is wrong before it.
func (p *parser) freshStatement() bool {
	c := p.code()
	if !isName(c) {
		return beginsStatement(c)
	}
	return !wantsOperand(p.items[p.at-1].code) && (p.begins() || p.ahead(1) == codeAssign)
}

// closing moves over the word that ends what an item began, and the block in it.
func (p *parser) closing(begin int, c code, b *Block) {
	if p.code() != c {
		p.missing(fmt.Sprintf("%q", c))
		match := int(p.items[begin].match)
		if match < p.at {
			return
		}
		p.lost = false
		p.at = match
	}
	b.to = p.from()
	p.skip()
}

// statement reads one, and reports whether it must be the last of its block.
func (p *parser) statement() (s Stmt, last bool) {
	from, begin := p.from(), p.at
	switch p.code() {
	case codeIf:
		return p.ifStmt(), false
	case codeWhile:
		p.skip()
		w := &WhileStmt{Cond: p.condition()}
		w.Body = p.loopBody(begin)
		w.extent = extent{from, p.last()}
		return w, false
	case codeDo:
		p.skip()
		d := &DoStmt{Body: p.block()}
		p.closing(begin, codeEndWord, d.Body)
		d.extent = extent{from, p.last()}
		return d, false
	case codeFor:
		return p.forStmt(), false
	case codeRepeat:
		return p.repeatStmt(), false
	case codeFunction:
		return p.functionStmt(), false
	case codeLocal:
		if p.ahead(1) == codeFunction {
			return p.localFunction(), false
		}
		return p.localStmt(), false
	case codeReturn:
		return p.returnStmt(), true
	case codeBreak:
		p.skip()
		b := &BreakStmt{extent{from, p.last()}}
		if p.function.loops == 0 {
			p.problem(from, p.last(), "", "break must stand in a loop, but stands in none")
		}
		return b, true
	case codeLabel:
		p.skip()
		l := &LabelStmt{Name: p.name()}
		p.expect(codeLabel)
		l.extent = extent{from, p.last()}
		if !p.lost {
			p.label(l)
		}
		return l, false
	case codeGoto:
		if isName(p.ahead(1)) {
			p.skip()
			g := &GotoStmt{Label: p.name()}
			g.extent = extent{from, p.last()}
			b := p.function.block
			b.gotos = append(b.gotos, jump{g, len(p.active)})
			return g, false
		}
	}
	return p.exprStmt(), false
}

// label declares a label in the block that is read.
func (p *parser) label(l *LabelStmt) {
	b := p.function.block
	if b.labels == nil {
		b.labels = map[string]label{}
	}
	if first, ok := b.labels[l.Name.Name]; ok {
		line, _ := p.file.Place(first.stmt.Pos())
		p.problem(l.from, l.to, "", "a label must have a name of its own in its block, but %q stands on line %d too", l.Name.Name, line)
		return
	}
	b.labels[l.Name.Name] = label{l, len(p.active)}
}

// condition reads what if, while and until ask.
func (p *parser) condition() Expr {
	p.asking++
	defer func() { p.asking-- }()
	return p.comparison(p.expr())
}

// comparison goes on with an expression behind which a = stands, where == is meant; unless the line begins with what is
// assigned to, so that an expression is missing before it.
func (p *parser) comparison(e Expr) Expr {
	for !p.lost && p.code() == codeAssign {
		if at := p.assignmentBegins(); at > 0 {
			it := p.items[at-1]
			if it.code == codeReturn {
				p.problem(it.from, it.to, "write: do return end", "return must be the last statement of its block, but an assignment follows")
			} else {
				p.problem(it.from, it.to, "", "an expression must follow %s, but an assignment does", quoted(p.textAt(at-1)))
			}
			p.skip()
			p.exprs()
			return &BadExpr{extent{int32(e.Pos()), p.last()}}
		}
		p.here("= assigns, and only a statement does; compare with ==", "a comparison must be written ==, but = stands here")
		at := int(p.from())
		p.skip()
		right := p.expr()
		e = &BinaryExpr{extent{int32(e.Pos()), p.last()}, Equal, at, e, right}
	}
	return e
}

// assignmentBegins is the item that begins the line, if it is a variable, or a field of one, and what follows it here
// assigns to it.
func (p *parser) assignmentBegins() int {
	at := p.at - 1
	for at > 1 && isName(p.items[at].code) && p.items[at].flags&begins == 0 && p.items[at-1].code == codeDot {
		at -= 2
	}
	if at > 0 && isName(p.items[at].code) && p.items[at].flags&begins != 0 && wantsOperand(p.items[at-1].code) {
		return at
	}
	return 0
}

// endsCondition reports whether a : stands for then or do: a word, the next line or the end of a block follows it.
func (p *parser) endsCondition() bool {
	next := p.ahead(1)
	return p.asking > 0 && next != codeEnd && !isName(next) && (isKeyword(next) || p.items[p.at+1].flags&begins != 0)
}

// middle moves over the then or do that belongs to a word.
func (p *parser) middle(begin int, c code) {
	if !p.lost && p.code() == c {
		p.skip()
		return
	}
	word := p.items[begin].code
	if middle := int(p.items[begin].middle); middle >= p.at {
		switch {
		case p.lost:
		case p.code() == codeComma && c == codeThen:
			p.here("join them with and, or with or", "%q must have one condition, but a comma follows it", word)
		case middle == p.at:
			p.here(fmt.Sprintf("write %s", c), "%q must be followed by %q, but by %q here", word, c, p.items[p.at].code)
		default:
			p.missing(fmt.Sprintf("%q", c))
		}
		p.lost = false
		p.at = middle
		p.skip()
		return
	}
	if p.lost {
		// The rest of the line was part of it.
		for !p.begins() && !p.blockEnds() && !beginsStatement(p.code()) {
			p.skip()
		}
		p.lost = false
		return
	}
	last := p.items[p.at-1]
	switch {
	case last.flags&open != 0 || p.items[p.at].flags&silent != 0:
	case p.code() == codeEnd:
		p.tooEarly()
	case p.code() == codeColon:
		p.here(fmt.Sprintf("write %s", c), "%q must be followed by %q, but by : here", word, c)
		p.skip()
	default:
		p.problem(last.from, last.to, fmt.Sprintf("write %s behind it", c), "the condition of %q must be followed by %q, but %s follows", word, c, quoted(p.textAt(p.at)))
	}
}

// loopBody reads do ... end of a loop that begins at an item.
func (p *parser) loopBody(begin int) *Block {
	p.middle(begin, codeDo)
	p.function.loops++
	b := p.block()
	p.function.loops--
	p.closing(begin, codeEndWord, b)
	return b
}

func (p *parser) repeatStmt() Stmt {
	from, begin := p.from(), p.at
	p.skip()
	r := &RepeatStmt{Body: &Block{extent: p.nowhere()}}
	p.function.loops++
	p.open()
	p.statements(r.Body)
	r.Body.to = p.last()
	p.function.loops--
	wrong := p.items[p.at].flags&(silent|mended) != 0 && p.textAt(p.at) != "while"
	p.closing(begin, codeUntil, r.Body)
	if wrong {
		// There is no condition where end stands for until, or nothing.
		r.Cond = &BadExpr{extent{p.last(), p.last()}}
	} else {
		r.Cond = p.condition()
	}
	p.close(r.Body, true)
	r.extent = extent{from, p.last()}
	return r
}

func (p *parser) ifStmt() Stmt {
	from, begin := p.from(), p.at
	s := &IfStmt{}
	var last *Block
	for {
		c := &IfClause{}
		word := p.at
		c.from = p.from()
		p.skip()
		c.Cond = p.condition()
		p.middle(word, codeThen)
		c.Body = p.block()
		last = c.Body
		s.Clauses = append(s.Clauses, c)
		if p.code() != codeElseif {
			break
		}
		last.to = p.from()
	}
	if p.code() == codeElse {
		last.to = p.from()
		p.skip()
		if p.code() == codeColon && !p.begins() {
			p.here("leave it out", "else must have nothing behind it, but : follows")
			p.skip()
		}
		s.Else = p.block()
		last = s.Else
		for p.code() == codeElse || p.code() == codeElseif {
			// An if has one else, and that is the last of it.
			p.here("", "else must be the last part of its if, but %q follows", p.code())
			word := p.at
			p.skip()
			if p.items[word].code == codeElseif {
				p.condition()
				p.middle(word, codeThen)
			}
			last = p.block()
		}
	}
	p.closing(begin, codeEndWord, last)
	for _, c := range s.Clauses {
		c.to = c.Body.to
	}
	s.extent = extent{from, p.last()}
	return s
}

func (p *parser) forStmt() Stmt {
	from, begin := p.from(), p.at
	p.skip()
	first := p.name()
	p.open()
	var s Stmt
	if p.accept(codeAssign) {
		n := &NumericFor{}
		if p.code() == codeNumber && strings.Contains(p.textAt(p.at), "..") && p.ahead(1) == codeDo {
			p.here("write: for i = 1, 10 do", "a comma must stand before the limit of a loop, but .. does")
			n.Start = &BadExpr{p.nowhere()}
			p.skip()
			n.Limit = &BadExpr{p.nowhere()}
		} else {
			n.Start = p.expr()
			p.limitFollows(n.Start)
			n.Limit = p.expr()
		}
		if p.accept(codeComma) {
			n.Step = p.expr()
		}
		p.loopState(first)
		n.Var = p.declare(first)
		p.activate(n.Var)
		n.Body = p.loopBody(begin)
		n.extent = extent{from, p.last()}
		s = n
	} else {
		g := &GenericFor{}
		names := []Ident{first}
		for p.accept(codeComma) {
			names = append(names, p.name())
		}
		if p.code() == codeName && (p.textAt(p.at) == "of" || p.textAt(p.at) == "from") && !p.lost {
			p.here("write in", "a loop over values must have in, but has %q", p.textAt(p.at))
			p.skip()
		} else if p.code() == codeAssign && len(names) > 1 && !p.lost {
			p.here("write in", "a loop over several variables must have in, but has =")
			p.skip()
		} else if !p.lost && p.code() == codeName && (p.ahead(1) == codeComma || p.ahead(1) == codeIn || p.ahead(1) == codeName) && p.forgottenComma("the variables of a loop") {
			for p.accept(codeName) || p.accept(codeComma) {
			}
			p.accept(codeIn)
		} else if !p.lost && p.code() == codeName && len(names) > 0 && p.items[begin].middle > 0 {
			last := p.items[p.at-1]
			p.problem(last.from, last.to, "write in behind it", "in must follow the variables of a loop, but %s does", quoted(p.textAt(p.at)))
		} else if !p.lost && p.code() != codeIn {
			p.missing(`"=" or "in"`)
		} else {
			p.accept(codeIn)
		}
		g.Exprs = p.exprs()
		p.loopState(first)
		for _, id := range names {
			g.Vars = append(g.Vars, p.declare(id))
		}
		p.activate(g.Vars...)
		g.Body = p.loopBody(begin)
		g.extent = extent{from, p.last()}
		s = g
	}
	p.close(&Block{}, true)
	return s
}

// limitFollows moves over the comma before the limit of a loop.
func (p *parser) limitFollows(start Expr) {
	if b, ok := start.(*BinaryExpr); ok && b.Op == Concat && !p.lost && p.code() != codeComma {
		p.problem(int32(b.OpPos), int32(b.OpPos)+2, "write: for i = 1, 10 do", "a comma must stand before the limit of a loop, but .. does")
		p.lost = true
	}
	if !p.lost && (p.code() == codeConcat || p.code() == codeName && (p.textAt(p.at) == "to" || p.textAt(p.at) == "until")) {
		p.here("write: for i = 1, 10 do", "a comma must stand before the limit of a loop, but %q does", p.textAt(p.at))
		p.skip()
		return
	}
	p.expect(codeComma)
}

func (p *parser) functionStmt() Stmt {
	from, begin := p.from(), p.at
	p.skip()
	id := p.name()
	name := id.Name
	var target Expr = &NameExpr{id, p.resolve(id)}
	method := false
	for !p.lost && !method && (p.code() == codeDot || p.code() == codeColon) {
		method = p.code() == codeColon
		name += p.textAt(p.at)
		p.skip()
		key := p.name()
		name += key.Name
		target = &IndexExpr{extent{int32(target.Pos()), key.to}, target, &StringExpr{key.extent, key.Name}, true}
	}
	p.assigned(target)
	s := &FunctionStmt{Target: target, Method: method, Func: p.functionBody(begin, from, name, method)}
	s.extent = extent{from, p.last()}
	return s
}

func (p *parser) localFunction() Stmt {
	from := p.from()
	p.skip()
	begin := p.at
	p.skip()
	s := &LocalFunctionStmt{Name: p.declare(p.name())}
	p.activate(s.Name)
	if !p.lost && (p.code() == codeDot || p.code() == codeColon) {
		p.here("leave out local", "a local function must have a simple name, but %q follows it", p.code())
		for p.accept(codeDot) || p.accept(codeColon) {
			p.name()
		}
	}
	s.Func = p.functionBody(begin, p.items[begin].from, s.Name.Name, false)
	s.extent = extent{from, p.last()}
	return s
}

func (p *parser) localStmt() Stmt {
	from := p.from()
	p.skip()
	s := &LocalStmt{Names: []*Local{p.declare(p.name())}}
	for p.accept(codeComma) {
		s.Names = append(s.Names, p.declare(p.name()))
	}
	switch c := p.code(); {
	case p.lost:
	case c == codeEqual:
		p.here("write =", "a local must be given its value with =, but == stands here")
		p.skip()
		s.Exprs = p.exprs()
	case c == codeAssign:
		p.skip()
		s.Exprs = p.values()
		for i := range min(len(s.Names), len(s.Exprs)) {
			nameFunction(s.Exprs[i], s.Names[i].Name)
		}
	case c == codeLess && isName(p.ahead(1)) && p.ahead(2) == codeGreater:
		p.here("leave it out", "a local must have a name and a value, but has an attribute, which Lua 5.1 does not know")
		p.skip()
		p.skip()
		p.skip()
		if p.accept(codeAssign) {
			s.Exprs = p.values()
		}
	case c == codeDot || c == codeOpenBracket:
		p.here("leave out local", "a local must have a simple name, but %q follows it", c)
		p.lost = true
	case isArithmetic(c) && p.touches() && p.ahead(1) == codeAssign:
		p.here("write =", "a local must be given its value with =, but %q stands here", p.textAt(p.at)+"=")
		p.skip()
		p.skip()
		s.Exprs = p.values()
	case c == codeColon && isName(p.ahead(1)):
		p.here("leave out the type", "a local must have a name and a value, but has a type, which Lua does not know")
		p.skip()
		p.skip()
		if p.accept(codeAssign) {
			s.Exprs = p.values()
		}
	case c == codeColon && p.touches() && p.ahead(1) == codeAssign:
		p.here("write =", "a local must be given its value with =, but := stands here")
		p.skip()
		p.skip()
		s.Exprs = p.values()
	}
	p.activate(s.Names...)
	s.extent = extent{from, p.last()}
	return s
}

// values reads what is assigned or returned.
func (p *parser) values() []Expr {
	list := []Expr{p.comparison(p.expr())}
	for p.accept(codeComma) {
		list = append(list, p.comparison(p.expr()))
	}
	return list
}

func (p *parser) returnStmt() Stmt {
	from := p.from()
	p.skip()
	r := &ReturnStmt{}
	if !p.blockEnds() && p.code() != codeSemicolon {
		r.Exprs = p.values()
	}
	r.extent = extent{from, p.last()}
	return r
}

// afterLast tells that something follows return or break.
func (p *parser) afterLast(s Stmt) {
	it := p.items[p.at]
	if it.flags&silent != 0 || p.scarred() {
		return
	}
	if it.code == codeUnknown {
		p.missing("")
		return
	}
	word := "return"
	if _, ok := s.(*BreakStmt); ok {
		word = "break"
	}
	hint := fmt.Sprintf("leave out what follows, or write: do %s end", word)
	if it.code == codeSemicolon {
		hint = "one ; is enough: Lua 5.1 has no empty statement"
	} else if it.code == codeIf && it.flags&begins == 0 {
		hint = fmt.Sprintf("write: if ... then %s ... end", word)
	} else if p.items[p.at-1].code == codeSemicolon && it.flags&begins == 0 && it.code == codeString {
		hint = "write , for the ;"
	}
	p.problem(int32(s.Pos()), min(int32(s.Pos())+int32(len(word)), int32(s.End())), hint, "%s must be the last statement of its block, but %s follows", word, quoted(p.textAt(p.at)))
	if it.code == codeSemicolon {
		for p.accept(codeSemicolon) {
		}
	}
}

// exprStmt reads a call or an assignment.
func (p *parser) exprStmt() Stmt {
	begin, from, told := p.at, p.from(), p.told.count
	if !isName(p.code()) && p.code() != codeOpenParen {
		p.noStatement()
		return &BadStmt{extent{from, max(from, p.last())}}
	}
	e := p.suffixed()
	if p.lost {
		return &BadStmt{extent{from, p.last()}}
	}
	switch c := p.code(); {
	case c == codeAssign || c == codeComma && !p.forgottenReturn(e):
	case isCall(e):
		call := e.(*CallExpr)
		return &CallStmt{call.extent, call}
	default:
		if !p.withoutIf() {
			p.notDone(e, begin, p.told.count > told || p.scarred())
		}
		return &BadStmt{extent{from, p.last()}}
	}
	s := &AssignStmt{}
	for {
		if !p.target(e) {
			return &BadStmt{extent{from, p.last()}}
		}
		s.Targets = append(s.Targets, e)
		if !p.accept(codeComma) {
			break
		}
		e = p.suffixed()
		if p.lost {
			return &BadStmt{extent{from, p.last()}}
		}
	}
	if !p.expect(codeAssign) {
		return &BadStmt{extent{from, p.last()}}
	}
	s.Exprs = p.values()
	for i, t := range s.Targets {
		p.assigned(t)
		if i < len(s.Exprs) {
			if f, ok := s.Exprs[i].(*FunctionExpr); ok {
				f.Name = Spelling(t)
			}
		}
	}
	s.extent = extent{from, p.last()}
	return s
}

// withoutIf moves to a then that has no if, which was told, if this is its condition.
func (p *parser) withoutIf() bool {
	for at := p.at; at < p.at+maxSearch && at < len(p.items) && (at == p.at || p.items[at].flags&begins == 0); at++ {
		if it := p.items[at]; it.flags&alone != 0 {
			p.at = at
			return true
		}
	}
	return false
}

// target tells if something can't be assigned to.
func (p *parser) target(e Expr) bool {
	if assignable(e) {
		return true
	}
	what, hint := "an expression in parentheses", ""
	if isCall(e) {
		what = "a call"
		if p.code() == codeAssign && p.ahead(1) == codeOpenBrace {
			hint = "leave out the ="
		}
	}
	// Where a bracket closes nothing, the call may have ended too early.
	if !p.scarred() && !(p.told.dropped && p.code() == codeComma) {
		p.problem(int32(e.Pos()), int32(e.End()), hint, "an assignment must be to a variable or a field, but is to %s", what)
	}
	p.lost = true
	return false
}

func assignable(e Expr) bool {
	switch e.(type) {
	case *NameExpr, *IndexExpr:
		return true
	}
	return false
}

func isCall(e Expr) bool {
	_, ok := e.(*CallExpr)
	return ok
}

// isBracketed reports whether it is a call in brackets: a value, and no statement.
func isBracketed(e Expr) bool {
	p, ok := e.(*ParenExpr)
	return ok && isCall(p.Inner)
}

// noStatement tells of an item with which no statement begins.
func (p *parser) noStatement() {
	switch c := p.code(); {
	case p.items[p.at].flags&silent != 0 || c == codeEnd || p.scarred():
		p.missing("")
	case p.withoutIf():
	case c == codeSemicolon:
		p.here("leave it out: Lua 5.1 has no empty statement", "a statement must stand before ;, but none does")
		for p.accept(codeSemicolon) {
		}
	case (c == codeNil || c == codeTrue || c == codeFalse) && p.ahead(1) == codeAssign:
		p.here("", "an assignment must be to a variable or a field, but is to %s", c)
		p.skip()
		p.skip()
		p.exprs()
	case c == codeString || c == codeNumber || c == codeNil || c == codeTrue || c == codeFalse || c == codeVararg || c == codeOpenBrace:
		hint := "assign it, or return it"
		if !p.begins() && p.at > 0 && endsOperand(p.items[p.at-1].code) {
			hint = "a comma, = or an operator may be missing before it"
		}
		p.here(hint, "a statement must do something, but %s is only a value", quoted(p.textAt(p.at)))
		p.lost = true
	default:
		p.missing("")
	}
}

// results are what decisions give.
var results = []string{"deny", "allow", "grant"}

// forgottenReturn tells of values behind each other that are not returned, and moves over them. It gives true then.
func (p *parser) forgottenReturn(e Expr) bool {
	name, ok := e.(*NameExpr)
	if !ok {
		return false
	}
	switch p.ahead(1) {
	case codeString, codeNumber, codeNil, codeTrue, codeFalse:
	default:
		return false
	}
	p.problem(int32(e.Pos()), int32(e.End()), "write: return "+name.Name, "a result must be returned, but %s stands alone", quoted(name.Name))
	for p.accept(codeComma) {
		p.expr()
	}
	p.lost = false
	return true
}

// endsOperand reports whether an operand ends with an item.
func endsOperand(c code) bool {
	switch c {
	case codeName, codeNumber, codeString, codeNil, codeTrue, codeFalse, codeVararg, codeCloseParen, codeCloseBrace, codeCloseBracket:
		return true
	}
	return false
}

// notDone tells of an expression that stands where a statement must and begins with an item, unless something was told of it.
func (p *parser) notDone(e Expr, at int, told bool) {
	from, to := int32(e.Pos()), int32(e.End())
	text := p.file.Text[from:to]
	name, isName := e.(*NameExpr)
	switch c := p.code(); {
	case to <= from || p.items[p.at].flags&mended != 0 && p.told.ends > 0:
		// What is missing was told.
	case c == codeComma:
		// It was told that return is missing.
	case c == codeEnd:
		p.tooEarly()
	case told:
		p.lost = !p.statementEnds()
	case isArithmetic(c) && p.touches() && p.ahead(1) == codeAssign:
		sign := p.textAt(p.at)
		it := p.items[p.at]
		p.problem(it.from, it.to+1, fmt.Sprintf("write %s = %s %s ...", short(text), short(text), sign), "an assignment must be written =, but %s= stands here", sign)
		p.skip()
		p.skip()
		p.expr()
	case c == codePlus && p.touches() && p.ahead(1) == codePlus:
		it := p.items[p.at]
		p.problem(it.from, it.to+1, fmt.Sprintf("write %s = %s + 1", short(text), short(text)), "an assignment must be written =, but ++ stands here")
		p.skip()
		p.skip()
	case c == codeColon && p.touches() && p.ahead(1) == codeAssign:
		it := p.items[p.at]
		p.problem(it.from, it.to+1, "write =", "an assignment must be written =, but := stands here")
		p.skip()
		p.skip()
		p.exprs()
	case c == codeEqual:
		p.here("write = to assign", "a statement must do something, but == only compares")
		p.skip()
		p.exprs()
	case isName && slices.Contains(results, name.Name) && p.statementEnds():
		p.problem(from, to, "write: return "+name.Name, "a result must be returned, but %s stands alone", quoted(name.Name))
	case isName && p.code() == codeName && !p.begins():
		next := p.textAt(p.at)
		if p.ahead(1) == codeAssign {
			p.problem(from, to, "write local for it, or leave it out", "an assignment must be to one variable, but %s follows %s", quoted(next), quoted(text))
		} else {
			p.problem(int32(p.items[p.at].from), int32(p.items[p.at].to), fmt.Sprintf("write %s(%s), or %s %q for a text", short(text), short(next), short(text), short(next)),
				"what a function is called with must stand in ( ), but %s does not", quoted(next))
		}
		p.lost = true
	case p.statementEnds() || isBracketed(e) && c == codeName:
		hint := "assign it, call it with ( ), or return it"
		if isBracketed(e) {
			hint = "leave out the brackets: a call is a statement without them"
		}
		if strings.HasPrefix(p.file.Text[to:], "--") {
			hint = fmt.Sprintf("-- begins a comment: write %s = %s - 1", short(text), short(text))
		} else if p.items[at].flags&begins == 0 && at > 0 && endsOperand(p.items[at-1].code) {
			hint = "a comma, = or an operator may be missing before it"
		}
		if p.blockEnds() {
			hint = fmt.Sprintf("write: return %s", short(text))
		}
		p.problem(from, to, hint, "a statement must do something, but %s is only a value", quoted(text))
	default:
		p.missing("")
	}
}

// short is a piece of the source for a hint.
func short(text string) string {
	const most = 30
	if len(text) > most {
		return "x"
	}
	return text
}

// statementEnds reports whether what stands here does not go on a statement.
func (p *parser) statementEnds() bool {
	c := p.code()
	return p.blockEnds() || c == codeSemicolon || beginsStatement(c) || p.begins() && (isName(c) || c == codeOpenParen)
}

func isArithmetic(c code) bool {
	switch c {
	case codePlus, codeMinus, codeStar, codeSlash, codePercent, codeCaret, codeConcat:
		return true
	}
	return false
}

// assigned marks a local that is assigned to.
func (p *parser) assigned(target Expr) {
	if n, ok := target.(*NameExpr); ok && n.Local != nil {
		n.Local.Assigned = true
	}
}

// nameFunction gives a function that is a value the name of what it is assigned to.
func nameFunction(e Expr, name string) {
	if f, ok := e.(*FunctionExpr); ok {
		f.Name = name
	}
}
