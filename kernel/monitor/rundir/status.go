package rundir

import (
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/service"
)

// Status is what is told of a service.
type Status struct {
	Service string `json:"service"`
	// Kernel that its cell is a cell of, as -k names it, with an absolute path; "netbsd" for the running one.
	Kernel string        `json:"kernel"`
	Cell   string        `json:"cell"`
	CellID kernel.CellID `json:"cell_id"`
	State  service.State `json:"state"`
	// Since when it is in that state, by the clock of the machine.
	Since time.Time `json:"since"`
	// Why it is, in words, where there is more to say than the name of the state.
	Why string `json:"why,omitempty"`
	// Monitor is the process that watches over it; 0 if none does.
	Monitor int `json:"monitor,omitempty"`
	// PID is the process that leads the session of its command; 0 while there is none.
	PID int `json:"pid,omitempty"`
	// Began is when the command that runs, or ran last, began.
	Began *time.Time `json:"began,omitempty"`
	// Starts, Restarts and Crashes are as in service.Facts: since the monitor began.
	Starts   int `json:"starts"`
	Restarts int `json:"restarts"`
	Crashes  int `json:"crashes"`
	// Exit is how the command has ended last, and Behind how many processes it left behind then.
	Exit   *service.Exit `json:"exit,omitempty"`
	Behind int           `json:"left_behind,omitempty"`
	// Healthy is what its health said last; nil where nobody asks, or has asked yet.
	Healthy *bool `json:"healthy,omitempty"`
	// Output is what can't be kept of what it writes, in words; "" for nothing.
	Output string `json:"output,omitempty"`
	// Uses is what it uses of its budgets, as it was at most ten seconds ago.
	Uses budget.Uses `json:"uses,omitempty"`
	// Over are the budgets that it exceeds now, Throttled says that it is held back because of one, and Unwatched why it can't
	// be found out what it uses.
	Over      []budget.Excess `json:"over,omitempty"`
	Throttled bool            `json:"throttled,omitempty"`
	Unwatched string          `json:"unwatched,omitempty"`
	// Supervised says that it is none of a file, but was begun by supervise.
	Supervised bool     `json:"supervised,omitempty"`
	Command    []string `json:"command"`
}

// Uptime is how long the command runs; 0 if it does not.
func (s *Status) Uptime(now time.Time) time.Duration {
	if s.PID == 0 || s.Began == nil || s.State.Final() || s.State == service.Waiting {
		return 0
	}
	return max(now.Sub(*s.Began), 0)
}
