package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Read gives the processes that the caller can see, in no order. It is safe for concurrent use. One that begins or ends
// meanwhile may be there or not.
func Read(q Query) ([]Process, error) {
	l, err := thisLinux()
	if err != nil {
		return nil, err
	}
	folder, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("/proc must be readable to see processes, but: %w", err)
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("/proc must be readable to see processes, but: %w", err)
	}
	var list []Process
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil {
			continue
		}
		p, err := l.read(name, q)
		switch {
		case gone(err):
		case err != nil:
			return nil, fmt.Errorf("process %s: %w", name, err)
		case q.Session == nil || p.Session == *q.Session:
			list = append(list, p)
		}
	}
	return list, nil
}

// gone reports whether the process has ended in between.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) }

func thisLinux() (*linux, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, fmt.Errorf("/proc must be readable to see processes, but: %w", err)
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return nil, fmt.Errorf("/proc must be readable to see processes, but: %w", err)
	}
	began, err := bootTime(stat)
	return &linux{strings.TrimSpace(string(boot)), began, uint64(os.Getpagesize())}, err
}

// read looks at one process. Of one that is not in the session no more than that is certain.
func (l *linux) read(pid string, q Query) (Process, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return Process{}, err
	}
	p, err := l.stat(string(text))
	if err != nil || q.Session != nil && p.Session != *q.Session {
		return p, err
	}
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return p, err
	}
	if p.RealUID, p.UID, err = user(status); err != nil || !q.Commands {
		return p, err
	}
	file, err := os.Open("/proc/" + pid + "/cmdline")
	if err != nil {
		return p, err
	}
	defer file.Close()
	args, err := io.ReadAll(io.LimitReader(file, maxArgs))
	p.Args = decodeArgs(args)
	return p, err
}
