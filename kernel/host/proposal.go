package host

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"cellsh/kernel"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Proposal is a set of policies that could be loaded, and what a generation keeps of it to have the same set again: files
// with what is left out of them, and what a session has declared. It is made in one of these ways: [Whole] is a set by
// itself, and [Host.Merge], [Host.Only] and [Host.Unload] change the one that is loaded.
type Proposal struct {
	*study.Policies
	// Done is called when it is loaded, unless it is nil.
	Done func()

	sources []Source
	// declared are policies of a session, which have no source; nil is none.
	declared *rules.Set
	// changes says that it is made of what was loaded then: generation on, 0 for nothing. usable is how cells were made.
	changes bool
	on      uint64
	usable  bool
	// audit are the cells to be audited and lasts is for how long; nil and 0 for what is no audit.
	audit []string
	lasts time.Duration
}

// Whole proposes policies that were read from files, in place of all that are loaded.
func Whole(p *study.Policies) *Proposal {
	return &Proposal{Policies: p, sources: whole(p.Set().Sources)}
}

// compose reads the policies of a generation from what it keeps of them. That is all that decides what belongs to the set:
// files that were loaded together are read together, what is left out is left out, and of assertions of one title the newest
// holds.
func (h *Host) compose(sources []Source) *study.Policies {
	if !slices.ContainsFunc(sources, func(s Source) bool { return s.Since != sources[0].Since || len(s.Without) > 0 }) {
		return h.load(plain(sources))
	}
	set := &rules.Set{}
	var problems diag.List
	for len(sources) > 0 {
		n := slices.IndexFunc(sources, func(s Source) bool { return s.Since != sources[0].Since })
		if n < 0 {
			n = len(sources)
		}
		part := h.load(plain(sources[:n]))
		problems = append(problems, part.Loading...)
		var without []string
		for _, s := range sources[:n] {
			without = append(without, s.Without...)
		}
		read := append(slices.Clone(set.Sources), part.Set().Sources...)
		set = set.With(part.Set().Without(without...))
		set.Sources = read
		sources = sources[n:]
	}
	return study.New(set, problems, study.Options{Vocabulary: h.Kernel.Info().Vocabulary, Work: h.Work})
}

// plain are files as they are read.
func plain(sources []Source) []rules.Source {
	var out []rules.Source
	for _, s := range sources {
		out = append(out, s.Source)
	}
	return out
}

// errLockdown refuses to change lockdown in part.
var errLockdown = &kernel.Error{Op: "change what is loaded", Text: "it must have been loaded by somebody, but lockdown is active", Hint: "load all that shall be active: load PATH; or go back: rollback"}

// current proposes what is loaded, for changes, and gives the history by which it is. What is made of it ends an audit.
func (h *Host) current() (*Proposal, *History, error) {
	history, err := h.History()
	if err != nil {
		return nil, nil, err
	}
	g := history.Enforced()
	out := &Proposal{changes: true}
	if out.Policies, err = h.policiesOf(g); err != nil || g == nil {
		return out, history, err
	}
	out.on, out.usable, out.declared = g.Number, g.Usable, h.read[g.Origin()].declared
	for _, s := range g.Sources {
		s.Without = slices.Clone(s.Without)
		out.sources = append(out.sources, s)
	}
	return out, history, nil
}

// Merge puts policies declared in a session together with those of the active generation: one of the same name
// replaces the older.
func (h *Host) Merge(declared *rules.Set) (*Proposal, error) {
	p, _, err := h.current()
	if err != nil {
		return nil, err
	}
	if p.declared != nil {
		p.declared = p.declared.With(declared)
	} else {
		p.declared = declared
	}
	p.Policies = study.New(p.Set().With(declared), nil, study.Options{Vocabulary: h.Kernel.Info().Vocabulary, Work: h.Work, Apart: true})
	return p, nil
}

// Only puts policies of these names in place of those that are loaded under them, or beside what is loaded. With them come
// the assertions of their files. The error is a diag.List of what is wrong with the policies that were read, or of names that
// are not among them.
func (h *Host) Only(p *study.Policies, names []string) (*Proposal, error) {
	if p.Loading.Failed() {
		return nil, p.Loading
	}
	if err := among(names, p.Set(), "a policy of --only must be declared in what is read"); err != nil {
		return nil, err
	}
	base, history, err := h.current()
	if err != nil {
		return nil, err
	}
	if base.declared != nil {
		base.declared = base.declared.Without(names...)
		base.declared.Nevers = slices.DeleteFunc(slices.Clone(base.declared.Nevers), func(n *rules.Never) bool {
			return slices.ContainsFunc(p.Set().Nevers, func(o *rules.Never) bool { return o.Title == n.Title && declaresAny(p.Set(), o.File, names) })
		})
	}
	var fresh []Source
	since := h.nextNumber(history)
	for _, s := range p.Set().Sources {
		if s.Module || declaresAny(p.Set(), s.File, names) {
			fresh = append(fresh, Source{Source: s, Since: since})
		}
	}
	leaveOut(fresh, p.Set(), func(name string) bool { return !slices.Contains(names, name) })
	return h.change(base, history, names, fresh)
}

