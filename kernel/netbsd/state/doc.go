// Package state remembers what the kernel does not give back about a cell: its profile and its reserved ports.
//
// The memory is one file, to which each change adds a line. An entry belongs to a cell by the time of the kernel's start,
// the cell's id, its name and about when it was made. No less will do: ids begin at 1 again after a start, and a machine
// without a clock may start at the same time again.
//
//	f := &state.File{Path: "/var/db/cellsh/state", Damaged: report}
//	err := f.Put(boot, state.Entry{Cell: 1, Name: "web", From: before, To: after, Profile: &profile, Ports: []uint16{80}})
//	e, ok, err := f.Find(state.Key{Boot: boot, Cell: 1, Created: created, Name: "web"})
//
// A last line without its end, whose writer was killed, is as if it had never been begun. Any other file that is not
// exactly what this package wrote is damaged: it is reported, nothing in it is believed, and the next Put replaces it. Each
// line has a checksum of all lines up to it, so that none can be missing between others. Writers of different processes
// wait for each other (flock(2)), and a reader sees whole changes only. A file that is mostly about cells which are gone is
// written anew. Nothing is made safe from a crash of the machine, which ends all that the file is about.
//
// What it is not: it is not where policies are kept, and nobody must rely on an entry being there.
package state
