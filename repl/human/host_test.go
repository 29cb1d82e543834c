package human

import (
	"testing"

	"cellsh/kernel/host"
	"cellsh/policy/analysis"
)

// Policies that the caller may not read are loaded all the same.
func TestAnswersOfHiddenPolicies(t *testing.T) {
	for _, c := range []struct {
		usage host.Usage
		want  string
	}{
		{host.Usage{Measure: host.Measure{Hidden: true}}, "policies that only root of the host may read"},
		{host.Usage{}, "policies that are not known any more"},
		{host.Usage{Measure: host.Measure{Policies: []string{"a", "b"}}}, "a, b"},
	} {
		c.usage.Answerer = analysis.Answerer{Program: analysis.ByPolicies}
		if got := Answers(&c.usage); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
