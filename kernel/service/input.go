package service

import "time"

// Input is something that happened to a service.
type Input interface{ input() }

// The inputs. What is asked comes from people, the rest from who carries the actions out.
type (
	// AskedStart wants the service to run. One that waits is started at once.
	AskedStart struct{}
	// AskedStop wants it to end, and to stay so.
	AskedStop struct{}
	// AskedRestart wants it to end and to run again.
	AskedRestart struct{}
	// Left says, before anything is asked, that an earlier monitor may have left processes of the service behind.
	Left struct{}
	// Began says that the command runs.
	Began struct{}
	// NotBegun says that it could not be started, and why.
	NotBegun struct{ Why string }
	// Ended says how the command has ended. Others of its session may be left.
	Ended struct{ Exit Exit }
	// Counted says how many processes of the service there are, after its command has ended.
	Counted struct{ Members int }
	// Checked is what a health command said; Why is in words what was wrong.
	Checked struct {
		OK  bool
		Why string
	}
	// Exceeded says that the service has used too much, and why it must end; with Restart it is started again as if it had
	// ended by itself, after a while and not without end.
	Exceeded struct {
		Restart bool
		Why     string
	}
	// Tick says that time has passed: see Machine.Deadline.
	Tick struct{}
)

func (AskedStart) input()   {}
func (AskedStop) input()    {}
func (AskedRestart) input() {}
func (Left) input()         {}
func (Began) input()        {}
func (NotBegun) input()     {}
func (Ended) input()        {}
func (Counted) input()      {}
func (Checked) input()      {}
func (Exceeded) input()     {}
func (Tick) input()         {}

// Action is something to be done for a service.
type Action interface{ action() }

// The actions.
type (
	// Launch the command; Began or NotBegun must follow, and Ended after Began.
	Launch struct{}
	// Send the signal to every process of the service.
	Send struct{ Signal int }
	// Kill every process of the service with SIGKILL.
	Kill struct{}
	// Count the processes of the service; Counted must follow.
	Count struct{}
	// Check its health; Checked must follow within the timeout, unless Abandon comes before.
	Check struct{}
	// Abandon the health check that runs: nobody waits for what it says any more.
	Abandon struct{}
	// Finish: the state is final, and nothing more is to be done.
	Finish struct{}
)

func (Launch) action()  {}
func (Send) action()    {}
func (Kill) action()    {}
func (Count) action()   {}
func (Check) action()   {}
func (Abandon) action() {}
func (Finish) action()  {}

// Exit is how a command has ended: with a code, or of a signal if that is not 0.
type Exit struct {
	Code   int `json:"code"`
	Signal int `json:"signal,omitempty"`
}

// OK reports whether it has ended by itself with 0.
func (e Exit) OK() bool { return e == Exit{} }

// deadline is a time at which something is due, or none.
type deadline struct {
	at  time.Duration
	set bool
}

func (d *deadline) in(now, after time.Duration) { *d = deadline{now + max(after, 0), true} }
func (d *deadline) clear()                      { *d = deadline{} }

// due takes the deadline if it has come.
func (d *deadline) due(now time.Duration) bool {
	if !d.set || now < d.at {
		return false
	}
	d.clear()
	return true
}
