package launch

import (
	"os"
	"strconv"
)

// lastDescriptor is the highest one that is open.
func lastDescriptor() (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	last := 0
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			last = max(last, fd)
		}
	}
	return last, err
}

// setlogin does nothing: sessions have no login name here.
func setlogin(string) error { return nil }
