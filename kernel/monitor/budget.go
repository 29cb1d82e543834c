package monitor

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
	"cellsh/policy/rules"
)

// usage follows what the command of a service and all that it has started use of its budgets.
type usage struct {
	// session is nil while the command does not run.
	session  *budget.Session
	throttle budget.Throttle
	// next is when it is looked, if watching.
	next     time.Duration
	watching bool
	// told is what is used as others are told, at a time: not each second, since that is written to a file.
	told   budget.Uses
	toldAt time.Duration
	// unread is why it can't be found out, "" if it can.
	unread string
}

// telling is how often others are told what is used.
const telling = 10 * time.Second

// watch has the budgets of the task watched from now on, if there are any and the command runs.
func (m *monitor) watch() {
	u := &m.usage
	if u.session == nil {
		return
	}
	u.session.Change(m.task.Budgets)
	if !u.session.Watches() {
		m.hold(nil)
		u.watching, u.unread = false, ""
		return
	}
	if !u.watching {
		u.watching, u.next = true, m.now()
	}
}

// setBudgets has other budgets watched from now on.
func (m *monitor) setBudgets(list []budget.Rule) {
	m.task.Budgets = list
	m.watch()
	if m.task.End {
		return // it is about what an earlier one has left
	}
	if err := m.folder.WriteTask(m.task); err != nil {
		m.say(levelWarning, "its budgets can't be kept: %v", err)
	}
}

// watchRun has a new run watched, and watchNothing the last one no more.
func (m *monitor) watchRun() {
	m.usage = usage{session: budget.NewSession(nil)}
	m.watch()
}

func (m *monitor) watchNothing() { m.usage = usage{} }

// look takes a sample, if it is time.
func (m *monitor) look() {
	u := &m.usage
	now := m.now()
	if !u.watching || now < u.next {
		return
	}
	u.next = now + budget.Interval
	list, err := family(m.leader)
	if err != nil {
		m.cannotLook(err)
		return
	}
	u.unread = ""
	defer func() {
		if u.told == nil || now-u.toldAt >= telling {
			u.told, u.toldAt = u.session.Uses(), now
		}
	}()
	// The command itself first.
	slices.SortStableFunc(list, func(a, b process.Process) int {
		return boolean(b.PID == m.leader.PID) - boolean(a.PID == m.leader.PID)
	})
	for _, e := range u.session.Sample(now, list) {
		m.tellEvent(&e)
		if e.Kind != budget.Over || e.Action != rules.Restart && e.Action != rules.Stop {
			continue
		}
		m.inputs = append(m.inputs, service.Exceeded{Restart: e.Action == rules.Restart, Why: e.String()})
	}
	m.hold(list)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// cannotLook says once why nothing can be watched. On a system that does not tell it is not asked again.
func (m *monitor) cannotLook(err error) {
	u := &m.usage
	if text := err.Error(); text != u.unread {
		u.unread = text
		m.say(levelWarning, "its budgets can't be watched: %s", text)
	}
	if errors.As(err, new(*kernel.UnsupportedError)) {
		u.watching = false
	}
}

// tellEvent keeps what happened to a budget beside what the service writes.
func (m *monitor) tellEvent(e *budget.Event) {
	what := map[rules.Action]string{
		rules.Throttle: "; its processes have the last priority until it is under it again",
		rules.Restart:  "; it is ended and started again",
		rules.Stop:     "; it is stopped",
	}
	switch e.Kind {
	case budget.Over:
		m.say(levelWarning, "%s%s", e, what[e.Action])
	default:
		m.say(levelNotice, "%s", e)
	}
}

// hold holds the processes back while a budget says so, and lets them go as they went else.
func (m *monitor) hold(list []process.Process) {
	u := &m.usage
	wanted := slices.ContainsFunc(u.session.Exceeded(), func(x budget.Excess) bool { return x.Action == rules.Throttle })
	var err error
	switch {
	case wanted:
		err = u.throttle.Lower(list, process.SetNice)
	case u.throttle.On():
		if list == nil {
			list, err = family(m.leader)
		}
		if failed := u.throttle.Restore(list, process.SetNice); err == nil {
			err = failed
		}
	}
	if err != nil {
		m.say(levelWarning, "its priority can't be changed: %v", err)
	}
}

// say keeps a line beside what the service writes, if that is kept.
func (m *monitor) say(level int, format string, args ...any) {
	if m.out != nil {
		m.out.Note(level, fmt.Sprintf(format, args...))
	}
}
