// Package kerneltest is what every kernel.Kernel must do, as tests: one suite for the simulated kernel, for the driver on
// the simulated kernel's nodes, and for a real one.
//
//	kerneltest.Run(t, func(t *testing.T) kerneltest.Subject { ... })
//
// The package's own tests run it on the first two, in every revision of secmodel_cell, and on the running NetBSD where the
// environment variable CELLSH_KERNEL is netbsd and the caller is root: go test ./kernel/kerneltest
//
// What it is not: it knows no kernel. What is special about one is in that one's own tests.
package kerneltest
