// Package launch runs commands in cells.
//
// A command in a cell is a child of its own: the program starts itself anew as a helper ([Cells]), and the helper
// changes itself step by step until it is the command: it goes into the cell's root, takes the user's ids, enters
// the cell and executes the command. The steps and their order are data ([Plan]); they are carried out through
// the interface [System], so that the order is tested on any machine.
//
//	func main() {
//		if launch.IsHelper(os.Args) {
//			os.Exit(launch.Helper(launch.NewSystem(func(id kernel.CellID) (launch.Entry, error) { return netbsd.NewEntry(id, netbsd.Options{}) })))
//		}
//		...
//		status, err := (&launch.Cells{}).Run(ctx, launch.Command{Cell: web, User: "www", Args: []string{"id"}}, files)
//		os.Exit(launch.ExitCode(status, err))
//	}
//
// A command never gets a terminal of the caller. It has a session of its own, and where it is given a terminal,
// that is a new one whose bytes are relayed, so that a member of a cell can't put input into the caller's shell
// (TIOCSTI). All three standard descriptors are always given, because members of most cells can't open
// /dev/null.
//
// [Local] runs a command as an ordinary child of this machine, for the simulated kernel. It says so.
//
// What it is not: it supervises nothing. One call is one command, from its start to its end.
package launch
