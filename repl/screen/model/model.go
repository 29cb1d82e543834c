package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cellsh/repl/editor"
)

// Model is what is shown. It is for one goroutine.
type Model struct {
	// Panels are the left and the right one, and Active is which of them the keys are for.
	Panels [2]Panel
	Active int
	// Line is what is typed, a statement of the session.
	Line *editor.Draft
	// Status of the kernel and its policies.
	Status Status
	// Job is what runs beside, nil if nothing does.
	Job *Job
	// Said is the last thing that was said in a line, with its tone; a key takes it away.
	Said Said
	// Theme is the name of the theme.
	Theme string
	// Now is the time of the last tick.
	Now time.Time

	options Options
	dialogs []Dialog
	layout  Layout
	// escaped says that Escape was pressed, and that a digit after it is a function key.
	escaped bool
	// trial is a change that waits to be confirmed, nil for none.
	trial *trial
	// since is the tick after that, zero before it, and closed is the dialog that it has closed.
	since  time.Time
	closed Dialog
	// erasing says that the last key took something out of the line.
	erasing bool
	// cells are the names of those that were listed last.
	cells []string
	// last is what the last job had to say.
	last *Message
	// reminder asks about the generation with the number reminded, which waits to be confirmed; nil when it does not.
	reminder *Question
	reminded uint64
}

// Options for New.
type Options struct {
	// Left and Right are what the panels list first.
	Left, Right Place
	// NewLine makes the line for commands anew.
	NewLine func() *editor.Draft
	// Themes are the names of those that there are; the first is used.
	Themes []string
}

// Status of the kernel and its policies.
type Status struct {
	// Kernel is its name.
	Kernel string
	// Generation is the number of the active one, 0 if there is none.
	Generation uint64
	// Confirm is when a generation goes away that nobody has confirmed, and Audit when an audit ends; zero if none runs.
	Confirm, Audit time.Time
	// Back is the generation that is loaded again if nobody confirms, 0 for none.
	Back uint64
	// Pending is how many declarations are not loaded.
	Pending int
	// ReadOnly says that nothing can be changed.
	ReadOnly bool
}

// Said is a sentence.
type Said struct {
	Text string
	Tone Tone
}

// Job is what runs beside the screen.
type Job struct {
	// Effect is a Run, Learn, Rewrite, Review or Write.
	Effect Effect
	// Title says what is being done.
	Title string
	Began time.Time
	// Where it is, as it tells itself; "" before it does.
	Where string
	// Stopping says that it was told to end.
	Stopping bool
	// form that it comes from, which is shown again if it fails.
	form *Form
}

// New is a screen of 80 by 24 that has read nothing yet.
func New(o Options) *Model {
	m := &Model{options: o}
	for i, place := range []Place{o.Left, o.Right} {
		m.Panels[i] = Panel{Place: place, marked: map[string]bool{}, folded: map[string]bool{}}
	}
	if len(o.Themes) > 0 {
		m.Theme = o.Themes[0]
	}
	m.Line = o.NewLine()
	m.Resize(80, 24)
	return m
}

// Begin is what is to be done first.
func (m *Model) Begin() []Effect { return m.refresh() }

// Panel is the active one, and Other the one beside it.
func (m *Model) Panel() *Panel { return &m.Panels[m.Active] }

// Other is the panel that is not active.
func (m *Model) Other() *Panel { return &m.Panels[1-m.Active] }

// Dialog is the one on top, nil if there is none; Dialogs are all, the lowest first.
func (m *Model) Dialog() Dialog {
	if len(m.dialogs) == 0 {
		return nil
	}
	return m.dialogs[len(m.dialogs)-1]
}

// Dialogs are all that are open, the lowest first.
func (m *Model) Dialogs() []Dialog { return m.dialogs }

// Open puts a dialog on top.
func (m *Model) Open(d Dialog) {
	m.dialogs = append(m.dialogs, d)
	m.Resize(m.layout.Width, m.layout.Height)
}

// close takes a dialog away, wherever it is.
func (m *Model) close(d Dialog) {
	m.dialogs = slices.DeleteFunc(m.dialogs, func(x Dialog) bool { return x == d })
}

// Say says a sentence until a key is pressed.
func (m *Model) Say(tone Tone, form string, args ...any) {
	m.Said = Said{fmt.Sprintf(form, args...), tone}
}

// refresh has both panels read, once if they list the same.
func (m *Model) refresh() []Effect {
	var out []Effect
	for i := range m.Panels {
		if p, other := &m.Panels[i], &m.Panels[1-i]; p.Place != other.Place || !other.asked {
			out = append(out, p.read()...)
		}
	}
	return out
}

// escapeTime is how long Escape may be the first of two keys.
const escapeTime = 2 * time.Second

