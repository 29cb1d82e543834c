// Command cellsh is the policy shell for NetBSD Cells.
package main

import (
	"os"

	"cellsh/kernel"
	"cellsh/kernel/launch"
	"cellsh/kernel/members"
	"cellsh/kernel/monitor"
	"cellsh/kernel/netbsd"
	"cellsh/repl"
)

// version is set when the program is linked.
var version = "unknown"

func main() {
	system := func() (launch.System, error) {
		return launch.NewSystem(func(id kernel.CellID) (launch.Entry, error) { return netbsd.NewEntry(id, netbsd.Options{}) })
	}
	switch {
	case launch.IsHelper(os.Args):
		os.Exit(launch.Helper(system()))
	case monitor.IsHelper(os.Args):
		os.Exit(monitor.Main(os.Args, monitor.Options{}))
	case members.IsHelper(os.Args):
		os.Exit(members.Helper(system()))
	}
	os.Exit(repl.Main(os.Args[1:], repl.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Version: version}))
}
