// Package listing is decisions as people read them: each test and each outcome of a graph or a program on a line, with
// a name by which others refer to it.
//
//	l := g.List()                    // of a *graph.Graph, or of a *program.Program
//	fmt.Print(l.Text(nil, outcome))  // "  n0    r.port == 80  yes L0    no L1"
//
// What it is not: it knows neither graphs nor programs, nor where the text of a source is.
package listing
