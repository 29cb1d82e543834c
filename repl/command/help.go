package command

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/kernel/connect"
	"cellsh/lua/api"
	"cellsh/policy/diag"
	"cellsh/policy/kauth"
	"cellsh/repl/flags"
)

func helpCommand() *Command {
	return &Command{
		Name: "help", Args: "[NAME]", Short: "what there is, or about a command, Lua, a request or a topic",
		Without: []string{"policy", "k", "readonly", "json", "timings"},
		Long: `Without a name it lists commands and Lua functions; with one it says what that
is and shows an example. The name of a scope, an action or a request tells which
fields it carries. These are topics:
` + topicNames() + `.
apropos finds names by words.

  cellsh help load
  cellsh help cell.create`,
		Names: func(*Target, *connect.Machine) []Named {
			list := slices.DeleteFunc(apropos(nil), func(n Named) bool { return n.Kind == "request" })
			for _, p := range kauth.AllPatterns() {
				list = append(list, Named{p.Level().String(), p.String(), p.Level().String()})
			}
			return list
		},
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
run: cellsh help COMMAND, cellsh help NAME for Lua such as cell.create, or
     cellsh apropos WORD
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
	if text := topicHelp(name); text != "" {
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return inv.unknown(name, err)
	}
	return inv.page(strings.Join(parts, "\n"))
}

// HelpOf is what there is about a command, a request or a topic; "" if there is none of that name.
func HelpOf(name string) string {
	if c := Find(name); c != nil {
		return c.Help()
	}
	return topicHelp(name)
}

// unknown is the error of help about what there is not; Lua's own knows only names of Lua.
func (inv *Invocation) unknown(name string, lua error) error {
	if d := diag.Of(lua); d[0].Hint != "" && strings.HasPrefix(d[0].Hint, "did you mean") {
		return lua
	}
	return diag.List{{Code: diag.Failed, Message: fmt.Sprintf("help must be asked about something that exists, but there is no %s", flags.Word(name)), Hint: "run: " + inv.called("apropos "+flags.Word(name))}}
}

// sessionOverview is what help shows in a session.
func sessionOverview() string {
	return `A line is a command or Lua; what is not finished goes on in the next line.

commands:
` + overview() + `
exit or Ctrl-D leaves, and Ctrl-C ends what runs.

help COMMAND tells more of one, help NAME of Lua, such as cell.create, help
REQUEST what a request carries, such as network.bind, and help TOPIC more:
` + topicNames() + `.
apropos WORD finds what there is about a word. In Lua there are

` + must(api.About(""))
}

// topicNames are the topics, as a list.
func topicNames() string {
	var names []string
	for _, t := range topics {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

func must(text string, err error) string {
	if err != nil {
		panic("command: there must be help, but: " + err.Error())
	}
	return text
}
