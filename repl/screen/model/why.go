package model

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The way from a denial to a change that is confirmed: why explains a decision, learn finds the smallest change that allows it,
// offer asks whether it is written and loaded, and a trial is a change that is loaded and waits to be confirmed.

// Explain is the command that explains the decision. The kernel keeps less of a request than policies ask about: the rest is as in
// an example that the same line decides.
func (d Decision) Explain() []string {
	flags := []string{"--source"}
	if d.File != "" && d.Line > 0 {
		flags = append(flags, "--by", fmt.Sprintf("%s:%d", d.File, d.Line))
	}
	return words("explain", flags, d.Cell, d.Request, fmt.Sprintf("euid=%d", d.EUID))
}

// about is the decision that a page is about.
func (r *Run) about() (Decision, bool) {
	if r.Shows != AsWhy {
		return Decision{}, false
	}
	return r.Decision, true
}

// why explains the decision under the cursor.
func (m *Model) why() []Effect {
	d, is := m.decision()
	if !is {
		return nil
	}
	return m.do([]Effect{Run{Words: d.Explain(), Shows: AsWhy, Decision: d, Title: "why " + d.Request + " in " + d.Cell}})
}

// decision is the one under the cursor.
func (m *Model) decision() (Decision, bool) {
	if r := m.Panel().Row(); r != nil {
		d, is := r.Subject.(Decision)
		return d, is
	}
	return Decision{}, false
}

// whyKeys are what can be done about a decision that is explained.
func whyKeys(d Decision) map[int]PageKey {
	keys := map[int]PageKey{}
	if d.Denied || d.Would {
		keys[5] = PageKey{Label: "Learn", Effects: []Effect{Learn{Decision: d}}}
	}
	if onDisk(d.File) {
		keys[4] = PageKey{Label: "Edit", Effects: []Effect{Edit{d.File, d.Line}}}
	}
	return keys
}

// learn looks for the smallest change that allows the decision under the cursor.
func (m *Model) learn() []Effect {
	d, is := m.decision()
	if !is {
		return nil
	}
	return m.do([]Effect{Learn{Decision: d}})
}

// Proposal is a change of files, with what it changes.
type Proposal struct {
	// Title, and Text with the differences of the files and of the decisions.
	Title, Text string
	// Files that would be written; none if nothing was found, which Text says then, or if what is loaded is written already.
	Files []File
	// Held says in a sentence why they can't be written; "" if they can.
	Held string
	// Beside are the other files that Load reads, without After: they must be as they were, so that nothing else changes.
	Beside []File
	// Load are the words of the command that loads them afterwards, so that nothing but what Text says changes. Unloaded says in a
	// sentence why there is none.
	Load     []string
	Unloaded string
	// Back is the generation that is loaded again when the change is rolled back; 0 if nothing was loaded.
	Back uint64
	// Waits says that what is loaded now waits to be confirmed.
	Waits bool
	// Tighter is what one could tell of the request so that the change lets through less, FIELD=VALUE; "" if nothing more can be told.
	Tighter string

	// undo says that it takes another one back.
	undo bool
}

// File is one that a proposal changes.
type File struct{ Name, Before, After string }

// names of the files, and whether they are or is.
func (p *Proposal) names() (list, be string) {
	var names []string
	for _, f := range p.Files {
		names = append(names, f.Name)
	}
	be = "is"
	if len(names) > 1 {
		be = "are"
	}
	return strings.Join(names, ", "), be
}

// back takes the proposal back.
func (p *Proposal) back() *Proposal {
	out := &Proposal{Title: "take back: " + p.Title, undo: true}
	for _, f := range p.Files {
		out.Files = append(out.Files, File{f.Name, f.After, f.Before})
	}
	return out
}

// Learned is told a proposal, or in a text why there is none.
func (m *Model) Learned(p *Proposal, wrong string) {
	var form *Form
	if m.Job != nil {
		form = m.Job.form
	}
	l, learned := m.ended().(Learn)
	if wrong != "" {
		wrong = strings.TrimRight(wrong, "\n")
		if form != nil {
			// What was typed is not lost.
			if m.Open(form); !strings.Contains(wrong, "\n") {
				form.Wrong = wrong
				return
			}
		}
		m.tell(&Message{Title: "No change", Text: wrong, Tone: Bad})
		return
	}
	if p == nil {
		return
	}
	m.dialogs = slices.DeleteFunc(m.dialogs, func(d Dialog) bool { x, is := d.(*Page); return is && x.proposes })
	page := &Page{Title: p.Title, Lines: strings.Split(strings.TrimRight(p.Text, "\n"), "\n"), Keys: map[int]PageKey{}, proposes: true}
	if len(p.Files) > 0 && p.Held == "" {
		page.Keys[5] = PageKey{Label: "Write", do: func(m *Model) []Effect { return m.offer(p) }}
	} else if p.Held == "" && p.Load != nil {
		page.Keys[5] = PageKey{Label: "Load", do: func(m *Model) []Effect { return m.offer(p) }}
	}
	if learned {
		page.Keys[6] = PageKey{Label: "Tell", do: func(m *Model) []Effect { m.Open(tell(l, p.Tighter)); return nil }}
		if onDisk(l.Decision.File) {
			page.Keys[4] = PageKey{Label: "Edit", Effects: []Effect{Edit{l.Decision.File, l.Decision.Line}}}
		}
	}
	m.Open(page)
}

