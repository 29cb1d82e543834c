package rules

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
)

// Policy is one policy as it was declared.
type Policy struct {
	Name string
	// Span is the place of the declaration, and File the file that was run then, which may have the policy from a module; ""
	// for a policy of a session.
	Span diag.Span
	File string
	// Cells are globs over the names of the cells that it is for; nil means every cell.
	Cells []Glob
	// Audit policies decide and record, and refuse nothing.
	Audit bool
	// Entries, each for another pattern.
	Entries []Entry
	// Default is the answer where no entry gives one.
	Default Default
	Budget  Budget
}

// Glob is a pattern for cell names; only * is special.
type Glob struct {
	Pattern string
	Span    diag.Span
}

// maxGlob is how many characters a glob can have.
const maxGlob = 256

// CheckGlob says what is wrong with the pattern of a glob for cell names, as the end of a sentence, and how to mend it; "" if
// nothing is.
func CheckGlob(pattern string) (problem, hint string) {
	bad := strings.IndexFunc(pattern, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-*", r))
	})
	switch {
	case pattern == "":
		return "must not be empty, but is", ""
	case len(pattern) > maxGlob:
		return fmt.Sprintf("must have at most %d characters, but has %d", maxGlob, len(pattern)), ""
	case bad >= 0:
		if strings.ContainsAny(pattern, "?[]{}") {
			hint = "only * is special"
		}
		return "must consist of A-Z a-z 0-9 . _ - and *, but has the character " + policy.FirstCharacter(pattern[bad:]), hint
	}
	return "", ""
}

// Match reports whether the glob stands for the name.
func (g Glob) Match(name string) bool { return kauth.MatchGlob(g.Pattern, name) }

// Sample is a name that the glob matches, with every * replaced by 1.
func (g Glob) Sample() string { return strings.ReplaceAll(g.Pattern, "*", "1") }

// Mode is "enforce" or "audit".
func (p *Policy) Mode() string {
	if p.Audit {
		return "audit"
	}
	return "enforce"
}

// AppliesTo reports whether the policy is for the cell of that name.
func (p *Policy) AppliesTo(cell string) bool {
	if p.Cells == nil {
		return true
	}
	for _, g := range p.Cells {
		if g.Match(cell) {
			return true
		}
	}
	return false
}

// Entry is what a policy says to the requests of a pattern.
type Entry struct {
	Pattern kauth.Pattern
	Span    diag.Span
	// Function decides, or if it is nil Result is the answer.
	Function Function
	Result   policy.Result
}

// Default is the answer of a policy where no entry gives one.
type Default struct {
	Result policy.Result
	// Span is the place where it was declared; the zero Span means that it was not, and is allow.
	Span diag.Span
}

// Budget is how much the members of a cell may use together. Nil is no limit.
type Budget struct {
	Span diag.Span
	// Procs is how many processes may be members, zombies included. It is enforced by the policy's program.
	Procs *int64
	// Nofile, AS and Core become resource limits of what cellsh starts; kauth.Unlimited for none.
	Nofile, AS, Core *int64
	// Memory in bytes and CPU in percent of one processor are watched, not enforced: the kernel has no gate.
	Memory, CPU *Watch
}

// Function is a decision function. It is what keeps this package free of Lua.
type Function interface {
	// Compile gives the function as a graph for one request in one cell.
	Compile(id kauth.RequestID, cell string) *Compiled
	// Ask runs the function itself, in another way than the graph was made: it is the second reading that graphs are
	// compared with. The answer has no source but file and line; the error says what the function raised. Steps is what
	// it took, in instructions of the machine that ran it, at least 1.
	Ask(r *policy.Request, cell string) (a policy.Answer, steps int64, err error)
	// Span is the place of the function.
	Span() diag.Span
}

// Compiled is a function as a graph.
type Compiled struct {
	Graph *graph.Graph[Outcome]
	// Read are the fields that the function looked at, whether the request carries them or not. For requests that are
	// alike in these the graph is the same.
	Read kauth.FieldSet
	// Absent are the reads of fields that the request does not carry, each place once.
	Absent []FieldRead
	// CellRead says that the name of the cell was read: the graph is for this cell only. Otherwise it is the same
	// for all.
	CellRead bool
	// Notes are warnings about the function that do not depend on requests.
	Notes diag.List
}

