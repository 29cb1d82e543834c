package symbolic

import (
	"fmt"
	"strings"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
)

// spot is where something happens: a step of a plan.
type spot struct {
	plan *plan
	at   int
}

// part says which part of the node of a spot a message is about.
type part int

const (
	// whole is the node itself; left and right are the operands of an operator.
	whole part = -iota - 1
	left
	right
	// keyPart is the key of an index, callee the name of the function that is called.
	keyPart
	callee
	// Parts from 0 on are arguments of a call.
)

func (p spot) step() *step { return &p.plan.steps[p.at] }

// node is the part of the spot's node, or all of it where it has no such part.
func (p spot) node(of part) syntax.Node {
	switch n := p.step().node.(type) {
	case *syntax.BinaryExpr:
		switch of {
		case left:
			return n.Left
		case right:
			return n.Right
		}
	case *syntax.UnaryExpr:
		if of == left {
			return n.Operand
		}
	case *syntax.IndexExpr:
		if of == keyPart {
			return n.Key
		}
	case *syntax.CallExpr:
		switch {
		case of == callee, of == keyPart && n.Method != nil:
			return n.Callee()
		case of >= 0:
			args := n.Args
			if n.Method != nil {
				args = append([]syntax.Expr{n.Func}, args...)
			}
			if int(of) < len(args) {
				return args[of]
			}
		}
	case *syntax.ReturnStmt:
		if of >= 0 && int(of) < len(n.Exprs) {
			return n.Exprs[of]
		}
	}
	return p.step().node
}

func (p spot) span(of part) diag.Span { return p.plan.node.File.Span(p.node(of)) }

// newFault makes a fault, the same one for the same message at the same place.
func (x *exec) newFault(at diag.Span, file *syntax.File, code diag.Code, raised bool, hint, form string, args ...any) *rules.Fault {
	message := fmt.Sprintf(form, args...)
	key := faultKey{at, code, message}
	fault, ok := x.faults[key]
	if !ok {
		fault = &rules.Fault{Diagnostic: diag.Diagnostic{Span: at, Code: code, Message: message, Hint: hint, Excerpt: excerpt(file, at)}, Raised: raised}
		x.faults[key] = fault
	}
	return fault
}

type faultKey struct {
	at      diag.Span
	code    diag.Code
	message string
}

func excerpt(file *syntax.File, at diag.Span) string {
	if file == nil {
		return ""
	}
	return file.Line(at.Line)
}

// refusal is a fault of something that can't be compiled.
func (x *exec) refusal(p spot, of part, code diag.Code, hint, form string, args ...any) *rules.Fault {
	return x.blame(x.newFault(p.span(of), p.plan.node.File, code, false, hint, form, args...), p)
}

// raising is a fault of something that Lua raises as an error. plain is the text that pcall gives, "" for the message: it
// says no more than gopher-lua knows.
func (x *exec) raising(p spot, of part, plain, form string, args ...any) *rules.Fault {
	fault := x.blame(x.newFault(p.span(of), p.plan.node.File, diag.DecisionError, true, "", form, args...), p)
	if x.loading {
		if plain == "" {
			plain = fault.Message
		}
		x.thrown, x.at = stringTerm(x.position(p)+plain), p.step().node
	}
	return fault
}

// blame says of a fault of an operation which of its operands is a global that nobody defined. The warning about that is then
// no more: it has the same cause.
func (x *exec) blame(f *rules.Fault, p spot) *rules.Fault {
	node := p.step().node
	syntax.Walk(node, func(n syntax.Node) bool {
		name, ok := n.(*syntax.NameExpr)
		if !ok || name.Local != nil {
			return n == node
		}
		if _, undefined := x.undefined[name]; undefined {
			// What Lua would raise where only ghosts get is not told.
			x.undefined[name] = x.undefined[name] || !(x.ghost && f.Raised)
			if f.Hint == "" {
				f.Hint = undefinedHint(name.Name)
			}
			if f.Hint == "" {
				f.Hint = name.Name + " is a global that nobody has defined"
			}
		}
		return false
	})
	return f
}

// lacking says of a fault that it comes from a field which the request does not carry, if one of the values is that, and
// how the condition is written so that it holds for such requests too.
func (x *exec) lacking(f *rules.Fault, p spot, values ...term) *rules.Fault {
	for _, v := range values {
		if !v.isNil() || v.origin == "" || v.undefined || f.Lacks != "" {
			continue
		}
		f.Lacks = v.origin
		file := p.plan.node.File
		if n := p.step().node; n.End()-n.Pos() <= maxInstead && strings.Contains(file.Text[n.Pos():n.End()], "r."+v.origin) {
			f.Instead = "r." + v.origin + " and " + file.Text[n.Pos():n.End()]
		}
	}
	return f
}

// maxInstead is how long a condition may be that is repeated in a hint.
const maxInstead = 80

// position is what the text of an error begins with.
func (x *exec) position(p spot) string {
	if x.direct {
		return ""
	}
	span := p.span(whole)
	return fmt.Sprintf("%s:%d: ", span.File, span.Line)
}

// note adds a warning, once.
func (x *exec) note(p spot, of part, code diag.Code, hint, form string, args ...any) {
	x.noteAbout(nil, p, of, code, hint, form, args...)
}

// warning is a note, and the global that it is about, if any.
type warning struct {
	diag.Diagnostic
	global *syntax.NameExpr
}

// warnings are the notes that no fault says better.
func (x *exec) warnings() diag.List {
	var list diag.List
	for _, w := range x.notes {
		if !x.undefined[w.global] {
			list = append(list, w.Diagnostic)
		}
	}
	return list
}

func (x *exec) noteAbout(global *syntax.NameExpr, p spot, of part, code diag.Code, hint, form string, args ...any) {
	d := diag.Diagnostic{Span: p.span(of), Severity: diag.Warning, Code: code, Message: fmt.Sprintf(form, args...), Hint: hint}
	if key := d.Error(); !x.noted[key] {
		x.noted[key] = true
		d.Excerpt = excerpt(p.plan.node.File, d.Span)
		x.notes = append(x.notes, warning{d, global})
	}
}
