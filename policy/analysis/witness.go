package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"cellsh/policy/diag"
	"cellsh/policy/graph"
	"cellsh/policy/rules"
)

// Witnessed says how far Witnesses.Compare has compared graphs with their functions.
type Witnessed struct {
	// Answers are the different answers of all graphs, as far as it is not known that no request gets them; Asked is for
	// how many of them a request was put through the functions.
	Answers, Asked int
	// Steps are those that the functions took.
	Steps int64
	// Differences are requests for which graphs and functions disagree, at most 100, and Differing is how many there are.
	Differences []Difference
	Differing   int
}

// LeftOut is how many answers were not asked for, to save time.
func (w *Witnessed) LeftOut() int { return w.Answers - w.Asked }

// Problems are the differences as errors, and a note of what was left out.
func (w *Witnessed) Problems() diag.List {
	out := differenceProblems(w.Differences, w.Differing)
	if n := w.LeftOut(); n > 0 {
		out = append(out, diag.Diagnostic{Severity: diag.Note, Code: diag.ReadingPartial,
			Message: fmt.Sprintf("two readings of the functions were compared for %d of %d answers, to save time", w.Asked, w.Answers),
			Hint:    "cellsh prove compares them for all"})
	}
	return out
}

// How many steps the functions may take until no more is asked: some for all together, and more for each test and answer
// of their graphs. A machine takes about 30 million steps a second, so that a load becomes a fraction longer.
const (
	freeSteps    = 500_000
	stepsForSize = 50
	// stepsForCall is what a call costs beside the steps of the function.
	stepsForCall = 100
)

// Witnesses compares graphs with the functions that they were made of, each once. It is not safe for concurrent use.
type Witnesses struct {
	c    *rules.Compiler
	seen seenGraphs
}

// NewWitnesses has compared nothing yet.
func NewWitnesses(c *rules.Compiler) *Witnesses { return &Witnesses{c, seenGraphs{}} }

// Compare puts one request for each answer of each graph in the cells through the functions themselves; graphs that were
// compared before are left out. It is what every load can afford: the steps that the functions may take together are
// bounded by the size of the graphs. Those answers that are nearest come first; Prove looks at the others, and closer.
func (w *Witnesses) Compare(cells []string) (*Witnessed, error) {
	x := &witnesser{out: &Witnessed{}, left: freeSteps}
	if err := functions(w.c, cells, w.seen, x.look); err != nil {
		return nil, err
	}
	return x.out, nil
}

type witnesser struct {
	out *Witnessed
	// left are the steps that may still be taken.
	left int64
}

func (w *witnesser) look(s *subject) {
	size := len(s.graph.Nodes) + len(s.graph.Leaves)
	w.left += int64(stepsForSize * size)
	distances := s.graph.Distances()
	order := make([]int, 0, len(s.graph.Leaves))
	for i, d := range distances {
		if d >= 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(distances[i], distances[j]) })
	wanted, some := make([]bool, len(s.graph.Leaves)), 0
	// Requests are searched for only where they are likely to be asked: a test takes a step or more.
	for budget := w.left; some < len(order) && budget > 0; some++ {
		wanted[order[some]] = true
		budget -= stepsForCall + int64(distances[order[some]])
	}
	requests, complete := graph.Witnesses(s.graph, s.id, wanted, 4*len(s.graph.Nodes)+1<<12)
	w.out.Answers += len(order)
	for _, i := range order[:some] {
		q := requests[i]
		if q == nil {
			if complete {
				w.out.Answers-- // no request gets it
			}
			continue
		}
		if w.left <= 0 {
			continue
		}
		d, steps := s.compare(q, s.graph.Leaves[i])
		w.out.Asked++
		w.out.Steps += steps
		w.left -= steps + stepsForCall
		if d != nil {
			if w.out.Differing++; len(w.out.Differences) < maxDifferences {
				w.out.Differences = append(w.out.Differences, *d)
			}
		}
	}
}
