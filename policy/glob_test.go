package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellsh/policy/kauth"
)

// The matcher of tests and that of names of cells are written in different ways, and say the same; so does the definition.
func TestMatchGlob(t *testing.T) {
	var defined func(p, s string) bool
	defined = func(p, s string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return defined(p[1:], s) || s != "" && defined(p, s[1:])
		}
		return s != "" && p[0] == s[0] && defined(p[1:], s[1:])
	}
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("ab*")), 0, 7, -1).Draw(rt, "pattern")
		s := rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 9, -1).Draw(rt, "text")
		want := defined(pattern, s)
		if got := MatchGlob(pattern, s); got != want {
			rt.Fatalf("MatchGlob(%q, %q) = %v", pattern, s, got)
		}
		if got := kauth.MatchGlob(pattern, s); got != want {
			rt.Fatalf("kauth.MatchGlob(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestCheckGlob(t *testing.T) {
	for pattern, want := range map[string]string{
		"tap*": "", "*": "", "web-*-1": "", "ü*": "",
		"tap":                    "must have a *, but has none",
		"":                       "must have a *, but has none",
		"a**":                    "must have no two * together, but has",
		"a\xff*":                 "must be UTF-8, but is not",
		"a\x00*":                 "must have no zero in it, but has one",
		strings.Repeat("a*", 64): "must have at most 127 bytes, but has 128",
	} {
		if got := CheckGlob(pattern); got != want {
			t.Errorf("%q %s", pattern, got)
		}
	}
}

func TestMatchGlobAllocatesNothing(t *testing.T) {
	matches := true
	if n := testing.AllocsPerRun(100, func() { matches = matches && MatchGlob("a*b*c*d", "abcabcabcd") }); n > 0 || !matches {
		t.Errorf("matching allocates %v times", n)
	}
}
