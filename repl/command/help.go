package command

import (
	"strings"

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
		if inv.Session != nil {
			return inv.page(sessionOverview())
		}
		return inv.page(Overview())
	}
	name := inv.Args[0]
	var parts []string
	if c := Find(name); c != nil {
		parts = append(parts, inv.help(c))
	}
	text, err := api.About(name)
	if err == nil {
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return err
	}
	return inv.page(strings.Join(parts, "\n"))
}

// sessionOverview is what help shows in a session.
func sessionOverview() string {
	return `A line is a command or Lua; what is not finished goes on in the next line.

commands:
` + overview() + `
exit or Ctrl-D leaves, and Ctrl-C ends what runs.

help COMMAND tells more of one, and help NAME of Lua, such as help cell.create.
These libraries and types are there:

` + must(api.About(""))
}

func must(text string, err error) string {
	if err != nil {
		panic("command: there must be help, but: " + err.Error())
	}
	return text
}
