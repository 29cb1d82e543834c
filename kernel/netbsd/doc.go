// Package netbsd is the running NetBSD as a kernel.Kernel: secmodel_cell through sysctl(7).
//
//	k, err := netbsd.Open(netbsd.Options{State: "/var/db/cellsh/state", Warn: report})
//	id, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
//
// Which revision of secmodel_cell answers is found out once, by questions that change nothing; docs/kernel-abi.md
// lists them. Where they give no answer, the driver keeps to the rules of April, which are right everywhere.
//
// All system calls go through the interface [System], so that the driver is tested on any machine, against a
// kernel that gives recorded answers and against the simulated one. On systems other than NetBSD, Open and NewEntry give a
// *kernel.UnsupportedError.
//
// What it is not: it starts no process (kernel/launch does, and enters by an [Entry]), and it compiles no policy.
package netbsd
