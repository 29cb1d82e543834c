package service

import (
	"fmt"
	"time"
)

// phase is what there is of the service's processes.
type phase uint8

const (
	// none: there are none.
	none phase = iota
	// launching: the command is being started.
	launching
	// alive: the command runs.
	alive
	// leaving: the command is gone, others of its session may be left.
	leaving
)

// want is what people want of the service.
type want uint8

const (
	down want = iota
	up
	// again: it shall end and then run again.
	again
	// retry: it shall end because of a budget, and run again as if it had ended by itself.
	retry
	// broken: it shall end because of a budget.
	broken
)

const (
	// settle is how long a command must have run before a signal is sent to it. NetBSD drops signals that reach a process late
	// in execve(2): none was seen lost after 5 ms.
	settle = 20 * time.Millisecond
	// firstKill is how long a killed process has to be gone before it is killed again, and lastKill how long that becomes
	// with one that can't be killed, as one that waits for a disk.
	firstKill, lastKill = 10 * time.Millisecond, time.Second
	// recount is how often it is looked whether those that got the stop signal are gone.
	recount = 20 * time.Millisecond
	// firstCheck is when health is asked for the first time; until it is good the time doubles up to Health.Every.
	firstCheck = 200 * time.Millisecond
)

// Machine decides what is done for a service. It does nothing itself: what happens is told to it by Step, which gives what is
// to be done. Its clock is that of its caller, counts from anything, and never goes back. It is not safe for concurrent use.
type Machine struct {
	d     Definition
	phase phase
	want  want
	state State

	// launchAt is the end of the backoff, stopAt when the stop signal may be sent, killAt when SIGKILL is, countAt when it is
	// looked again who is left, checkAt when health is asked, startBy when it must be good.
	launchAt, stopAt, killAt, countAt, checkAt, startBy deadline

	began     time.Duration
	everBegan bool
	// long says that the run that has ended lasted long enough, and worked at its end.
	long      bool
	killEvery time.Duration
	// signalled says that those that are left have got the stop signal.
	signalled bool
	// checking says that a health command runs; checkEvery is when the next one comes.
	checking   bool
	checkEvery time.Duration
	failures   int
	// backoff is how often in a row it was started again since a run lasted long, short how many ends in a row came early.
	backoff, short int

	// exceeded is why it ends because of a budget.
	exceeded string

	facts Facts
}

// Facts are what a machine knows beside its state.
type Facts struct {
	// Starts are how often the command was started, Restarts those after it had ended by itself.
	Starts, Restarts int
	// Crashes are the ends in a row that came before Backoff.Reset.
	Crashes int
	// Exit is how the command has ended last; nil if it has not.
	Exit *Exit
	// Behind is how many processes it left behind then.
	Behind int
	// Why is in words why the service is in its state, where there is more to say than its name.
	Why string
}

// NewMachine is the machine of a service that is stopped.
func NewMachine(d Definition) *Machine { return &Machine{d: d} }

// State is what the service is doing.
func (m *Machine) State() State { return m.state }

// Facts are what is known beside that.
func (m *Machine) Facts() Facts { return m.facts }

// Deadline is when Tick must come, if nothing else happens before; false if nothing is due.
func (m *Machine) Deadline() (at time.Duration, ok bool) {
	for _, d := range []deadline{m.launchAt, m.stopAt, m.killAt, m.countAt, m.checkAt, m.startBy} {
		if d.set && (!ok || d.at < at) {
			at, ok = d.at, true
		}
	}
	return at, ok
}

// Step takes what happened at a time, and gives what is to be done, in that order. Whatever is due by that time happens too.
func (m *Machine) Step(now time.Duration, in Input) []Action {
	var do []Action
	switch in := in.(type) {
	case AskedStart:
		do = m.askedStart(now)
	case AskedStop:
		do = m.end(now, down)
	case AskedRestart:
		m.backoff, m.short = 0, 0
		do = m.end(now, again)
	case Left:
		if m.phase == none && m.state.Final() {
			m.phase = leaving
			m.enter(Stopping, "an earlier monitor was killed, and may have left processes")
			do = []Action{Count{}}
		}
	case Began:
		do = m.begin(now)
	case NotBegun:
		do = m.notBegun(now, in.Why)
	case Ended:
		do = m.ended(now, in.Exit)
	case Counted:
		do = m.counted(now, in.Members)
	case Checked:
		m.checked(now, in)
	case Exceeded:
		do = m.tooMuch(now, in)
	case Tick:
	}
	return append(do, m.tick(now)...)
}

