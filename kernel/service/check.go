package service

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cellsh/policy"
)

// CheckError says what of a definition can't be, in words that go on after its key: "must be ...".
type CheckError struct{ Key, Text string }

func (e *CheckError) Error() string { return e.Key + " " + e.Text }

// Check gives all that is wrong with a definition by itself, by the names that the keys of a file of services have; none if it
// can be used. What its cell is made with the kernel checks.
func (d *Definition) Check() (problems []*CheckError) {
	wrong := func(key, format string, args ...any) {
		problems = append(problems, &CheckError{key, fmt.Sprintf(format, args...)})
	}
	longer := func(key string, d, least time.Duration) {
		if d < least {
			wrong(key, "must be at least %s, but is %s", least, d)
		}
	}
	if text := policy.CheckName(d.Name); text != "" {
		wrong("name", "%s", text)
	}
	if text := policy.CheckName(d.Cell.Name); text != "" {
		wrong("cell", "%s", text)
	}
	words := func(key string, list []string) {
		switch {
		case len(list) == 0 || list[0] == "":
			wrong(key, "must name a program, but names none")
		case slices.ContainsFunc(list, func(s string) bool { return strings.ContainsRune(s, 0) }):
			wrong(key, "must have no zero byte, but has one")
		}
	}
	words("cmd", d.Command)
	for _, e := range d.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" || strings.ContainsRune(e, 0) {
			wrong("env", "must be NAME=VALUE, but is %q", e)
		}
	}
	if len(d.Groups) > 0 && !strings.Contains(d.User, ":") {
		wrong("groups", "must come with USER:GROUP, but the user is %q", d.User)
	}
	if d.Restart > RestartNever {
		wrong("restart", "must be always, on-failure or never, but is %d", d.Restart)
	}
	longer("backoff", d.Backoff.First, time.Millisecond)
	longer("backoff", d.Backoff.Limit, d.Backoff.First)
	longer("backoff", d.Backoff.Reset, 0)
	if d.Backoff.Crashes < 0 {
		wrong("backoff", "must allow at least 0 ends in a row, but allows %d", d.Backoff.Crashes)
	}
	if d.Stop.Signal < 1 || d.Stop.Signal > 63 {
		wrong("stop_signal", "must be a signal from 1 to 63, but is %d", d.Stop.Signal)
	}
	longer("stop_timeout", d.Stop.Timeout, 0)
	if h := d.Health; h != nil {
		words("health", h.Command)
		longer("health_every", h.Every, time.Millisecond)
		longer("health_timeout", h.Timeout, time.Millisecond)
		longer("start_timeout", h.StartTimeout, time.Millisecond)
		if h.Failures < 1 {
			wrong("health", "must be allowed at least 1 failure, but is allowed %d", h.Failures)
		}
	}
	for _, l := range []int{d.Log.Stdout, d.Log.Stderr} {
		if l < -1 || l > 7 {
			wrong("log", "must have levels from 0 to 7, or -1 for none, but has %d", l)
		}
	}
	if d.Log.Facility < 0 || d.Log.Facility > 23 {
		wrong("log", "must have a facility from 0 to 23, but has %d", d.Log.Facility)
	}
	if len(d.Log.Tag) > MaxTag {
		wrong("log", "must have a tag of at most %d bytes, but it has %d", MaxTag, len(d.Log.Tag))
	}
	return problems
}

// MaxTag is how long Log.Tag may be, as in cellctl.
const MaxTag = 63
