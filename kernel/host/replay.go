package host

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/graph"
	"cellsh/policy/kauth"
	"cellsh/policy/report"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/study"
)

// Replayed is what becomes of recorded decisions under other policies.
type Replayed struct {
	// Decisions are how many of secmodel_celleval there are, and Same how many of them have the same result.
	Decisions, Same int
	// Flips are those whose result is another one, and Undecided those of which that can't be told, put together where they are alike;
	// those that came most often first.
	Flips, Undecided []Replay
	// Profile counts denials by secmodel_cell itself: whatever policies say, they stay.
	Profile int
}

// Replay is recorded decisions about a request in a cell that were the same, and become the same.
type Replay struct {
	Count   int
	Cell    string
	Request kauth.RequestID
	// EUIDs are of those who asked, ascending, each once.
	EUIDs []uint32
	// Was is the decision that was recorded. Fallback says that the fallback gave it.
	Was      policy.Decision
	Fallback bool
	// Now are the decisions that there can be; those of a flip are all of another result than Was. ByFallback says that the
	// fallback gives them, because no policy names the cell.
	Now        []policy.Decision
	ByFallback bool
	// Why is why nothing can be told of what is undecided, in words.
	Why string
}

// Flipped counts those decisions whose result is another one.
func (r *Replayed) Flipped() int { return sum(r.Flips) }

func sum(list []Replay) int {
	n := 0
	for i := range list {
		n += list[i].Count
	}
	return n
}

// Replay asks policies about the requests that decisions were recorded of. What the record does not tell is not made up: where the
// result depends on that, it is undecided. The error is a diag.List of what is wrong with the policies.
func (h *Host) Replay(r *Reread, p *study.Policies) (*Replayed, error) {
	out := &Replayed{}
	replayer := replayer{h: h, p: p, known: map[asking]*becoming{}}
	live, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	replayer.cells = live
	folded := map[string]*Replay{}
	var order []string
	for i := range r.List {
		e := r.List[i].Event
		if e == nil {
			out.Profile++
			continue
		}
		out.Decisions++
		a := asking{cell: e.Name, request: e.Request, euid: e.EUID, anybody: r.Nobody[i], fallback: e.Fallback}
		b, err := replayer.becomes(a)
		if err != nil {
			return nil, err
		}
		x := Replay{Cell: e.Name, Request: e.Request, Was: e.Decision, Fallback: e.Fallback, Now: b.now, ByFallback: b.fallback, Why: b.why}
		switch same := slices.ContainsFunc(b.now, func(d policy.Decision) bool { return d.Result == e.Result }); {
		case b.why != "" && len(b.now) == 0:
		case same && b.settled():
			out.Same++
			continue
		case !same:
			x.Why = ""
		}
		key := fmt.Sprintf("%q %d %v %v %v %v %q", x.Cell, x.Request, x.Was, x.Fallback, x.Now, x.ByFallback, x.Why)
		f := folded[key]
		if f == nil {
			f = &x
			folded[key], order = f, append(order, key)
		}
		f.Count++
		if !a.anybody {
			if at, found := slices.BinarySearch(f.EUIDs, e.EUID); !found {
				f.EUIDs = slices.Insert(f.EUIDs, at, e.EUID)
			}
		}
	}
	for _, key := range order {
		if x := folded[key]; x.Why == "" {
			out.Flips = append(out.Flips, *x)
		} else {
			out.Undecided = append(out.Undecided, *x)
		}
	}
	often := func(x, y Replay) int { return cmp.Compare(y.Count, x.Count) }
	slices.SortStableFunc(out.Flips, often)
	slices.SortStableFunc(out.Undecided, often)
	return out, nil
}

// asking is what is known of a request that was recorded.
type asking struct {
	cell    string
	request kauth.RequestID
	euid    uint32
	// anybody says that it is not known who asked, and fallback that the fallback has answered, so that the profile of the cell was low.
	anybody, fallback bool
}

// becoming is what can become of it.
type becoming struct {
	now      []policy.Decision
	fallback bool
	// why says why it is not known which of them, or that it is none that policies give.
	why string
}

// settled reports whether all that can become of it has one result.
func (b *becoming) settled() bool {
	for i := range b.now {
		if b.now[i].Result != b.now[0].Result {
			return false
		}
	}
	return len(b.now) > 0
}

type replayer struct {
	h     *Host
	p     *study.Policies
	cells []kernel.Cell
	known map[asking]*becoming
}

