package model

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel"
)

// Action is something that can be done with what a panel lists. What a key does, what the menu has and what help says all come from
// the same actions.
type Action struct {
	// Label is at most six characters, for the line of keys; "" for what has no function key.
	Label string
	// Name says what it does: what follows its key in a list.
	Name string
	// key is the number of its function key, 0 for none: then it is in the menu only.
	key int
	// changes says that it changes cells or policies, or what runs in cells, which is refused to who may only look.
	changes bool
	// ready gives what does it now, and nil where there is nothing that it could be done with.
	ready ready
	// do does it; nil for one that is not ready.
	do func() []Effect
}

// ready gives what does something now, nil if nothing could be done.
type ready func(m *Model) func() []Effect

// viewKey is the function key that Enter means where there is nothing to go into.
const viewKey = 3

// always is for what can be done whatever is under the cursor.
func always(do func(m *Model) []Effect) ready {
	return func(m *Model) func() []Effect { return func() []Effect { return do(m) } }
}

// when is for what can be done at times.
func when(is func(m *Model) bool, do func(m *Model) []Effect) ready {
	return func(m *Model) func() []Effect {
		if !is(m) {
			return nil
		}
		return func() []Effect { return do(m) }
	}
}

// one is for what is done with the row under the cursor, if it is about an S.
func one[S Subject](do func(m *Model, s S) []Effect) ready {
	return oneOf(func(S) bool { return true }, do)
}

// oneOf is one for some of them.
func oneOf[S Subject](is func(s S) bool, do func(m *Model, s S) []Effect) ready {
	return func(m *Model) func() []Effect {
		r := m.Panel().Row()
		if r == nil {
			return nil
		}
		s, ok := r.Subject.(S)
		if !ok || !is(s) {
			return nil
		}
		return func() []Effect { return do(m, s) }
	}
}

// each is for what is done with all selected rows that are about an S, or the one under the cursor.
func each[S Subject](do func(m *Model, all []S) []Effect) ready {
	return eachOf(func(S) bool { return true }, do)
}

// eachOf is each for some of them.
func eachOf[S Subject](is func(s S) bool, do func(m *Model, all []S) []Effect) ready {
	return func(m *Model) func() []Effect {
		var all []S
		for _, x := range m.Panel().Subjects() {
			if s, ok := x.(S); ok && is(s) {
				all = append(all, s)
			}
		}
		if len(all) == 0 {
			return nil
		}
		return func() []Effect { return do(m, all) }
	}
}

// of is for what is done with the cell or service that a place is of.
func of(do func(m *Model, name string) []Effect) ready {
	return func(m *Model) func() []Effect {
		name := m.Panel().Place.Of
		if name == "" {
			return nil
		}
		return func() []Effect { return do(m, name) }
	}
}

// actions are what can be done with what a panel of a kind lists. Of those with the same key the first that is ready has it.
func actions(k Kind) []Action {
	switch k {
	case Cells:
		return cellActions()
	case Members:
		return memberActions()
	case Services:
		return serviceActions()
	case Output:
		return outputActions()
	case Policies:
		return policyActions()
	case Decisions:
		return decisionActions()
	case Generations:
		return generationActions()
	}
	return nil
}

// everywhere are the actions that do not depend on the row under the cursor.
func everywhere() []Action {
	return []Action{
		{Label: "Help", Name: "help for what is under the cursor", key: 1, ready: always((*Model).help)},
		{Label: "Do", Name: "all that can be done with it", key: 2, ready: always((*Model).doMenu)},
		{Label: "Menu", Name: "the menu", key: 9, ready: always((*Model).menu)},
		{Label: "Leave", Name: "leave the screen", key: 10, ready: always((*Model).leave)},
	}
}

// forSession are the actions on the whole kernel and its policies, which a key has only in some panels.
func forSession() []Action {
	return []Action{
		{Name: "confirm what was loaded", changes: true, ready: when((*Model).waits, (*Model).confirm)},
		{Name: "go back to what was loaded before", changes: true, ready: when((*Model).waits, (*Model).rollBack)},
		{Name: "load what the session has declared", changes: true, ready: when((*Model).pends, (*Model).loadPending)},
		{Name: "load policies", changes: true, ready: always((*Model).load)},
		{Name: "check policies", ready: always((*Model).check)},
		{Name: "run the tests of policies", ready: always((*Model).test)},
		{Name: "have policies of cells refuse nothing for a time", changes: true, ready: always((*Model).audit)},
		{Name: "end the audit", changes: true, ready: when((*Model).audits, (*Model).endAudit)},
		{Name: "list what is loaded or pending", ready: always(func(m *Model) []Effect { return m.page("policies", "policies") })},
		{Name: "what the kernel can do, and what needs attention", ready: always(func(m *Model) []Effect { return m.page("doctor", "doctor") })},
		{Name: "stop what is being done (Ctrl-C)", ready: when(func(m *Model) bool { return m.Job != nil }, (*Model).stop)},
		{Name: "the last result again", ready: when(func(m *Model) bool { return m.last != nil }, (*Model).lastResult)},
		{Name: "help on all keys", ready: always((*Model).helpAll)},
	}
}

