package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawAnswer(t *rapid.T, label string) Answer {
	a := Answer{
		Result: Result(rapid.IntRange(0, 3).Draw(t, label+" result")),
		Reason: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, label+" reason"),
	}
	if rapid.Bool().Draw(t, label+" explicit") {
		a.Source = Source{
			Policy: rapid.SampledFrom([]string{"p", "q"}).Draw(t, label+" policy"),
			File:   rapid.SampledFrom([]string{"a.lua", "b.lua"}).Draw(t, label+" file"),
			Line:   rapid.IntRange(1, 2).Draw(t, label+" line"),
		}
	}
	return a
}

// The order of policies and of files must not matter.
func TestCombineHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawAnswer(t, "a"), drawAnswer(t, "b"), drawAnswer(t, "c")
		if a.Combine(b) != b.Combine(a) {
			t.Fatalf("not commutative: %+v, %+v", a.Combine(b), b.Combine(a))
		}
		if a.Combine(b).Combine(c) != a.Combine(b.Combine(c)) {
			t.Fatalf("not associative: %+v, %+v", a.Combine(b).Combine(c), a.Combine(b.Combine(c)))
		}
		if a.Combine(a) != a {
			t.Fatalf("not idempotent: %+v", a.Combine(a))
		}
		if got := a.Combine(b); got != a && got != b {
			t.Fatalf("neither of both: %+v", got)
		}
		if got := a.Combine(b).Result; got != max(a.Result, b.Result) {
			t.Fatalf("not the stronger result: %s", got)
		}
		d, e := Decision{a, b}, Decision{b, c}
		if got := d.Combine(e); got != (Decision{a.Combine(b), b.Combine(c)}) {
			t.Fatalf("decisions are not combined part by part: %+v", got)
		}
	})
}

func TestCombine(t *testing.T) {
	implicit := Answer{Result: Allow}
	allow := Answer{Allow, "fine", false, Source{"b", "b.lua", 2}}
	grant := Answer{Grant, "given", false, Source{"c", "c.lua", 3}}
	deny := Answer{Deny, "no", false, Source{"d", "d.lua", 4}}
	denyToo := Answer{Deny, "never", false, Source{"a", "z.lua", 9}}
	for _, c := range []struct {
		name string
		all  []Answer
		want Answer
	}{
		{"deny before all", []Answer{implicit, allow, deny, grant}, deny},
		{"grant before allow", []Answer{allow, grant, implicit}, grant},
		{"an allow that was said before one that was not", []Answer{implicit, allow}, allow},
		{"the reason of the policy first by name, whatever its file", []Answer{deny, denyToo}, denyToo},
		{"nothing", []Answer{{}, {}}, Answer{}},
	} {
		var got Answer
		for _, a := range c.all {
			got = got.Combine(a)
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestResults(t *testing.T) {
	for r := Allow; r <= Deny; r++ {
		if got, ok := ParseResult(r.String()); !ok || got != r {
			t.Errorf("%s: %s, %v", r, got, ok)
		}
	}
	for _, word := range []string{"", "pass", "Deny", "DENY", " deny", "deny\x00"} {
		if r, ok := ParseResult(word); ok || r != Pass {
			t.Errorf("%q must be no result, but is %s", word, r)
		}
	}
	if !Allowed.Implicit() || Allowed.Result != Allow || Allowed.Would.Result != Pass {
		t.Errorf("%+v", Allowed)
	}
	if s := (Source{"p", "p.lua", 3}); s.Span().String() != "p.lua:3" {
		t.Error(s.Span())
	}
}

func TestCheckReason(t *testing.T) {
	for _, s := range []string{"", "no raw sockets", "keine Röhren", strings.Repeat("x", MaxReason), "100%", "日本"} {
		if err := CheckReason(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for s, want := range map[string]string{
		"a\nb":                           "a reason must be one line of text, but has the character U+000A",
		"a\x00":                          "a reason must be one line of text, but has the character U+0000",
		"\x1b[2J":                        "a reason must be one line of text, but has the character U+001B",
		"\x7f":                           "a reason must be one line of text, but has the character U+007F",
		"a\u0085b":                       "a reason must be one line of text, but has the character U+0085",
		"a\u2028b":                       "a reason must be one line of text, but has the character U+2028",
		"\xff":                           "a reason must be UTF-8, but is not",
		strings.Repeat("x", MaxReason+1): "a reason must have at most 255 bytes, but has 256",
	} {
		if err := CheckReason(s); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}
