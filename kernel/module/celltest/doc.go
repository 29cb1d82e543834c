// Package celltest holds the kernel module's evaluator, kernel/module/celleval.c, against package program. Its tests compile the
// C with every compiler that is there, and pipe bundles and requests through both: they must find the same fault, or
// make the same decisions.
//
//	go test ./kernel/module/celltest                          100,000 comparisons, in seconds
//	CELLTEST_COMPARISONS=10000000 go test ./kernel/module/celltest -run Differential -timeout 0
//
// A compiler that is not there is skipped, and so is everything without any: go test -v says which.
//
// The package is not in the folder of the C files because a Go package there would take them for its own. It itself is only
// how requests are written down for C, for its tests and for the benchmark in bench/.
//
// What it is not: it tests nothing of the module that needs a kernel.
package celltest
