// Package policy says what a decision is: a [Request] that the kernel asks, the [Test]s that can be made on
// it, and the [Decision] that is given.
//
// The packages below it build on these types, one idea each:
//
//	kauth     the vocabulary: which requests exist and what they carry
//	interval  sets of integers
//	diag      what is said about a mistake
//	graph     decision graphs: building, reducing, comparing and walking them
//	program   the compiled form: verified, encoded, evaluated without allocation
//	rules     what administrators declare, and how it is compiled for cells
//	analysis  explain, can, diff, prove, coverage and never, all on graphs
//	stock     what the stock models of the kernel answer, as data
//
// What it is not: it imports neither Lua nor an operating system. A decision function written in Lua reaches
// it as a graph (lua/symbolic makes those), and a kernel receives it as a program.
package policy
