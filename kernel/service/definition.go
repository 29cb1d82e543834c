package service

import (
	"fmt"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy/diag"
)

// Definition is what a service is.
type Definition struct {
	// Name of the service, made of what names of cells are made of.
	Name string
	// Cell is what its cell is made with where it is missing. Only Name is used of a cell that exists.
	Cell kernel.Spec
	// Command is the program and its arguments, at least the program.
	Command []string
	// User is "USER" or "USER:GROUP" as launch.Command takes it; "" is root of the cell.
	User string
	// Groups are supplementary groups in addition to the one of User, which must be "USER:GROUP" then.
	Groups []uint32
	// Env are NAME=VALUE, which are all that the command gets beside what launch.Command promises.
	Env []string
	// Restart says when a command that has ended is started again.
	Restart Restart
	// Backoff is how long it waits before that, and when it gives up.
	Backoff Backoff
	// Stop is how it is ended.
	Stop Stop
	// Health is how it is found out whether it works; nil where nobody asks.
	Health *Health
	// Log is where its output goes.
	Log Log
	// Requires are services that must run before this one is started, which is stopped before they are; After are
	// those that are started before it and stopped after it, if they are started or stopped at all.
	Requires, After []string
	// Autostart has it started with the machine.
	Autostart bool
	// At is where it is declared; nowhere if it is not from a file.
	At diag.Span
}

// Restart is when a command that has ended is started again.
type Restart uint8

// The rules of Restart.
const (
	// RestartAlways also after it has ended by itself with 0, as cellctl supervise does.
	RestartAlways Restart = iota
	// RestartOnFailure only if it has ended with another code or of a signal.
	RestartOnFailure
	// RestartNever leaves it as it has ended.
	RestartNever
)

// Backoff is how long it takes until a command is started again: First after the first end, twice as long after each one that
// follows, at most Limit, and First again once a run has lasted Reset. After Crashes ends in a row that came before Reset the
// service is in a crash loop, and is not started again by itself; 0 tries for ever.
type Backoff struct {
	First, Limit, Reset time.Duration
	Crashes             int
}

// Stop is how a service is ended: Signal, by its number on the machine, to all of its session; after Timeout SIGKILL, again and
// again until no member is left.
type Stop struct {
	Signal  int
	Timeout time.Duration
}

// Health is a command in the cell, run as the user of the service each Every; it says that the service works by ending with 0
// within Timeout. Until it has done so once the service is starting, for at most StartTimeout. After Failures in a row the
// service is unhealthy.
type Health struct {
	Command        []string
	Every, Timeout time.Duration
	StartTimeout   time.Duration
	Failures       int
}

// Log is where output goes. Facility and levels are the numbers of syslog(3), without being shifted; a level of -1 keeps a
// stream out of it.
type Log struct {
	Facility       int
	Stdout, Stderr int
	// Tag before each line in the system's log.
	Tag string
	// File is kept beside it, and is moved to File.0, File.1, ... once it has Size bytes, of which Keep are kept; "" is the
	// default of the service, in the log folder of the run directory. Size 0 keeps no file.
	File string
	Size int64
	Keep int
}

// String is the name that files and flags use.
func (r Restart) String() string {
	if int(r) < len(restartNames) {
		return restartNames[r]
	}
	return fmt.Sprintf("Restart(%d)", uint8(r))
}

var restartNames = [...]string{"always", "on-failure", "never"}

// ParseRestart gives the rule of that name; false if there is none.
func ParseRestart(name string) (Restart, bool) {
	i := slices.Index(restartNames[:], name)
	return Restart(max(i, 0)), i >= 0
}

// DefaultHealth are the times of a health check where nothing is said of them.
func DefaultHealth() Health {
	return Health{Every: 30 * time.Second, Timeout: 10 * time.Second, StartTimeout: time.Minute, Failures: 3}
}

// Defaults are what a definition has where it says nothing: those of cellctl supervise where it has any (cellctl(8)).
// Only Name, Cell and Command are missing.
func Defaults() Definition {
	return Definition{
		Restart: RestartAlways,
		Backoff: Backoff{First: time.Second, Limit: 10 * time.Second, Reset: 30 * time.Second, Crashes: 10},
		Stop:    Stop{Signal: 15, Timeout: 5 * time.Second},
		Log:     Log{Facility: 3, Stdout: 5, Stderr: 3, Tag: "cellctl", Size: 1 << 20, Keep: 5},
	}
}
