package process

import "golang.org/x/sys/unix"

// SetNice sets the priority of a process; see Process.Nice. What is out of its range becomes the nearest. That the process has
// ended is no error. Only root may give a process a better one than it has.
func SetNice(pid, nice int) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, pid, nice); err != nil && err != unix.ESRCH {
		return err
	}
	return nil
}
