package sim

import (
	"errors"
	"fmt"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/sim/fs"
	"cellsh/policy/secmodel"
)

type savedCell struct {
	ID   kernel.CellID `json:"id"`
	Name savedText     `json:"name"`
	Root savedText     `json:"root"`
	// Directory is where the directory that the cell holds is now, nil if it is nowhere: removed, or on a file
	// system that is not kept. April's revision holds none.
	Directory *savedText `json:"directory,omitempty"`
	Created   int64      `json:"created"`
	Flags     abi.Flags  `json:"flags,omitempty"`
	Profile   string     `json:"profile"`
	Ports     []uint16   `json:"ports,omitempty"`
	Nofile    uint64     `json:"nofile,omitempty"`
	AS        uint64     `json:"as,omitempty"`
	Core      uint64     `json:"core,omitempty"`
	Decisions uint64     `json:"decisions,omitempty"`
	Denied    uint64     `json:"denied,omitempty"`
	Granted   uint64     `json:"granted,omitempty"`
	WouldDeny uint64     `json:"would_deny,omitempty"`
}

func (k *Kernel) saveCell(c *cell) savedCell {
	s := savedCell{
		ID: c.id, Name: savedText(c.name), Root: savedText(c.root), Created: int64(c.created), Flags: c.flags, Profile: c.profile.String(),
		Ports: c.ports, Nofile: c.nofile, AS: c.as, Core: c.core,
		Decisions: c.counts.Decisions, Denied: c.counts.Denied, Granted: c.counts.Granted, WouldDeny: c.counts.WouldDeny,
	}
	if v := c.rootVnode; v != nil && k.keeps(v) {
		path := savedText(v.Path())
		s.Directory = &path
	}
	return s
}

// saveCells gives all, by id.
func (k *Kernel) saveCells() []savedCell {
	var list []savedCell
	for _, c := range k.cells.ordered() {
		list = append(list, k.saveCell(c))
	}
	return list
}

// restoreCells makes the cells again; next is the id of the next one.
func (k *Kernel) restoreCells(list []savedCell, next uint32) error {
	last := kernel.CellID(0)
	for i := range list {
		c := &list[i]
		fail := func(form string, args ...any) error {
			return stateError("cell %d (%q) %s", c.ID, string(c.Name), fmt.Sprintf(form, args...))
		}
		if c.ID <= last || next != 0 && uint32(c.ID) >= next {
			return fail("must come in the order of ids below %d, but does not", next)
		}
		last = c.ID
		n, err := k.restoreCell(c)
		if err != nil {
			return fail("%s", err)
		}
		other := k.cells.byName[n.name]
		// April's revision allows a second cell with a name that fills its field.
		if other != nil && (k.rev.ChecksText || len(n.name) < kernel.MaxName) {
			return fail("must have a name of its own, but cell %d has it too", other.id)
		}
		for _, port := range n.ports {
			if other := k.cells.ports[port]; other != nil {
				return fail("must have ports of its own, but %d is cell %d's too", port, other.id)
			}
		}
		fs.Hold(n.rootVnode)
		k.cells.add(n)
		k.assign(n)
	}
	k.cells.next = next
	return nil
}

// restoreCell checks a saved cell as the kernel would at its creation.
func (k *Kernel) restoreCell(c *savedCell) (*cell, error) {
	profile, known := secmodel.ParseProfile(c.Profile)
	if !known {
		return nil, fmt.Errorf("must have a profile low, medium or high, but has %q", c.Profile)
	}
	if c.Created < 0 || time.Duration(c.Created) > k.uptime {
		return nil, fmt.Errorf("must be made before now, but was at %d of %d", c.Created, int64(k.uptime))
	}
	if len(c.Name) > kernel.MaxName || len(c.Root) > kernel.MaxRoot || len(c.Ports) > kernel.MaxPorts {
		return nil, errors.New("must have the sizes that a kernel takes, but does not")
	}
	made := createStruct{flags: c.Flags, nofile: c.Nofile, as: c.AS, core: c.Core, nports: uint16(len(c.Ports)),
		name: make([]byte, kernel.MaxName+1), root: make([]byte, kernel.MaxRoot+1)}
	copy(made.ports[:], c.Ports)
	copy(made.name, c.Name)
	copy(made.root, c.Root)
	if _, e := made.check(k.rev); e != 0 || text(made.name) != string(c.Name) || text(made.root) != string(c.Root) {
		return nil, errors.New("must be one that a kernel makes, but is not: name, root, ports and limits don't fit together")
	}
	n := &cell{
		id: c.ID, name: string(c.Name), root: string(c.Root), created: time.Duration(c.Created), profile: profile, flags: c.Flags,
		ports: c.Ports, nofile: c.Nofile, as: c.AS, core: c.Core, members: map[int]*Process{},
		counts: kernel.Counts{Decisions: c.Decisions, Denied: c.Denied, Granted: c.Granted, WouldDeny: c.WouldDeny},
	}
	if !k.rev.HoldsRoot {
		if c.Directory != nil {
			return nil, fmt.Errorf("must hold no directory in revision %s, but does", k.opts.Revision)
		}
		return n, nil
	}
	if c.Directory == nil {
		// The directory is gone, but the cell holds it. Nobody gets there any more.
		n.rootVnode = fs.NewDir(k.rootMount, 0)
		n.rootVnode.Name, n.rootVnode.Parent = "(gone)", k.rootMount.Root
		return n, nil
	}
	n.rootVnode = k.rootMount.Root
	if dir, name, ok := k.placeOf(string(*c.Directory)); !ok || dir != nil {
		if !ok || dir.Child(name) == nil || dir.Child(name).Type != fs.Directory {
			return nil, fmt.Errorf("must have a directory that exists, but %q does not", string(*c.Directory))
		}
		n.rootVnode = dir.Child(name)
	}
	return n, nil
}
