package policy

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"cellsh/policy/diag"
)

// Result is what a policy says to a request.
type Result uint8

// The results. A greater one wins when policies are combined.
const (
	// Pass is no result: the next less specific entry is asked. No decision ends with it.
	Pass Result = iota
	// Allow has no objection; the kernel's other models still decide (KAUTH_RESULT_DEFER).
	Allow
	// Grant gives the right even where the other models would not (KAUTH_RESULT_ALLOW).
	Grant
	// Deny refuses (KAUTH_RESULT_DENY).
	Deny
)

// String is the word that policies use, "" for Pass.
func (r Result) String() string { return [...]string{"", "allow", "grant", "deny"}[r] }

// ParseResult gives the result of that word; Pass has none.
func ParseResult(word string) (Result, bool) {
	for r := Allow; r <= Deny; r++ {
		if r.String() == word {
			return r, true
		}
	}
	return Pass, false
}

// Source is where an answer comes from. The zero Source is nowhere: nobody said anything.
type Source struct {
	Policy string
	File   string
	Line   int
}

// Span is the source's place in its file.
func (s Source) Span() diag.Span { return diag.Span{File: s.File, Line: s.Line} }

// Answer is a result with its reason. It is comparable.
type Answer struct {
	Result Result
	// Reason is the constant string that the policy gave, or "".
	Reason string
	// Record says that the decision is kept in the kernel's ring of decisions even where it would not be.
	Record bool
	Source Source
}

// Implicit reports whether no policy said it: it is the allow that stands where nobody objects.
func (a Answer) Implicit() bool { return a.Source == Source{} }

// Combine gives the stronger of two answers: deny before grant before allow before Pass. Of equally strong
// ones an explicit answer stands before an implicit one, and then that of the policy first by name. What one of them
// wants to have recorded is recorded. It is commutative and associative for answers of different policies.
func (a Answer) Combine(b Answer) Answer {
	stronger := a.stronger(b)
	stronger.Record = a.Record || b.Record
	return stronger
}

func (a Answer) stronger(b Answer) Answer {
	switch {
	case a.Result != b.Result:
		if b.Result > a.Result {
			return b
		}
	case a.Implicit() != b.Implicit():
		if a.Implicit() {
			return b
		}
	case b.before(a):
		return b
	}
	return a
}

func (a Answer) before(b Answer) bool {
	if a.Source.Policy != b.Source.Policy {
		return a.Source.Policy < b.Source.Policy
	}
	if a.Source.File != b.Source.File {
		return a.Source.File < b.Source.File
	}
	if a.Source.Line != b.Source.Line {
		return a.Source.Line < b.Source.Line
	}
	return a.Reason < b.Reason
}

// Decision is the whole answer to a request: what is enforced, and what the policies in audit mode would have
// said. It is comparable, and it is what the leaves of a compiled program hold.
type Decision struct {
	Answer
	// Would is the combined answer of the policies in audit mode; its Result is Pass if there are none, or if
	// they have no objection and grant nothing. What they want to have recorded is in the decision's own Record.
	Would Answer
}

// Kept reports whether a kernel keeps the decision in its ring of decisions, where not all are kept: what is denied, or
// would be, unless that only picks a behaviour; what is granted; and what is to be recorded.
func (d *Decision) Kept(probe bool) bool {
	return d.Record || d.Result == Grant || !probe && (d.Result == Deny || d.Would.Result == Deny)
}

// Combine gives the decision of both together; see [Answer.Combine].
func (d Decision) Combine(e Decision) Decision {
	return Decision{d.Answer.Combine(e.Answer), d.Would.Combine(e.Would)}
}

// Lifted is the decision in a cell that is audited: a denial is left to the kernel's other models, and recorded as what would
// be denied. All else stays, so that nothing is granted that was not before.
func (d Decision) Lifted() Decision {
	if d.Result != Deny {
		return d
	}
	out := Allowed
	out.Record = d.Record
	d.Record = false
	out.Would = d.Answer.Combine(d.Would)
	return out
}

// Allowed is the decision where no policy says anything.
var Allowed = Decision{Answer: Answer{Result: Allow}}

// MaxReason is the length of a reason in bytes.
const MaxReason = 255

// CheckReason says what is wrong with a reason: it must be a line of text that a log can hold.
func CheckReason(reason string) error {
	if len(reason) > MaxReason {
		return fmt.Errorf("a reason must have at most %d bytes, but has %d", MaxReason, len(reason))
	}
	if !utf8.ValidString(reason) {
		return errors.New("a reason must be UTF-8, but is not")
	}
	for _, r := range reason {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return fmt.Errorf("a reason must be one line of text, but has the character %U", r)
		}
	}
	return nil
}
