package monitor

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// unmapProgram gives back the pages of the program that have been used, most of which only its start needs: what is used again is
// read again, from memory as long as the machine has enough. It is no matter if that can't be done.
//
// Only code is: it is as it is in the file, whereas what else can only be read may have been written before, as by a dynamic
// linker.
func unmapProgram() {
	for _, m := range programCode() {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
	}
}

// mapping is a part of the memory of this process.
type mapping struct{ start, end uintptr }

// programCode is where code of files is mapped, and can't be written.
func programCode() (list []mapping) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(maps)) {
		var m mapping
		var access string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &m.start, &m.end, &access); n == 3 && access == "r-xp" && strings.Contains(line, " /") {
			list = append(list, m)
		}
	}
	return list
}