func (m *Machine) enter(s State, why string) { m.state, m.facts.Why = s, why }

func (m *Machine) askedStart(now time.Duration) []Action {
	switch {
	case m.phase == none:
		m.want = up
		m.backoff, m.short = 0, 0
		m.everBegan = false
		return m.launch()
	case m.want != up:
		m.want = again // once it has ended
	}
	return nil
}

// tooMuch ends a command that runs because of a budget.
func (m *Machine) tooMuch(now time.Duration, in Exceeded) []Action {
	if m.phase != alive || m.want != up {
		return nil
	}
	w := broken
	if in.Restart {
		w = retry
	}
	do := m.end(now, w)
	m.exceeded, m.facts.Why = in.Why, in.Why
	return do
}

func (m *Machine) launch() []Action {
	m.launchAt.clear()
	m.phase = launching
	m.facts.Starts++
	m.facts.Behind = 0
	m.enter(Starting, "")
	return []Action{Launch{}}
}

// end ends the service, for what is wanted then.
func (m *Machine) end(now time.Duration, w want) []Action {
	was := m.want
	m.want = w
	if m.phase == none {
		m.launchAt.clear()
		if w == again {
			m.want = up
			m.everBegan = false
			return m.launch()
		}
		return m.finish(Stopped, "")
	}
	m.enter(Stopping, "")
	do := m.abandon()
	if was != up || m.phase == leaving {
		return do // it is being ended already
	}
	if m.phase == launching {
		// A signal now would be lost, or reach what is not the command yet: it gets one once it has begun.
		m.killIn(now, m.d.Stop.Timeout)
		return do
	}
	return append(do, m.signalSoon(now)...)
}

func (m *Machine) killIn(now, after time.Duration) {
	m.killEvery = firstKill
	m.killAt.in(now, after)
}

// signalSoon sends the stop signal to the command that runs, as soon as it can't be lost.
func (m *Machine) signalSoon(now time.Duration) []Action {
	if wait := m.began + settle - now; wait > 0 {
		m.stopAt.in(now, wait)
		m.killIn(now, wait+m.d.Stop.Timeout)
		return nil
	}
	return m.signal(now)
}

func (m *Machine) signal(now time.Duration) []Action {
	m.signalled = true
	m.killIn(now, m.d.Stop.Timeout)
	return []Action{Send{m.d.Stop.Signal}}
}

// abandon stops asking for health.
func (m *Machine) abandon() []Action {
	m.checkAt.clear()
	m.startBy.clear()
	m.failures = 0
	if !m.checking {
		return nil
	}
	m.checking = false
	return []Action{Abandon{}}
}

func (m *Machine) begin(now time.Duration) []Action {
	if m.phase != launching {
		return nil
	}
	m.phase, m.began, m.everBegan, m.signalled = alive, now, true, false
	if m.want != up {
		m.killAt.clear()
		return m.signalSoon(now)
	}
	h := m.d.Health
	if h == nil {
		m.enter(Running, "")
		return nil
	}
	m.failures = 0
	m.checkEvery = min(firstCheck, h.Every)
	m.checkAt.in(now, m.checkEvery)
	m.startBy.in(now, h.StartTimeout)
	m.enter(Starting, "its health is asked for")
	return nil
}

func (m *Machine) notBegun(now time.Duration, why string) []Action {
	if m.phase != launching {
		return nil
	}
	m.phase = none
	m.killAt.clear()
	switch {
	case m.want == down:
		return m.finish(Stopped, "")
	case m.want == again:
		m.want = up
		return m.launch()
	case !m.everBegan:
		return m.finish(Failed, why)
	}
	// What could be started before may be again: a disk comes back, memory is free.
	return m.again(now, false, why)
}

