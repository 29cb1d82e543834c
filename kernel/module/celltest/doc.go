// Package celltest holds the kernel module's evaluator, kernel/module/celleval.c, against package program: it compiles the C
// with the compilers that are there and pipes bundles and requests through both.
//
//	d, err := celltest.Start(celltest.Native, folder)     // compiled, and waiting for questions
//	verdict, err := d.Bundle(text)                        // sound, or which fault where
//	decisions, err := d.Ask(cell, requests)
//
// It is a package of its own because a Go package beside the C files would take them for its own.
//
// What it is not: it tests nothing of the module that needs a kernel.
package celltest
