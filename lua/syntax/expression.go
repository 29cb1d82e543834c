package syntax

import "fmt"

// strength is an operator, and how strongly it binds to its left and right.
type strength struct {
	op          Op
	left, right int
}

// binary are the operators between two operands.
var binary = [codeVararg + 1]strength{
	codeOr: {Or, 1, 1}, codeAnd: {And, 2, 2},
	codeLess: {Less, 3, 3}, codeGreater: {Greater, 3, 3}, codeLessEqual: {LessEqual, 3, 3}, codeGreaterEqual: {GreaterEqual, 3, 3},
	codeNotEqual: {NotEqual, 3, 3}, codeEqual: {Equal, 3, 3},
	codeConcat: {Concat, 5, 4}, codePlus: {Add, 6, 6}, codeMinus: {Sub, 6, 6},
	codeStar: {Mul, 7, 7}, codeSlash: {Div, 7, 7}, codePercent: {Mod, 7, 7}, codeCaret: {Pow, 10, 9},
}

// unaryBinds is how strongly a unary operator binds.
const unaryBinds = 8

func (p *parser) expr() Expr { return p.operation(0) }

func (p *parser) exprs() []Expr {
	list := []Expr{p.expr()}
	for p.accept(codeComma) {
		list = append(list, p.expr())
	}
	return list
}

// operation reads an expression of operators that bind more strongly than the limit.
func (p *parser) operation(limit int) Expr {
	from := p.from()
	if p.level > MaxChain {
		p.tooDeep(from, from)
		return &BadExpr{p.nowhere()}
	}
	p.level++
	var e Expr
	if op, ok := p.unary(); ok {
		operand := p.operation(unaryBinds)
		e = &UnaryExpr{extent{from, max(from, p.last())}, op, operand}
	} else {
		e = p.simple()
	}
	for !p.lost {
		b, n := p.operator()
		if n == 0 || b.left <= limit {
			break
		}
		at := int(p.from())
		if n > 1 || b != binary[p.code()] {
			p.tellOperator(b, n)
		}
		for range n {
			p.skip()
		}
		right := p.operation(b.right)
		e = &BinaryExpr{extent{from, max(from, p.last())}, b.op, at, e, right}
	}
	p.level--
	return e
}

// unary moves over an operator before its operand.
func (p *parser) unary() (op Op, ok bool) {
	switch p.code() {
	case codeNot:
		op = Not
	case codeMinus:
		op = Neg
	case codeHash:
		op = Len
	case codeUnknown:
		if p.lost || p.textAt(p.at) != "!" {
			return 0, false
		}
		p.here("write not", "a negation must be written not, but ! stands here")
		op = Not
	default:
		return 0, false
	}
	if p.lost {
		return 0, false
	}
	p.skip()
	return op, true
}

// operator is the one between two operands that stands here, and of how many items it is, 0 if there is none. Operators
// of other languages are among them.
func (p *parser) operator() (strength, int) {
	c := p.code()
	b := binary[c]
	if b.left > 0 {
		if isArrow(p.items, p.at) {
			return b, 2
		}
		if c != codeLess && c != codeSlash && c != codeEqual && c != codeNotEqual || !p.touches() {
			if (isArithmetic(c)) && p.touches() && p.ahead(1) == codeAssign {
				return b, 0
			}
			return b, 1
		}
		switch next := p.ahead(1); {
		case c == codeLess && next == codeGreater:
			return binary[codeNotEqual], 2
		case c == codeSlash && next == codeSlash:
			return b, 2
		case c == codeSlash && next == codeAssign:
			return b, 0
		case (c == codeEqual || c == codeNotEqual) && next == codeAssign:
			return b, 2
		}
		return b, 1
	}
	switch c {
	case codeIn:
		return binary[codeEqual], 1
	case codeNot:
		if p.ahead(1) == codeIn {
			return binary[codeNotEqual], 2
		}
	case codeAssign:
		if p.touches() && p.ahead(1) == codeGreater {
			return binary[codeGreaterEqual], 2
		}
		if p.touches() && p.ahead(1) == codeLess {
			return binary[codeLessEqual], 2
		}
		if p.touches() && p.textAt(p.at+1) == "!" {
			return binary[codeNotEqual], 2
		}
	case codeUnknown:
		if !p.touches() {
			return b, 0
		}
		switch p.textAt(p.at) + p.textAt(p.at+1) {
		case "!=", "!==":
			if p.items[p.at+1].to < p.items[p.at+2].from || p.ahead(2) != codeAssign {
				return binary[codeNotEqual], 2
			}
			return binary[codeNotEqual], 3
		case "&&":
			return binary[codeAnd], 2
		case "||":
			return binary[codeOr], 2
		}
	}
	return b, 0
}

