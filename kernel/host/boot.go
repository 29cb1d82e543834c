package host

import (
	"errors"
	"fmt"
	"slices"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Booted says which policies are active after a boot.
type Booted uint8

// What can be active; the numbers are the exit codes of load --boot, but for the first.
const (
	BootLoaded   Booted = 0
	BootLastGood Booted = 1
	BootLockdown Booted = 3
	BootNothing  Booted = 4
)

// BootOptions say how to load at boot.
type BootOptions struct {
	// Lockdown loads a policy that denies everything to cells if nothing else can be loaded.
	Lockdown bool
	// Strict and Usable are those of LoadOptions.
	Strict, Usable bool
	// Note is told in sentences of what went wrong beside the load: what could not be noted, or read. Nil is nobody.
	Note func(string)
}

// String is "loaded", "last good", "lockdown" or "nothing".
func (b Booted) String() string {
	return map[Booted]string{BootLoaded: "loaded", BootLastGood: "last good", BootLockdown: "lockdown", BootNothing: "nothing"}[b]
}

// Boot loads policies as at boot: if they can't be loaded the last good generation is, and without one, if so
// configured, a policy that denies everything to cells. The error says why it is not the policies themselves. If nothing
// at all can be loaded what was active stays; Loaded is nil then.
//
// Policies that had to be confirmed and never were are not loaded again, and their generations are none to go back to. Nor are
// no policies at all, unless the last good generation has none either. Where the kernel has the evaluation model nothing of
// that needs notes that can be read or written: a damaged list of generations is set aside, and what can't be noted is loaded
// all the same.
func (h *Host) Boot(p *study.Policies, o BootOptions) (booted Booted, out *Loaded, err error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	work := func() error {
		booted, out, err = h.boot(p, o)
		return err
	}
	err = h.alone(work)
	unnoted := new(NotesError)
	if !errors.As(err, &unnoted) {
		return booted, out, err
	}
	history, herr := h.History()
	if herr != nil {
		history = &History{}
		// Nobody must take what is loaded now for what is noted there, once that can be read again.
		h.beyond = 1_000_000
	}
	booted, g := h.standing(history)
	if !h.Evaluates() || booted == BootLastGood && (g == nil || g.settled()) {
		// To note it is all that a load does there, or what is good stays.
		return booted, nil, err
	}
	// Others must not change what is loaded meanwhile, but there is no way to keep them away. At boot nobody does.
	kept := h.notes
	defer func() { h.notes = kept }()
	h.notes = &Memory{}
	if err = writeHistory(h.notes, history); err == nil {
		err = h.alone(work)
	}
	if out != nil {
		o.Note(fmt.Sprintf("generation %d could not be noted: %s; it stays until the machine goes down, but no cell can be made by it: once that is mended load the policies again",
			out.Generation, diag.Of(unnoted)[0].Message))
	}
	return booted, out, err
}

func (h *Host) boot(p *study.Policies, o BootOptions) (Booted, *Loaded, error) {
	history, err := h.History()
	if damaged := new(DamagedError); errors.As(err, &damaged) {
		where, aside := h.notes.SetAside()
		if aside != nil {
			return BootNothing, nil, &NotesError{errors.Join(err, aside)}
		}
		o.Note(fmt.Sprintf("%s; it is kept as %s, and a new one begins", damaged, where))
		history, err = h.History()
	}
	if err != nil {
		return BootNothing, nil, &NotesError{err}
	}
	if err = h.bootable(p, history); err == nil {
		var out *Loaded
		if out, _, err = h.Load(p, LoadOptions{Strict: o.Strict, Usable: o.Usable, Yes: true}); err == nil {
			if g := history.tried(); g != nil && h.same(p, history) == nil {
				o.Note(fmt.Sprintf("the policies have changed since generation %d was loaded, which nobody has confirmed: they are loaded as new", g.Number))
			}
			return BootLoaded, out, nil
		}
	}
	if errors.As(err, new(*NotesError)) {
		return BootNothing, nil, err
	}
	var newest error // why the last good generation is none
	for i := len(history.Generations) - 1; i >= 0; i-- {
		g := &history.Generations[i]
		if !g.ordinary() || !g.settled() {
			continue
		}
		out, gerr := h.reload(g, history)
		if gerr == nil {
			return BootLastGood, out, err
		}
		if errors.As(gerr, new(*NotesError)) {
			return BootNothing, nil, gerr
		}
		if newest == nil {
			newest = gerr
		}
	}
	return h.lastResort(history, o, errors.Join(err, newest))
}

// Bootable says why a boot would not load policies although nothing is wrong with them; nil if it would, or if it is hidden from
// the caller what was loaded.
func (h *Host) Bootable(p *study.Policies) error {
	history, err := h.History()
	if Hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return h.bootable(p, history)
}

// bootable says why a boot must not load policies although nothing is wrong with them, if that is so.
func (h *Host) bootable(p *study.Policies, history *History) error {
	if p.Loading.Failed() {
		return nil // the load says what is wrong
	}
	const op = "load at boot"
	if len(p.Set().Policies) == 0 && !h.lastGoodIsEmpty(history) {
		return &kernel.Error{Op: op, Text: "a policy must be declared, but none is: a file system may not be mounted, or files may be lost",
			Hint: "if cells shall have no policies, load that once: load --yes PATH"}
	}
	if g := h.same(p, history); g != nil && !g.settled() {
		return &kernel.Error{Op: op, Text: fmt.Sprintf("the policies must not be those that nobody has confirmed, but are those of generation %d, which had to be confirmed", g.Number),
			Hint: "change them, or if they are good load them without --confirm: load PATH"}
	}
	return nil
}

// same is the newest generation of these policies, whatever their files were called; nil if there is none.
func (h *Host) same(p *study.Policies, history *History) *Generation {
	same := identity(p.Set())
	for i := len(history.Generations) - 1; i >= 0; i-- {
		g := &history.Generations[i]
		if !g.ordinary() {
			continue
		}
		if old, err := h.policiesOf(g); err == nil && slices.Equal(identity(old.Set()), same) {
			return g
		}
	}
	return nil
}

// lastGoodIsEmpty reports whether the last generation that a boot could load has no policies, which somebody has wanted.
func (h *Host) lastGoodIsEmpty(history *History) bool {
	for i := len(history.Generations) - 1; i >= 0; i-- {
		if g := &history.Generations[i]; g.ordinary() && g.settled() {
			p, err := h.policiesOf(g)
			return err == nil && len(p.Set().Policies) == 0
		}
	}
	return false
}

// identity is what a set of policies is, whatever its files are called: what it declares, each with the text of the file that
// does, and its modules.
func identity(set *rules.Set) []string {
	texts := map[string]string{}
	var out []string
	for _, s := range set.Sources {
		if s.Module {
			out = append(out, "module "+s.Text)
		} else {
			texts[s.File] = s.Text
		}
	}
	for _, p := range set.Policies {
		out = append(out, "policy "+p.Name+"\n"+texts[p.File])
	}
	for _, n := range set.Nevers {
		out = append(out, "never "+n.Title+"\n"+texts[n.File])
	}
	slices.Sort(out)
	return out
}

// lastResort is for a boot that has found no generation to load, because of an error: what is active stays if it is good;
// else it is lockdown, if that is wanted.
func (h *Host) lastResort(history *History, o BootOptions, why error) (Booted, *Loaded, error) {
	booted, g := h.standing(history)
	if !o.Lockdown || booted == BootLastGood && (g == nil || g.settled()) {
		return booted, nil, why
	}
	if !h.Evaluates() {
		_, err := h.Kernel.Evaluator()
		return booted, nil, errors.Join(why, err)
	}
	p := lockdown(h.Kernel.Info().Vocabulary)
	out, err := h.replace(p, Generation{Sources: whole(p.Set().Sources), Lockdown: true}, history)
	if err != nil {
		booted, _ = h.standing(history)
		return booted, nil, errors.Join(why, err)
	}
	return BootLockdown, out, why
}

// Standing says which policies are active as things are, of those that a boot can leave so: BootLoaded is none of them.
func (h *Host) Standing() Booted {
	history, err := h.History()
	if err != nil {
		history = &History{}
	}
	booted, _ := h.standing(history)
	return booted
}

// standing is Standing, and gives the generation that is active; nil if there is none, or if nobody has noted it.
func (h *Host) standing(history *History) (Booted, *Generation) {
	g := history.Active()
	if e, err := h.Kernel.Evaluator(); err == nil {
		// The kernel decides, whatever was noted: it may have been started since, or its notes may be lost.
		status, err := e.Status()
		if err != nil || status.Generation == 0 {
			return BootNothing, nil
		}
		g = history.Find(status.Generation)
	} else if g == nil {
		return BootNothing, nil
	}
	if g != nil && g.Lockdown {
		return BootLockdown, g
	}
	return BootLastGood, g
}

// lockdown are policies that deny everything to cells. No source is read for them: that could fail, as what should
// have been loaded did.
func lockdown(v *kauth.Vocabulary) *study.Policies {
	at := diag.Span{File: "lockdown", Line: 1}
	return study.New(&rules.Set{
		Sources:  []rules.Source{{File: at.File, Text: "policy \"lockdown\" { default = \"deny\" }\n"}},
		Policies: []*rules.Policy{{Name: "lockdown", Span: at, Default: rules.Default{Result: policy.Deny, Span: at}}},
	}, nil, study.Options{Vocabulary: v})
}
