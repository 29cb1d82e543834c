// Command cellsh is the policy shell for NetBSD Cells.
package main

import (
	"os"

	"cellsh/repl/command"
)

// version is set when the program is linked.
var version = "unknown"

func main() {
	os.Exit(command.Main(os.Args[1:], command.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Version: version}))
}
