package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cellsh/judge/subject"
)

// Result is what came of a run.
type Result struct {
	// Policies that were judged, those of them that cellsh accepts, and the requests that were asked.
	Policies, Accepted, Requests int
	// Scripts that were judged, and the ways in which they were.
	Scripts, Ways int
	Differences   []Difference
	// Refusals of policies and of scripts, by way and by what is said.
	Refusals map[string]*Refusal
	// Seen counts how often each construct of Lua was written.
	Seen map[string]int
}

// Refusal is one cause for which cellsh refuses programs.
type Refusal struct {
	// Way in which the programs were judged.
	Way, Code, Message string
	// Count of the programs, and of those in which Lua itself raises an error for some request.
	Count, Raised int
	// Name and Example are a program that Lua raises no error in, or else any, and Said is what cellsh says about it.
	Name, Example, Said string
}

func newResult() *Result { return &Result{Refusals: map[string]*Refusal{}} }

// refuse counts a refusal. raised says whether Lua raises an error.
func (r *run) refuse(way, name, text string, d subject.Diagnostic, raised func() bool) {
	key := way + " " + d.Code + " " + general(d.Message)
	c := r.result.Refusals[key]
	if c == nil {
		c = &Refusal{Way: way, Code: d.Code, Message: general(d.Message)}
		r.result.Refusals[key] = c
	}
	lua := raised != nil && raised()
	if c.Count == 0 || !lua && c.Count == c.Raised {
		c.Name, c.Example, c.Said = name, text, fmt.Sprintf("%d: %s", d.Line, d.Message)
	}
	c.Count++
	if lua {
		c.Raised++
	}
}

// Raised is the number of policies that are refused, and in which Lua itself raises an error.
func (r *Result) Raised() int {
	n := 0
	for _, c := range r.Refusals {
		if c.Way == "policy" {
			n += c.Raised
		}
	}
	return n
}

// Sorted are the refusals, the most frequent first.
func (r *Result) Sorted() []*Refusal {
	all := slices.Collect(maps.Values(r.Refusals))
	slices.SortFunc(all, func(a, b *Refusal) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Way+a.Code+a.Message, b.Way+b.Code+b.Message)
	})
	return all
}

// String tells the refusals by cause, and the counts.
func (r *Result) String() string {
	var b strings.Builder
	for _, c := range r.Sorted() {
		fmt.Fprintf(&b, "%5d %s: %s: %s (Lua raises an error in %d; e.g. %s:%s)\n", c.Count, c.Way, c.Code, c.Message, c.Raised, c.Name, c.Said)
	}
	fmt.Fprintf(&b, "%d policies, %d accepted, %d refused with an error of Lua, %d requests, %d scripts in %d ways, %d differences\n",
		r.Policies, r.Accepted, r.Raised(), r.Requests, r.Scripts, r.Ways, len(r.Differences))
	return b.String()
}
