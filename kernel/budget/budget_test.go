package budget

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/policy/analysis"
	"cellsh/policy/rules"
)

// story is what a watcher tells of samples, one a second: "5:near", "7:over".
func story(r Rule, uses ...int64) string {
	w := Watcher{Rule: r}
	var told []string
	for i, use := range uses {
		for _, e := range w.Step(time.Duration(i)*time.Second, use) {
			if e.Use != use || e.Rule != r {
				return fmt.Sprintf("the event must be about %d and %+v, but is %+v", use, r, e)
			}
			told = append(told, fmt.Sprintf("%d:%s", i, [...]string{"near", "over", "under"}[e.Kind]))
		}
	}
	return strings.Join(told, " ")
}

func TestWatcher(t *testing.T) {
	for _, test := range []struct {
		name string
		rule Rule
		uses []int64
		want string
	}{
		{"never", Rule{Limit: 100}, []int64{0, 100, 50, 100}, ""},
		{"at once", Rule{Limit: 100}, []int64{100, 101, 500}, "1:over"},
		{"from the first sample on", Rule{Limit: 100}, []int64{101}, "0:over"},
		{"a value that swings round the limit is one event", Rule{Limit: 100}, []int64{101, 99, 101, 95, 120, 91, 110, 90, 90}, "0:over 7:under"},
		{"after a while", Rule{Limit: 100, Over: 3 * time.Second}, []int64{101, 101, 101, 101, 101}, "3:over"},
		{"a peak is nothing", Rule{Limit: 100, Over: 3 * time.Second}, []int64{101, 101, 101, 100, 101, 101, 101}, ""},
		{"under takes as long", Rule{Limit: 100, Over: 2 * time.Second}, []int64{101, 101, 101, 80, 101, 80, 80, 91, 80, 80, 80, 101}, "2:over 10:under"},
		{"a warning", Rule{Limit: 100, Warn: 80}, []int64{79, 80, 99, 75, 80, 71, 80}, "1:near 6:near"},
		{"a warning before", Rule{Limit: 100, Warn: 80, Over: 2 * time.Second}, []int64{150, 150, 150, 10, 10, 10, 85}, "0:near 2:over 5:under 6:near"},
		{"no warning with it", Rule{Limit: 100, Warn: 80}, []int64{150, 95, 50}, "0:over 2:under"},
		{"a warning at the limit", Rule{Limit: 100, Warn: 100}, []int64{99, 100, 101, 90, 89}, "1:near 2:over 3:under"},
		{"nothing may be used", Rule{Limit: 0}, []int64{0, 1, 0}, "1:over 2:under"},
		{"as much as there is", Rule{Limit: math.MaxInt64, Warn: math.MaxInt64}, []int64{math.MaxInt64, 0}, "0:near"},
	} {
		if got := story(test.rule, test.uses...); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestWatcherClock: a clock that goes back makes nothing last longer.
func TestWatcherClock(t *testing.T) {
	w := Watcher{Rule: Rule{Limit: 100, Over: 10 * time.Second}}
	for _, x := range []struct {
		at   time.Duration
		over bool
	}{{100 * time.Second, false}, {105 * time.Second, false}, {2 * time.Second, false}, {11 * time.Second, false}, {12 * time.Second, true}} {
		w.Step(x.at, 101)
		if w.Exceeded() != x.over {
			t.Errorf("at %s it must be exceeded: %v", x.at, x.over)
		}
	}
}

// sample is one of a history.
type sample struct {
	at  time.Duration
	use int64
}

// lasted reports whether the last samples of a history all are so for a time.
func lasted(history []sample, d time.Duration, so func(int64) bool) bool {
	last := history[len(history)-1]
	for i := len(history) - 1; i >= 0 && so(history[i].use); i-- {
		if last.at-history[i].at >= d {
			return true
		}
	}
	return false
}

// TestWatcherModel compares with what is said in words, on the whole history since the last change.
func TestWatcherModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rule{Limit: rapid.Int64Range(0, 20).Draw(t, "limit"), Warn: rapid.Int64Range(0, 20).Draw(t, "warn"),
			Over: time.Duration(rapid.IntRange(0, 5).Draw(t, "over")) * time.Second}
		w := Watcher{Rule: r}
		var at time.Duration
		var since []sample // the last change
		over := false
		var near, all int
		for range rapid.IntRange(1, 60).Draw(t, "samples") {
			at += time.Duration(rapid.IntRange(0, 3000).Draw(t, "after")) * time.Millisecond
			use := rapid.Int64Range(0, 25).Draw(t, "use")
			since = append(since, sample{at, use})
			change := lasted(since, r.Over, func(u int64) bool {
				if over {
					return 10*u <= 9*r.Limit
				}
				return u > r.Limit
			})
			if change {
				over, since = !over, nil
			}
			told := 0
			for _, e := range w.Step(at, use) {
				all++
				if e.Kind == Near {
					if near++; r.Warn == 0 || use < r.Warn || over {
						t.Fatalf("a warning must be told of %d while under, but is of %d, over %v", r.Warn, use, over)
					}
					continue
				}
				if told++; (e.Kind == Over) != over {
					t.Fatalf("got %v, want over %v", e.Kind, over)
				}
			}
			if (told == 1) != change || told > 1 || w.Exceeded() != over {
				t.Fatalf("at %s with %d: told %d times, want %v, over %v", at, use, told, change, over)
			}
		}
	})
}

func TestRules(t *testing.T) {
	list := Rules([]analysis.Budget{
		{Name: analysis.BudgetProcs, Value: 5, Policy: "a"},
		{Name: analysis.BudgetMemory, Value: 512 << 20, Terms: rules.Terms{Warn: 80, Over: 1500, Action: rules.Stop}, Policy: "b"},
		{Name: analysis.BudgetCPU, Value: 1, Terms: rules.Terms{Warn: 50}, Policy: "c"},
	})
	want := []Rule{
		{Budget: "memory", Limit: 512 << 20, Warn: 429496729, Over: 1500 * time.Millisecond, Action: rules.Stop, Policy: "b"},
		{Budget: "cpu", Limit: 1, Warn: 1, Policy: "c"},
	}
	if fmt.Sprint(list) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", list, want)
	}
	text, err := json.Marshal(list)
	var back []Rule
	if err != nil || json.Unmarshal(text, &back) != nil || fmt.Sprint(back) != fmt.Sprint(want) || !strings.Contains(string(text), `"action":"stop"`) {
		t.Errorf("%s, %v: %+v", text, err, back)
	}
	for kind, want := range map[Kind]string{
		Near:  "memory is near its budget: 450M of 512M in policy b",
		Over:  "memory is over its budget: 450M, but policy b says 512M",
		Under: "memory is under its budget again: 450M of 512M in policy b",
	} {
		if got := (&Event{list[0], kind, 450 << 20}).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := (&Event{list[1], Over, 250}).String(); got != "cpu is over its budget: 250%, but policy c says 1%" {
		t.Error(got)
	}
}
