package monitor

import "golang.org/x/sys/unix"

// adopts says that a monitor is given the processes below it that lose their parent, also those that have left the session, as
// daemons do.
const adopts = true

// adopt asks for that.
func adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
