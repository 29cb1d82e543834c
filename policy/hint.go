package policy

import (
	"strings"

	"cellsh/policy/diag"
	"cellsh/policy/kauth"
)

// PatternHint says what somebody could have meant by a name that is no scope, action or request; "" if it is like none.
func PatternHint(name string) string {
	if scope, _, _ := strings.Cut(name, "."); kauth.Outside(scope) != "" {
		return kauth.Outside(scope)
	}
	whole := strings.TrimSuffix(name, ".*")
	if _, ok := kauth.FindPattern(whole); ok && whole != name {
		return "leave .* out: " + whole + " stands for all of it"
	}
	return diag.DidYouMean(whole, names(kauth.AllPatterns()))
}

// RequestHint is PatternHint where a single request must be named: a scope or an action stands for several.
func RequestHint(name string) string {
	p, ok := kauth.FindPattern(strings.TrimSuffix(name, ".*"))
	if !ok {
		if scope, _, _ := strings.Cut(name, "."); kauth.Outside(scope) != "" {
			return kauth.Outside(scope)
		}
		return diag.DidYouMean(name, requestNames(0, kauth.RequestID(kauth.NumRequests)))
	}
	lo, hi := p.Range()
	return "it stands for several: " + strings.Join(requestNames(lo, min(hi, lo+4)), ", ")
}

func names(patterns []kauth.Pattern) []string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		out[i] = p.String()
	}
	return out
}

func requestNames(lo, hi kauth.RequestID) []string {
	var out []string
	for id := lo; id < hi; id++ {
		out = append(out, id.String())
	}
	return out
}

// FindRequests gives the requests of a scope, of an action, of one request, or of a glob over their names, in the order of the
// kernel's numbers; none if there are none.
func FindRequests(pattern string) []kauth.RequestID {
	matches := func(id kauth.RequestID) bool { return MatchGlob(pattern, id.String()) }
	if p, ok := kauth.FindPattern(pattern); ok {
		matches = p.Matches
	}
	var list []kauth.RequestID
	for id := range kauth.RequestID(kauth.NumRequests) {
		if matches(id) {
			list = append(list, id)
		}
	}
	return list
}