// Outcome is what a function gives for a request: an answer, whose Result is policy.Pass where it gives none and
// whose Source lacks the policy, or a fault. It is comparable.
type Outcome struct {
	policy.Answer
	// Column of the return that gives the answer, in bytes from 1; the line is the answer's. 0 where it is not known.
	Column int
	Fault  *Fault
}

// Fault is something that the function does for some request and must not. Two faults are the same if the
// pointers are.
type Fault struct {
	diag.Diagnostic
	// Raised says that Lua would raise an error, which the real function confirms. Otherwise it is something that
	// can't be compiled.
	Raised bool
	// Lacks is the name of a field that the request does not carry, where that is the cause, "port". Instead is how the
	// condition is written so that it holds for such requests too, "r.port and r.port < 1024"; "" if that is not known.
	Lacks, Instead string
	// Behind are problems further on the same way, which are found too although the function ends here.
	Behind []*Fault
}

// FieldRead is a place where a function reads a field that the request does not carry: it is nil there.
type FieldRead struct {
	Field kauth.Field
	// Name is the field as the function writes it after the request, "port" or "target". Of a target that the request
	// does not have, Field is kauth.FieldTargetPID.
	Name string
	Span diag.Span
}

// Never asserts that requests are always denied.
type Never struct {
	Title string
	// Span and File are as in Policy.
	Span diag.Span
	File string
	// Cells as in Policy.
	Cells []Glob
	// Patterns of the requests.
	Patterns []kauth.Pattern
	// Where restricts it to requests for which the function gives an answer other than policy.Pass; nil does not.
	Where Function
}

// AppliesTo reports whether the assertion is about the cell of that name.
func (n *Never) AppliesTo(cell string) bool {
	p := Policy{Cells: n.Cells}
	return p.AppliesTo(cell)
}

// About reports whether the request is one of those that the assertion names; where may still leave it out.
func (n *Never) About(id kauth.RequestID) bool {
	return slices.ContainsFunc(n.Patterns, func(p kauth.Pattern) bool { return p.Matches(id) })
}

// Set is the policies and assertions that are loaded together. Policies are ordered by name; no two have the
// same.
type Set struct {
	Policies []*Policy
	Nevers   []*Never
	// Sources are the texts that the set was made of, by file name, in the order of the load.
	Sources []Source
	// Audited are the names of cells in which policies refuse nothing: what they would deny together is recorded, and left to
	// the kernel's other models; see [policy.Decision.Lifted]. No assertion holds there.
	Audited []string
}

// With gives what is declared in both sets; of policies of one name, and of assertions of one title, only those of the
// newer. The policies are ordered by name, the sources are those of s.
func (s *Set) With(newer *Set) *Set {
	out := &Set{Sources: s.Sources, Audited: s.Audited,
		Policies: with(s.Policies, newer.Policies, func(p *Policy) string { return p.Name }),
		Nevers:   with(s.Nevers, newer.Nevers, func(n *Never) string { return n.Title })}
	slices.SortStableFunc(out.Policies, func(a, b *Policy) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Without gives the set without the policies of these names. Its assertions are all there: they hold whatever the policies
// say.
func (s *Set) Without(names ...string) *Set {
	out := &Set{Sources: s.Sources, Nevers: s.Nevers, Audited: s.Audited}
	for _, p := range s.Policies {
		if !slices.Contains(names, p.Name) {
			out.Policies = append(out.Policies, p)
		}
	}
	return out
}

// Auditing gives the set with these cells audited, and no others.
func (s *Set) Auditing(cells []string) *Set {
	out := *s
	out.Audited = cells
	return &out
}

// Audits reports whether the cell of that name is audited.
func (s *Set) Audits(cell string) bool { return slices.Contains(s.Audited, cell) }

// Names are those of the policies, in the order of the set.
func (s *Set) Names() []string {
	var out []string
	for _, p := range s.Policies {
		out = append(out, p.Name)
	}
	return out
}

func with[T any](older, newer []T, name func(T) string) []T {
	given := map[string]bool{}
	for _, x := range newer {
		given[name(x)] = true
	}
	out := slices.DeleteFunc(slices.Clone(older), func(x T) bool { return given[name(x)] })
	return append(out, newer...)
}

// Source is one file of a set.
type Source struct {
	File string `json:"file"`
	Text string `json:"text"`
	// Module files were asked for by require, and declare nothing by themselves.
	Module bool `json:"module,omitempty"`
}
