package kernel

import (
	"context"
	"fmt"
	"time"

	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
)

// CellID is the kernel's number of a cell; 0 is the host.
type CellID = program.CellID

// Kernel is a kernel with secmodel_cell, or one that plays it. Its methods are safe for concurrent use.
//
// Errors are *Error where the kernel refused, or *UnsupportedError where it can't.
type Kernel interface {
	// Info says which kernel it is, what it can do, and how that was found out.
	Info() Info
	// Create makes a cell and gives its id. Either the cell exists afterwards and the id is known, or there is
	// an error and no cell of that call.
	Create(Spec) (CellID, error)
	// Destroy removes a cell that has no members left, zombies included.
	Destroy(CellID) error
	// List gives the cells, ordered by id.
	List() ([]Cell, error)
	// Made gives what a cell of the list was made with, as far as that outlives the call; false if it is not known: another
	// tool has made the cell, or the caller may not read what is noted of cells.
	Made(Cell) (Made, bool)
	// Current is the cell that the calling process is in; 0 for the host. A kernel that does not tell its members where they
	// are gives them an error with the errno EPERM, and the host never one with that.
	Current() (CellID, error)
	// Evaluator is the kernel's evaluation model; where it has none the error is an *UnsupportedError.
	Evaluator() (Evaluator, error)
	// Denials are what the kernel's log tells of requests that secmodel_cell itself has denied, oldest first: at most one a
	// second of each of three kinds, and only as long as the log keeps them. They stay the same from call to call. Where
	// the kernel does not log them the error is an *UnsupportedError.
	Denials() ([]Denial, error)
	// Uptime is how long ago the kernel started, by the clock of Event.Time.
	Uptime() time.Duration
	// Close gives up the connection. The kernel and its cells stay.
	Close() error
}

// Evaluator is the evaluation model: programs that answer kauth(9) questions about the members of cells.
type Evaluator interface {
	// Load replaces what is loaded by a bundle, as a whole or not at all. The generation must be higher than any that
	// was loaded. Live cells that the bundle does not name are answered by its fallback. With a window, of whole
	// milliseconds, the kernel itself goes back to what was confirmed before, be that nothing, unless Confirm is called
	// in time; 0 is none.
	Load(bundle []byte, window time.Duration) error
	// Attach gives the cells of a bundle its programs, in place of those they may have; all others keep theirs. The
	// bundle must have the generation and the fallback that are loaded, and a higher attachment number.
	Attach(bundle []byte) error
	// Confirm keeps the generation, which must be the loaded one and wait for it.
	Confirm(generation uint64) error
	// Revert goes back to what was confirmed before the generation, which must be the loaded one and wait.
	Revert(generation uint64) error
	// Status says what is loaded.
	Status() (Status, error)
	// Cells says who answers for each cell, ordered by id: for all that are named in what is loaded or that were asked
	// about. Some may have ended.
	Cells() ([]CellStatus, error)
	// Events gives the recorded decisions with a Sequence greater than after, oldest first. The kernel keeps
	// only so many; a gap in the sequence says that some were lost.
	Events(after uint64) ([]Event, error)
	// Wait returns once there are such decisions, without asking again and again, or with the error of the context.
	Wait(ctx context.Context, after uint64) error
}

// Profile is how much secmodel_cell itself denies to the members of a cell. It is given at create and can't
// be read back.
type Profile = secmodel.Profile

// The profiles; the numbers are the kernel's.
const (
	Low    = secmodel.Low
	Medium = secmodel.Medium
	High   = secmodel.High
)

// The limits of a cell's properties (struct cell_create).
const (
	MaxName  = policy.MaxName
	MaxRoot  = 255
	MaxPorts = secmodel.MaxPorts
)