// tellOperator tells of an operator of another language.
func (p *parser) tellOperator(b strength, n int) {
	first, last := p.items[p.at], p.items[p.at+n-1]
	text := p.file.Text[first.from:last.to]
	switch {
	case first.flags&silent != 0:
	case text == "->" && p.at > 0 && p.items[p.at-1].to == first.from && p.items[p.at+2].from == last.to && isName(p.ahead(2)):
		p.problem(first.from, last.to, "write .", "a field must be written with ., but -> stands here")
	case text == "->", text == "=>" && (p.ahead(2) == codeFunction || p.ahead(2) == codeOpenBrace):
		p.problem(first.from, last.to, "write: function(...) return ... end", "a function must be written with function and end, but %s stands here", text)
	case first.code == codeIn || first.code == codeNot:
		p.problem(first.from, last.to, "compare with each, as x == 80 or x == 443, or look it up: ({ [80] = true, [443] = true })[x]",
			"in must stand in a for loop, but stands between two values")
	case text == "//":
		p.problem(first.from, last.to, "write math.floor(a / b); a comment begins with --", "a division must be written /, but // stands here")
	default:
		p.problem(first.from, last.to, fmt.Sprintf("write %s", b.op), "the operator must be written %s, but %s stands here", b.op, text)
	}
}

func (p *parser) simple() Expr {
	here := extent{p.from(), p.items[p.at].to}
	if p.lost {
		return &BadExpr{p.nowhere()}
	}
	var e Expr
	switch p.code() {
	case codeNumber:
		p.skip()
		e = &NumberExpr{here, p.number(p.at - 1)}
	case codeString:
		p.skip()
		e = &StringExpr{here, p.str(p.at - 1)}
	case codeNil:
		p.skip()
		e = &NilExpr{here}
	case codeTrue:
		p.skip()
		e = &TrueExpr{here}
	case codeFalse:
		p.skip()
		e = &FalseExpr{here}
	case codeVararg:
		p.skip()
		f := p.function.node
		f.UsesVararg = true
		if !f.Vararg {
			p.problem(here.from, here.to, "give the function the parameter ...", "... must stand in a function with varargs, but this one has none")
		}
		return &VarargExpr{here}
	case codeOpenBrace:
		e = p.table()
	case codeFunction:
		p.skip()
		return p.functionBody(p.at-1, here.from, "", false)
	case codeIf, codeFor, codeWhile, codeRepeat, codeDo:
		if match := int(p.items[p.at].match); match > p.at && !p.begins() {
			p.here(map[bool]string{true: "write: condition and one or other"}[p.code() == codeIf], "a value must be an expression, but %q begins a statement", p.code())
			p.at = match
			p.skip()
			return &BadExpr{extent{here.from, p.last()}}
		}
		return p.suffixed()
	default:
		return p.suffixed()
	}
	if !p.lost && p.code() == codeDot && p.items[p.at-1].to < p.from() && !p.touches() {
		p.here("write ..", "two texts must be joined with .., but . stands here")
		p.skip()
		return p.suffixed()
	}
	if _, number := e.(*NumberExpr); number && p.asking > 0 && p.code() == codeColon {
		// It stands for then.
		return e
	}
	if !p.lost && (p.code() == codeColon && isName(p.ahead(1)) && (p.ahead(2) == codeOpenParen || p.ahead(2) == codeString) || p.code() == codeDot && isName(p.ahead(1))) {
		p.here("put it in parentheses: (...)"+p.textAt(p.at)+p.textAt(p.at+1), "a value must stand in parentheses before %q, but does not", p.textAt(p.at))
		return p.suffixes(e)
	}
	return e
}

// suffixed reads a variable or an expression in parentheses, and what is indexed and called of it.
func (p *parser) suffixed() Expr {
	from := p.from()
	switch {
	case p.lost:
		return &BadExpr{p.nowhere()}
	case isName(p.code()):
		id := p.name()
		return p.suffixes(&NameExpr{id, p.resolve(id)})
	case p.code() == codeOpenParen:
		begin := p.at
		p.skip()
		inner := p.comparison(p.expr())
		if !p.lost && p.code() == codeComma && p.items[p.items[begin].match].flags&mended == 0 {
			p.here("write several values without ( )", "parentheses must hold one value, but a comma follows it")
			p.lost = true
		}
		p.closeBracket(begin, codeCloseParen)
		return p.suffixes(&ParenExpr{extent{from, p.last()}, inner})
	}
	p.missing("an expression")
	return &BadExpr{p.nowhere()}
}

