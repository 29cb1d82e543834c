package sim_test

import (
	"fmt"
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// crowd is a kernel with that many cells of profile low, each with a root of its own, and a bundle with a few
// programs for all of them.
func crowd(b *testing.B, cells int) (*sim.Kernel, []kernel.CellID) {
	b.Helper()
	k := start(b, sim.Options{})
	ids := make([]kernel.CellID, cells)
	low := kernel.Low
	for i := range ids {
		root := fmt.Sprintf("/cells/%d", i)
		must(b, k.MakeRoot(root))
		id, err := k.Create(kernel.Spec{Name: fmt.Sprintf("cell%d", i), Root: root, Profile: &low})
		must(b, err)
		ids[i] = id
	}
	must(b, k.Load(crowdBundle(b, 1, ids).Encode(), 0))
	return k, ids
}

// crowdBundle gives the cells one of 16 programs each.
func crowdBundle(b *testing.B, generation uint64, ids []kernel.CellID) *program.Bundle {
	b.Helper()
	bundle := bundleFor(generation, nil)
	n := min(16, len(ids))
	for i := range n {
		bundle.Programs = append(bundle.Programs, answering(b, map[string]policy.Decision{
			"system.reboot":         denying(fmt.Sprintf("no reboot in kind %d", i)),
			"network.bind.privport": granting("may bind"),
			"system.filehandle":     {Answer: policy.Answer{Result: policy.Allow}},
		}))
	}
	for i, id := range ids {
		bundle.Cells = append(bundle.Cells, program.Cell{ID: id, Name: fmt.Sprintf("cell%d", i), Program: i % n})
	}
	return bundle
}

// A decision takes the same time whatever the number of cells: the questions come from 64 processes in fixed
// cells, and every one is put to all models.
func BenchmarkDecision(b *testing.B) {
	for _, cells := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("cells=%d", cells), func(b *testing.B) {
			k, ids := crowd(b, cells)
			var askers [64]*sim.Process
			for i := range askers {
				askers[i] = spawn(b, k, sim.SpawnSpec{Cell: ids[i*len(ids)/len(askers)]})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if e := askers[i%len(askers)].Getfh("/"); e != 0 {
					b.Fatal(e)
				}
			}
		})
	}
}

// What system calls cost that ask, in a cell with a policy.
func BenchmarkCalls(b *testing.B) {
	k, ids := crowd(b, 10)
	p := spawn(b, k, sim.SpawnSpec{Cell: ids[0]})
	child, e := p.Fork()
	ok(b, "fork", e)
	for _, c := range []struct {
		name string
		do   func() kauth.Errno
	}{
		{"kill", func() kauth.Errno { return p.Kill(child.PID(), 0) }},
		{"clock_gettime", func() kauth.Errno { _, e := p.ClockGettime(0); return e }},
		{"denied_reboot", func() kauth.Errno {
			if e := p.Reboot(); e != kauth.EPERM {
				return e
			}
			return 0
		}},
		{"sysctl_write", func() kauth.Errno { return p.SysctlWrite("kern.hostname", "h") }},
		{"open_close", func() kauth.Errno {
			fd, e := p.Open("/dev/null", "rw")
			if e == 0 {
				e = p.CloseFD(fd)
			}
			return e
		}},
		{"socket_bind_close", func() kauth.Errno {
			fd, e := p.Socket(2, 1, 0)
			if e == 0 {
				e = p.Bind(fd, policy.Addr{}, 443)
			}
			if e == 0 {
				e = p.CloseFD(fd)
			}
			return e
		}},
		{"fork_exit_wait", func() kauth.Errno {
			c, e := p.Fork()
			if e == 0 {
				c.Exit(0)
				_, _, e = p.Wait()
			}
			return e
		}},
		{"call_by_name", func() kauth.Errno {
			_, e, err := p.Call("getfh", map[string]any{"path": "/"})
			if err != nil {
				b.Fatal(err)
			}
			return e
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if e := c.do(); e != 0 {
					b.Fatal(e)
				}
			}
		})
	}
}

// 100,000 cells come and go.
func BenchmarkCreateDestroy(b *testing.B) {
	const cells = 100_000
	ids := make([]kernel.CellID, cells)
	names := make([]string, cells)
	for i := range names {
		names[i] = fmt.Sprintf("cell%d", i)
	}
	k := start(b, sim.Options{})
	must(b, k.MakeRoot("/cells/all"))
	for b.Loop() {
		for i, name := range names {
			id, err := k.Create(kernel.Spec{Name: name, Root: "/cells/all"})
			must(b, err)
			ids[i] = id
		}
		for _, id := range ids {
			must(b, k.Destroy(id))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cells, "ns/cell")
}

// A bundle for 10,000 cells is verified and taken over as a whole.
func BenchmarkLoad(b *testing.B) {
	k, ids := crowd(b, 10_000)
	generation := uint64(1)
	for b.Loop() {
		b.StopTimer()
		generation++
		bundle := crowdBundle(b, generation, ids).Encode()
		b.StartTimer()
		must(b, k.Load(bundle, 0))
	}
}

// The state of a kernel with 10,000 cells is written and read.
func BenchmarkState(b *testing.B) {
	k, _ := crowd(b, 10_000)
	state := marshal(b, k)
	b.Run("marshal", func(b *testing.B) {
		for b.Loop() {
			marshal(b, k)
		}
		b.ReportMetric(float64(len(state)), "bytes")
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			_, err := sim.Restore(state)
			must(b, err)
		}
	})
}

// A second passes while every one of 10,000 cells has a member.
func BenchmarkSample(b *testing.B) {
	const cells = 10_000
	k := start(b, sim.Options{MaxProc: 20_000})
	must(b, k.MakeRoot("/cells/all"))
	for i := range cells {
		id, err := k.Create(kernel.Spec{Name: fmt.Sprintf("cell%d", i), Root: "/cells/all"})
		must(b, err)
		spawn(b, k, sim.SpawnSpec{Cell: id})
	}
	for b.Loop() {
		k.Advance(1e9)
	}
}
