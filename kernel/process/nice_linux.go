package process

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// SetNice sets the priority of a process; see Process.Nice. What is out of its range becomes the nearest. That the process has
// ended is no error. Only root may give a process a better one than it has.
func SetNice(pid, nice int) error {
	// Here each thread has its own.
	threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, id, nice); err != nil && !gone(err) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