func (p *parser) suffixes(e Expr) Expr {
	from := int32(e.Pos())
	for !p.lost {
		switch p.code() {
		case codeDot:
			p.skip()
			key := p.name()
			e = &IndexExpr{extent{from, p.last()}, e, &StringExpr{key.extent, key.Name}, true}
		case codeOpenBracket:
			begin := p.at
			p.skip()
			key := p.expr()
			p.closeBracket(begin, codeCloseBracket)
			e = &IndexExpr{extent{from, p.last()}, e, key, false}
		case codeColon:
			if p.touches() && p.ahead(1) == codeAssign || p.endsCondition() {
				return e
			}
			p.skip()
			method := p.name()
			args := p.args()
			e = &CallExpr{extent{from, p.last()}, e, &method, args}
		case codeOpenParen, codeString, codeOpenBrace:
			args := p.args()
			e = &CallExpr{extent{from, p.last()}, e, nil, args}
		default:
			return e
		}
	}
	return e
}

// args reads what a function is called with.
func (p *parser) args() []Expr {
	here := extent{p.from(), p.items[p.at].to}
	switch {
	case p.lost:
		return nil
	case p.code() == codeString:
		p.skip()
		return []Expr{&StringExpr{here, p.str(p.at - 1)}}
	case p.code() == codeOpenBrace:
		return []Expr{p.table()}
	case p.code() != codeOpenParen:
		if c := p.code(); p.at > 1 && p.items[p.at-2].code == codeColon && (binary[c].left > 0 || c == codeThen || c == codeCloseParen) && !p.scarred() {
			it := p.items[p.at-2]
			p.problem(it.from, it.to, "write . for a field", "a method must be called with ( ), but %s is not", quoted(p.textAt(p.at-1)))
			return nil
		}
		p.missing("the arguments of a call")
		return nil
	}
	if p.begins() {
		p.here("put it there, or write ; before it to begin a statement", "a call must have its ( on the line of what it calls, but has it on the next")
	}
	begin := p.at
	p.skip()
	var list []Expr
	if p.code() != codeCloseParen {
		list = p.elements(begin)
	}
	p.closeBracket(begin, codeCloseParen)
	return list
}

// elements reads the expressions between parentheses that begin at an item.
func (p *parser) elements(begin int) (list []Expr) {
	for {
		list = append(list, p.argument())
		if p.lost || p.code() != codeComma && p.code() != codeCloseParen && !p.forgottenComma("the arguments of a call") {
			if beginsStatement(p.code()) {
				p.missing(`")"`)
			}
			p.resume(begin)
		}
		if p.lost || !p.accept(codeComma) && !p.accept(codeSemicolon) && p.at == p.end(begin) {
			return list
		}
	}
}

// argument reads one of a call.
func (p *parser) argument() Expr {
	if !isName(p.code()) || p.ahead(1) != codeAssign {
		return p.comparison(p.expr())
	}
	from := p.from()
	p.here("write { } around the fields of a table, or == to compare", "an argument must be a value, but %q is given one here", p.textAt(p.at))
	p.skip()
	p.skip()
	p.expr()
	return &BadExpr{extent{from, p.last()}}
}

// end is the item that closes what an item opened, or the last one.
func (p *parser) end(begin int) int {
	if match := int(p.items[begin].match); match > 0 {
		return match
	}
	return len(p.items) - 1
}

// forgottenComma tells that a comma is missing, if another value begins here.
func (p *parser) forgottenComma(between string) bool {
	switch p.code() {
	case codeName, codeGoto, codeString, codeNumber, codeNil, codeTrue, codeFalse, codeVararg, codeOpenBrace, codeOpenBracket, codeFunction, codeNot, codeHash:
	default:
		return false
	}
	last := p.items[p.at-1]
	if last.flags&open == 0 && p.items[p.at].flags&silent == 0 && !p.scarred() {
		p.problem(last.from, last.to, "write , behind it", "a comma must stand between %s, but %s follows %s", between, quoted(p.textAt(p.at)), quoted(p.textAt(p.at-1)))
	}
	return true
}

