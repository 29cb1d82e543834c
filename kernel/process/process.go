package process

import (
	"strings"
	"time"

	"cellsh/kernel"
)

// Process is a process at one moment.
type Process struct {
	PID, Parent, Group, Session int
	// UID is the effective user, RealUID the real one.
	UID, RealUID uint32
	State        State
	// Measured says that the numbers below are known: NetBSD tells none of a zombie, nor of a process that is just in
	// execve(2).
	Measured bool
	// Born tells this process from all others that had its number before or will have it; "" if it is not Measured. It is
	// for comparing.
	Born Stamp
	// Start is when it began by the clock of the machine, to be shown.
	Start time.Time
	// Resident is its memory in bytes that is in main memory. What several processes share is told of each of them.
	Resident uint64
	// Time is the processor time of its own, and Waited that of all its children that have ended and were waited for.
	Time, Waited time.Duration
	// Nice is its priority for processors, from -20, the first, to 20, or 19 on Linux, the last; 0 is the usual one.
	Nice int
	// Name of the program as the kernel has it, cut to a few characters.
	Name string
	// Args are the program and its arguments, as it shows them itself. They are nil if they were not asked for or the system
	// does not tell them, and cut after maxArgs bytes.
	Args []string
}

// maxArgs is how much of the arguments of a process is read.
const maxArgs = 4096

// Stamp is when a process began, in the measure of the system, which stays as it is when the clock is set. Two processes with
// one number have different stamps, also across a restart of the machine.
type Stamp string

// Key is what tells a process from all others.
type Key struct {
	PID  int
	Born Stamp
}

// Key of the process; of one that is not Measured it is that of none.
func (p *Process) Key() Key { return Key{p.PID, p.Born} }

// Command is what the process runs, for people: its arguments, or the name that the kernel has in brackets.
func (p *Process) Command() string {
	if len(p.Args) == 0 {
		return "[" + p.Name + "]"
	}
	return strings.Join(p.Args, " ")
}

// Living reports whether it can still run: a zombie only waits for its parent to ask how it ended.
func (p *Process) Living() bool { return p.State != Zombie }

// State is what a process does.
type State uint8

// The states.
const (
	// Running also for one that waits for a processor.
	Running State = iota
	Sleeping
	// Stopped by a signal or by a debugger.
	Stopped
	// Zombie has ended, and was not waited for.
	Zombie
)

// String is the name of the state.
func (s State) String() string { return [...]string{"running", "sleeping", "stopped", "zombie"}[s] }

// Query says which processes are meant. The zero value is all that the caller can see, without their arguments.
type Query struct {
	// Session has only those of the session with that number, which is that of the process that began it; nil has all. The
	// number is 0 where that process can't be seen, as in a container that was entered from outside.
	Session *int
	// Commands has the Args filled in.
	Commands bool
}

// CapProcessList is that the system tells which processes it has.
const CapProcessList kernel.Capability = "process list"
