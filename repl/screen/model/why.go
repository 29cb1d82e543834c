package model

import (
	"fmt"
	"strings"
)

// Explain is the command that explains the decision.
func (d Decision) Explain() []string {
	return words("explain", nil, d.Cell, d.Request, fmt.Sprintf("euid=%d", d.EUID))
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
		keys[5] = PageKey{"Learn", []Effect{Learn{d}}}
	}
	if d.File != "" {
		keys[4] = PageKey{"Edit", []Effect{Edit{d.File, d.Line}}}
	}
	return keys
}

// learn looks for the smallest change that allows the decision under the cursor.
func (m *Model) learn() []Effect {
	d, is := m.decision()
	switch {
	case !is:
		return nil
	case !d.Denied && !d.Would:
		m.Say(Warning, "only what is denied can be learned from, but %s is not", d.Request)
		return nil
	}
	return m.do([]Effect{Learn{d}})
}

// Proposal is a change of files, with what it changes.
type Proposal struct {
	// Title, and Text with the differences of the files and of the decisions.
	Title, Text string
	// Files that would be written; none if nothing was found, which Text says then.
	Files []File
	// Load are the words of the command that loads them afterwards; nil if they are not loaded.
	Load []string
}

// File is one that a proposal changes.
type File struct{ Name, Before, After string }

// Learned is told a proposal, or in a text why there is none.
func (m *Model) Learned(p *Proposal, wrong string) {
	m.ended()
	if wrong != "" {
		m.Open(&Message{Title: "No change", Text: wrong, Tone: Bad})
		return
	}
	page := &Page{Title: p.Title, Lines: strings.Split(strings.TrimRight(p.Text, "\n"), "\n")}
	if len(p.Files) > 0 {
		page.Keys = map[int]PageKey{5: {"Write", []Effect{Write{p}}}}
	}
	m.Open(page)
}

// Wrote is told that a proposal was written, or in a text why it was not.
func (m *Model) Wrote(p *Proposal, wrong string) {
	m.ended()
	if wrong != "" {
		m.Open(&Message{Title: "Not written", Text: wrong, Tone: Bad})
		return
	}
	m.dialogs = nil
	var names []string
	for _, f := range p.Files {
		names = append(names, f.Name)
	}
	text := strings.Join(names, ", ") + " is written."
	if p.Load == nil {
		m.Say(Good, "%s", text)
		return
	}
	load := func(words ...string) []Effect {
		return []Effect{Run{Words: append(append([]string(nil), p.Load...), words...), Title: "load"}}
	}
	m.Open(&Question{Title: "Load", Text: text + " Load it?", Choices: []Choice{{"For a minute", load("--confirm", "60s")}, {"Load", load()}, {"Not now", nil}}})
}
