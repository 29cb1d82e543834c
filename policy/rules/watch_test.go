package rules

import (
	"testing"
)

func TestSpan(t *testing.T) {
	for ms, want := range map[int64]string{0: "0ms", 1500: "1500ms", 10_000: "10s", 90_000: "90s", 120_000: "2m", 7_200_000: "2h", 90_000_000: "25h"} {
		if got := Span(ms); got != want {
			t.Errorf("%d: got %s, want %s", ms, got, want)
		}
	}
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