// resume moves to the next comma between brackets, or to the one that closes. Functions on the way are read for their
// problems.
func (p *parser) resume(begin int) {
	match := int(p.items[begin].match)
	if match < p.at {
		p.missing("")
		return
	}
	if !p.lost {
		p.missing("")
	}
	p.lost = false
	for depth := 0; p.at < match; p.skip() {
		switch p.code() {
		case codeOpenParen, codeOpenBrace, codeOpenBracket:
			depth++
		case codeCloseParen, codeCloseBrace, codeCloseBracket:
			depth--
		case codeComma, codeSemicolon:
			if depth <= 0 {
				return
			}
		case codeFunction:
			from := p.from()
			p.skip()
			p.functionBody(p.at-1, from, "", false)
			p.lost = false
			p.at--
		}
	}
}

// closeBracket moves over the bracket that closes what an item opened.
func (p *parser) closeBracket(begin int, c code) {
	if p.accept(c) {
		return
	}
	p.missing(fmt.Sprintf("%q", c))
	if p.items[begin].match > 0 && int(p.items[begin].match) >= p.at {
		p.resume(begin)
		p.at = int(p.items[begin].match)
		p.lost = false
		p.skip()
	}
}

func (p *parser) table() Expr {
	begin := p.at
	t := &TableExpr{}
	t.from = p.from()
	p.skip()
	for !p.lost && p.code() != codeCloseBrace {
		f := p.field()
		t.Fields = append(t.Fields, f)
		if !p.lost {
			p.fieldEnds(f)
		}
		if p.lost {
			p.resume(begin)
		}
		if !p.accept(codeComma) && !p.accept(codeSemicolon) && p.code() != codeCloseBrace && !p.lost && !p.forgottenComma("the fields of a table") {
			p.resume(begin)
			if !p.accept(codeComma) && !p.accept(codeSemicolon) {
				break
			}
		}
	}
	p.closeBracket(begin, codeCloseBrace)
	t.to = p.last()
	return t
}

// fieldEnds tells of a key that is none, and reads the value that is given to it.
func (p *parser) fieldEnds(f *TableField) {
	c := p.code()
	if c != codeAssign && (c != codeColon || f.Key != nil) {
		return
	}
	if f.Key != nil {
		p.here("compare with ==", "a field must be given one value, but another = follows")
		p.skip()
		p.expr()
		return
	}
	value := f.Value
	from, to := int32(value.Pos()), int32(value.End())
	if x, ok := value.(*IndexExpr); ok && !x.Dot {
		// { a ["b"] = 1 }
		last := x.Object.End()
		at := p.itemEnding(int32(last))
		it := p.items[at]
		p.problem(it.from, it.to, "write , behind it", "a comma must stand between the fields of a table, but %q follows %s", "[", quoted(p.textAt(at)))
		p.skip()
		p.expr()
		return
	}
	switch value.(type) {
	case *StringExpr:
		p.problem(from, to, fmt.Sprintf("write [%s] =", short(p.file.Text[from:to])), "a key must be a name or stand in brackets, but is a string")
	case *NumberExpr:
		p.problem(from, to, fmt.Sprintf("write [%s] =", p.file.Text[from:to]), "a key must be a name or stand in brackets, but is a number")
	case *NameExpr:
		if c == codeColon {
			p.here("write =", "a field must be given its value with =, but : stands here")
			break
		}
		p.missing("")
		return
	default:
		key := short(p.file.Text[from:to])
		if Spelling(value) != "" {
			key = fmt.Sprintf("%q", key)
		}
		p.problem(from, to, fmt.Sprintf("write [%s] =", key), "a key must be a name or stand in brackets, but is an expression")
	}
	p.skip()
	p.expr()
}

// itemEnding is the item that ends at an offset, among those before.
func (p *parser) itemEnding(offset int32) int {
	at := p.at - 1
	for at > 0 && p.items[at].to > offset {
		at--
	}
	return at
}

