package service

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy/diag"
)

// State is what a service is doing, as people are told.
type State uint8

// The states.
const (
	// Stopped: it does not run, and nobody wants it to: it was never started, was stopped, or has ended by itself and is not
	// started again after such an end.
	Stopped State = iota
	// Starting: its command is being started, or runs and its health has not yet said that it works.
	Starting
	// Running: it runs, and works as far as anybody asks.
	Running
	// Unhealthy: it runs, but its health says that it does not work.
	Unhealthy
	// Waiting: it has ended, and is started again in a while.
	Waiting
	// Stopping: it is being ended, or what its command has left behind is.
	Stopping
	// CrashLoop: it has ended too often in a row, and is not started again by itself.
	CrashLoop
	// Failed: it could not be started, or has ended otherwise than with 0 and is not started again.
	Failed
	// Lost: nobody watches over it, because its monitor was killed. What is left of it is ended before it is started again.
	Lost
)

var stateNames = [...]string{"stopped", "starting", "running", "unhealthy", "waiting", "stopping", "crash-loop", "failed", "lost"}

// StateNames are the names of all states.
func StateNames() []string { return slices.Clone(stateNames[:]) }

// String is the name of the state, "crash-loop".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// ParseState gives the state of that name.
func ParseState(name string) (State, error) {
	i := slices.Index(stateNames[:], name)
	if i < 0 {
		text := fmt.Sprintf("the state must be one of %s, but is %q", strings.Join(stateNames[:], ", "), name)
		if near := diag.Nearest(name, stateNames[:]); near != "" {
			text += "; did you mean " + near + "?"
		}
		return 0, fmt.Errorf("%s", text)
	}
	return State(i), nil
}

// MarshalText gives the name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the name.
func (s *State) UnmarshalText(name []byte) (err error) {
	*s, err = ParseState(string(name))
	return err
}

// Final reports whether nothing more happens by itself: no monitor runs in that state.
func (s State) Final() bool { return s == Stopped || s == CrashLoop || s == Failed || s == Lost }