func (r *replayer) becomes(a asking) (*becoming, error) {
	if a.anybody {
		a.euid = 0
	}
	if b, ok := r.known[a]; ok {
		return b, nil
	}
	b, err := r.workOut(a)
	r.known[a] = b
	return b, err
}

func (r *replayer) workOut(a asking) (*becoming, error) {
	euid := &a.euid
	if a.anybody {
		euid = nil
	}
	var possible *analysis.Possibilities
	var err error
	out := &becoming{}
	switch {
	case a.cell == "":
		out.why = "the record does not name the cell"
		return out, nil
	case !r.p.Vocabulary().Asks(a.request):
		out.why = "this kernel does not ask policies about it"
		return out, nil
	case r.p.Names(a.cell):
		if err := r.p.Usable(a.cell); err != nil {
			return nil, err
		}
		possible, err = analysis.Possible(r.p.Compiler, a.cell, a.request, euid)
	default:
		out.fallback = true
		switch profile := r.profile(a.cell); {
		case a.fallback || profile != nil && *profile == secmodel.Low:
			possible, err = analysis.PossibleIn(stock.FallbackFor(r.p.Vocabulary()), a.request, euid)
		case profile == nil:
			out.why = "no policy names the cell: the fallback answers if its profile is low, which is not known"
		default:
			out.why = fmt.Sprintf("no policy names the cell: its profile, which is %s, answers", *profile)
		}
		if out.why != "" {
			return out, nil
		}
	}
	switch {
	case errors.Is(err, graph.ErrTooLarge):
		out.why = "there are too many cases"
		return out, nil
	case err != nil:
		return nil, err
	}
	if out.now = possible.Decisions; !out.settled() {
		var fields []string
		for _, f := range possible.Depends.Fields() {
			fields = append(fields, f.String())
		}
		out.why = "it depends on " + strings.Join(fields, ", ") + ", which the record does not tell"
	}
	return out, nil
}

// profile is that of a cell, nil if it is not known.
func (r *replayer) profile(name string) *secmodel.Profile {
	for _, c := range r.cells {
		if m, ok := r.h.Kernel.Made(c); c.Name == name && ok {
			return &m.Profile
		}
	}
	return nil
}

// ReplayedReport is the report of replayed decisions.
type ReplayedReport struct {
	// Decisions of secmodel_celleval: of so many the result is the same, another one, or can't be told.
	Decisions int `json:"decisions"`
	Same      int `json:"same"`
	Flipped   int `json:"flipped"`
	Open      int `json:"open"`
	// Flips and Undecided are those, put together where they are alike.
	Flips     []ReplayReport `json:"flips"`
	Undecided []ReplayReport `json:"undecided"`
	// Profile counts denials by secmodel_cell, which policies don't change.
	Profile int `json:"by_profile"`
	// Lost are decisions that the record says are missing; Gaps says that there are more, and not how many.
	Lost uint64 `json:"lost"`
	Gaps bool   `json:"gaps,omitempty"`
}

// ReplayReport is the report of decisions that are alike.
type ReplayReport struct {
	Count   int           `json:"count"`
	Cell    string        `json:"cell"`
	EUIDs   []uint32      `json:"euids"`
	Request string        `json:"request"`
	Was     report.Answer `json:"was"`
	// Fallback says that the fallback gave it.
	Fallback bool `json:"fallback,omitempty"`
	// Now are the decisions that there can be, and ByFallback says that the fallback gives them.
	Now        []report.Answer `json:"now"`
	ByFallback bool            `json:"now_fallback,omitempty"`
	// Why says why it is undecided.
	Why string `json:"why,omitempty"`
}

// Report of what was replayed from a record.
func (r *Replayed) Report(from *Reread) ReplayedReport {
	return ReplayedReport{r.Decisions, r.Same, r.Flipped(), sum(r.Undecided), replayReports(r.Flips), replayReports(r.Undecided), r.Profile, from.Lost, from.Gaps}
}

func replayReports(list []Replay) []ReplayReport {
	out := []ReplayReport{}
	for i := range list {
		x := &list[i]
		o := ReplayReport{Count: x.Count, Cell: x.Cell, EUIDs: report.List(x.EUIDs), Request: x.Request.String(), Was: report.Of(&x.Was), Fallback: x.Fallback, Now: []report.Answer{}, ByFallback: x.ByFallback && len(x.Now) > 0, Why: x.Why}
		for j := range x.Now {
			o.Now = append(o.Now, report.Of(&x.Now[j]))
		}
		out = append(out, o)
	}
	return out
}
