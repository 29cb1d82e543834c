package change

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/disk"
	"cellsh/kernel/host"
	"cellsh/lua/learn"
	"cellsh/lua/loader"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/command"
	"cellsh/repl/screen/model"
)

// Changer finds changes of what a host has loaded.
type Changer struct {
	Host *host.Host
	// Reader reads policies as the commands of the session do.
	Reader loader.Reader
	// ReadOnly says that nothing may be written: proposals are held.
	ReadOnly bool
	// Output is where print in files of services writes; nil discards.
	Output io.Writer
}

// Write writes the files of a proposal, all of them or none. The error is a diag.List, or says that nothing may be written: each file
// must be what it was when the proposal was made, and so must be those that are loaded with them.
func (c *Changer) Write(p *model.Proposal) error {
	var files []learn.File
	var names []string
	for _, f := range p.Files {
		files, names = append(files, learn.File(f)), append(names, f.Name)
	}
	switch {
	case c.ReadOnly:
		return kernel.RefuseReadOnly("write " + strings.Join(names, ", "))
	case p.Held != "":
		return diag.List{{Code: diag.Failed, Message: p.Held}}
	}
	var problems diag.List
	for _, f := range p.Beside {
		if text, err := os.ReadFile(f.Name); err != nil || string(text) != f.Before {
			problems = append(problems, diag.Diagnostic{Span: diag.Span{File: f.Name}, Code: diag.Failed, Message: "what is loaded with the change must be as it was, but somebody has changed it meanwhile",
				Hint: "nothing was written; look for the change again"})
		}
	}
	if problems != nil {
		return problems
	}
	return command.WriteFiles(files)
}

// propose fills in how files get their new texts, and how the policies are loaded then: now, which are what is loaded with these texts.
// The head is said first of all. Edited says that the files have these texts already.
func (c *Changer) propose(p *model.Proposal, files []learn.File, now *study.Policies, compare, edited bool, head, text string) (*model.Proposal, error) {
	done := "loaded"
	switch {
	case !edited:
		for _, f := range files {
			p.Files = append(p.Files, model.File(f))
		}
		p.Held, done = c.held(files), "written"
	case c.ReadOnly:
		p.Held = readOnly
	}
	history, err := c.Host.History()
	if err != nil {
		return nil, err
	}
	var plan *host.Plan
	if p.Held == "" {
		l := &loading{Changer: c, generation: history.Enforced(), files: files, now: now}
		if l.live, err = c.Host.LiveNames(); err != nil {
			return nil, err
		}
		if plan, err = l.find(history.Deadline != nil, compare); err != nil {
			return nil, err
		}
		p.Load, p.Beside, p.Unloaded = l.words, l.beside, l.why
	}
	audit, err := c.Host.Audit()
	if err != nil {
		return nil, err
	}
	switch d := history.Deadline; {
	case d != nil:
		p.Back = d.Back
		p.Waits = audit == nil
	case history.Active() != nil:
		p.Back = history.Active().Number
	}
	var b strings.Builder
	say := func(text string) { b.WriteString(command.Wrap(text)) }
	if head != "" {
		say(head)
	}
	switch {
	case p.Held != "":
		say(fmt.Sprintf("It can't be %s: %s", done, p.Held))
	case p.Load == nil && edited:
		say("It can't be loaded from here: " + p.Unloaded)
	case p.Load == nil:
		say("F5 writes it. It is not loaded: " + p.Unloaded)
	case edited:
		say("F5 loads it: " + shell(p.Load))
	default:
		say("F5 writes it, and loads it: " + shell(p.Load))
	}
	if p.Load != nil {
		for _, note := range command.PlanNotes(plan) {
			say("Note: " + note + ".")
		}
	}
	if audit != nil {
		say(fmt.Sprintf("While the audit of %s runs this is how it is after that.", strings.Join(audit.Cells, ", ")))
	}
	b.WriteString("\n" + text)
	switch {
	case !compare:
	case plan != nil:
		b.WriteString(command.PlanText(plan))
	default:
		live, err := c.Host.LiveNames()
		if err != nil {
			return nil, err
		}
		base, err := c.Host.Enforced()
		if err != nil {
			return nil, err
		}
		d, err := study.Diff(base, now, live, nil)
		if err != nil {
			return nil, err
		}
		b.WriteString(command.DiffText(d, now))
	}
	p.Text = b.String()
	return p, nil
}

// shell is a command as it is typed.
func shell(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, study.QuoteWord(w))
	}
	return strings.Join(out, " ")
}

const readOnly = "with --readonly nothing is changed."

// held says why the files can't be written: they must hold what is loaded.
func (c *Changer) held(files []learn.File) string {
	if c.ReadOnly {
		return readOnly
	}
	for _, f := range files {
		switch text, err := os.ReadFile(f.Name); {
		case err != nil && strings.Contains(f.Name, "@"):
			return fmt.Sprintf("it is for an earlier text of the file, which %s stands for, and that is loaded in part only. Load the file as it is now, and look again.", f.Name)
		case err != nil:
			return fmt.Sprintf("%s must be readable, but is not: %s.", f.Name, disk.Cause(err))
		case string(text) != f.Before:
			return fmt.Sprintf("%s must hold what is loaded, but has changed since. Load it first, and look again; what that would change says: load --dry-run %s", f.Name, study.QuoteWord(f.Name))
		}
	}
	return ""
}

// loading finds the command that loads changed files.
type loading struct {
	*Changer
	generation *host.Generation
	files      []learn.File
	now        *study.Policies
	live       []string

	words  []string
	beside []model.File
	why    string
}

