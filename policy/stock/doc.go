// Package stock says, as data, how NetBSD answers its own questions: the stock security models, the listeners
// built into the kernel's subsystems, and the profiles of secmodel_cell in all its revisions.
//
// A [Listener] holds the [Rule]s of one model for one request; the first rule whose condition holds is its
// answer, and without one it defers. A condition is made of [Fact]s, a closed set of named questions about the
// caller, the request, the host's settings and the objects of the kernel. Whoever evaluates the rules brings
// the [Facts]: the simulator answers every one from its objects, and the analysis answers those that it can know
// and leaves the others open.
//
//	id, _ := kauth.Find("network.bind.privport")
//	for _, l := range stock.Listeners(id) { ... }                  // suser: allow if the caller is root
//	stock.CellListener(rev, stock.In(secmodel.High), id)           // what secmodel_cell adds there
//
// [Program] writes a profile down as a program, so that it can be compared with policies; [Fallback] is the
// program that answers for cells that no policy covers.
//
// What it is not: it has no processes, sockets or files, and it asks nothing by itself; kernel/sim does. The
// facts are those of NetBSD 10.99.12 (policy/kauth/kauth.json, sys/secmodel, and the listeners that kauth.json
// names by function), and for secmodel_cell those of each revision that package secmodel lists.
package stock
