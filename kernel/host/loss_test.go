package host

import (
	"errors"
	"fmt"
	"testing"

	"cellsh/kernel"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// only are policies for the cells of that name.
func only(name, cell string) *study.Policies {
	p := policies(name, "system.reboot")
	p.Set().Policies[0].Cells = []rules.Glob{{Pattern: cell}}
	return study.New(p.Set(), nil, study.Options{})
}

// inSession are policies that a session has declared, with nothing beside them.
func inSession(p *study.Policies) *Proposal { return &Proposal{Policies: p, declared: p.Set()} }

func TestLosses(t *testing.T) {
	s := newStage(t)
	for _, name := range []string{"web-1", "app-1", "db-1"} {
		_, err := s.h.Create(kernel.Spec{Name: name, Root: "/cells"})
		ok(t, err)
	}
	try := func(p *study.Policies, o LoadOptions, want string) {
		t.Helper()
		_, _, err := s.h.Load(p, o)
		got := ""
		if loss := new(LossError); errors.As(err, &loss) {
			got = loss.Error()
		} else if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	const begin = "live cells must keep the policies that they have, but "
	try(policies("all", "system.reboot"), LoadOptions{}, "")
	try(policies("all", "machdep"), LoadOptions{}, "")
	try(only("all", "web-*"), LoadOptions{}, begin+"cells app-1, db-1 lose policy all")
	try(only("web", "web-*"), LoadOptions{}, begin+"cells web-1, app-1, db-1 lose policy all")
	try(only("all", "web-*"), LoadOptions{Yes: true}, "")
	try(load(nil), LoadOptions{}, begin+"cell web-1 loses policy all")
	// What nobody has can be taken away, unless it is everything.
	ok(t, s.h.Destroy("web-1"))
	try(load(nil), LoadOptions{}, "there must be policies to load, but there are none, and those that are loaded would be gone: all")
	try(only("other", "db-*"), LoadOptions{}, "")

	// Policies of a session that has ended are not known any more, but that cells have them is.
	_, _, err := s.h.LoadProposal(inSession(only("session", "db-*")), LoadOptions{Yes: true})
	ok(t, err)
	s.h = New(s.h.Kernel, s.h.notes, load, s.h.now)
	try(only("session", "app-*"), LoadOptions{}, begin+"cell db-1 loses the policies that a session has declared")
	try(policies("all", "system"), LoadOptions{}, "")

	// Nobody misses lockdown.
	h := newStage(t).h
	_, err = h.Create(kernel.Spec{Name: "web-1", Root: "/cells"})
	ok(t, err)
	if booted, _, _ := h.Boot(policies("x", "system.rebot"), BootOptions{Lockdown: true}); booted != BootLockdown {
		t.Fatal(booted)
	}
	if _, _, err := h.Load(only("db", "db-*"), LoadOptions{}); err != nil {
		t.Error(err)
	}
}

func TestLossText(t *testing.T) {
	l := Loss{Policy: "a"}
	for i := range 12 {
		l.Cells = append(l.Cells, fmt.Sprint("c", i))
	}
	if got, want := l.String(), "cells c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 2 more lose policy a"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
