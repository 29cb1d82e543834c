//go:build !netbsd

package kerneltest_test

// Only the running NetBSD has any.
var running = runningKernel{helper: func() {}}