// Unload leaves policies of these names out of what is loaded. Assertions stay. The error is a diag.List of names that are
// not loaded.
func (h *Host) Unload(names []string) (*Proposal, error) {
	base, history, err := h.current()
	if err != nil {
		return nil, err
	}
	if err := among(names, base.Set(), "a policy must be loaded to be unloaded"); err != nil {
		return nil, err
	}
	if base.declared != nil {
		base.declared = base.declared.Without(names...)
	}
	return h.change(base, history, names, nil)
}

// change makes the proposal without the policies of these names that files declare, and with fresh files beside. The history
// is that of current.
func (h *Host) change(p *Proposal, history *History, names []string, fresh []Source) (*Proposal, error) {
	if g := history.Active(); g != nil && g.Lockdown {
		return nil, errLockdown
	}
	if n, differs := history.Instead(); differs {
		if err := history.unnoted(errLockdown.Op, n); err != nil {
			return nil, err
		}
	}
	read := h.compose(p.sources)
	if read.Loading.Failed() {
		return nil, read.Loading
	}
	leaveOut(p.sources, read.Set(), func(name string) bool { return slices.Contains(names, name) })
	for i := range p.sources {
		s := &p.sources[i]
		if len(fresh) > 0 && s.Since == 0 {
			s.Since = p.on
		}
		if !s.Module && slices.ContainsFunc(fresh, func(f Source) bool { return f.File == s.File }) {
			// Two texts need two names. What stays of the older is told by the generation that it came with.
			s.File = fmt.Sprintf("%s@%d", s.File, s.Since)
		}
	}
	sources := append(p.sources, fresh...)
	read = h.compose(sources)
	if read.Loading.Failed() {
		return nil, read.Loading
	}
	p.sources = pruned(sources, read.Set())
	read.Set().Sources = slices.DeleteFunc(read.Set().Sources, func(s rules.Source) bool {
		return !slices.ContainsFunc(p.sources, func(k Source) bool { return k.Source == s })
	})
	set := read.Set()
	if d := p.declared; d != nil && len(d.Policies)+len(d.Nevers) > 0 {
		set = set.With(d)
	} else {
		p.declared = nil
	}
	p.Policies = study.New(set, read.Loading, study.Options{Vocabulary: h.Kernel.Info().Vocabulary, Work: h.Work, Apart: true})
	return p, nil
}

// leaveOut notes policies of a set that the files leave out.
func leaveOut(sources []Source, set *rules.Set, out func(name string) bool) {
	for i := range sources {
		s := &sources[i]
		for _, p := range set.Policies {
			if !s.Module && p.File == s.File && out(p.Name) && !slices.Contains(s.Without, p.Name) {
				s.Without = append(s.Without, p.Name)
			}
		}
	}
}

// pruned are the files without those that give the set nothing, and without modules that nothing is left to ask for.
func pruned(sources []Source, set *rules.Set) []Source {
	gives := func(s Source) bool {
		return declares(set, s.File) || slices.ContainsFunc(set.Nevers, func(n *rules.Never) bool { return n.File == s.File })
	}
	var out []Source
	for _, s := range sources {
		used := func(o Source) bool {
			return !o.Module && o.Since == s.Since && filepath.Dir(o.File) == filepath.Dir(s.File) && gives(o)
		}
		if s.Module && slices.ContainsFunc(sources, used) || !s.Module && gives(s) {
			out = append(out, s)
		}
	}
	return out
}

// declares reports whether a file has given the set a policy.
func declares(set *rules.Set, file string) bool {
	return slices.ContainsFunc(set.Policies, func(p *rules.Policy) bool { return p.File == file })
}

// declaresAny reports whether a file has given the set a policy of one of these names.
func declaresAny(set *rules.Set, file string, names []string) bool {
	return slices.ContainsFunc(set.Policies, func(p *rules.Policy) bool { return p.File == file && slices.Contains(names, p.Name) })
}

// among says which of the names no policy of the set has.
func among(names []string, set *rules.Set, must string) error {
	var out diag.List
	for i, name := range names {
		if slices.Contains(set.Names(), name) || slices.Contains(names[:i], name) {
			continue
		}
		hint := diag.DidYouMean(name, set.Names())
		if len(set.Policies) == 0 {
			hint = "there are no policies"
		}
		out = append(out, diag.Diagnostic{Code: diag.PolicyUnknown, Message: fmt.Sprintf("%s, but there is none called %s", must, name), Hint: hint})
	}
	return out.Err()
}

// changeable says why what is loaded can't be changed in part, if that is so.
func (p *Proposal) changeable(history *History, confirm bool) error {
	if !p.changes {
		return nil
	}
	g := history.Enforced()
	switch {
	case g == nil && p.on == 0:
		return nil
	case g == nil || g.Number != p.on:
		return errStale
	case g.Lockdown:
		return errLockdown
	case history.Overdue() != nil && history.Overdue().GoneBack:
		return nil // what is changed needs no confirmation
	case history.Overdue() != nil:
		return history.Overdue().refuse("change what is loaded")
	case history.Deadline != nil && history.audited() == nil && !confirm:
		return &kernel.Error{Op: "change what is loaded", Text: fmt.Sprintf("it must need no confirmation, but generation %d waits for one", history.Deadline.Generation),
			Hint: fmt.Sprintf("confirm %d, or roll back, or give --confirm: what is made of them must be confirmed too", history.Deadline.Generation)}
	}
	return nil
}
