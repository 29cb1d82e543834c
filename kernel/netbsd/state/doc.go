// Package state remembers what the kernel does not give back about a cell: its profile and its reserved ports.
//
// The memory is one small file. An entry belongs to a cell by the time of the kernel's start, the cell's id,
// the time of its creation and its name. No less will do: ids begin at 1 again after a start, and the time of
// creation counts from the start.
//
//	f := &state.File{Path: "/var/db/cellsh/state", Damaged: report}
//	err := f.Put(state.Entry{Key: key, Profile: &profile, Ports: []uint16{80}})
//	e, ok, err := f.Find(key)
//
// A file that is not exactly what this package wrote is damaged: it is reported, nothing in it is believed, and
// the next Put replaces it. Writers of different processes wait for each other (flock(2)), and a reader sees the
// old file or the new one, never a part.
//
// What it is not: it is not where policies are kept, and nobody must rely on an entry being there.
package state
