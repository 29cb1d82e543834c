// Package kernel says what cellsh needs of a kernel: making, listing and destroying cells, entering them, and,
// where the kernel has the evaluation model, loading programs that decide for them.
//
// [Kernel] is what every kernel with secmodel_cell can do; its [Evaluator] is the part that needs the evaluation
// model. A kernel without it gives an [UnsupportedError] instead, which names what is missing, and the caller says what
// is lost. [ReadOnly] wraps any kernel so that nothing can be changed;
// it is the one place where that is enforced.
//
// The kernels:
//
//	kernel/sim      a simulated NetBSD in the process, for any machine
//	kernel/netbsd   the running NetBSD, through sysctl(7)
//	kernel/abi      the structures that pass between NetBSD and cellsh, for the driver and the simulator
//
// kernel/kerneltest is what all of them must do, as tests.
//
// What it is not: it knows no Lua and compiles nothing; it takes encoded bundles and says what a kernel said.
package kernel
