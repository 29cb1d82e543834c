package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"cellsh/kernel/abi"
	"cellsh/kernel/disk"
	"cellsh/kernel/sim"
)

// kept is a NetBSD whose kernel outlives the programs that use it: a simulated one, which lies in a file between system calls.
// Each call is a step by itself, as with a real kernel: whoever is killed has made it, or has not.
type kept struct {
	path string
	now  func() time.Time
}

// with works with the kernel as root of the host while nobody else does. What changes it is kept if changes is set.
func (k kept) with(changes bool, work func(sim.Wire) error) error {
	unlock, err := disk.Lock(k.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	s, err := k.open()
	if err != nil {
		return err
	}
	result := work(sim.Wire{Process: s.Init()})
	if changes {
		if err := k.save(s); err != nil {
			return err
		}
	}
	return result
}

// open reads the kernel; without a file it has just been started. It went on while nobody looked.
func (k kept) open() (*sim.Kernel, error) {
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		s, err := sim.New(sim.Options{Boot: k.now().UTC()})
		if err == nil {
			err = errors.Join(s.MakeRoot("/cells/web-1"), s.MakeRoot("/cells/web-2"), k.save(s))
		}
		return s, err
	}
	if err != nil {
		return nil, err
	}
	s, err := sim.Restore(text)
	if err != nil {
		return nil, err
	}
	var at time.Time
	if err := json.Unmarshal(s.Client(), &at); err != nil {
		return nil, err
	}
	if d := k.now().Sub(at); d > 0 {
		s.Advance(d)
	}
	return s, nil
}

func (k kept) save(s *sim.Kernel) error {
	at, err := json.Marshal(k.now())
	if err == nil {
		err = s.SetClient(at)
	}
	if err != nil {
		return err
	}
	text, err := s.Marshal()
	if err != nil {
		return err
	}
	return disk.Swap(k.path, text)
}

func (kept) Machine() abi.Machine { return abi.AMD64 }
func (kept) EUID() int            { return 0 }

func (k kept) Sysctl(mib []int32, old, new []byte) (n int, err error) {
	query := len(mib) > 0 && mib[len(mib)-1] == abi.CTLQuery
	err = k.with(new != nil && !query, func(w sim.Wire) (err error) { n, err = w.Sysctl(mib, old, new); return err })
	return n, err
}

func (k kept) Stat(path string) (info fs.FileInfo, err error) {
	err = k.with(false, func(w sim.Wire) (err error) { info, err = w.Stat(path); return err })
	return keptInfo{info, path}, err
}

// keptInfo is a file of a kernel that is gone: files are told apart by their names.
type keptInfo struct {
	fs.FileInfo
	path string
}

func (kept) SameFile(a, b fs.FileInfo) bool { return a.(keptInfo).path == b.(keptInfo).path }

func (k kept) OpenEvaluation(major uint32) (abi.Device, error) {
	var d abi.Device
	err := k.with(false, func(w sim.Wire) (err error) { d, err = w.OpenEvaluation(major); return err })
	return keptDevice{d, k, major}, err
}

func (kept) LookEvaluation(uint32) error { return nil }

// keptDevice writes to the kernel as it is then; reading from it is of no use here.
type keptDevice struct {
	abi.Device
	kernel kept
	major  uint32
}

func (d keptDevice) Write(text []byte) (n int, err error) {
	err = d.kernel.with(true, func(w sim.Wire) error {
		now, err := w.OpenEvaluation(d.major)
		if err == nil {
			n, err = now.Write(text)
			now.Close()
		}
		return err
	})
	return n, err
}
