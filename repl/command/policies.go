package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel/connect"
	"cellsh/policy/diag"
	"cellsh/policy/report"
	"cellsh/policy/rules"
	"cellsh/repl/flags"
)

func policiesCommand() *Command {
	return &Command{
		Name: "policies", Short: "the policies and assertions that are loaded, or pending",
		Long: `Lists the policies and the assertions (never) that are loaded, or those of
--policy, with the cells that they are for and where they are declared. In a
session those too that were declared and are pending, until load takes them or
forget drops them.

  cellsh policies --policy scripts/policy.d`,
		Setup: func(*flags.Set) func(*Invocation) error { return runPolicies },
	}
}

func forgetCommand() *Command {
	return &Command{
		Name: "forget", Args: "NAME...", Short: "drop what a session has declared and not loaded", Without: []string{"policy", "json"},
		Long: `Drops policies by name, and assertions by title, that were declared in the
session and are pending. What is loaded stays: unload takes policies out of it.

  forget web "cells load no modules"`,
		Names: func(t *Target, _ *connect.Machine) []Named {
			var list []Named
			for _, d := range declared(t.Declared(), true) {
				list = append(list, Named{d.Kind, d.Name, d.Kind})
			}
			return list
		},
		Setup: func(*flags.Set) func(*Invocation) error { return runForget },
	}
}

// DeclaredReport is the report of a policy or an assertion that is loaded or pending.
type DeclaredReport struct {
	// Kind is "policy" or "never".
	Kind  string   `json:"kind"`
	Name  string   `json:"name"`
	Cells []string `json:"cells"`
	// Mode of a policy.
	Mode string `json:"mode,omitempty"`
	File string `json:"file"`
	Line int    `json:"line"`
	// Pending says that it was declared and is not loaded; Replaces that one of its name is loaded.
	Pending  bool `json:"pending"`
	Replaces bool `json:"replaces,omitempty"`
}

// declared reports a set.
func declared(s *rules.Set, pending bool) []DeclaredReport {
	var out []DeclaredReport
	for _, p := range s.Policies {
		out = append(out, DeclaredReport{Kind: "policy", Name: p.Name, Cells: patterns(p.Cells), Mode: p.Mode(), File: p.Span.File, Line: p.Span.Line, Pending: pending})
	}
	for _, n := range s.Nevers {
		out = append(out, DeclaredReport{Kind: "never", Name: n.Title, Cells: patterns(n.Cells), File: n.Span.File, Line: n.Span.Line, Pending: pending})
	}
	return out
}

func patterns(globs []rules.Glob) []string {
	out := []string{}
	for _, g := range globs {
		out = append(out, g.Pattern)
	}
	return out
}

func runPolicies(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("nothing must be given, but %q is", inv.Args[0])
	}
	var pending []DeclaredReport
	read := inv.policies
	if inv.Session != nil && len(inv.Policy) == 0 {
		if pending = declared(inv.Session.Declared(), true); len(pending) > 0 {
			// Then it need not be said that nothing is loaded.
			read = inv.Session.Host.Policies
		}
	}
	p, err := read()
	if err != nil {
		return err
	}
	list := declared(p.Set(), false)
	for _, d := range pending {
		d.Replaces = slices.ContainsFunc(list, func(x DeclaredReport) bool { return !x.Pending && x.Kind == d.Kind && x.Name == d.Name })
		list = append(list, d)
	}
	if inv.JSON {
		return inv.json(report.List(list))
	}
	if len(list) == 0 {
		return nil
	}
	var rows [][]string
	for _, d := range list {
		cells := strings.Join(d.Cells, ", ")
		if cells == "" {
			cells = "all"
		}
		state := "loaded"
		switch {
		case len(inv.Policy) > 0:
			state = "read"
		case d.Replaces:
			state = "pending, replaces the loaded one"
		case d.Pending:
			state = "pending"
		}
		if d.Mode != "" && d.Mode != "enforce" {
			state += ", mode " + d.Mode
		}
		rows = append(rows, []string{d.Kind, d.Name, cells, fmt.Sprintf("%s:%d", d.File, d.Line), state})
	}
	inv.table([]heading{{text: "KIND"}, {text: "NAME"}, {text: "CELLS"}, {text: "WHERE"}, {text: "STATE"}}, rows)
	return nil
}

func runForget(inv *Invocation) error {
	if len(inv.Args) == 0 {
		return usage("the name of a policy, or the title of an assertion, must be given")
	}
	if inv.Session == nil {
		return diag.List{{Code: diag.Failed, Message: "what is forgotten must be pending in a session, but this is none", Hint: "cellsh unload takes policies out of what is loaded"}}
	}
	var names []string
	for _, d := range declared(inv.Session.Declared(), true) {
		names = append(names, d.Name)
	}
	var problems diag.List
	for _, name := range inv.Args {
		if !inv.Session.Forget(name) {
			problems = append(problems, diag.Diagnostic{Code: diag.Failed, Message: fmt.Sprintf("what is forgotten must have been declared here and not loaded, but %s was not", name), Hint: diag.DidYouMean(name, names)})
		}
	}
	return problems.Err()
}
