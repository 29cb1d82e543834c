package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cellsh/policy/analysis"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
)

// Generation is a set of policies that was loaded, with its sources: cells that are made later are compiled from
// them, and rollback goes back to them.
type Generation struct {
	Number uint64    `json:"number"`
	Time   time.Time `json:"time"`
	// Sources are the files, modules included, and what of them counts.
	Sources []Source `json:"sources,omitempty"`
	// Session says that policies declared in a session are among them. These have no source, and are gone when the
	// session ends: the kernel goes on with their programs, but nothing more can be compiled.
	Session bool `json:"session,omitempty"`
	// Of is the generation that this one repeats, 0 for a load.
	Of uint64 `json:"of,omitempty"`
	// Usable says that cells are made so that services run, where the kernel asks no programs; see analysis.Usable.
	Usable bool `json:"usable,omitempty"`
	// Lockdown denies everything to cells.
	Lockdown bool `json:"lockdown,omitempty"`
	// Tentative is how long the policies had to be confirmed in, while they are not: 0 once they need not be.
	Tentative time.Duration `json:"tentative,omitempty"`
}

// Source is a file of a generation. Files with the same Since were loaded together: they have modules of their own.
type Source struct {
	rules.Source
	// Since is the generation that the file came with, where single policies were replaced since; 0 where none were.
	Since uint64 `json:"since,omitempty"`
	// Without are the policies that the file declares and the generation leaves out, by name.
	Without []string `json:"without,omitempty"`
}

// whole are files that were loaded together, with all that they declare.
func whole(sources []rules.Source) []Source {
	var out []Source
	for _, s := range sources {
		out = append(out, Source{Source: s})
	}
	return out
}

// holds reports whether the generation is these files, with all that they declare.
func (g *Generation) holds(sources []rules.Source) bool {
	return slices.EqualFunc(g.Sources, sources, func(s Source, t rules.Source) bool { return s.Source == t && len(s.Without) == 0 })
}

// String is the name of the file, and what is left out of it: "web.lua without admin".
func (s *Source) String() string {
	if len(s.Without) == 0 {
		return s.File
	}
	return s.File + " without " + strings.Join(s.Without, " and ")
}

// Files names the policy files, modules left out.
func (g *Generation) Files() []string {
	var files []string
	for _, s := range g.Sources {
		if !s.Module {
			files = append(files, s.File)
		}
	}
	return files
}

// Aim is how cells are made where the kernel asks no programs; nil is a generation of no policies.
func (g *Generation) Aim() analysis.Aim {
	if g != nil && g.Usable {
		return analysis.Usable
	}
	return analysis.Strict
}

// Origin is the generation that was loaded first with these policies.
func (g *Generation) Origin() uint64 {
	if g.Of != 0 {
		return g.Of
	}
	return g.Number
}

// settled reports whether the generation needs no confirmation: it never did, or it was confirmed.
func (g *Generation) settled() bool { return g.Tentative == 0 }

// again is the generation for a new load of its policies.
func (g *Generation) again() Generation {
	out := *g
	out.Of = g.Origin()
	return out
}

// History is the generations that a host has had.
type History struct {
	// Generations, ascending; the last is the active one, unless the kernel has gone back from it by itself.
	Generations []Generation `json:"generations,omitempty"`
	// Deadline is set while the active generation waits to be confirmed.
	Deadline *Deadline `json:"unconfirmed,omitempty"`

	overdue *Overdue
}

// Overdue is the generation that was not confirmed in time and is not rolled back yet, nil if there is none.
func (h *History) Overdue() *Overdue { return h.overdue }

// Deadline is when a generation is rolled back unless it is confirmed.
type Deadline struct {
	Generation uint64 `json:"generation"`
	// Until is when it is rolled back, and Window how long that is after the load.
	Until  time.Time     `json:"until"`
	Window time.Duration `json:"window,omitempty"`
	// Back is the generation that is loaded again then: the newest that does not wait itself, 0 if there is none.
	Back uint64 `json:"back,omitempty"`
}

// Over reports whether the time to confirm in is over.
func (d *Deadline) Over(now time.Time) bool { return !now.Before(d.Until) }

// Left is how much of it is left, negative if it is over.
func (d *Deadline) Left(now time.Time) time.Duration { return d.Until.Sub(now) }

// window is how long the kernel itself waits, which counts milliseconds: 0 where nothing has to be confirmed.
func (d *Deadline) window(now time.Time) time.Duration {
	if d == nil {
		return 0
	}
	return max(d.Left(now)+time.Millisecond-1, time.Millisecond).Truncate(time.Millisecond)
}

