// Package inventory tells which services there are: those that files declare, and those that have run.
//
//	set, problems := inventory.Read(nil, &machine, os.Stderr)
//	names, err := inventory.Names(set, dir)
//	s := inventory.Of(set, status)
//
// What it is not: it starts and asks nothing, and shows nothing.
package inventory
