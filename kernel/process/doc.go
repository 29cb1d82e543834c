// Package process tells which processes the system has: whose they are, what they hold of its memory and time, and what they run.
//
//	list, err := process.Read(process.Query{Session: &leader})
//
// On NetBSD it is kern.proc2 of sysctl(7), on Linux the files below /proc; on other systems the error is a
// *kernel.UnsupportedError. What is told are those processes that the caller can see: for a member of a cell, the members of it.
//
// A [Meter] adds up what a session uses from one look to the next.
//
// What it is not: it knows no cells, and changes nothing of a process but its priority.
package process
