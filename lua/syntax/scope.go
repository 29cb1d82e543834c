package syntax

import (
	"fmt"

	"cellsh/policy/diag"
)

// scopes are the variables and labels that can be seen where the parser is.
type scopes struct {
	// names has the innermost local of each name.
	names map[string]*Local
	// active are all locals in scope, the innermost last, with those that they hide.
	active   []binding
	function *functionScope
}

// binding is a local in scope. One without a name is what a loop keeps.
type binding struct{ local, hidden *Local }

// functionScope is a function that is being read.
type functionScope struct {
	node   *FunctionExpr
	parent *functionScope
	// base is how many locals were active around it, pending how many are declared and not in scope yet.
	base, pending int
	uses          map[*Local]bool
	loops         int
	block         *blockScope
	// manyLocals and manyUpvalues say that there are too many, which is told once.
	manyLocals, manyUpvalues bool
}

// blockScope is a block that is being read.
type blockScope struct {
	parent *blockScope
	base   int
	labels map[string]label
	gotos  []jump
}

// label is a label and how many locals are active at it, jump a goto whose label was not found yet.
type label struct {
	stmt   *LabelStmt
	active int
}

type jump struct {
	stmt   *GotoStmt
	active int
}

// enter begins a function.
func (p *parser) enter(node *FunctionExpr) {
	p.function = &functionScope{node: node, parent: p.function, base: len(p.active)}
	if p.function.parent != nil {
		node.Parent = p.function.parent.node
	}
}

// leave ends it.
func (p *parser) leave() {
	node := p.function.node
	p.drop(p.function.base)
	p.function = p.function.parent
	if node.Arg != nil {
		// It was found to be used after others were numbered.
		n := len(node.Params)
		node.Locals = append(node.Locals[:n], append([]*Local{node.Arg}, node.Locals[n:]...)...)
		for i, l := range node.Locals {
			l.Index = i
		}
	}
}

// open begins a block.
func (p *parser) open() {
	f := p.function
	f.block = &blockScope{parent: f.block, base: len(p.active)}
}

// close ends a block. The labels at its end stand behind the scope of its locals, if that ends there: the condition of
// repeat sees them.
func (p *parser) close(block *Block, repeat bool) {
	b := p.function.block
	for i := len(block.Stmts) - 1; i >= 0 && !repeat && len(b.gotos) > 0; i-- {
		stmt, ok := block.Stmts[i].(*LabelStmt)
		if !ok {
			break
		}
		if l := b.labels[stmt.Name.Name]; l.stmt == stmt {
			b.labels[stmt.Name.Name] = label{stmt, b.base}
		}
	}
	for _, j := range b.gotos {
		name := j.stmt.Label
		if l, ok := b.labels[name.Name]; ok {
			j.stmt.Target = l.stmt
			if l.active > j.active {
				p.intoScope(j, l)
			}
		} else if b.parent != nil {
			b.parent.gotos = append(b.parent.gotos, jump{j.stmt, min(j.active, b.base)})
		} else {
			p.problem(name.from, name.to, "", "goto must go to a label of its block or of one around it, but %q is none", name.Name)
		}
	}
	p.drop(b.base)
	p.function.block = b.parent
}

// drop ends the scope of locals.
func (p *parser) drop(to int) {
	for i := len(p.active) - 1; i >= to; i-- {
		if b := p.active[i]; b.local != nil {
			p.names[b.local.Name] = b.hidden
		}
	}
	p.active = p.active[:to]
}

// declare makes a local, which is not in scope yet.
func (p *parser) declare(id Ident) *Local {
	node := p.function.node
	l := &Local{Ident: id, Function: node, Index: len(node.Locals)}
	node.Locals = append(node.Locals, l)
	p.function.pending++
	p.countLocals(id)
	return l
}

// countLocals tells that there are too many.
func (p *parser) countLocals(at Node) {
	if f := p.function; len(p.active)-f.base+f.pending > MaxLocals && !f.manyLocals {
		f.manyLocals = true
		from, to := int32(at.Pos()), int32(at.End())
		p.told.tell(from, to, "put some into a table, or into blocks of their own", "a function must have at most %d locals in scope, but has more here", MaxLocals).Code = diag.SourceSize
	}
}

// intoScope tells of a goto over the declaration of a local.
func (p *parser) intoScope(j jump, l label) {
	local := p.active[j.active].local
	from, to := j.stmt.from, j.stmt.to
	d := p.told.tell(from, to, "declare it before the goto, or put a block around its scope", "goto must not jump into the scope of a local, but jumps into that of %q", local.Name)
	d.Related = []diag.Related{
		{Span: p.file.Span(local), Message: fmt.Sprintf("%q is declared here", local.Name)},
		{Span: p.file.Span(l.stmt), Message: fmt.Sprintf("%q stands here, in its scope", l.stmt.Name.Name)},
	}
}

// activate brings locals into scope.
func (p *parser) activate(locals ...*Local) {
	for _, l := range locals {
		p.active = append(p.active, binding{l, p.names[l.Name]})
		p.names[l.Name] = l
		p.function.pending--
	}
}

// loopState takes the room of what a for loop keeps: three locals without a name.
func (p *parser) loopState(at Node) {
	p.active = append(p.active, binding{}, binding{}, binding{})
	p.countLocals(at)
}

// implicitArg declares arg in a function with varargs, for those who use it.
func (p *parser) implicitArg(node *FunctionExpr, at Ident) {
	p.function.pending++
	p.countLocals(at)
	p.activate(&Local{Ident: at, Function: node, Implicit: true})
}

// resolve finds the local of a name; nil is a global.
func (p *parser) resolve(id Ident) *Local {
	l := p.names[id.Name]
	if l == nil {
		return nil
	}
	if l.Implicit && l.Name == "arg" {
		l.Function.Arg = l
	}
	for f := p.function; f.node != l.Function; f = f.parent {
		l.Captured = true
		if f.uses[l] {
			break
		}
		if f.uses == nil {
			f.uses = map[*Local]bool{}
		}
		f.uses[l] = true
		f.node.Upvalues = append(f.node.Upvalues, l)
		if len(f.node.Upvalues) > MaxUpvalues && !f.manyUpvalues {
			f.manyUpvalues = true
			p.told.tell(id.from, id.to, "put some into a table", "a function must use at most %d locals of those around it, but uses more here", MaxUpvalues).Code = diag.SourceSize
		}
	}
	return l
}
