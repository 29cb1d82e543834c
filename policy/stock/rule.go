package stock

import (
	"strings"

	"cellsh/policy"
)

// Model is a security model, or the kernel itself with the listeners of its subsystems.
type Model uint8

// The models.
const (
	// Suser is secmodel_suser: root may do nearly everything.
	Suser Model = iota
	// Extensions is secmodel_extensions: curtain, user mounts, processor affinity.
	Extensions
	// Securelevel is secmodel_securelevel: what even root loses as the level rises.
	Securelevel
	// Kernel is the listeners built into the kernel's subsystems.
	Kernel
	// Cell is secmodel_cell.
	Cell
)

// String is "suser", "extensions", "securelevel", "kernel" or "cell".
func (m Model) String() string {
	return [...]string{"suser", "extensions", "securelevel", "kernel", "cell"}[m]
}

// Literal is a fact, or its negation.
type Literal struct {
	Fact Fact
	Not  bool
}

// String is the sentence.
func (l Literal) String() string {
	if l.Not {
		return l.Fact.Negation()
	}
	return l.Fact.String()
}

// Truth is what is known about the literal.
func (l Literal) Truth(f Facts) Truth {
	t := f.Fact(l.Fact)
	if l.Not && t != Unknown {
		return No + Yes - t
	}
	return t
}

// Condition holds if all its literals do; the empty condition always does.
type Condition []Literal

// Truth is what is known about the condition.
func (c Condition) Truth(f Facts) Truth {
	t := Yes
	for _, l := range c {
		switch l.Truth(f) {
		case No:
			return No
		case Unknown:
			t = Unknown
		}
	}
	return t
}

// String joins the sentences, "always" if there are none.
func (c Condition) String() string {
	if len(c) == 0 {
		return "always"
	}
	parts := make([]string, len(c))
	for i, l := range c {
		parts[i] = l.String()
	}
	return strings.Join(parts, ", and ")
}

// Facts brings what is known about the facts of one question. The simulator knows all.
type Facts interface {
	Fact(Fact) Truth
}

// Rule is one answer of a listener and when it gives it.
type Rule struct {
	// Answer is policy.Deny (KAUTH_RESULT_DENY) or policy.Grant (KAUTH_RESULT_ALLOW).
	Answer policy.Result
	When   Condition
}

// Listener is what one model, or one listener of the kernel, says to a request: the answer of the first rule
// whose condition holds, and policy.Allow (KAUTH_RESULT_DEFER) if none does.
type Listener struct {
	Model Model
	// Name is the kernel's name of the listener, "socket_listener".
	Name  string
	Rules []Rule
}

// Answer is what the listener says where every fact is known. The rule is nil if it defers. Unknown facts
// count as No.
func (l *Listener) Answer(f Facts) (policy.Result, *Rule) {
	for i := range l.Rules {
		if r := &l.Rules[i]; r.When.Truth(f) == Yes {
			return r.Answer, r
		}
	}
	return policy.Allow, nil
}
