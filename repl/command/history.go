package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/repl/flags"
	"cellsh/repl/human"
)

func generationsCommand() *Command {
	return &Command{
		Name: "generations", Short: "what was loaded, and when", Without: []string{"policy"},
		Long: `Lists the generations that are kept, the active one last: what can be rolled
back to.

  cellsh -k sim:cells.state generations`,
		Setup: func(*flags.Set) func(*Invocation) error { return runGenerations },
	}
}

func showCommand() *Command {
	return &Command{
		Name: "show", Args: "[GENERATION]", Short: "the sources of what was loaded", Without: []string{"policy"},
		Long: `Writes the files of a generation as they were when they were loaded, modules
included; without a number those of the active one. A comment before each has
its name, the policies in it that the generation leaves out, because others have
replaced them or unload has taken them away, and, where single policies were
replaced, the generation that it came with. The older of two files of one name
is called NAME@GENERATION.

Policies that a session has declared have no source.

  cellsh -k sim:cells.state show
  cellsh -k sim:cells.state show 1`,
		Setup: func(*flags.Set) func(*Invocation) error { return runShow },
	}
}

func runShow(inv *Invocation) error {
	number, err := inv.generation()
	if err != nil {
		return err
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	g, err := h.Generation(number)
	if err != nil {
		return err
	}
	if g == nil {
		return &kernel.Error{Op: "show", Text: "a policy must be loaded first, but none is", Hint: "run: load PATH"}
	}
	history, err := h.History()
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(history.ReportSources(g))
	}
	fmt.Fprintf(inv.Stdout, "-- generation %d: %s\n", g.Number, human.Generation(history, g))
	for i := range g.Sources {
		s := &g.Sources[i]
		fmt.Fprintf(inv.Stdout, "-- %s\n%s", sourceText(s), s.Text)
		if !strings.HasSuffix(s.Text, "\n") {
			fmt.Fprintln(inv.Stdout)
		}
	}
	if g.Session {
		inv.note("policies that a session has declared have no source, and are not shown")
	}
	return nil
}

// sourceText is what there is to say about a file of a generation.
func sourceText(s *host.Source) string {
	parts := []string{"file " + s.File}
	if s.Module {
		parts[0] = "module " + s.File
	}
	if s.Since != 0 {
		parts = append(parts, fmt.Sprintf("came with generation %d", s.Since))
	}
	if len(s.Without) > 0 {
		parts = append(parts, "without "+policiesText(s.Without))
	}
	return strings.Join(parts, "; ")
}

func rollbackCommand() *Command {
	return &Command{
		Name: "rollback", Args: "[GENERATION]", Short: "load an earlier generation again", Changes: true, Without: []string{"policy"},
		Long: `Loads the policies of an earlier generation again, as a new one; without a
number those of the last generation before the active one that needs no
confirmation. They are compiled anew, for the cells that exist now, and what
must never be allowed is checked. A generation that had to be confirmed and
never was can be named: then it has to be confirmed in the same time again, and
the command waits for that as load --confirm does.

  cellsh -k sim:cells.state rollback`,
		Setup: func(*flags.Set) func(*Invocation) error { return runRollback },
	}
}

func confirmCommand() *Command {
	return &Command{
		Name: "confirm", Args: "GENERATION", Short: "keep a generation that waits to be confirmed", Changes: true, Without: []string{"policy"},
		Long: `Keeps the generation that was loaded with --confirm.

  cellsh -k sim:cells.state confirm 3`,
		Setup: func(*flags.Set) func(*Invocation) error { return runConfirm },
	}
}

// generation reads the number of one.
func generation(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return 0, usage("a generation must be a number from 1, but is %q", s)
	}
	return n, nil
}

// generation is the one that may be named, 0 for none.
func (inv *Invocation) generation() (uint64, error) {
	switch len(inv.Args) {
	case 0:
		return 0, nil
	case 1:
		return generation(inv.Args[0])
	}
	return 0, usage("one generation may be given, but there are %d", len(inv.Args))
}

func runGenerations(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("generations takes no arguments, but %q is given", inv.Args[0])
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	history, err := h.History()
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(history.Report())
	}
	if history.Newest() == nil {
		fmt.Fprintln(inv.Stdout, "nothing was loaded")
		return nil
	}
	var rows [][]string
	for i := range history.Generations {
		g := &history.Generations[i]
		rows = append(rows, []string{fmt.Sprint(g.Number), g.Time.UTC().Format(time.DateTime), human.Generation(history, g)})
	}
	inv.table([]heading{{"GENERATION", true}, {"LOADED (UTC)", false}, {"FROM", false}}, rows)
	return nil
}

func runRollback(inv *Invocation) error {
	number, err := inv.generation()
	if err != nil {
		return err
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	out, err := h.Rollback(number)
	if err != nil {
		return err
	}
	if err := inv.loaded(out); err != nil {
		return err
	}
	return inv.await(out)
}

func runConfirm(inv *Invocation) error {
	if len(inv.Args) != 1 {
		return usage("one generation must be given, but there are %d", len(inv.Args))
	}
	number, err := generation(inv.Args[0])
	if err != nil {
		return err
	}
	h, err := inv.host()
	if err != nil {
		return err
	}
	if err := h.Confirm(number); err != nil {
		return err
	}
	if inv.JSON {
		return inv.json(map[string]any{"confirmed": number})
	}
	fmt.Fprintf(inv.Stdout, "generation %d stays\n", number)
	return nil
}