// maxGenerations is how many are kept.
const maxGenerations = 16

// Newest is the generation that was loaded last, nil if nothing was.
func (h *History) Newest() *Generation {
	if len(h.Generations) == 0 {
		return nil
	}
	return &h.Generations[len(h.Generations)-1]
}

// Active is the newest generation, or the one that the kernel has gone back to by itself; nil if there is none.
func (h *History) Active() *Generation {
	if h.overdue != nil && h.overdue.GoneBack {
		return h.Find(h.overdue.Back)
	}
	return h.Newest()
}

// with is the history after a load.
func (h *History) with(g Generation, d *Deadline) *History {
	list := append(slices.Clone(h.Generations), g)
	// However many are tried: the last that was good stays.
	good := h.settled()
	if g.settled() {
		good = g.Number
	}
	for len(list) > maxGenerations {
		oldest := 0
		if list[0].Number == good {
			oldest = 1
		}
		list = slices.Delete(list, oldest, oldest+1)
	}
	return &History{Generations: list, Deadline: d}
}

// deadline is that of a generation that is loaded now; nil if it need not be confirmed.
func (h *History) deadline(g *Generation) *Deadline {
	if g.settled() {
		return nil
	}
	return &Deadline{g.Number, g.Time.Add(g.Tentative), g.Tentative, h.settled()}
}

// settled is the newest generation that does not wait to be confirmed, 0 if there is none.
func (h *History) settled() uint64 {
	switch a := h.Active(); {
	case h.Deadline != nil:
		return h.Deadline.Back
	case a != nil:
		return a.Number
	}
	return 0
}

// confirm settles the generation that waits, and all that repeat it or that it repeats: they are the same policies.
func (h *History) confirm() *History {
	out := &History{Generations: slices.Clone(h.Generations)}
	origin := out.Active().Origin()
	for i := range out.Generations {
		if g := &out.Generations[i]; g.Origin() == origin {
			g.Tentative = 0
		}
	}
	return out
}

// Before gives the generation that a rollback of the active one goes to: the last one before it that needs no
// confirmation, nil if there is none. What was rolled back from is not gone back to.
func (h *History) Before() *Generation {
	a := h.Active()
	if a == nil {
		return nil
	}
	at := slices.IndexFunc(h.Generations, func(g Generation) bool { return g.Number == a.Origin() })
	for i := at - 1; i >= 0; i-- {
		if g := &h.Generations[i]; g.settled() && g.Origin() != a.Origin() {
			return g
		}
	}
	return nil
}

// Find gives the generation of that number, or nil.
func (h *History) Find(number uint64) *Generation {
	for i := range h.Generations {
		if h.Generations[i].Number == number {
			return &h.Generations[i]
		}
	}
	return nil
}

// Hidden reports whether an error of reading notes says that only root of the host may read them. Who may not can't have
// loaded anything either, and does without.
func Hidden(err error) bool { return errors.Is(err, kauth.EACCES) }

// Notebook is a place where bytes are kept beside a kernel: with a simulated kernel in its state, with NetBSD in a file.
type Notebook interface {
	// ReadNotes gives what was written last, nil for nothing. The error has the errno EACCES where only root may read it.
	ReadNotes() ([]byte, error)
	// WriteNotes replaces it, whole or not at all. Whoever calls it has locked.
	WriteNotes([]byte) error
	// Lock keeps other programs from changing anything until unlock: what a change begins with is so until its end.
	Lock() (unlock func(), err error)
}

// Memory is a notebook that ends with the program. The zero value is empty.
type Memory struct{ text []byte }

// ReadNotes gives what was written.
func (m *Memory) ReadNotes() ([]byte, error) { return m.text, nil }

// Lock has nobody to keep away.
func (m *Memory) Lock() (unlock func(), err error) { return func() {}, nil }

// WriteNotes keeps it.
func (m *Memory) WriteNotes(text []byte) error {
	m.text = text
	return nil
}

func parseHistory(text []byte) (*History, error) {
	h := &History{}
	if len(text) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(text, h); err != nil {
		return nil, fmt.Errorf("the list of generations must be readable, but is damaged: %s", diag.Malformed(err))
	}
	return h, nil
}

func writeHistory(n Notebook, h *History) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("the list of generations can't be written: %w", err)
	}
	return n.WriteNotes(text)
}
