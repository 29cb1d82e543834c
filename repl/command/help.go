package command

import (
	"fmt"

	"cellsh/lua/api"
	"cellsh/repl/flags"
)

func helpCommand() *Command {
	return &Command{
		Name: "help", Args: "[NAME]", Short: "what there is, or about a command or a Lua function",
		Without: []string{"policy", "k", "readonly", "json", "timings"},
		Long: `Without a name it lists commands and Lua functions; with one it says what that
is and shows an example.

  cellsh help load
  cellsh help cell.create`,
		Setup: func(*flags.Set) func(*Invocation) error { return runHelp },
	}
}

// Overview is what help shows about the program.
func Overview() string {
	return `cellsh is the policy shell for NetBSD Cells.

usage: cellsh                       a session
       cellsh FILE.lua [ARG...]     run a script
       cellsh -e LUA                run what is given
       cellsh COMMAND [ARG...]

` + overview() + `
run: cellsh help COMMAND, or cellsh help NAME for Lua such as cell.create
`
}

func runHelp(inv *Invocation) error {
	switch {
	case len(inv.Args) > 1:
		return usage("one name may be given, but there are %d", len(inv.Args))
	case len(inv.Args) == 0:
		fmt.Fprint(inv.Stdout, Overview())
		return nil
	}
	name := inv.Args[0]
	c := Find(name)
	if c != nil {
		fmt.Fprint(inv.Stdout, c.Help())
	}
	text, err := api.About(name)
	switch {
	case err == nil:
		if c != nil {
			fmt.Fprintln(inv.Stdout)
		}
		fmt.Fprint(inv.Stdout, text)
	case c == nil:
		return err
	}
	return nil
}
