// Package fs is the file systems of the simulated kernel: files with kinds, owners, modes and flags, but no contents; mounts,
// null mounts among them; and the way along a path.
//
//	m := &fs.Mount{Type: "ffs", Flags: fs.Rootfs | fs.Local}
//	m.Root = fs.NewDir(m, 0o755)
//	m.Root.Add("tmp", fs.NewDir(m, 0o1777))
//	found, errno := fs.Walk(caller, m.Root, m.Root, "/tmp", true, false)
//
// Nobody is asked here: the vnode scope of kauth(9) has no part in policies, and owner and mode decide ([Access]).
//
// What it is not: it has no files of its own; what a new system has is in package sim.
package fs
