// Package command holds the commands of cellsh, one table for the program's subcommands and for the lines of a
// session: cellsh list and a session's list are the same code.
//
//	code := command.Find("list").Run(nil, command.Common{}, command.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
//
// Everything that a command touches comes in through [Env], so that all of them run in tests. Results go to
// Stdout, problems to Stderr; with --json results are JSON.
//
// Exit codes: 0 ok, 1 refused or failed, 2 the command line is wrong.
//
// What it is not: it decides nothing. Packages study and host do the work; here it is put into words.
package command
