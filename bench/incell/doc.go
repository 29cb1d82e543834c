// Package incell times the kernel module's evaluator, kernel/module/celleval.c, beside the same policy written in C by hand:
// both compiled as a kernel is (-O2), and asked the streams of package decide.
//
//	race, err := incell.Start(decide.Web, stream)   // compiled; both have given the right answers
//	times, err := race.Run(300, 2*time.Millisecond) // the fastest of so many rounds of each
//
// It needs a C compiler: without one Start returns [ErrNoCompiler].
//
// What it is not: a measure of a kernel. What a kernel does before and after a decision is measured there.
package incell