// The choices of the form in which one tells more of a request.
var (
	whichCells = []string{"this cell", "all of the policy"}
	whichUsers = []string{"this user", "all users"}
	whichOther = []string{"nothing", "what other models refuse"}
)

// tell asks what else is known of a request, and for whom the change is meant.
func tell(l Learn, tighter string) *Form {
	hint := "FIELD=VALUE, several with spaces between"
	if tighter != "" {
		hint = tighter + ", say"
	}
	choose := func(label string, list []string, second bool) *Input {
		at := 0
		if second {
			at = 1
		}
		return NewInput(label, list[at], "", list...)
	}
	return &Form{Title: "What is known", Fields: []*Input{NewInput("Fields", l.Known, hint), choose("Cells", whichCells, l.AnyCell), choose("Users", whichUsers, l.AnyUser),
		choose("Grant", whichOther, l.Grant)}, make: func(_ *Model, values []string) ([]Effect, []string) {
		known := strings.Fields(values[0])
		for _, word := range known {
			if name, _, ok := strings.Cut(word, "="); !ok || name == "" {
				return nil, []string{fmt.Sprintf("must be FIELD=VALUE, but one is %q", word)}
			}
		}
		return []Effect{Learn{Decision: l.Decision, Known: strings.Join(known, " "), AnyCell: values[1] == whichCells[1], AnyUser: values[2] == whichUsers[1], Grant: values[3] == whichOther[1]}}, nil
	}}
}

// trialTime is how long a change that is loaded for a minute waits to be confirmed, as the command load takes it.
const trialTime = "60s"

// offer asks whether a proposal is written, and loaded. The answer that is taken by Enter can be taken back.
func (m *Model) offer(p *Proposal) []Effect {
	names, _ := p.names()
	text := "Write " + names + "?"
	write := func(then Effect) []Effect { return []Effect{Write{p, then}} }
	title, keep, only := "Write and load", "Load for good", []Choice{{"Write only", write(nil)}}
	if len(p.Files) == 0 {
		text, title, only = "Load what is written?", "Load", nil
		write = func(then Effect) []Effect { return []Effect{then} }
	}
	if p.Load == nil {
		if p.Unloaded != "" {
			text += "\n\nIt is not loaded: " + p.Unloaded
		}
		m.Open(&Question{Title: "Write", Text: text, Choices: []Choice{{"Write", write(nil)}, {"Cancel", nil}}})
		return nil
	}
	load := func(words ...string) (line string, run Run) {
		words = append(slices.Clone(p.Load), words...)
		return strings.Join(words, " "), Run{Words: words, Shows: AsTrial, Proposal: p, Title: "load"}
	}
	tryLine, try := load("--confirm", trialTime)
	line, forGood := load()
	text += "\n\nFor a minute: " + tryLine + "\nIt is rolled back then, unless it is confirmed."
	choices := []Choice{{"For a minute", write(try)}}
	if p.Waits {
		text += "\nWhat is loaded waits to be confirmed itself: both go together."
	} else {
		text += "\n" + keep + ": " + line
		choices = append(choices, Choice{keep, write(forGood)})
	}
	if only != nil {
		text += "\nWrite only: what is loaded stays."
	}
	m.Open(&Question{Title: title, Text: text, Choices: append(append(choices, only...), Choice{"Cancel", nil})})
	return nil
}

// Wrote is told that a proposal was written, or in a text why it was not.
func (m *Model) Wrote(p *Proposal, wrong string) []Effect {
	w, _ := m.ended().(Write)
	if wrong != "" {
		m.tell(&Message{Title: "Not written", Text: strings.TrimRight(wrong, "\n"), Tone: Bad})
		return m.refresh()
	}
	// What has led there is over; a form that somebody fills in meanwhile is not.
	m.dialogs = slices.DeleteFunc(m.dialogs, func(d Dialog) bool { _, is := d.(*Page); return is })
	names, be := p.names()
	switch {
	case p.undo:
		m.Say(Good, "%s %s as before", names, be)
	case w.Then != nil:
		return m.do([]Effect{w.Then})
	default:
		m.Say(Good, "%s %s written; what is loaded stays", names, be)
	}
	return m.refresh()
}

// trial is a change that is loaded and waits to be confirmed.
type trial struct {
	proposal   *Proposal
	generation uint64
	until      time.Time
	// seen says that the status has told of it.
	seen     bool
	question *Question
}

// waits finds in what load has written which generation waits to be confirmed, and for how long.
var waits = regexp.MustCompile(`generation (\d+) is rolled back in (\S+) unless confirmed`)

