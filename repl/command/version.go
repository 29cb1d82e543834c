package command

import (
	"fmt"

	"cellsh/repl/flags"
)

func versionCommand() *Command {
	return &Command{
		Name: "version", Short: "which version of cellsh it is", Without: []string{"policy", "k", "readonly", "timings"},
		Long: `Says which version of cellsh this is, as cellsh --version does. The kernel's is
said by cellsh doctor.

  cellsh version`,
		Setup: func(*flags.Set) func(*Invocation) error { return runVersion },
	}
}

func runVersion(inv *Invocation) error {
	if len(inv.Args) > 0 {
		return usage("version takes no arguments, but is given %s", flags.Word(inv.Args[0]))
	}
	if inv.JSON {
		return inv.json(map[string]string{"version": inv.Version})
	}
	_, err := fmt.Fprintf(inv.Stdout, "cellsh %s\n", inv.Version)
	return err
}
