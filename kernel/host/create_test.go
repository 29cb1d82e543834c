package host

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy/rules"
)

// crowd is a host with three policies and many cells.
type crowd struct {
	t testing.TB
	h *Host
	n int
}

// crowds are the kernels: the simulated one, and the driver for the running NetBSD on its nodes.
var crowds = []struct {
	name string
	sim.Options
	open func(testing.TB, *sim.Kernel) kernel.Kernel
}{
	{"sim", sim.Options{}, func(_ testing.TB, k *sim.Kernel) kernel.Kernel { return k }},
	{"sim,stock", sim.Options{NoEvaluation: true}, func(_ testing.TB, k *sim.Kernel) kernel.Kernel { return k }},
	{"driver,stock", sim.Options{NoEvaluation: true}, func(t testing.TB, under *sim.Kernel) kernel.Kernel {
		return driver(t, under, filepath.Join(t.TempDir(), "cells"))
	}},
}

func newCrowd(t testing.TB, o sim.Options, open func(testing.TB, *sim.Kernel) kernel.Kernel, beside int) *crowd {
	t.Helper()
	c := &crowd{t: t, h: New(open(t, newSim(t, o)), &Memory{}, load, func() time.Time { return time.Time{} })}
	p := load([]rules.Source{{File: "a.lua", Text: "system machdep"}, {File: "b.lua", Text: "network.route device"}, {File: "c.lua", Text: "process.ptrace"}})
	if _, _, err := c.h.Load(p, LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	for range beside {
		c.create()
	}
	return c
}

func (c *crowd) create() {
	c.n++
	if _, err := c.h.Create(kernel.Spec{Name: fmt.Sprintf("cell-%d", c.n), Root: "/cells/c"}); err != nil {
		c.t.Fatal(err)
	}
}

// A cell costs as much beside a thousand as beside ten, with the policies that choose how it is made.
func TestCreateCostsTheSame(t *testing.T) {
	for _, k := range crowds {
		few := testing.AllocsPerRun(50, newCrowd(t, k.Options, k.open, 10).create)
		many := testing.AllocsPerRun(50, newCrowd(t, k.Options, k.open, 1000).create)
		if many > few+few/10+10 {
			t.Errorf("%s: a cell takes %g allocations beside 1000 others, and %g beside 10", k.name, many, few)
		}
	}
}

func BenchmarkCreate(b *testing.B) {
	for _, k := range crowds {
		for _, beside := range []int{10, 1000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", k.name, beside), func(b *testing.B) {
				c := newCrowd(b, k.Options, k.open, beside)
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					c.create()
				}
			})
		}
	}
}
