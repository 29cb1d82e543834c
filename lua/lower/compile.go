package lower

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/syntax"
	"cellsh/policy/diag"
)

// What instructions have room for.
const (
	maxJump      = 1<<17 - 1
	maxUpvalues  = 255
	maxRegisters = 200
)

// Compile gives the file as a function of gopher-lua: its upvalues are the hidden functions that it uses, by their names.
// The error is a diag.List. It can be called once.
func (l *Lowered) Compile() (proto *lua.FunctionProto, err error) {
	defer func() {
		if r := recover(); r != nil {
			proto, err = nil, diag.List{{Span: diag.Span{File: l.File.Name}, Code: diag.Syntax, Message: fmt.Sprintf("the interpreter's compiler can't take this: %v", r)}}
		}
	}()
	outer, err := lua.Compile(l.chunk, l.File.Name)
	l.chunk = nil
	if err != nil {
		var ce *lua.CompileError
		if !errors.As(err, &ce) {
			return nil, err
		}
		return nil, diag.List{l.refused(ce)}
	}
	proto = outer.FunctionPrototypes[0]
	var problems diag.List
	l.check(proto, &problems)
	if len(problems) > 0 {
		return nil, problems
	}
	return proto, nil
}

// refused says what the compiler refuses, in our words: it says the place of the function.
func (l *Lowered) refused(ce *lua.CompileError) diag.Diagnostic {
	message := "the source must fit the interpreter, but does not: " + ce.Message
	switch {
	case strings.Contains(ce.Message, "register") || strings.Contains(ce.Message, "local variables"):
		message = fmt.Sprintf("the locals of a function and what it works out at once must fit %d registers, but do not", maxRegisters)
	case strings.Contains(ce.Message, "too long to jump"):
		message = fmt.Sprintf("a branch must have at most %d instructions, but has more", maxJump)
	}
	return l.tooLarge(ce.Line, message)
}

func (l *Lowered) tooLarge(line int, message string) diag.Diagnostic {
	d := diag.Diagnostic{Span: diag.Span{File: l.File.Name}, Code: diag.SourceSize, Message: message, Hint: "divide the function"}
	fn, ok := l.Node(line).(*syntax.FunctionExpr)
	switch {
	case !ok:
	case fn.Parent != nil:
		d.Span = l.File.Span(fn)
	case len(fn.Locals) > 0:
		// The file itself: what it declares last is the nearest to a place.
		d.Span = l.File.Span(fn.Locals[len(fn.Locals)-1])
	}
	return d
}

// check refuses functions for which the compiler has cut numbers off without a word.
func (l *Lowered) check(p *lua.FunctionProto, problems *diag.List) {
	if n := len(p.DbgUpvalues); n > maxUpvalues {
		*problems = append(*problems, l.tooLarge(p.LineDefined, fmt.Sprintf("a function must use at most %d variables of functions around it, those of the interpreter included, but uses %d", maxUpvalues, n)))
	}
	if len(p.Code) > maxJump {
		l.checkJumps(p, problems)
	}
	for _, inner := range p.FunctionPrototypes {
		l.check(inner, problems)
	}
}

// checkJumps refuses loops that are too long to jump across: where forward, the compiler says so itself.
func (l *Lowered) checkJumps(p *lua.FunctionProto, problems *diag.List) {
	// The first and last instruction of each place.
	first, last := make([]int, len(l.places)), make([]int, len(l.places))
	for pc, line := range p.DbgSourcePositions {
		if i := line - l.first; i >= 0 && i < len(l.places) {
			if last[i] == 0 {
				first[i] = pc + 1
			}
			last[i] = pc + 1
		}
	}
	for _, j := range l.jumps {
		from, to := 0, 0
		for i := j.from - l.first; i < j.to-l.first; i++ {
			if last[i] > 0 && (from == 0 || first[i] < from) {
				from = first[i]
			}
			to = max(to, last[i])
		}
		if to-from > maxJump-2 {
			*problems = append(*problems, diag.Diagnostic{Span: l.File.Span(j.node), Code: diag.SourceSize, Hint: "divide the loop",
				Message: fmt.Sprintf("a loop must have at most %d instructions, but has %d", maxJump, to-from)})
		}
	}
}
