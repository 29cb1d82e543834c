// Package show writes values of Lua, problems and prompts for people at a terminal.
//
//	show.Values(os.Stdout, results, show.Options{Width: 80, Object: api.Text})
//	style := show.NewStyle(isTerminal, os.Getenv)
//	style.Problems(os.Stderr, problems)
//	style.Prompt("SIM", true, false)
//
// Whatever a value holds, what is written has no control characters but newlines and the colours chosen here: names
// and texts come from cells, and must not reach the terminal as commands.
//
// What it is not: it runs no Lua. Metamethods are not asked, so a value can be shown whatever it does.
package show
