package process

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// linuxTicks are those of a second in what Linux tells programs (USER_HZ), on every machine that Go runs on.
const linuxTicks = 100

// linux is what has to be known of the machine to read of its processes.
type linux struct {
	// boot is the machine's own word for this start of it, and began when that was by its clock.
	boot  string
	began time.Time
	page  uint64
}

// stat reads /proc/PID/stat (proc_pid_stat(5)): numbers behind the name of the program, which is in brackets and may have any
// characters in it.
func (l *linux) stat(text string) (Process, error) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return Process{}, fmt.Errorf("what is told of a process must have its name in brackets, but is %.80q", text)
	}
	fields := strings.Fields(text[end+1:])
	const least = 22
	if len(fields) < least {
		return Process{}, fmt.Errorf("what is told of a process must have at least %d fields behind its name, but has %d", least, len(fields))
	}
	var wrong error
	// number is the field with that number in the manual, where the state is 3.
	number := func(field int) int64 {
		n, err := strconv.ParseInt(fields[field-3], 10, 64)
		if (err != nil || n < 0) && wrong == nil {
			wrong = fmt.Errorf("field %d of a process must be a number, but is %.40q", field, fields[field-3])
		}
		return n
	}
	ticks := func(field int) time.Duration {
		n := number(field)
		if n > math.MaxInt64/int64(time.Second) && wrong == nil {
			wrong = fmt.Errorf("field %d of a process must be a time, but is %d", field, n)
			return 0
		}
		return time.Duration(n/linuxTicks)*time.Second + time.Duration(n%linuxTicks)*(time.Second/linuxTicks)
	}
	// One of which the kernel is just letting go has no group and no session any more: -1. It has ended.
	leaving := fields[5-3] == "-1" && fields[6-3] == "-1"
	if leaving {
		fields[5-3], fields[6-3] = "0", "0"
	}
	p := Process{
		Parent: int(number(4)), Group: int(number(5)), Session: int(number(6)), Measured: true, Name: text[open+1 : end],
		Time: ticks(14) + ticks(15), Waited: ticks(16) + ticks(17), Resident: uint64(number(24)) * l.page,
		Born: Stamp(l.boot + "." + fields[22-3]), Start: l.began.Add(ticks(22)),
	}
	nice, err := strconv.Atoi(fields[19-3])
	if err != nil && wrong == nil {
		wrong = fmt.Errorf("field 19 of a process must be a number, but is %.40q", fields[19-3])
	}
	p.Nice = nice
	pid, err := strconv.Atoi(strings.TrimSpace(text[:open]))
	if (err != nil || pid < 0) && wrong == nil {
		wrong = fmt.Errorf("the number of a process must come first, but that is %.40q", text[:open])
	}
	p.PID = pid
	switch letter := fields[0]; {
	case leaving || letter == "Z" || letter == "X" || letter == "x":
		p.State = Zombie
	case letter == "R":
		p.State = Running
	case letter == "T" || letter == "t":
		p.State = Stopped
	default:
		p.State = Sleeping
	}
	if wrong != nil {
		return Process{}, wrong
	}
	return p, nil
}

// user reads the real and the effective user from /proc/PID/status.
func user(text []byte) (real, effective uint32, err error) {
	for line := range bytes.Lines(text) {
		ids, found := bytes.CutPrefix(line, []byte("Uid:"))
		if !found {
			continue
		}
		f := strings.Fields(string(ids))
		if len(f) < 2 {
			break
		}
		r, err := strconv.ParseUint(f[0], 10, 32)
		if err != nil {
			break
		}
		e, err := strconv.ParseUint(f[1], 10, 32)
		if err != nil {
			break
		}
		return uint32(r), uint32(e), nil
	}
	return 0, 0, fmt.Errorf("what is told of a process must have a line with its user, but has none")
}

// bootTime reads when the machine started from /proc/stat.
func bootTime(text []byte) (time.Time, error) {
	for line := range bytes.Lines(text) {
		if at, found := bytes.CutPrefix(line, []byte("btime ")); found {
			sec, err := strconv.ParseInt(string(bytes.TrimSpace(at)), 10, 64)
			if err == nil {
				return time.Unix(sec, 0), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("/proc/stat must tell when the machine started, but does not")
}
