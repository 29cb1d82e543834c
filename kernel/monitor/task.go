package monitor

import (
	"bytes"
	"encoding/json"

	"cellsh/kernel"
	"cellsh/kernel/budget"
	"cellsh/kernel/service"
	"cellsh/policy/diag"
)

// Task is what a monitor is told to do.
type Task struct {
	// Service to run. Its Log.File must be set where its Log.Size is.
	Service service.Definition
	// Cell to run it in, as the kernel lists it.
	Cell kernel.Cell
	// Budgets of the cell that are watched.
	Budgets []budget.Rule
	// Kernel is what rundir.Status says of it.
	Kernel string
	// Simulated says that the command runs as an ordinary one of this machine.
	Simulated bool
	// Sessions is the folder where members.Sessions notes what runs in cells of a simulated kernel; "" for nowhere.
	Sessions string
	// Supervised says that no file declares the service.
	Supervised bool
	// Foreground has the output of the command go to that of the monitor.
	Foreground bool
	// End says that what an earlier monitor has left is to be ended, and nothing to be started.
	End bool
}

// wire is a task as JSON. What may be any bytes is sent as bytes, because JSON would change a string that is not UTF-8.
type wire struct {
	plain
	Command, Env, Health [][]byte
	User, Root           []byte
}

// plain is a task without the methods.
type plain Task

func list[To, From string | []byte](from []From) []To {
	if from == nil {
		return nil
	}
	to := make([]To, len(from))
	for i := range from {
		to[i] = To(from[i])
	}
	return to
}

// MarshalJSON writes all that a monitor needs.
func (t Task) MarshalJSON() ([]byte, error) {
	s := &t.Service
	w := wire{Command: list[[]byte](s.Command), Env: list[[]byte](s.Env), User: []byte(s.User), Root: []byte(t.Cell.Root)}
	s.Command, s.Env, s.User, s.At, t.Cell.Root = nil, nil, "", diag.Span{}, ""
	if s.Health != nil {
		h := *s.Health
		w.Health, h.Command = list[[]byte](h.Command), nil
		s.Health = &h
	}
	w.plain = plain(t)
	return json.Marshal(w)
}

// UnmarshalJSON reads it.
func (t *Task) UnmarshalJSON(text []byte) error {
	var w wire
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	*t = Task(w.plain)
	s := &t.Service
	s.Command, s.Env, s.User, t.Cell.Root = list[string](w.Command), list[string](w.Env), string(w.User), string(w.Root)
	if s.Health != nil {
		s.Health.Command = list[string](w.Health)
	}
	return nil
}

// same reports whether two tasks run the same service in the same cell.
func (t Task) same(other Task) bool {
	ids := func(t Task) []byte {
		// What the kernel samples of a cell is no part of it, and budgets can be told to one that runs.
		t.Cell = kernel.Cell{ID: t.Cell.ID, Name: t.Cell.Name, Root: t.Cell.Root, Created: t.Cell.Created, Nofile: t.Cell.Nofile, AS: t.Cell.AS, Core: t.Cell.Core}
		t.End, t.Budgets = false, nil
		text, err := json.Marshal(t)
		if err != nil {
			return nil
		}
		return text
	}
	a, b := ids(t), ids(other)
	return a != nil && bytes.Equal(a, b)
}