// loadedTrial is told what a load of a proposal has done.
func (m *Model) loadedTrial(run Run, r Result) []Effect {
	text := strings.TrimRight(r.Text, "\n")
	names, be := run.Proposal.names()
	m.dialogs = slices.DeleteFunc(m.dialogs, func(d Dialog) bool { x, is := d.(*Page); return is && x.proposes })
	if r.Failed && names == "" {
		m.tell(&Message{Title: "Not loaded", Text: text, Tone: Bad})
		return m.refresh()
	}
	if r.Failed {
		m.Open(&Question{Title: "Not loaded", Text: fmt.Sprintf("%s %s written, but the change is not loaded. Take it out again?", names, be),
			Choices: []Choice{{"Take out", []Effect{Write{Proposal: run.Proposal.back()}}}, {"Keep", nil}}, chosen: 1, sudden: true})
		m.tell(&Message{Title: "Not loaded", Text: text, Tone: Bad})
		return m.refresh()
	}
	found := waits.FindStringSubmatch(text)
	if found == nil {
		m.Say(Good, "%s", firstLine(text))
		return m.refresh()
	}
	t := &trial{proposal: run.Proposal}
	t.generation, _ = strconv.ParseUint(found[1], 10, 64)
	window, _ := time.ParseDuration(found[2])
	t.until = m.Now.Add(window)
	back := []string{"rollback"}
	if b := run.Proposal.Back; b != 0 {
		// By its number: without one that would go one further back if the time is over just now.
		back = append(back, fmt.Sprint(b))
	}
	t.question = &Question{Title: "Confirm", Choices: []Choice{
		{"Confirm", []Effect{Run{Words: []string{"confirm", found[1]}, Title: "confirm " + found[1]}}},
		{"Roll back", []Effect{Run{Words: back, Shows: AsUndo, Proposal: run.Proposal, Title: "roll back"}}},
		{"Later", nil}},
		// What is pressed once too often confirms nothing.
		chosen: 2, sudden: true}
	m.trial, m.reminded = t, t.generation
	t.tell(m)
	m.Open(t.question)
	return m.refresh()
}

// leftOver says what stays of a change that is rolled back because somebody leaves; "" for nothing.
func (m *Model) leftOver() string {
	if m.trial == nil || len(m.trial.proposal.Files) == 0 {
		return ""
	}
	names, be := m.trial.proposal.names()
	return fmt.Sprintf(" %s %s left as written.", names, be)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// tell says in the question how much time is left.
func (t *trial) tell(m *Model) {
	names, _ := t.proposal.names()
	left := max(t.until.Sub(m.Now), 0).Round(time.Second)
	t.question.Text = fmt.Sprintf("Generation %d is loaded. It is rolled back in %s unless confirmed.\n\nRoll back loads again what was loaded before", t.generation, left)
	if names != "" {
		t.question.Text += ", and takes the change out of " + names
	}
	t.question.Text += "."
	m.Resize(m.layout.Width, m.layout.Height)
}

// wentBack is told what a roll back has done: the files follow.
func (m *Model) wentBack(run Run, r Result) []Effect {
	if r.Failed {
		m.tell(&Message{Title: run.Title, Text: strings.TrimRight(r.Text, "\n"), Tone: Bad})
		return m.refresh()
	}
	m.trial = nil
	if len(run.Proposal.Files) == 0 {
		m.Say(Good, "%s", firstLine(strings.TrimRight(r.Text, "\n")))
		return m.refresh()
	}
	return append(m.do([]Effect{Write{Proposal: run.Proposal.back()}}), m.refresh()...)
}

// confirmed is told what a command has done: who has confirmed what waits, or gone back from it, need not be told that. Files that
// are as written are asked about all the same.
func (m *Model) confirmed(run Run, r Result) {
	t := m.trial
	if t == nil || r.Failed {
		return
	}
	back := len(t.proposal.Files) == 0 && len(run.Words) > 0 && run.Words[0] == "rollback"
	if back || slices.Equal(run.Words, []string{"confirm", fmt.Sprint(t.generation)}) {
		m.trial = nil
		m.close(t.question)
	}
}

// watchTrial looks whether what waits was confirmed or is over. While a job runs it may just be that.
func (m *Model) watchTrial() {
	t, s := m.trial, &m.Status
	if t == nil || m.Job != nil {
		return
	}
	switch {
	case s.Generation == t.generation && !s.Confirm.IsZero():
		t.seen, t.until = true, s.Confirm
		t.tell(m)
	case !t.seen && m.Now.Before(t.until):
		t.tell(m)
	case s.Generation == t.generation:
		m.trial = nil
		m.close(t.question)
		m.Say(Good, "generation %d is confirmed", t.generation)
	default:
		m.trial = nil
		m.close(t.question)
		names, be := t.proposal.names()
		if names == "" {
			m.tell(&Message{Title: "Rolled back", Text: fmt.Sprintf("Generation %d was not confirmed, and is not loaded any more.", t.generation), Tone: Warning})
			return
		}
		m.Open(&Question{Title: "Rolled back", Text: fmt.Sprintf("Generation %d was not confirmed, and is not loaded any more. %s %s as written: take the change out again?", t.generation, names, be),
			Choices: []Choice{{"Take out", []Effect{Write{Proposal: t.proposal.back()}}}, {"Keep", nil}}, chosen: 1, sudden: true})
	}
}
