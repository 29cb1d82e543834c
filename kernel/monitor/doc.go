// Package monitor runs services: one small process for each, which starts its command in its cell, keeps what it writes, asks
// for its health, and ends it.
//
//	func main() {
//		if monitor.IsHelper(os.Args) {
//			os.Exit(monitor.Main(os.Args, monitor.Options{}))
//		}
//		...
//		m := &monitor.Manager{Dir: rundir.Default}
//		status, err := m.Start(ctx, monitor.Task{Service: definition, Cell: cell, Kernel: "netbsd"})
//
// A monitor is the program started anew. It has a session of its own and no parent that matters, and there is no daemon above
// it: one that is killed takes nothing else along. It runs on the host; its child goes into the cell as package launch has it,
// and leads a session of its own. What is to be done package service decides; here it is carried out.
//
// The process of a command is noted, with when it began, before it becomes the command. So whenever a monitor is killed, who
// starts or stops the service next finds what is left of it, ends that first, and never believes a number that somebody else
// has by now. All that is signalled are processes of the session of that one, and on Linux also what has left the session, as
// daemons do: there the monitor is given those that lose their parent.
//
// What it is not: it reads no definitions, knows no policies, and makes no cells.
package monitor