// Tick is told now and then what time it is: what is shown is read again.
func (m *Model) Tick(now time.Time) []Effect {
	m.Now = now
	switch {
	case !m.escaped && m.closed == nil:
	case m.since.IsZero():
		m.since = now
	case now.Sub(m.since) >= escapeTime:
		m.escaped, m.closed = false, nil
	}
	m.remind()
	m.watchTrial()
	return m.refresh()
}

// Filled is told what was read of a place, or in a sentence why it was not.
func (m *Model) Filled(place Place, t Table, wrong string) {
	if place.Kind == Cells && wrong == "" {
		m.cells = m.cells[:0]
		for i := range t.Rows {
			if c, is := t.Rows[i].Subject.(Cell); is {
				m.cells = append(m.cells, c.Name)
			}
		}
	}
	for i := range m.Panels {
		p := &m.Panels[i]
		if p.Place != place {
			continue
		}
		p.asked = false
		if wrong != "" {
			p.Wrong, p.Known = wrong, true
			continue
		}
		p.fill(t)
	}
	m.fit()
}

// begin begins a job, if none runs.
func (m *Model) begin(e Effect, title string) []Effect {
	if m.busy() {
		return nil
	}
	if m.Status.ReadOnly && changes(e) {
		return m.refuse(title)
	}
	m.Job = &Job{Effect: e, Title: title, Began: m.Now}
	return []Effect{e}
}

// busy reports whether a job runs, and says so.
func (m *Model) busy() bool {
	if m.Job != nil {
		m.Say(Warning, "%s is not done yet: Ctrl-C stops it", m.Job.Title)
	}
	return m.Job != nil
}

// Progress is told where the job is.
func (m *Model) Progress(where string) {
	if m.Job != nil {
		m.Job.Where = where
	}
}

// Asked is told a question of the job.
func (m *Model) Asked(question string) {
	m.Open(&Question{Title: "Question", Text: question, Choices: []Choice{{"Yes", []Effect{Answer{true}}}, {"No", []Effect{Answer{false}}}}, Cancel: []Effect{Answer{false}}, chosen: 1, sudden: true})
}

// Ran is told what the job has done.
func (m *Model) Ran(r Result) []Effect {
	var form *Form
	if m.Job != nil {
		form = m.Job.form
	}
	run, is := m.ended().(Run)
	if !is {
		return nil
	}
	m.confirmed(run, r)
	text := strings.TrimRight(r.Text, "\n")
	switch {
	case run.Shows == AsTrial:
		return m.loadedTrial(run, r)
	case run.Shows == AsUndo:
		return m.wentBack(run, r)
	case r.Failed && (form != nil || run.Shows == AsResult):
		if form != nil {
			m.Open(form)
		}
		m.tell(&Message{Title: run.Title, Text: text, Tone: Bad})
	case run.Shows == AsPage || run.Shows == AsWhy:
		page := &Page{Title: run.Title, Lines: strings.Split(text, "\n")}
		if d, is := run.about(); is {
			page.Keys = whyKeys(d)
		}
		m.Open(page)
		if at := run.begin(page.Lines); at >= 0 {
			page.show(at)
		} else {
			m.Say(Warning, "what is loaded has no file %s", run.File)
		}
	case strings.Contains(text, "\n"):
		m.tell(&Message{Title: run.Title, Text: text})
	case text == "":
		m.Say(Good, "%s: done", run.Title)
	default:
		m.last = &Message{Title: run.Title, Text: text}
		m.Say(Good, "%s", text)
	}
	return m.refresh()
}

// tell opens a message, which can be seen again.
func (m *Model) tell(d *Message) {
	m.last = d
	m.Open(d)
}

// lastResult shows what the last job had to say.
func (m *Model) lastResult() []Effect {
	again := *m.last
	m.Open(&again)
	return nil
}

// begin is the line of what show has written that the page begins with, -1 if it has no such file.
func (r *Run) begin(lines []string) int {
	if r.File == "" {
		return 0
	}
	at := slices.Index(lines, "-- file "+r.File)
	if at < 0 {
		return -1
	}
	// A few lines before it are to be seen.
	return max(at, min(at+r.Line-3, len(lines)-1))
}

// ended takes the job away, and gives what it was; nil if there is none.
func (m *Model) ended() Effect {
	if m.Job == nil {
		return nil
	}
	job := m.Job
	m.Job = nil
	m.dropQuestions()
	return job.Effect
}

// Returned is told that the terminal is the screen's again, after a statement or an editor.
func (m *Model) Returned() []Effect {
	m.Line = m.options.NewLine()
	return m.refresh()
}

// Edited is told that a file was edited, and what is wrong with it at a line; "" if nothing is.
func (m *Model) Edited(e Edit, wrong string, at int) []Effect {
	if wrong != "" {
		again := []Effect{Edit{e.File, max(at, 1)}}
		m.Open(&Question{Title: e.File, Text: wrong, Choices: []Choice{{"Edit it again", again}, {"Leave it so", nil}}})
		return m.refresh()
	}
	return append(m.do([]Effect{Review{e.File}}), m.refresh()...)
}
