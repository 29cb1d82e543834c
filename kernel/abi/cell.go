package abi

import (
	"math"
	"time"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// FromSpec is what a cell is made with, as the kernel takes it.
func FromSpec(s *kernel.Spec) Create {
	c := Create{Name: s.Name, Root: s.Root, Ports: s.Ports}
	if s.Profile != nil {
		c.Flags |= FlagProfile
		c.Profile = uint32(*s.Profile)
	}
	if len(s.Ports) > 0 {
		c.Flags |= FlagPorts
	}
	for _, limit := range []struct {
		given *uint64
		flag  Flags
		to    *uint64
	}{{s.Nofile, FlagNofile, &c.Nofile}, {s.AS, FlagAS, &c.AS}, {s.Core, FlagCore, &c.Core}} {
		if limit.given == nil {
			continue
		}
		c.Flags |= limit.flag
		*limit.to = *limit.given
		if *limit.given == kauth.Unlimited {
			*limit.to = Infinity
		}
	}
	return c
}

// Cell is what the kernel tells of a cell, in the words of package kernel. Its Age is not told.
func (i *Info) Cell() kernel.Cell {
	return kernel.Cell{
		ID: kernel.CellID(i.ID), Name: i.Name, Root: i.Root, Created: time.Duration(i.Created),
		References: count(i.References), Processes: count(i.Processes),
		Memory: i.Memory, Ticks1s: i.Ticks1s, Ticks10s: i.Ticks10s,
		Nofile: i.limit(FlagNofile, i.Nofile), AS: i.limit(FlagAS, i.AS), Core: i.limit(FlagCore, i.Core),
	}
}

func count(n uint64) int { return int(min(n, math.MaxInt32)) }

func (i *Info) limit(flag Flags, v uint64) *uint64 {
	if i.Flags&flag == 0 {
		return nil
	}
	v = min(v, kauth.Unlimited)
	return &v
}
