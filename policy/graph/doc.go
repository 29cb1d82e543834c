// Package graph holds decisions as graphs: a node tests the request, and goes on to one of two others; a leaf
// is the outcome.
//
// A [Graph] is what a front end builds, node by node, in the order of the source. It is exact and keeps the
// place of every test, but says many things twice. A diagram ([Diagrams]) is the same function in a reduced form: every
// variable is asked at most once on a path, in one order, and all its values at once; equal functions are the
// same [Ref]. Comparing, combining and searching are done on diagrams:
//
//	space := graph.NewSpace(request, a, b)      // the variables and where their values matter
//	d := graph.NewDiagrams[policy.Decision](space)
//	x, err := graph.Reduce(d, a)
//	y, err := graph.Reduce(d, b)
//	same := x == y
//
// [Optimize] runs the listed steps, each a function from graph to graph, that make a graph fit for a kernel:
// decision time grows with the logarithm of the number of tests on a field.
//
// Graphs and diagrams have any comparable type for leaves, because a function, a policy, a whole decision and
// a pair of decisions to compare differ only in those.
//
// What it is not: it knows no policy files and no Lua, and no program: package program is what graphs become.
package graph
