package host

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// lines reads sources with a policy on each line, "policy NAME REQUEST...", or an assertion, "never TITLE REQUEST...". As in
// Lua a name must be its own, and what a module says stands in the files that are read with it: REQUEST may be @FILE.
func lines(sources []rules.Source) *study.Policies {
	set := &rules.Set{Sources: slices.Clone(sources)}
	var problems diag.List
	for _, s := range sources {
		if s.Module {
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(s.Text), "\n") {
			words := strings.Fields(line)
			at := diag.Span{File: s.File, Line: i + 1}
			var entries []rules.Entry
			var patterns []kauth.Pattern
			for _, w := range words[2:] {
				if module, ok := strings.CutPrefix(w, "@"); ok {
					i := slices.IndexFunc(sources, func(m rules.Source) bool { return m.Module && m.File == module })
					if i < 0 {
						problems = append(problems, diag.Diagnostic{Span: at, Code: diag.FileRead, Message: "there is no " + module})
						continue
					}
					w = sources[i].Text
				}
				p, ok := kauth.FindPattern(w)
				if !ok {
					problems = append(problems, diag.Diagnostic{Span: at, Code: diag.PolicyRequest, Message: "no " + w})
					continue
				}
				entries, patterns = append(entries, rules.Entry{Pattern: p, Span: at, Result: policy.Deny}), append(patterns, p)
			}
			if words[0] == "never" {
				set.Nevers = append(set.Nevers, &rules.Never{Title: words[1], Span: at, File: s.File, Patterns: patterns})
				continue
			}
			if slices.Contains(set.Names(), words[1]) {
				problems = append(problems, diag.Diagnostic{Span: at, Code: diag.PolicyDuplicate, Message: words[1] + " is used twice"})
			}
			set.Policies = append(set.Policies, &rules.Policy{Name: words[1], Span: at, File: s.File, Default: rules.Default{Result: policy.Allow}, Entries: entries})
		}
	}
	slices.SortFunc(set.Policies, func(a, b *rules.Policy) int { return strings.Compare(a.Name, b.Name) })
	return study.New(set, problems, study.Options{})
}

func file(name string, text ...string) rules.Source {
	return rules.Source{File: name, Text: strings.Join(text, "\n")}
}

func module(name, text string) rules.Source {
	return rules.Source{File: name, Text: text, Module: true}
}

// said is what a set says: policies and assertions by name, with their requests.
func said(set *rules.Set) map[string]string {
	out := map[string]string{}
	for _, p := range set.Policies {
		var words []string
		for _, e := range p.Entries {
			words = append(words, e.Pattern.String())
		}
		out["policy "+p.Name] = strings.Join(words, " ")
	}
	for _, n := range set.Nevers {
		var words []string
		for _, p := range n.Patterns {
			words = append(words, p.String())
		}
		out["never "+n.Title] = strings.Join(words, " ")
	}
	return out
}

