// Package rundir is where the state of services is, below /var/run/cellsh: a folder for each, with what its monitor says of it.
//
//	f := rundir.Dir("/var/run/cellsh").Service("web")
//	status, err := f.Look()
//
// A folder has six files:
//
//	claim      held by the monitor as long as it lives, so that the kernel says who it is: no number in a file is believed
//	status     what the service does, as JSON that is replaced as a whole
//	session    the process that leads the session of its command, noted before it becomes the command, with when it began
//	witnesses  others of that session
//	control    the socket of the monitor
//	command    what the monitor was told to do
//
// Only root, or who has the simulated kernel, may look into them or change them.
//
// What it is not: it starts nothing, and signals nobody.
package rundir