func (p *parser) field() *TableField {
	f := &TableField{}
	f.from = p.from()
	switch {
	case p.code() == codeOpenBracket:
		begin := p.at
		p.skip()
		f.Key = p.expr()
		p.closeBracket(begin, codeCloseBracket)
		switch {
		case !p.lost && p.code() == codeColon:
			p.here("write =", "a field must be given its value with =, but : stands here")
			p.skip()
		case !p.lost && isArrow(p.items, p.at) && p.code() == codeAssign:
			p.arrowField()
		default:
			p.expect(codeAssign)
		}
		f.Value = p.expr()
	case (isName(p.code()) || p.code() == codeString || p.code() == codeNumber) && p.ahead(1) == codeAssign && isArrow(p.items, p.at+1):
		// { a => 1 }
		f.Key = &BadExpr{extent{p.from(), p.items[p.at].to}}
		p.skip()
		p.arrowField()
		f.Value = p.expr()
	case isName(p.code()) && p.ahead(1) == codeAssign:
		key := p.name()
		f.Key, f.Named = &StringExpr{key.extent, key.Name}, true
		p.skip()
		f.Value = p.expr()
		nameFunction(f.Value, key.Name)
	case isName(p.code()) && p.ahead(1) == codeColon && p.ahead(3) != codeOpenParen && p.ahead(3) != codeString && p.ahead(3) != codeOpenBrace:
		// { a: 1 }
		key := p.name()
		f.Key, f.Named = &StringExpr{key.extent, key.Name}, true
		p.here("write =", "a field must be given its value with =, but : stands here")
		p.skip()
		f.Value = p.expr()
	default:
		f.Value = p.expr()
	}
	f.from, f.to = min(f.from, int32(f.Value.Pos())), max(int32(f.Value.End()), p.last())
	return f
}

// arrowField moves over a => that stands for =.
func (p *parser) arrowField() {
	it, next := p.items[p.at], p.items[p.at+1]
	p.problem(it.from, next.to, "write =", "a field must be given its value with =, but => stands here")
	p.skip()
	p.skip()
}

// functionBody reads parameters, body and end of a function that begins at an item.
func (p *parser) functionBody(begin int, from int32, name string, method bool) *FunctionExpr {
	f := &FunctionExpr{File: p.file, Name: name}
	p.enter(f)
	word := extent{from, from + int32(len("function"))}
	if method {
		self := p.declare(Ident{word, "self"})
		self.Implicit = true
		f.Params = append(f.Params, self)
	}
	p.parameters(f)
	if p.code() == codeColon && !p.begins() && !p.lost {
		p.here("leave it out", "the body of a function must stand behind its parameters, but : does")
		p.skip()
		if isName(p.code()) && !p.begins() && p.items[p.at+1].flags&begins != 0 {
			p.skip()
		}
	}
	p.activate(f.Params...)
	if f.Vararg {
		p.implicitArg(f, Ident{word, "arg"})
	}
	f.Body = p.block()
	p.leave()
	p.closing(begin, codeEndWord, f.Body)
	f.extent = extent{from, p.last()}
	return f
}

func (p *parser) parameters(f *FunctionExpr) {
	if p.code() != codeOpenParen {
		if p.at > 0 && p.items[p.at-1].code == codeFunction && p.items[p.at-1].flags&silent != 0 {
			// The { behind an arrow.
			return
		}
		p.missing(`"("`)
		if isName(p.code()) && !p.begins() {
			p.lost = false
			for isName(p.code()) && !p.begins() {
				f.Params = append(f.Params, p.declare(p.name()))
				p.accept(codeComma)
			}
			p.accept(codeCloseParen)
			return
		}
		// They may stand further on, on the same line.
		for at := p.at; !p.items[at].starts(); at++ {
			if p.items[at].code == codeOpenParen {
				p.at = at
				break
			}
		}
		if p.code() != codeOpenParen {
			p.lost = false
			return
		}
	}
	p.lost = false
	begin := p.at
	p.skip()
	for p.code() != codeCloseParen || len(f.Params) > 0 && p.items[p.at-1].code == codeComma {
		if p.accept(codeVararg) {
			f.Vararg = true
			if p.code() == codeComma {
				p.here("", "... must be the last parameter, but another follows")
				p.lost = true
			}
			break
		}
		if !isName(p.code()) {
			p.missing(`a parameter`)
			break
		}
		f.Params = append(f.Params, p.declare(p.name()))
		if !p.accept(codeComma) {
			if (isName(p.code()) || p.code() == codeVararg) && p.forgottenComma("the parameters of a function") {
				continue
			}
			if p.code() == codeAssign {
				p.here("write in the body: if x == nil then x = ... end", "a parameter must be only a name, but is given a value")
				p.lost = true
			}
			break
		}
	}
	p.closeBracket(begin, codeCloseParen)
}

// starts reports whether what begins with the item can't be the rest of what stands before it.
func (it *item) starts() bool {
	return it.flags&begins != 0 || it.code == codeEndWord || beginsStatement(it.code) || it.code == codeEnd
}