// Whatever is loaded, replaced, taken out and gone back to: the set is that of a plain model, and whoever reads the history
// anew has the same.
func TestPartsProperty(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	requests := []string{"system.reboot", "system.module", "machdep.iopl", "network.route", "@m.lua"}
	rapid.Check(t, func(t *rapid.T) {
		k, err := sim.New(sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		notes, now := &Memory{}, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		open := func() *Host { return New(k, notes, lines, func() time.Time { return now }) }
		h := open()
		model := map[string]string{}
		kept := map[uint64]map[string]string{}
		load := func(p *Proposal) {
			history, err := h.History()
			if err != nil {
				t.Fatal(err)
			}
			r, err := h.prepare(p.Policies, Generation{Sources: p.sources, Session: p.declared != nil}, history)
			if err != nil {
				t.Fatal(err)
			}
			out, err := h.push(p.Policies, r, history, p.declared)
			if err != nil {
				t.Fatal(err)
			}
			kept[out.Generation] = maps.Clone(model)
		}
		// files gives files with policies of any of the names, each once.
		files := func() ([]rules.Source, []string, map[string]map[string]string) {
			shared := rapid.SampledFrom(requests[:4]).Draw(t, "shared")
			sources := []rules.Source{}
			var declared []string
			what := map[string]map[string]string{} // by file
			for _, f := range []string{"one.lua", "two.lua"} {
				var text []string
				what[f] = map[string]string{}
				for _, n := range names {
					if slices.Contains(declared, n) || !rapid.Bool().Draw(t, "has "+n) {
						continue
					}
					w := rapid.SampledFrom(requests).Draw(t, "request")
					text, declared = append(text, "policy "+n+" "+w), append(declared, n)
					if w[0] == '@' {
						w = shared
					}
					what[f]["policy "+n] = w
				}
				if rapid.Bool().Draw(t, "never") {
					title, w := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "title"), rapid.SampledFrom(requests[:4]).Draw(t, "request")
					if f == "one.lua" || what["one.lua"]["never "+title] == "" {
						text = append(text, "never "+title+" "+w)
						what[f]["never "+title] = w
					}
				}
				if text != nil {
					sources = append(sources, file(f, text...))
				}
			}
			return append(sources, module("m.lua", shared)), declared, what
		}
		some := func(of []string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, len(of), func(s string) string { return s }).Draw(t, "names")
		}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"load", "only", "only", "unload", "rollback", "again"}).Draw(t, "step") {
			case "load":
				sources, _, what := files()
				model = map[string]string{}
				maps.Copy(model, what["one.lua"])
				maps.Copy(model, what["two.lua"])
				load(Whole(lines(sources)))
			case "only":
				sources, declared, what := files()
				if len(declared) == 0 {
					continue
				}
				only := some(declared)
				for _, f := range what {
					taken := slices.ContainsFunc(only, func(n string) bool { return f["policy "+n] != "" })
					for k, v := range f {
						if n, ok := strings.CutPrefix(k, "policy "); ok && slices.Contains(only, n) || !ok && taken {
							model[k] = v
						}
					}
				}
				p, err := h.Only(lines(sources), only)
				if err != nil {
					t.Fatal(err)
				}
				load(p)
			case "unload":
				p, err := h.Policies()
				if err != nil || len(p.Set().Policies) == 0 {
					continue
				}
				out := some(p.Set().Names())
				for _, n := range out {
					delete(model, "policy "+n)
				}
				proposal, err := h.Unload(out)
				if err != nil {
					t.Fatal(err)
				}
				load(proposal)
			case "rollback":
				if len(kept) == 0 {
					continue
				}
				to := rapid.SampledFrom(slices.Sorted(maps.Keys(kept))).Draw(t, "generation")
				out, err := h.Rollback(to)
				if err != nil {
					t.Fatal(err)
				}
				model = maps.Clone(kept[to])
				kept[out.Generation] = maps.Clone(model)
			case "again":
				h = open()
			}
			for _, host := range []*Host{h, open()} {
				p, err := host.Policies()
				if err != nil {
					t.Fatal(err)
				}
				if got := said(p.Set()); !maps.Equal(got, model) {
					t.Fatalf("the set is %v, want %v", got, model)
				}
				// No file is kept for nothing, and no two policy files have one name.
				g, err := host.Generation(0)
				if err != nil {
					t.Fatal(err)
				}
				if g == nil {
					continue
				}
				if f := g.Files(); len(slices.Compact(slices.Sorted(slices.Values(f)))) != len(f) {
					t.Fatalf("files %v", f)
				}
			}
		}
	})
}

