// Package repl is the program as its users see it: a session at a terminal, scripts, and single commands.
//
//	os.Exit(repl.Main(os.Args[1:], repl.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}))
//
// A line of a session is a command of package command, or Lua. Sessions, scripts and -e are run by one evaluator, so
// that what works in one works in the others.
//
//	repl/command    the commands
//	repl/input      lines become statements
//	repl/dialect    what the editor must know of what is typed
//	repl/editor     lines are read, at a terminal with history and completion
//	repl/complete   what could follow
//	repl/pager      what is longer than the screen
//	repl/waiting    what long work is doing
//	repl/show       values, problems and prompts for people
//
// What it is not: nothing is decided here, and no kernel is spoken to; see packages engine and kernel.
package repl
