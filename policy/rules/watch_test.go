package rules

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSpan(t *testing.T) {
	for text, want := range map[string]int64{"10s": 10_000, "0s": 0, "2m": 120_000, "24h": MaxSpan, "86400s": MaxSpan, "1500ms": 1500} {
		if got, ok := ParseSpan(text); !ok || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "10", "s", "-1s", "+1s", "1.5s", "25h", "86401s", "10sm", "10 s", "ms", "99999999999999999999s", "1h30m", "10S"} {
		if got, ok := ParseSpan(text); ok {
			t.Errorf("%q must be refused, but is %d", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, MaxSpan).Draw(t, "ms")
		if got, ok := ParseSpan(Span(ms)); !ok || got != ms {
			t.Fatalf("%d is written as %s and read as %d, %v", ms, Span(ms), got, ok)
		}
	})
}

func TestAction(t *testing.T) {
	for i, name := range Actions {
		var a Action
		if err := a.UnmarshalText([]byte(name)); err != nil || a != Action(i) || a.String() != name {
			t.Errorf("%s: %s, %v", name, a, err)
		}
	}
	var a Action
	if err := a.UnmarshalText([]byte("kill")); err == nil || err.Error() != `an action must be log, throttle, restart, stop, but is "kill"` {
		t.Error(err)
	}
	if got := (Terms{Warn: 80, Over: 1500, Action: Stop}).String(); got != "warn = 80%, over = 1500ms, action = stop" {
		t.Error(got)
	}
}
