package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
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
	// Audit are the cells in which policies refuse nothing and what they would deny is recorded; nil for a generation that is
	// no audit. One that is lasts until its deadline, then what it was made of is loaded again; it is never confirmed and
	// never loaded again itself.
	Audit []string `json:"audit,omitempty"`
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

// ordinary reports whether the generation is what somebody wants to be active from then on: a boot loads no other, and takes no
// other for a sign of what was wanted. Lockdown stands in for something else, and a session has no sources; so it has to be with
// whatever else is active for a while only.
func (g *Generation) ordinary() bool { return !g.Lockdown && !g.Session && g.Audit == nil }

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
	// confirmed says that the kernel was told that the newest generation stays, and the notes were not.
	confirmed bool
	// instead is what the kernel has if that is not the active generation, else nil.
	instead *uint64
}

// Instead is the generation that the kernel has in place of the active one, 0 for none, and whether it has not that one: it was
// started again, or another program has loaded what is not noted.
func (h *History) Instead() (generation uint64, differs bool) {
	if h.instead == nil {
		return 0, false
	}
	return *h.instead, true
}

// loadAgain helps where the kernel has something else than what is noted.
const loadAgain = "load the policies again: load PATH"

// unnoted refuses what would be made of what is noted while the kernel has generation n, and that is not: nobody knows what it is.
func (h *History) unnoted(op string, n uint64) error {
	if n != 0 && h.Find(n) == nil {
		return &kernel.Error{Op: op, Text: fmt.Sprintf("what the kernel has must be noted, but generation %d is not: another program has loaded it, or it could not be noted", n), Hint: loadAgain}
	}
	return nil
}

// Overdue is the generation that was not confirmed in time, or the audit that is over, and is not rolled back yet; nil if there
// is none.
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

// Active is the newest generation, or the one that the kernel has gone back to by itself, or must go back to because it was
// started again; nil if there is none.
func (h *History) Active() *Generation {
	if h.overdue != nil && (h.overdue.GoneBack || h.overdue.Restarted) {
		return h.Find(h.overdue.Back)
	}
	return h.Newest()
}

// Enforced is the active generation, or while an audit runs the one that it was made of, which comes again: what is loaded,
// whatever is not refused just now.
func (h *History) Enforced() *Generation {
	if a := h.Active(); a != nil && a.Audit != nil && h.Deadline != nil {
		return h.Find(h.Deadline.Back)
	}
	return h.Active()
}

// audited are the cells of the audit that is active, or over and not noted yet; nil for none.
func (h *History) audited() []string {
	if h.Deadline == nil {
		return nil
	}
	if g := h.Find(h.Deadline.Generation); g != nil {
		return g.Audit
	}
	return nil
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
		// An audit that is over can't be gone back to.
		oldest := slices.IndexFunc(list[:len(list)-1], func(g Generation) bool { return g.Audit != nil })
		if oldest < 0 {
			oldest = 0
			if list[0].Number == good {
				oldest = 1
			}
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

// tried is the newest generation if nobody has confirmed it, whether it still waits or was rolled back since; nil if nothing
// was tried after the last load that was good.
func (h *History) tried() *Generation {
	for i := len(h.Generations) - 1; i >= 0; i-- {
		switch g := &h.Generations[i]; {
		case !g.ordinary():
		case !g.settled():
			return g
		case g.Of == 0 && len(g.Sources) > 0:
			return nil
		}
	}
	return nil
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
	// ReadNotes gives what was written last, nil if nothing was; what is there and empty is not nil. The error has the errno EACCES where only root may read it.
	ReadNotes() ([]byte, error)
	// WriteNotes replaces it, whole or not at all. Whoever calls it has locked.
	WriteNotes([]byte) error
	// SetAside takes what was written away, and says where it is kept from then on: for what is damaged. Whoever calls it has
	// locked.
	SetAside() (where string, err error)
	// Lock keeps other programs from changing anything until unlock: what a change begins with is so until its end.
	Lock() (unlock func(), err error)
}

// NotesError says why what is done can't be noted.
type NotesError struct{ Err error }

func (e *NotesError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *NotesError) Unwrap() error { return e.Err }

// Diagnostics are those of the reason.
func (e *NotesError) Diagnostics() diag.List { return diag.Of(e.Err) }

// DamagedError says why the list of generations can't be used.
type DamagedError struct{ Why string }

func (e *DamagedError) Error() string {
	return "the list of generations must be as it was written, but is damaged: " + e.Why
}

// Diagnostics is one problem, with what to do.
func (e *DamagedError) Diagnostics() diag.List {
	return diag.List{{Code: diag.Failed, Message: e.Error(), Hint: "what the kernel has stays; load --boot PATH keeps the damaged list aside, and begins a new one"}}
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

// SetAside forgets it: nobody could look at it.
func (m *Memory) SetAside() (where string, err error) {
	m.text = nil
	return "nothing", nil
}

// The notes are a line with the magic and the checksum of what follows, and a History as JSON. Those of version 1 were the JSON
// alone.
const notesMagic = "cellsh generations 2 "

func parseHistory(text []byte) (*History, error) {
	h := &History{}
	switch {
	case text == nil:
		return h, nil
	case len(text) == 0: // a file that a crash has emptied
		return nil, &DamagedError{"it is empty"}
	}
	if text[0] != '{' {
		head, body, _ := bytes.Cut(text, []byte("\n"))
		sum, ok := bytes.CutPrefix(head, []byte(notesMagic))
		switch want := checksum(body); {
		case !ok:
			return nil, &DamagedError{fmt.Sprintf("its first line must begin with %q, but is %q", strings.TrimSpace(notesMagic), head[:min(len(head), 40)])}
		case string(sum) != want:
			return nil, &DamagedError{fmt.Sprintf("its checksum must be %s, but is %q", want[:16], sum[:min(len(sum), 16)])}
		}
		text = body
	}
	d := json.NewDecoder(bytes.NewReader(text))
	// What is not known may be why a generation must not be loaded.
	d.DisallowUnknownFields()
	if err := d.Decode(h); err != nil {
		return nil, &DamagedError{diag.Malformed(err)}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, &DamagedError{"something follows behind its end"}
	}
	for i := range h.Generations {
		if g := &h.Generations[i]; g.Number == 0 || i > 0 && g.Number <= h.Generations[i-1].Number {
			return nil, &DamagedError{fmt.Sprintf("the numbers of generations must rise, but %d is at place %d", g.Number, i+1)}
		}
	}
	if d, a := h.Deadline, h.Newest(); d != nil && (a == nil || d.Generation != a.Number) {
		return nil, &DamagedError{fmt.Sprintf("the generation that waits must be the newest, but is %d", d.Generation)}
	}
	return h, nil
}

func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func writeHistory(n Notebook, h *History) error {
	body, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("the list of generations can't be written: %w", err)
	}
	if err := n.WriteNotes(append([]byte(notesMagic+checksum(body)+"\n"), body...)); err != nil {
		return &NotesError{err}
	}
	return nil
}