func (m *Machine) ended(now time.Duration, e Exit) []Action {
	if m.phase != alive {
		return nil
	}
	m.phase = leaving
	m.facts.Exit = &e
	m.stopAt.clear()
	m.long = now-m.began >= m.d.Backoff.Reset && m.state != Unhealthy
	do := m.abandon()
	if m.want == up {
		m.enter(Stopping, "its command has ended")
	}
	return append(do, Count{})
}

func (m *Machine) counted(now time.Duration, members int) []Action {
	if m.phase != leaving {
		return nil
	}
	if members == 0 {
		return m.gone(now)
	}
	m.facts.Behind = max(m.facts.Behind, members)
	m.countAt.in(now, recount)
	if !m.signalled {
		return m.signal(now)
	}
	return nil
}

// gone is when no process is left.
func (m *Machine) gone(now time.Duration) []Action {
	m.phase, m.signalled = none, false
	m.killAt.clear()
	m.countAt.clear()
	switch m.want {
	case down:
		return m.finish(Stopped, "")
	case again:
		m.want = up
		m.everBegan = false
		return m.launch()
	case retry:
		m.want = up
		return m.again(now, m.long, m.exceeded)
	case broken:
		return m.finish(Failed, m.exceeded)
	}
	var e Exit
	if m.facts.Exit != nil {
		e = *m.facts.Exit
	}
	switch {
	case e.OK() && m.d.Restart != RestartAlways:
		return m.finish(Stopped, "")
	case m.d.Restart == RestartNever:
		return m.finish(Failed, "")
	}
	return m.again(now, m.long, "")
}

// again starts the command in a while, if it has not ended too often. Long says that it ran long enough for the count to begin
// anew.
func (m *Machine) again(now time.Duration, long bool, why string) []Action {
	b := m.d.Backoff
	if m.short++; long {
		m.short, m.backoff = 0, 0
	}
	m.facts.Crashes = m.short
	if b.Crashes > 0 && m.short >= b.Crashes {
		if why == "" {
			why = fmt.Sprintf("it has ended %d times in a row, each within %s", m.short, b.Reset)
		}
		return m.finish(CrashLoop, why)
	}
	m.launchAt.in(now, b.delay(m.backoff))
	m.backoff++
	m.facts.Restarts++
	m.enter(Waiting, why)
	return nil
}

// delay is how long it takes until a start after so many others in a row.
func (b Backoff) delay(n int) time.Duration {
	d := b.First
	for range n {
		if d >= b.Limit/2 {
			return max(b.Limit, b.First)
		}
		d *= 2
	}
	return d
}

func (m *Machine) finish(s State, why string) []Action {
	m.want = down
	m.enter(s, why)
	return append(m.abandon(), Finish{})
}

func (m *Machine) checked(now time.Duration, c Checked) {
	if !m.checking {
		return
	}
	m.checking = false
	h := m.d.Health
	if c.OK {
		m.failures = 0
		m.startBy.clear()
		m.checkEvery = h.Every
		if m.state != Running {
			m.enter(Running, "")
		}
	} else {
		m.failures++
		switch {
		case m.state == Starting:
			m.facts.Why = "its health is not good yet: " + c.Why
			m.checkEvery = min(2*m.checkEvery, h.Every)
		case m.failures >= h.Failures || m.state == Unhealthy:
			m.enter(Unhealthy, c.Why)
		}
	}
	m.checkAt.in(now, m.checkEvery)
}

// tick does what is due.
func (m *Machine) tick(now time.Duration) []Action {
	var do []Action
	if m.launchAt.due(now) {
		do = append(do, m.launch()...)
	}
	if m.stopAt.due(now) {
		do = append(do, m.signal(now)...)
	}
	if m.killAt.due(now) {
		m.killAt.in(now, m.killEvery)
		m.killEvery = min(2*m.killEvery, lastKill)
		do = append(do, Kill{})
		if m.phase == leaving {
			m.countAt.in(now, 0)
		}
	}
	if m.countAt.due(now) {
		do = append(do, Count{})
	}
	if m.startBy.due(now) && m.state == Starting {
		m.enter(Unhealthy, fmt.Sprintf("its health must be good within %s of the start, but was not", m.d.Health.StartTimeout))
	}
	if m.checkAt.due(now) {
		m.checking = true
		do = append(do, Check{})
	}
	return do
}
