package scale

import (
	"fmt"
	"syscall"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/policy/rules"
)

type groups struct{}

func (groups) Lookup(string) (uint32, bool) { return 0, false }
func (groups) Names() []string              { return nil }

var reader = loader.Reader{Groups: groups{}}

// Host makes a simulated kernel with cells of these names, and a host without policies for it.
func Host(names []string) (*host.Host, error) {
	k, err := sim.New(sim.Options{})
	if err != nil {
		return nil, err
	}
	if err := k.MakeRoot("/cells/all"); err != nil {
		return nil, err
	}
	for _, name := range names {
		low := kernel.Low
		if _, err := k.Create(kernel.Spec{Name: name, Root: "/cells/all", Profile: &low}); err != nil {
			return nil, err
		}
	}
	return host.New(k, &host.Memory{}, reader.Load, time.Now), nil
}

// processorTime is what the program has taken so far of all processors: other programs don't count in it, and memory that
// is cleaned up beside does.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Times say how much processor time a load took, and what it made.
type Times struct {
	// Read is from text to declared policies, Load from there to programs in the kernel: checked, compiled, encoded,
	// decoded, verified, taken over.
	Read, Load time.Duration
	// Programs are different ones, Bytes their bundle.
	Cells, Programs, Bytes int
}

// Total is the whole way.
func (t Times) Total() time.Duration { return t.Read + t.Load }

// Load reads policies and loads them for all cells of a host.
func Load(h *host.Host, sources []rules.Source) (Times, error) {
	var t Times
	start := processorTime()
	p := reader.Load(sources)
	if p.Loading.Failed() {
		return t, p.Loading
	}
	t.Read = processorTime() - start
	start = processorTime()
	loaded, _, err := h.Load(p, host.LoadOptions{})
	if err != nil {
		return t, err
	}
	t.Load = processorTime() - start
	t.Cells, t.Programs, t.Bytes = len(loaded.Cells), loaded.Programs, loaded.Bytes
	return t, nil
}

// LoadOne loads policies for a host with one cell.
func LoadOne(sources []rules.Source) (Times, error) {
	h, err := Host([]string{"cell-1"})
	if err != nil {
		return Times{}, err
	}
	return Load(h, sources)
}

// String is the times in words.
func (t Times) String() string {
	return fmt.Sprintf("read %v, load %v: %d cells, %d programs, %d bytes", t.Read, t.Load, t.Cells, t.Programs, t.Bytes)
}
