// Package members sees the processes that are in a cell, and sends them signals: the members and nobody else.
//
//	list, err := m.Processes(web)
//	n, err := m.Signal(web, unix.SIGKILL) // again and again until none is left
//
// No kernel tells which cell a process is in. On NetBSD ([Cells]) the program therefore starts itself anew as a helper, which
// enters the cell and looks around there: a member sees and reaches members only, so nobody else can be hit, whatever numbers
// processes get meanwhile. The helper executes nothing of the cell, and holds nothing of the host but the pipe that it answers
// on, because other members could get hold of it. Its answer is taken for what it is, the word of somebody in the cell.
//
// A simulated kernel has no processes of this machine. What it can see are the sessions that cellsh has started for a cell and
// that are noted in a [Sessions]: nothing keeps their processes there, and one that begins a session of its own is out of sight.
//
// What it is not: it starts no commands (package launch), and supervises nothing.
package members
