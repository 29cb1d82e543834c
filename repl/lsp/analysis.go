package lsp

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cellsh/lua/declare"
	"cellsh/lua/loader"
	"cellsh/lua/written"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/repl/lsp/jsonrpc"
)

// maxRunning is how many analyses run at the same time: one, and one that was given up. They can't be stopped.
const maxRunning = 2

// analyses is what is known of the problems of documents.
type analyses struct {
	// typed tells that nobody has typed for a moment; changed are the documents of which that is awaited.
	typed   <-chan time.Time
	changed []string
	// waiting are those that are to be analysed, running those that are; given up ones are among them.
	waiting  []string
	running  []*run
	patience <-chan time.Time
	results  chan result
}

// run is an analysis of a document.
type run struct {
	document *document
	givenUp  bool
}

// result of a run.
type result struct {
	run      *run
	problems diag.List
	// fault is what went wrong in cellsh itself, "" for nothing.
	fault string
}

// change takes a document that was opened or typed in.
func (s *server) change(d *document) {
	s.documents[d.uri] = d
	s.await(d.uri)
	if !d.onDisk() {
		return
	}
	// Others may require it.
	for uri, other := range s.documents {
		if other.onDisk() && uri != d.uri && filepath.Dir(other.name()) == filepath.Dir(d.name()) && strings.Contains(other.content, "require") {
			s.await(uri)
		}
	}
}

// await looks for the problems of a document once nobody types any more.
func (s *server) await(uri string) {
	if !slices.Contains(s.changed, uri) {
		s.changed = append(s.changed, uri)
	}
	s.typed = s.After(pause)
}

// forget drops what is awaited of a document.
func (s *server) forget(uri string) {
	s.changed = slices.DeleteFunc(s.changed, func(x string) bool { return x == uri })
	s.forgetWaiting(uri)
}

// settled is when nobody has typed for a moment: what the tree says is told at once, and the rest is looked for.
func (s *server) settled() {
	slices.Sort(s.changed)
	for _, uri := range s.changed {
		d := s.documents[uri]
		if d.isPolicy() && !d.tree().Problems.Failed() {
			if !slices.Contains(s.waiting, uri) {
				s.waiting = append(s.waiting, uri)
			}
			continue
		}
		problems := d.tree().Problems
		if !problems.Failed() {
			problems = append(slices.Clone(problems), written.DuplicateKeys(d.tree(), diag.PolicyDuplicate)...)
			if foreign, ok := declare.ForeignWords(d.tree()); ok {
				problems = append(problems, foreign)
			}
		}
		s.forgetWaiting(uri)
		s.publish(d, problems)
	}
	s.changed = nil
	s.start()
}

func (s *server) forgetWaiting(uri string) {
	s.waiting = slices.DeleteFunc(s.waiting, func(x string) bool { return x == uri })
}

// start analyses the next document, unless one is analysed.
func (s *server) start() {
	if len(s.waiting) == 0 || len(s.running) == maxRunning || slices.ContainsFunc(s.running, func(r *run) bool { return !r.givenUp }) {
		return
	}
	r := &run{document: s.documents[s.waiting[0]]}
	s.waiting = s.waiting[1:]
	s.running = append(s.running, r)
	s.patience = s.After(patience)
	source := rules.Source{File: r.document.name(), Text: r.document.content}
	files := s.overlay(r.document)
	analyse, results := s.Analyse, s.results
	go func() {
		out := result{run: r}
		defer func() {
			if p := recover(); p != nil {
				out.fault = fmt.Sprint(p)
			}
			results <- out
		}()
		out.problems = analyse([]rules.Source{source}, files)
	}()
}

// finished takes what an analysis has found. If the document was changed meanwhile that is old.
func (s *server) finished(r result) {
	s.running = slices.DeleteFunc(s.running, func(x *run) bool { return x == r.run })
	if !r.run.givenUp {
		s.patience = nil
	}
	d := s.documents[r.run.document.uri]
	switch {
	case r.fault != "":
		s.tell(fmt.Sprintf("%s could not be analysed; this is a fault of cellsh; please report it: %s", r.run.document.name(), r.fault))
	case d == r.run.document:
		s.publish(d, r.problems)
	}
	s.start()
}