// offer is the action as it can be done now.
func (a Action) offer(m *Model) Action {
	a.do = a.ready(m)
	if a.do != nil && a.changes && m.Status.ReadOnly {
		a.do = func() []Effect { return m.refuse(a.Name) }
	}
	return a
}

// refuse says that something is not done because nothing must be changed.
func (m *Model) refuse(what string) []Effect {
	m.Open(&Message{Title: "Refused", Text: problem(kernel.RefuseReadOnly(what)), Tone: Bad})
	return nil
}

// problem is an error with its hint.
func problem(err error) string {
	text := err.Error()
	if e, is := err.(*kernel.Error); is && e.Hint != "" {
		text += "\nhint: " + e.Hint
	}
	return text
}

// Keys are what the function keys do now, F1 first; one that does nothing has no label.
func (m *Model) Keys() [10]Action {
	var keys [10]Action
	if d := m.Dialog(); d != nil {
		for n, label := range dialogKeys(d) {
			keys[n-1].Label = label
		}
		return keys
	}
	for _, a := range append(everywhere(), actions(m.Panel().Place.Kind)...) {
		if a.key == 0 || keys[a.key-1].Label != "" {
			continue
		}
		if a = a.offer(m); a.do != nil {
			keys[a.key-1] = a
		}
	}
	return keys
}

// changing are the commands that change cells or policies, or reach what runs in cells.
var changing = []string{"attach", "audit", "confirm", "create", "destroy", "exec", "kill", "load", "restart", "rollback", "start", "stop", "supervise", "unload"}

// changes reports whether an effect changes what must not be changed by who may only look.
func changes(e Effect) bool {
	switch e := e.(type) {
	case Run:
		return slices.Contains(changing, e.Words[0])
	case Write:
		return true
	}
	return false
}

// words are a command with arguments that may look like flags.
func words(command string, flags []string, args ...string) []string {
	out := append([]string{command}, flags...)
	if slices.ContainsFunc(args, func(s string) bool { return strings.HasPrefix(s, "-") }) {
		out = append(out, "--")
	}
	return append(out, args...)
}

// page shows what a command writes.
func (m *Model) page(title string, words ...string) []Effect {
	return m.do([]Effect{Run{Words: words, Shows: AsPage, Title: title}})
}

// run is a command that does something.
func run(title string, words []string) []Effect { return []Effect{Run{Words: words, Title: title}} }

// called is what subjects are called, as a sentence has them, and how many there are.
func called[S Subject](all []S, one string) (sentence string, list []string) {
	for _, s := range all {
		list = append(list, word(s))
	}
	if len(list) == 1 {
		return one + " " + list[0], list
	}
	const most = 8
	shown := list
	rest := ""
	if len(list) > most {
		shown, rest = list[:most], fmt.Sprintf(" and %d more", len(list)-most)
	}
	plural := one + "s"
	if stem, is := strings.CutSuffix(one, "y"); is {
		plural = stem + "ies"
	}
	return fmt.Sprintf("%d %s: %s%s", len(list), plural, strings.Join(shown, ", "), rest), list
}

// question asks what to do. The last choice does nothing, and is the one that Enter takes.
func (m *Model) question(title, text string, choices ...Choice) []Effect {
	choices = append(choices, Choice{"Cancel", nil})
	m.Open(&Question{Title: title, Text: text, Choices: choices, chosen: len(choices) - 1})
	return nil
}

// word is what names a subject on a command line.
func word(s Subject) string {
	switch s := s.(type) {
	case Cell:
		return s.Name
	case Process:
		return fmt.Sprint(s.PID)
	case Service:
		return s.Name
	case Written:
		return s.Service
	case Policy:
		return s.Name
	case Rule:
		return s.Request
	case Decision:
		return s.Request
	case Generation:
		return fmt.Sprint(s.Number)
	}
	return ""
}
