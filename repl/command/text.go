package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/repl/show"
)

// width is how many columns text has. Places in files and commands to copy may be longer.
const width = 80

// wrap breaks a text at its spaces so that lines fit. The first line begins after indent spaces, further ones after
// four more.
func wrap(indent int, text string) string {
	var b strings.Builder
	column := 0
	for i, word := range pieces(text) {
		n := show.Width(word)
		switch {
		case i == 0:
			column, _ = fmt.Fprintf(&b, "%*s", indent, "")
		case column+1+n > width:
			b.WriteByte('\n')
			column, _ = fmt.Fprintf(&b, "%*s", indent+4, "")
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}

// Wrap breaks a sentence into lines as all text of commands is.
func Wrap(text string) string { return wrap(0, text) }

// operators stand between two words that a line must not divide.
var operators = []string{"%", "within", "==", "~=", "<", "<=", ">", ">=", "="}

// pieces are the words of a text as lines may divide it: what is quoted stays together, and so does a comparison, unless it is
// longer than half a line.
func pieces(text string) []string {
	words := strings.Split(text, " ")
	var out []string
	for i := 0; i < len(words); {
		n := 1
		if quotes := strings.Count(words[i], `"`); quotes%2 == 1 {
			for j := i + 1; j < len(words); j++ {
				if quotes += strings.Count(words[j], `"`); quotes%2 == 0 {
					n = j - i + 1
					break
				}
			}
		}
		for i+n+1 < len(words) && slices.Contains(operators, words[i+n]) {
			n += 2
		}
		piece := strings.Join(words[i:i+n], " ")
		if show.Width(piece) > width/2 {
			n, piece = 1, words[i]
		}
		out = append(out, piece)
		i += n
	}
	return out
}

// entry is a request and what there is to say about it: what follows its name in the same line, and further lines.
type entry struct {
	request kauth.RequestID
	head    string
	body    string
}

// grouped writes entries. Where the same is to be said of several requests it is said once, and under the name of the
// scope or action if it is all of them; requests that the vocabulary's kernel never
// asks do not count.
func grouped(v *kauth.Vocabulary, indent int, entries []entry) string {
	type group struct {
		names []string
		entry
	}
	var groups []*group
	for i := 0; i < len(entries); {
		name, n := entries[i].request.String(), 1
		// The scope first, then the action.
		for _, p := range slices.Backward(entries[i].request.Chain()) {
			same := 0
			for i+same < len(entries) && p.Matches(entries[i+same].request) && entries[i+same].says(&entries[i]) {
				same++
			}
			if same > 1 && same == raised(v, p) {
				name, n = p.String(), same
				break
			}
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return g.says(&entries[i]) })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{entry: entries[i]})
		}
		groups[at].names = append(groups[at].names, name)
		i += n
	}
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(wrap(indent, strings.Join(g.names, ", ")+g.head) + g.body)
	}
	return b.String()
}

func (e *entry) says(o *entry) bool { return e.head == o.head && e.body == o.body }

// raised is how many requests of a pattern the kernel asks.
func raised(v *kauth.Vocabulary, p kauth.Pattern) int {
	n := 0
	for id, hi := p.Range(); id < hi; id++ {
		if !v.Flags(id).Has(kauth.NeverRaised) {
			n++
		}
	}
	return n
}

// same is things of which the same is to be said.
type same[T any] struct {
	text   string
	names  []string
	things []*T
}

// alike puts things of which the same is to be said together.
func alike[T any](list []T, name, text func(*T) string) []*same[T] {
	var out []*same[T]
	known := map[string]*same[T]{}
	for i := range list {
		t := text(&list[i])
		s := known[t]
		if s == nil {
			s = &same[T]{text: t}
			known[t] = s
			out = append(out, s)
		}
		s.names, s.things = append(s.names, name(&list[i])), append(s.things, &list[i])
	}
	return out
}

// portsText writes ports as --ports takes them, "ports 80,443".
func portsText(ports []uint16) string {
	return "ports " + strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ","), "[]")
}

// answerText is an answer with its reason and place.
func answerText(a policy.Answer) string {
	if a.Result == policy.Pass {
		return "no answer: a field is missing"
	}
	s := a.Result.String()
	if a.Reason != "" {
		s += fmt.Sprintf(" %q", a.Reason)
	}
	if a.Implicit() {
		return s + ", because it does not object"
	}
	return fmt.Sprintf("%s (%s)", s, a.Source.Span())
}

// decisionText is a decision with what policies in audit mode would say.
func decisionText(d *policy.Decision) string {
	s := answerText(d.Answer)
	switch {
	case d.Implicit() && d.Result == policy.Allow:
		s = "allow, no policy objects"
	case d.Implicit():
		s = d.Result.String() + " by the fallback"
	}
	if d.Would.Result != policy.Pass {
		s += "; policies in audit mode would say " + answerText(d.Would)
	}
	if d.Record {
		s += "; recorded"
	}
	return s
}
