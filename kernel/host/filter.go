package host

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// Filter says which recorded decisions are wanted. Of each key one of the values that were given must fit, and of no key none
// need. The zero value wants all; it is not safe for concurrent use while it is set.
type Filter struct {
	cells    []string
	requests map[kauth.RequestID]bool
	results  []func(*kernel.Event) bool
	denials  bool
	policies []string
	models   []string
	since    func(*Recorded) bool
}

// FilterKey is something that decisions are chosen by.
type FilterKey struct {
	// Name of the flag, and of the key in a table. Value and Doc are for help.
	Name, Value, Doc string
	// Words are all that it can be; nil where that is anything.
	Words []string

	add func(f *Filter, value string, now time.Time) error
}

var filterKeys = []FilterKey{
	{"cell", "GLOB", "those of cells that match GLOB, which may be gone", nil, (*Filter).addCell},
	{"request", "PATTERN", "those of PATTERN: a scope, an action, a request, or a glob over the names of requests", nil, (*Filter).addRequest},
	{"result", "RESULT", "those with the RESULT: " + strings.Join(filterResults, ", "), filterResults, (*Filter).addResult},
	{"policy", "NAME", "those that the policy NAME has decided, or would have", nil, (*Filter).addPolicy},
	{"model", "MODEL", "those of the MODEL " + modelEvaluation + ", which asks policies, or " + modelCell, filterModels, (*Filter).addModel},
	{"since", "TIME", "those since TIME: a duration before now as 10m or 2d, one after the kernel's start as +90s, or a time as 14:05, 2026-06-01 or 2026-06-01T14:05:00Z", nil, (*Filter).addSince},
}

// FilterKeys are the keys that [Filter.Add] knows.
func FilterKeys() []FilterKey { return filterKeys }

// filterResults are the results that there are. What begins with would- is what policies in audit mode would have said.
var filterResults = []string{"deny", "grant", "allow", "would-deny", "would-grant"}

// filterModels are the models whose decisions are kept.
var filterModels = []string{modelEvaluation, modelCell}

// Add gives a key one more value that decisions may have. Times of since are told relative to now, and in its time zone. The
// error is a *policy.KeyError.
func (f *Filter) Add(key, value string, now time.Time) error {
	var names []string
	for _, k := range filterKeys {
		if k.Name == key {
			return k.add(f, value, now)
		}
		names = append(names, k.Name)
	}
	return &policy.KeyError{Key: key, Text: "must be one of " + strings.Join(names, ", "), Hint: diag.DidYouMean(key, names)}
}

func (f *Filter) addCell(glob string, _ time.Time) error {
	// With a letter in place of each star it must be a name.
	if problem := policy.CheckName(strings.ReplaceAll(glob, "*", "x")); problem != "" {
		return &policy.KeyError{Key: "cell", Text: problem, Hint: "* stands for any characters or none, and nothing else is special"}
	}
	f.cells = append(f.cells, glob)
	return nil
}

func (f *Filter) addRequest(pattern string, _ time.Time) error {
	ids := policy.FindRequests(pattern)
	if len(ids) == 0 {
		return &policy.KeyError{Key: "request", Text: fmt.Sprintf("must be a scope, an action, a request or a glob that matches one, but is %q", pattern), Hint: policy.PatternHint(pattern)}
	}
	if f.requests == nil {
		f.requests = map[kauth.RequestID]bool{}
	}
	for _, id := range ids {
		f.requests[id] = true
	}
	return nil
}

func (f *Filter) addResult(word string, _ time.Time) error {
	if !slices.Contains(filterResults, word) {
		return &policy.KeyError{Key: "result", Text: fmt.Sprintf("must be one of %s, but is %q", strings.Join(filterResults, ", "), word), Hint: diag.DidYouMean(word, filterResults)}
	}
	name, would := strings.CutPrefix(word, "would-")
	r, _ := policy.ParseResult(name)
	f.denials = f.denials || !would && r == policy.Deny
	f.results = append(f.results, func(e *kernel.Event) bool {
		if would {
			return e.Would.Result == r
		}
		return e.Result == r
	})
	return nil
}

func (f *Filter) addPolicy(name string, _ time.Time) error {
	if problem := policy.CheckName(name); problem != "" {
		return &policy.KeyError{Key: "policy", Text: problem}
	}
	f.policies = append(f.policies, name)
	return nil
}

func (f *Filter) addModel(name string, _ time.Time) error {
	if !slices.Contains(filterModels, name) {
		return &policy.KeyError{Key: "model", Text: fmt.Sprintf("must be %s or %s, but is %q", modelEvaluation, modelCell, name), Hint: diag.DidYouMean(name, filterModels)}
	}
	f.models = append(f.models, name)
	return nil
}