// abandon is when an analysis takes too long: another document is looked at. What it finds is told when it ends after all.
func (s *server) abandon() {
	for _, r := range s.running {
		if !r.givenUp {
			r.givenUp = true
			s.tell(fmt.Sprintf("the analysis of %s must end within %v, but has not; cellsh check tells how far it gets", r.document.name(), patience))
		}
	}
	s.start()
}

// tell writes a line into the editor's log.
func (s *server) tell(message string) {
	s.send(jsonrpc.Notification("window/logMessage", logMessageParams{warningMessage, message}))
}

// severities are those of the protocol: a note is a piece of information.
var severities = map[diag.Severity]int{diag.Error: 1, diag.Warning: 2, diag.Note: 3}

// publish tells what is wrong with a document.
func (s *server) publish(d *document, problems diag.List) {
	p := publishParams{URI: d.uri, Diagnostics: []diagnostic{}}
	if s.versions {
		p.Version = &d.version
	}
	for i := range problems {
		p.Diagnostics = append(p.Diagnostics, s.diagnostic(d, &problems[i]))
	}
	s.send(jsonrpc.Notification("textDocument/publishDiagnostics", p))
}

func (s *server) diagnostic(d *document, p *diag.Diagnostic) diagnostic {
	out := diagnostic{Severity: severities[p.Severity], Code: string(p.Code), Source: "cellsh", Message: p.Message}
	if p.File == d.name() || p.File == "" {
		out.Range = d.place(p.Line, p.Column, p.Width)
	} else {
		// It lies in a module; the document can't be loaded for it.
		out.Message = p.Span.String() + ": " + out.Message
	}
	if p.Hint != "" {
		out.Message += "\nhint: " + p.Hint
	}
	for _, r := range p.Related {
		at, ok := s.location(d, r.Span)
		switch {
		case s.related && ok:
			out.Related = append(out.Related, related{at, r.Message})
		default:
			out.Message += fmt.Sprintf("\n%s: %s", r.Span, r.Message)
		}
	}
	return out
}

// location is a place in the document or in a file; false for one that is nowhere.
func (s *server) location(d *document, at diag.Span) (location, bool) {
	if at.File == d.name() {
		return location{d.uri, d.place(at.Line, at.Column, at.Width)}, true
	}
	if other := s.read(at.File); other != nil {
		return location{other.uri, other.place(at.Line, at.Column, at.Width)}, true
	}
	return location{}, false
}

// read is a document that is open, or a file as it is on the disk; nil if there is none.
func (s *server) read(path string) *document {
	uri := uriOf(path)
	for _, d := range s.documents {
		if d.uri == uri || d.onDisk() && d.name() == path {
			return d
		}
	}
	if !filepath.IsAbs(path) {
		return nil
	}
	content, err := s.Files.ReadFile(path)
	if err != nil {
		return nil
	}
	return &document{uri: uri, text: newText(content, s.wide)}
}

// module is the one of that name beside a file.
func (s *server) module(dir, name string) *document { return s.read(filepath.Join(dir, name+".lua")) }

// overlay are the files as the editor has them: what is open there is not what is on the disk.
type overlay struct {
	loader.Files
	open map[string]string
	// none says that there is no disk: the document is no file.
	none bool
}

func (s *server) overlay(d *document) loader.Files {
	o := overlay{Files: s.Files, open: map[string]string{}, none: !d.onDisk()}
	for _, x := range s.documents {
		o.open[x.name()] = x.content
	}
	return o
}

// ReadFile gives what is open, or what the disk has.
func (o overlay) ReadFile(path string) (string, error) {
	if content, ok := o.open[path]; ok {
		return content, nil
	}
	if o.none {
		return "", fs.ErrNotExist
	}
	return o.Files.ReadFile(path)
}