// A file of which one policy was replaced keeps its others, its assertions and its modules, and is told by the generation
// that it came with.
func TestOnlyAndUnload(t *testing.T) {
	s := newStage(t)
	s.h.load = lines
	load := func(p *Proposal, err error) {
		t.Helper()
		ok(t, err)
		_, _, err = s.h.LoadProposal(p, LoadOptions{Yes: true})
		ok(t, err)
	}
	files := func() string {
		t.Helper()
		g, err := s.h.Generation(0)
		ok(t, err)
		var out []string
		for i := range g.Sources {
			out = append(out, fmt.Sprint(g.Sources[i].String(), " ", g.Sources[i].Since))
		}
		return strings.Join(out, ", ")
	}
	load(Whole(lines([]rules.Source{file("p/a.lua", "policy a system @p/m.lua", "policy b machdep", "never n system"), module("p/m.lua", "machdep.iopl")})), nil)
	load(s.h.Only(lines([]rules.Source{file("p/a.lua", "policy a system", "policy b network"), file("q/c.lua", "policy c device"), module("p/m.lua", "machdep.nvram")}), []string{"a"}))
	if got, want := files(), "p/a.lua@1 without a 1, p/m.lua 1, p/a.lua without b 2, p/m.lua 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	p, err := s.h.Policies()
	ok(t, err)
	if got := said(p.Set()); !maps.Equal(got, map[string]string{"policy a": "system", "policy b": "machdep", "never n": "system"}) {
		t.Errorf("%v", got)
	}
	// What cells are made of later is the same.
	_, err = s.h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	// An assertion stays.
	proposal, err := s.h.Unload([]string{"a"})
	ok(t, err)
	if _, _, err = s.h.LoadProposal(proposal, LoadOptions{Yes: true}); err == nil || diag.Of(err)[0].Code != diag.NeverBroken || !strings.Contains(diag.Of(err)[0].Hint, "assertions stay") {
		t.Errorf("%v", err)
	}
	load(s.h.Unload([]string{"b"}))
	if got, want := files(), "p/a.lua@1 without a and b 1, p/m.lua 1, p/a.lua without b 2, p/m.lua 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// Nothing is left of a file whose policies and assertions others have replaced.
	load(s.h.Only(lines([]rules.Source{file("new.lua", "policy a system", "never n system")}), []string{"a"}))
	if got, want := files(), "new.lua 4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}

	// All names that are wrong are told.
	for _, try := range []func([]string) (*Proposal, error){s.h.Unload, func(names []string) (*Proposal, error) {
		return s.h.Only(lines([]rules.Source{file("new.lua", "policy a system")}), names)
	}} {
		_, err := try([]string{"A", "a", "zz", "zz"})
		if l := diag.Of(err); len(l) != 2 || l[0].Code != diag.PolicyUnknown || l[0].Hint != "did you mean a?" || l[1].Hint != "" {
			t.Errorf("%v", l)
		}
	}
	if _, err := s.h.Only(lines([]rules.Source{file("new.lua", "policy a sytem")}), []string{"b"}); err == nil || diag.Of(err)[0].Code != diag.PolicyRequest {
		t.Errorf("%v", err)
	}
}

// What waits to be confirmed is not confirmed by a change of a part of it, and lockdown is not changed.
func TestChangeOfWhatWaits(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	s.load("b", time.Minute)
	for _, make := range []func() (*Proposal, error){
		func() (*Proposal, error) { return s.h.Unload([]string{"b"}) },
		func() (*Proposal, error) { return s.h.Only(policies("c", "machdep"), []string{"c"}) },
		func() (*Proposal, error) { return s.h.Merge(policies("c", "machdep").Set()) },
	} {
		p, err := make()
		ok(t, err)
		_, _, err = s.h.LoadProposal(p, LoadOptions{Yes: true})
		if wrong := new(kernel.Error); !errors.As(err, &wrong) || wrong.Text != "it must need no confirmation, but generation 2 waits for one" {
			t.Errorf("%v", err)
		}
		plan, err := s.h.Plan(p, LoadOptions{Yes: true, Confirm: time.Minute})
		ok(t, err)
		if plan.Problem != nil || plan.Replaced != 2 {
			t.Errorf("%+v", plan)
		}
	}
	p, err := s.h.Only(policies("c", "machdep"), []string{"c"})
	ok(t, err)
	out, _, err := s.h.LoadProposal(p, LoadOptions{Confirm: time.Minute})
	ok(t, err)
	if s.active() != "b c" || out.Deadline.Back != 1 {
		t.Errorf("%s, %+v", s.active(), out.Deadline)
	}
	if s.lapse(); s.active() != "a" {
		t.Errorf("nobody has confirmed b, but active is %s", s.active())
	}

	fresh := newStage(t)
	if booted, _, _ := fresh.h.Boot(policies("x", "system.rebot"), BootOptions{Lockdown: true}); booted != BootLockdown {
		t.Fatal(booted)
	}
	if p, err = fresh.h.Only(policies("c", "machdep"), []string{"c"}); err == nil {
		_, _, err = fresh.h.LoadProposal(p, LoadOptions{Yes: true})
	}
	if wrong := new(kernel.Error); !errors.As(err, &wrong) || wrong.Text != "it must have been loaded by somebody, but lockdown is active" {
		t.Errorf("%v", err)
	}
}

