package repl

import (
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"cellsh/lua/vm"
	"cellsh/policy/diag"
	"cellsh/repl/command"
	"cellsh/repl/editor"
	"cellsh/repl/human"
)

// standing is what a prompt tells of the session. A time that is left is nil where nothing waits.
type standing struct {
	kernel         string
	simulated      bool
	generation     uint64
	pending        int
	confirm, audit *time.Duration
	readOnly       bool
}

// standing looks how things are. What can't be found out is left out: the next statement tells why.
func (e *evaluator) standing() standing {
	info := e.target.Whole()
	s := standing{kernel: info.Name, simulated: info.Simulated, readOnly: e.common.ReadOnly}
	if s.simulated {
		s.kernel = "SIM"
	}
	declared := e.api.Pending()
	s.pending = len(declared.Policies) + len(declared.Nevers)
	_ = e.target.Steps.Step(func() error {
		generation, confirm, audit, err := command.Waits(e.target.Host)
		if err != nil {
			return nil
		}
		s.generation = generation
		left := func(until time.Time) *time.Duration {
			if until.IsZero() {
				return nil
			}
			d := max(until.Sub(e.env.Now()), 0)
			return &d
		}
		s.confirm, s.audit = left(confirm), left(audit)
		return nil
	})
	return s
}

// String is the standing in a few words: "SIM 3, confirm 52s, 2 pending", where 3 is the generation.
func (s standing) String() string {
	text := s.kernel
	if s.generation > 0 {
		text += fmt.Sprintf(" %d", s.generation)
	}
	var more []string
	if s.audit != nil {
		more = append(more, "audit "+human.Left(*s.audit))
	}
	if s.confirm != nil {
		more = append(more, "confirm "+human.Left(*s.confirm))
	}
	if s.pending > 0 {
		more = append(more, fmt.Sprintf("%d pending", s.pending))
	}
	if s.readOnly {
		more = append(more, "readonly")
	}
	return strings.Join(append([]string{text}, more...), ", ")
}

// promptInstructions is what a prompt function may take.
const promptInstructions = 100_000

// prompts are those of the next statement: what the global function prompt gives, if there is one that works, and else the standing.
func (e *evaluator) prompts(ed editor.Editor, goesOn bool) editor.Prompts {
	s := e.standing()
	typed := &typing{Editor: ed, standing: s, goesOn: goesOn}
	defer e.typing.Store(typed)
	if fn, ok := e.api.VM.Environment().RawGetString("prompt").(*lua.LFunction); ok && fn != e.badPrompt {
		own, err := e.ownPrompt(fn, s)
		if err == nil {
			typed.own = true
			return editor.Prompts{First: own, Next: own}
		}
		e.badPrompt = fn // it is told once
		e.problems(diag.Of(err))
		e.note("the function prompt is not called again, until there is another one")
	}
	return e.plainPrompts(s, goesOn)
}

// plainPrompts tell the standing.
func (e *evaluator) plainPrompts(s standing, goesOn bool) editor.Prompts {
	p := editor.Prompts{First: e.style.Prompt(s.String(), s.simulated, false), Next: e.style.Prompt(s.String(), s.simulated, true)}
	if goesOn {
		p.First = p.Next
	}
	return p
}

// ownPrompt is what a function of the session makes of the standing.
func (e *evaluator) ownPrompt(fn *lua.LFunction, s standing) (string, error) {
	t := e.api.VM.L.NewTable()
	t.RawSetString("kernel", lua.LString(s.kernel))
	t.RawSetString("simulated", lua.LBool(s.simulated))
	t.RawSetString("readonly", lua.LBool(s.readOnly))
	t.RawSetString("pending", lua.LNumber(s.pending))
	if s.generation > 0 {
		t.RawSetString("generation", lua.LNumber(s.generation))
	}
	for key, left := range map[string]*time.Duration{"confirm": s.confirm, "audit": s.audit} {
		if left != nil {
			t.RawSetString(key, lua.LNumber(left.Seconds()))
		}
	}
	results, err := e.api.VM.CallWithin(promptInstructions, fn, t)
	if err != nil {
		var failed *vm.Error
		if errors.As(err, &failed) && failed.Exit {
			err = errors.New("a prompt must be a string, but the function leaves the session")
		}
		return "", err
	}
	if len(results) == 1 {
		if text, ok := results[0].(lua.LString); ok {
			return e.style.OwnPrompt(string(text)), nil
		}
	}
	return "", errors.New("a prompt must be a string, but the function gives something else")
}