// Cell is what the kernel tells about a cell.
type Cell struct {
	ID   CellID
	Name string
	Root string
	// Created is how long after the kernel's start the cell was made, and Age how long ago that is. Both are zero
	// where the kernel does not tell.
	Created, Age time.Duration
	// References counts members, zombies included; Processes counts the living. Both, and the three below, are
	// sampled once a second: zero before the first sample, stale after a death.
	References, Processes int
	// Memory is the virtual size of all members in bytes.
	Memory uint64
	// Ticks1s and Ticks10s are the processor ticks of the last second, and the mean of the last ten.
	Ticks1s, Ticks10s uint64
	// The stored resource limits, nil where none was given.
	Nofile, AS, Core *uint64
}

// Made is what a cell was made with and secmodel_cell does not tell again.
type Made struct {
	Profile Profile
	// Ports that it reserves.
	Ports []uint16
}

// MadeWith is what a cell has that is made with the spec: without a profile it has the kernel's default.
func MadeWith(s *Spec) Made {
	m := Made{Profile: High, Ports: s.Ports}
	if s.Profile != nil {
		m.Profile = *s.Profile
	}
	return m
}

// Capability is something that not every kernel can do.
type Capability string

// The capabilities.
const (
	// CapEvaluation is the evaluation model: without it no program can be loaded.
	CapEvaluation Capability = "evaluation"
	// CapProcesses: processes can be made and make system calls, as in the simulated kernel.
	CapProcesses Capability = "processes"
	// CapEnter: a process of this machine can enter a cell for real.
	CapEnter Capability = "enter"
	// CapDenials: the kernel's log tells of denials by profiles.
	CapDenials Capability = "denials"
	// CapState: the kernel keeps its state when the program ends.
	CapState Capability = "state"
)

// Info describes a kernel.
type Info struct {
	// Name for prompts and messages: "sim", or the host's system and machine.
	Name string
	// Simulated says that nothing done here has an effect outside this program.
	Simulated bool
	// Version of the system, "10.99.12".
	Version string
	// Revision of secmodel_cell. RevisionAssumed says that it could not be found out, and that this one's rules are used.
	Revision        secmodel.Revision
	RevisionAssumed bool
	// Vocabulary that the kernel speaks.
	Vocabulary *kauth.Vocabulary
	// Capabilities that the kernel has, and how that was found out, in words.
	Capabilities map[Capability]string
	// Missing capabilities, and why.
	Missing map[Capability]string
	// EvaluationUnseen says that the kernel may ask programs although CapEvaluation is missing: this caller can't tell, or this
	// program does not know that version of the evaluation model.
	EvaluationUnseen bool
	// EvaluationInWay is what keeps root of the host from loading into an evaluation model that is there, as the file of its
	// device may; nil for nothing, and where the caller is not root.
	EvaluationInWay error
	// Findings say in words how the revision was found out, and what was assumed.
	Findings []string
	// HZ is how many ticks of Cell.Ticks1s make a second of one processor.
	HZ int
}

// Status is what the evaluation model has loaded.
type Status struct {
	// Generation and Attachment of what is loaded; Generation is 0 while nothing is.
	Generation uint64
	Attachment uint32
	// Programs that are loaded.
	Programs int
	// Cells that the programs know by name, those that have ended among them.
	Cells int
	// Bytes of all bundles that are kept.
	Bytes int
	// Highest generation that was ever loaded since the model was.
	Highest uint64
	// Waits says that the generation must be confirmed. Back is what is loaded again if it is not, 0 for nothing, and
	// Left how long it waits yet.
	Waits bool
	Back  uint64
	Left  time.Duration
	// Disabled says that nobody is asked at the moment; the model has no opinion.
	Disabled bool
	// Sequence is that of the newest recorded decision, 0 before the first, and Dropped how many of them nobody can read any
	// more.
	Sequence, Dropped uint64
}

// Answered says who answers for a cell in the evaluation model.
type Answered uint8

// Who answers.
const (
	// ByProfile: the model has no opinion; the cell's profile in secmodel_cell restrains it, and nothing else.
	ByProfile Answered = iota
	// ByFallback: the fallback of what is loaded, or the model's own while nothing is.
	ByFallback
	// ByProgram: a program for that cell.
	ByProgram
)

