package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Watch is a budget that no kernel enforces: it is watched, and something is done about it.
type Watch struct {
	// Limit in bytes or in percent of one processor, which may be used.
	Limit int64
	Terms
}

// Terms are what is done about a budget that is watched. The zero value only tells that it is exceeded.
type Terms struct {
	// Warn is the percentage of the limit from which a warning is told, 1 to 100; 0 for none.
	Warn int64
	// Over is for how long the limit must be exceeded until that counts, in milliseconds; 0 for at once.
	Over int64
	// Action is what is done then.
	Action Action
}

// Action is what is done about a budget that is exceeded.
type Action uint8

// The actions, the mildest first.
const (
	// Log tells it: to the log, and to hooks.
	Log Action = iota
	// Throttle lets everything else go first: the priority of the processes is lowered until they are under the budget again.
	Throttle
	// Restart ends the service and starts it again.
	Restart
	// Stop ends the service.
	Stop
)

// Actions are the names of the actions in policies, in their order.
var Actions = [...]string{"log", "throttle", "restart", "stop"}

// String is the name.
func (a Action) String() string { return Actions[a] }

// ParseAction gives the action of that name.
func ParseAction(name string) (Action, bool) {
	i := slices.Index(Actions[:], name)
	return Action(max(i, 0)), i >= 0
}

// MarshalText gives the name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText takes the name.
func (a *Action) UnmarshalText(text []byte) error {
	known, ok := ParseAction(string(text))
	if !ok {
		return fmt.Errorf("an action must be %s, but is %q", strings.Join(Actions[:], ", "), text)
	}
	*a = known
	return nil
}

// String is how policies have them, "" if there are none: "warn = 80%, over = 10s, action = stop".
func (t Terms) String() string {
	var terms []string
	if t.Warn != 0 {
		terms = append(terms, fmt.Sprintf("warn = %d%%", t.Warn))
	}
	if t.Over != 0 {
		terms = append(terms, "over = "+Span(t.Over))
	}
	if t.Action != Log {
		terms = append(terms, "action = "+t.Action.String())
	}
	return strings.Join(terms, ", ")
}

// Span writes milliseconds as policies do, in the largest unit that has no fraction: 10s, 90s, 2m, 1500ms.
func Span(ms int64) string {
	for _, u := range spanUnits {
		if ms%u.ms == 0 && ms != 0 {
			return strconv.FormatInt(ms/u.ms, 10) + u.name
		}
	}
	return strconv.FormatInt(ms, 10) + "ms"
}

// spanUnits are the units of time, the largest first.
var spanUnits = []struct {
	name string
	ms   int64
}{{"h", 3_600_000}, {"m", 60_000}, {"s", 1000}, {"ms", 1}}