// find finds the words, and gives what they would do; or says why there are none. Waits says that what is made of the loaded policies must
// be confirmed.
func (l *loading) find(waits, compare bool) (*host.Plan, error) {
	proposal, err := l.whole()
	if err == nil && proposal == nil {
		proposal, err = l.only()
	}
	var plan *host.Plan
	if err == nil {
		o := host.LoadOptions{Yes: true, Compare: compare}
		if waits {
			o.Confirm = time.Minute
		}
		plan, err = l.Host.Plan(proposal, o)
	}
	if err == nil {
		err = plan.Problem
	}
	if err == nil {
		err = l.same(proposal.Policies)
	}
	if err != nil {
		// What the change does is known all the same.
		d := diag.Of(err)
		l.words, l.beside, l.why = nil, nil, d[0].Message
		if d[0].Hint != "" {
			l.why += " (" + d[0].Hint + ")"
		}
		return nil, nil
	}
	return plan, nil
}

// whole loads all again that is loaded, if it still is on the disk as it was loaded, and nothing was loaded in part.
func (l *loading) whole() (*host.Proposal, error) {
	g := l.generation
	if g == nil || g.Session || slices.ContainsFunc(g.Sources, func(s host.Source) bool { return len(s.Without) > 0 || s.Since != g.Sources[0].Since }) {
		return nil, nil
	}
	var sources []rules.Source
	var dirs []string
	for _, s := range g.Sources {
		// What changes was looked at.
		if l.file(s.File) == nil && !l.unchanged(s.Source) {
			return nil, nil
		}
		if dir := filepath.Dir(s.File); !s.Module && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		sources = append(sources, s.Source)
	}
	paths := g.Files()
	if len(paths) > 1 && l.reads(dirs, paths) {
		paths = dirs
	}
	l.words = []string{"load"}
	if g.Usable {
		l.words = append(l.words, "--usable")
	}
	l.words = append(l.words, paths...)
	for i := range sources {
		s := &sources[i]
		if f := l.file(s.File); f != nil {
			s.Text = f.After
		} else {
			l.beside = append(l.beside, model.File{Name: s.File, Before: s.Text})
		}
	}
	return host.Whole(l.Reader.Load(sources)), nil
}

// unchanged reports whether the disk has what was loaded.
func (l *loading) unchanged(s rules.Source) bool {
	text, err := os.ReadFile(s.File)
	return err == nil && string(text) == s.Text
}

// reads reports whether folders have these files and no others.
func (l *loading) reads(dirs, files []string) bool {
	list, problems := loader.Read(dirs)
	var names []string
	for _, s := range list {
		names = append(names, s.File)
	}
	return len(problems) == 0 && slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(files)))
}

// file is the change of that name, nil if there is none.
func (l *loading) file(name string) *learn.File {
	if i := slices.IndexFunc(l.files, func(f learn.File) bool { return f.Name == name }); i >= 0 {
		return &l.files[i]
	}
	return nil
}

// only loads the policies of the files that change, and leaves everything else as it is loaded.
func (l *loading) only() (*host.Proposal, error) {
	var sources []rules.Source
	var names []string
	l.words = []string{"load"}
	for _, s := range l.generation.Sources {
		f := l.file(s.File)
		switch {
		case f == nil && s.Module && slices.ContainsFunc(l.files, func(f learn.File) bool { return filepath.Dir(f.Name) == filepath.Dir(s.File) }):
			if !l.unchanged(s.Source) {
				return nil, diag.List{{Code: diag.Failed, Message: fmt.Sprintf("module %s must be as it was loaded, but has changed since", s.File)}}
			}
			l.beside = append(l.beside, model.File{Name: s.File, Before: s.Text})
		case f == nil:
		case s.Module:
			return nil, diag.List{{Code: diag.Failed, Message: fmt.Sprintf("module %s is changed, and other policies that are loaded may use it; load them by hand", s.File)}}
		default:
			sources = append(sources, rules.Source{File: s.File, Text: f.After})
		}
	}
	for _, p := range l.now.Set().Policies {
		if l.file(p.File) != nil {
			names = append(names, p.Name)
			l.words = append(l.words, "--only", p.Name)
		}
	}
	for _, s := range sources {
		l.words = append(l.words, s.File)
	}
	return l.Host.Only(l.Reader.Load(sources), names)
}

// same says what would be different between what would be loaded and what is shown.
func (l *loading) same(p *study.Policies) error {
	differs := func(what string) error {
		return diag.List{{Code: diag.Failed, Message: "what is loaded can't become that by a load of these files alone: " + what + "; load by hand what shall be so"}}
	}
	d, err := study.Diff(l.now, p, l.live, nil)
	switch {
	case err != nil:
		return err
	case d.Any():
		return differs("other decisions would be different too")
	case !slices.Equal(declared(l.now), declared(p)):
		return differs("other policies or assertions would be loaded")
	}
	return nil
}

// declared names the policies and assertions of a set, with their cells.
func declared(p *study.Policies) []string { return declaredIn(p.Set()) }

func declaredIn(set *rules.Set) []string {
	var out []string
	for _, x := range set.Policies {
		out = append(out, fmt.Sprintf("policy %s %s %s", x.Name, x.Mode(), patterns(x.Cells)))
	}
	for _, x := range set.Nevers {
		out = append(out, fmt.Sprintf("never %s %s", x.Title, patterns(x.Cells)))
	}
	slices.Sort(out)
	return out
}

// patterns are the globs of a declaration.
func patterns(globs []rules.Glob) []string {
	var out []string
	for _, g := range globs {
		out = append(out, g.Pattern)
	}
	return out
}