func (f *Filter) addSince(text string, now time.Time) error {
	if f.since != nil {
		return &policy.KeyError{Key: "since", Text: "must be given once, but is given twice"}
	}
	if after, ok := strings.CutPrefix(text, "+"); ok {
		if d, ok := parseDuration(after); ok {
			f.since = func(r *Recorded) bool { return r.Time() >= d }
			return nil
		}
	} else if at, ok := ParseTime(text, now); ok {
		f.since = func(r *Recorded) bool { return !r.At().Before(at) }
		return nil
	}
	return &policy.KeyError{Key: "since", Text: fmt.Sprintf("must be a duration or a time, but is %q", text),
		Hint: "10m is ten minutes before now, +90s is 90 seconds after the kernel's start; times are 14:05, 2026-06-01, 2026-06-01 14:05 or 2026-06-01T14:05:00Z"}
}

// parseDuration reads a duration from 0 on, as Go writes them or in days.
func parseDuration(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

// ParseTime reads a time as --since takes it: a time of day, which has been at last before now, a date with one or without, or how long before now.
func ParseTime(text string, now time.Time) (time.Time, bool) {
	if d, ok := parseDuration(text); ok {
		return now.Add(-d), true
	}
	for _, form := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(form, text); err == nil {
			at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location())
			if at.After(now) {
				at = time.Date(now.Year(), now.Month(), now.Day()-1, t.Hour(), t.Minute(), t.Second(), 0, now.Location())
			}
			return at, true
		}
	}
	for _, form := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if at, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// Wants reports whether the decision is wanted.
func (f *Filter) Wants(r *Recorded) bool {
	if len(f.cells) > 0 && (r.Cell() == 0 || !slices.ContainsFunc(f.cells, func(glob string) bool { return policy.MatchGlob(glob, r.Name) })) {
		return false
	}
	if f.requests != nil && !slices.ContainsFunc(r.Requests(), func(id kauth.RequestID) bool { return f.requests[id] }) {
		return false
	}
	if f.since != nil && !f.since(r) || len(f.models) > 0 && !slices.Contains(f.models, r.Model()) {
		return false
	}
	if r.Event == nil {
		return (len(f.results) == 0 || f.denials) && len(f.policies) == 0
	}
	if len(f.results) > 0 && !slices.ContainsFunc(f.results, func(has func(*kernel.Event) bool) bool { return has(r.Event) }) {
		return false
	}
	return len(f.policies) == 0 || slices.Contains(f.policies, r.Event.Source.Policy) || slices.Contains(f.policies, r.Event.Would.Source.Policy)
}

// Choose gives those of the list that are wanted.
func (f *Filter) Choose(list []Recorded) []Recorded {
	var out []Recorded
	for i := range list {
		if f.Wants(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out
}

// Known says what is wrong with the names in the filter, given all that is recorded: a policy must be loaded or have decided
// something, which is a *policy.KeyError. Cells come and go; of those that neither live nor have been decided about the
// note tells, and of policies that can't be told.
func (f *Filter) Known(h *Host, list []Recorded) (note string, err error) {
	var cells, policies []string
	for i := range list {
		cells = append(cells, list[i].Name)
		if e := list[i].Event; e != nil {
			policies = append(policies, e.Source.Policy, e.Would.Source.Policy)
		}
	}
	var errs []error
	var notes []string
	for _, name := range f.policies {
		if slices.Contains(policies, name) {
			continue
		}
		p, err := h.Policies()
		if err != nil {
			notes = append(notes, fmt.Sprintf("whether a policy %s is loaded can't be told: %s", name, diag.Of(err)[0].Message))
			continue
		}
		loaded := p.Set().Names()
		if !slices.Contains(loaded, name) {
			hint := diag.DidYouMean(name, append(loaded, policies...))
			errs = append(errs, &policy.KeyError{Key: "policy", Text: fmt.Sprintf("must be one that is loaded or has decided something, but is %q", name), Hint: hint})
		}
	}
	if len(f.cells) > 0 {
		live, err := h.LiveNames()
		if err != nil {
			return "", err
		}
		cells = append(cells, live...)
	}
	for _, glob := range f.cells {
		if slices.ContainsFunc(cells, func(name string) bool { return name != "" && policy.MatchGlob(glob, name) }) {
			continue
		}
		text := "no cell that lives, or of which decisions are kept, is called " + glob
		if near := diag.Nearest(glob, cells); near != "" {
			text += "; did you mean " + near + "?"
		}
		notes = append(notes, text)
	}
	return strings.Join(notes, "; "), errors.Join(errs...)
}