// A plan is carried out only if all is as it was when it was made; how long there is to confirm begins with the load.
func TestCarry(t *testing.T) {
	s := newStage(t)
	s.load("a", 0)
	plan := func(o LoadOptions) *Plan {
		t.Helper()
		p, err := s.h.Plan(Whole(policies("b", "machdep")), o)
		ok(t, err)
		return p
	}
	stale := map[string]func(){
		"a cell is made": func() {
			_, err := s.h.Create(kernel.Spec{Name: fmt.Sprint("c-", s.now.Unix()), Root: "/cells"})
			ok(t, err)
		},
		"policies are loaded": func() { s.load("a", 0) },
	}
	for what, do := range stale {
		p := plan(LoadOptions{Yes: true})
		do()
		if _, err := s.h.Carry(p); !errors.Is(err, errStale) {
			t.Errorf("%s: %v", what, err)
		}
	}
	p := plan(LoadOptions{Confirm: time.Minute, Compare: true})
	if loss := new(LossError); !errors.As(p.Problem, &loss) || len(p.Cells) != 1 || p.Cells[0].Stays() || p.Cells[0].Changes == 0 || !slices.Equal(p.Cells[0].Loses, []string{"a"}) || !slices.Equal(p.Cells[0].Gets, []string{"b"}) {
		t.Fatalf("%+v", p)
	}
	if _, err := s.h.Carry(p); !errors.Is(err, p.Problem) {
		t.Errorf("%v", err)
	}
	s.pass(time.Hour)
	p.Agree()
	out, err := s.h.Carry(p)
	ok(t, err)
	if out.Generation != p.Generation || out.Bytes != p.Bytes || !out.Deadline.Until.Equal(s.now.Add(time.Minute)) || out.Losses != nil {
		t.Errorf("%+v", out)
	}
	if again := plan(LoadOptions{Compare: true}); again.Changes() || again.Problem != nil {
		t.Errorf("%+v", again)
	}
	if !plan(LoadOptions{}).Changes() {
		t.Error("what nobody compares may change")
	}
}

// A kernel that was started again, or that somebody else has loaded, is told: the comparison is with what was noted.
func TestPlanBehind(t *testing.T) {
	s := newStage(t)
	s.load("x", 0)
	s.load("a", 0)
	s.load("b", 0)
	k, err := sim.New(sim.Options{})
	ok(t, err)
	h := New(k, &Memory{}, load, s.h.now)
	_, _, err = h.Load(policies("x", "system"), LoadOptions{})
	ok(t, err)
	h = New(k, s.h.notes, load, s.h.now)
	plan, err := h.Plan(Whole(policies("b", "system.reboot")), LoadOptions{Compare: true})
	ok(t, err)
	if plan.Behind != 1 || plan.Active != 3 || plan.Generation != 4 || len(plan.Difference.Requests) != 0 {
		t.Errorf("%+v", plan)
	}
}

// The history of an earlier version has sources and nothing about them.
func TestEarlierHistory(t *testing.T) {
	s := newStage(t)
	ok(t, s.h.notes.WriteNotes([]byte(`{"generations":[{"number":4,"time":"2026-01-01T00:00:00Z","sources":[{"file":"a.lua","text":"system"},{"file":"b.lua","text":"machdep"}]}]}`)))
	if s.active() != "a b" {
		t.Error(s.active())
	}
	p, err := s.h.Unload([]string{"a"})
	ok(t, err)
	_, _, err = s.h.LoadProposal(p, LoadOptions{Yes: true})
	ok(t, err)
	if n, err := s.h.Holds(policies("b", "machdep")); s.active() != "b" || n != 5 || err != nil {
		t.Errorf("%s, %d, %v", s.active(), n, err)
	}
}
