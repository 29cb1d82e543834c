package watch

import (
	"cellsh/kernel/host"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
)

// Services finds what has become of services, in their run directory. A monitor replaces what it tells as a whole, and counts the
// starts, so that what ends and begins between two looks is seen too. The zero value has seen none; it is not safe for concurrent
// use.
type Services struct {
	Dir rundir.Dir

	begun bool
	looks rundir.Looks
	seen  map[string]*seen
}

// seen is a service as it was when it was last told anew.
type seen struct {
	rundir.Status
	// running says that its command has started and not ended, by what was told.
	running bool
}

// Next gives the events since the last look, by service. The error says which services could not be looked at; they are looked at
// again the next time.
func (s *Services) Next() ([]host.Event, error) {
	s.looks.Dir = s.Dir
	list, err := s.looks.Next()
	if err != nil && list == nil {
		return nil, err
	}
	var out []host.Event
	now := make(map[string]*seen, len(list))
	for _, l := range list {
		old := s.seen[l.Service]
		if !l.Anew && old != nil {
			now[l.Service] = old
			continue
		}
		next := &seen{l.Status, alive(&l.Status)}
		now[l.Service] = next
		if s.begun {
			if old == nil {
				old = &seen{}
			}
			out = append(out, next.since(old)...)
		}
	}
	s.begun, s.seen = true, now
	return out, err
}

// alive reports whether the command of a service runs.
func alive(s *rundir.Status) bool {
	switch s.State {
	case service.Starting, service.Running, service.Unhealthy, service.Stopping:
		return s.PID != 0
	}
	return false
}

// since gives the events since it was as old.
func (s *seen) since(old *seen) []host.Event {
	var out []host.Event
	add := func(kind string) *host.ServiceChange {
		c := &host.ServiceChange{Service: s.Service, State: s.State.String(), Why: s.Why, PID: s.PID, Restarts: s.Restarts}
		out = append(out, host.Event{Kind: kind, Cell: s.Cell, ID: s.CellID, Service: c})
		return c
	}
	another := later(&old.Status, &s.Status)
	starts := 0
	if another {
		starts = s.Starts
		if old.Monitor != 0 && (s.Monitor == old.Monitor || s.Monitor == 0) {
			starts -= old.Starts // one monitor has counted both
		}
		starts = max(starts, 1)
	}
	running := old.running
	var exit *host.ServiceChange
	for range starts {
		if running {
			exit = add(host.Exited)
		}
		add(host.Started)
		running = true
	}
	if running && !s.running {
		exit = add(host.Exited)
	}
	// Of several it is known how the last one has ended.
	if e := s.Exit; exit != nil && e != nil && s.State != service.Lost {
		if e.Signal != 0 {
			exit.Signal = &e.Signal
		} else {
			exit.Code = &e.Code
		}
	}
	// One failure is none yet, neither while it starts nor later: how many are, its state knows.
	if s.Healthy != nil && (old.State != s.State || another) {
		switch s.State {
		case service.Running:
			add(host.Healthy)
		case service.Unhealthy:
			add(host.Unhealthy)
		}
	}
	if s.State == service.CrashLoop && (old.State != service.CrashLoop || another) {
		add(host.CrashLoop)
	}
	return out
}

// later reports whether another run of the command has begun since.
func later(old, now *rundir.Status) bool {
	return now.Began != nil && (old.Began == nil || now.Began.After(*old.Began))
}