// CellStatus is what the evaluation model knows of a cell.
type CellStatus struct {
	Cell     CellID
	Answered Answered
	// Named says that programs know the name of the cell. Others are called policy.UnknownCell where a program asks for
	// the cell of a target.
	Named bool
	Counts
}

// Counts are what the evaluation model decided for the members of a cell.
type Counts struct {
	// Decisions in all, and those that denied, that granted, and that a policy in audit mode would have denied.
	// Denied probes are not counted as denials.
	Decisions, Denied, Granted, WouldDeny uint64
}

// Event is one recorded decision.
type Event struct {
	// Sequence numbers the events from 1.
	Sequence uint64
	// Time since the kernel's start.
	Time time.Duration
	// Generation that was loaded, 0 for none.
	Generation uint64
	Cell       CellID
	// Name of the cell, kept because the cell may be gone when the event is read.
	Name string
	// PID and EUID of the caller.
	PID     int
	EUID    uint32
	Request kauth.RequestID
	policy.Decision
	// Fallback says that no program decided but the fallback.
	Fallback bool
	// Probe says that a denial only picks a behaviour (kauth.Probe).
	Probe bool
}

// Denial is a request that secmodel_cell has denied by itself, by the profile of the caller's cell, because of a process of
// another cell, or for a port that is reserved, as the kernel's log tells it.
type Denial struct {
	// Time since the kernel's start.
	Time time.Duration
	// Cell of the caller, 0 for the host.
	Cell CellID
	EUID uint32
	// Requests that it can be one of: the log has less than the kernel was asked. None if the numbers have no names.
	Requests []kauth.RequestID
	// Text is the line of the log.
	Text string
}

// Error is a refusal of the kernel.
type Error struct {
	// Op is what was tried, "create cell web".
	Op string
	// Errno as the kernel returned it; 0 if it was refused before the kernel was asked.
	Errno kauth.Errno
	// Text says why, in words: "X must be Y, but is Z".
	Text string
	// Hint says what to do, or is "".
	Hint string
}

func (e *Error) Error() string {
	s := e.Op + ": " + e.Text
	if e.Errno != 0 {
		s += " (" + e.Errno.Name() + ")"
	}
	return s
}

// Diagnostics has the hint.
func (e *Error) Diagnostics() diag.List {
	return diag.List{{Code: diag.KernelRefused, Message: e.Error(), Hint: e.Hint}}
}

// Unwrap gives the errno, so that errors.Is(err, kauth.EBUSY) works.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// NotRoot says that something is for root of the host, and who the caller is.
func NotRoot(op string, euid int) *Error {
	return &Error{Op: op, Text: fmt.Sprintf("the caller must be root of the host, but is uid %d", euid)}
}

// UnsupportedError says that the kernel lacks a capability.
type UnsupportedError struct {
	Kernel     string
	Capability Capability
	Why        string
	// Hint says what to do, or is "".
	Hint string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("kernel %s has no %s: %s", e.Kernel, e.Capability, e.Why)
}

// Diagnostics is one problem.
func (e *UnsupportedError) Diagnostics() diag.List {
	return diag.List{{Code: diag.KernelUnsupported, Message: e.Error(), Hint: e.Hint}}
}

// Unsupported makes the error from what the kernel says about itself.
func Unsupported(k Kernel, c Capability) error {
	info := k.Info()
	why := info.Missing[c]
	if why == "" {
		why = "it does not offer it"
	}
	return &UnsupportedError{Kernel: info.Name, Capability: c, Why: why}
}

// Find gives the cell of that name among the cells of the kernel.
func Find(k Kernel, name string) (Cell, bool, error) {
	cells, err := k.List()
	if err != nil {
		return Cell{}, false, err
	}
	for _, c := range cells {
		if c.Name == name {
			return c, true, nil
		}
	}
	return Cell{}, false, nil
}
