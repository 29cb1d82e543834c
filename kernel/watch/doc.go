// Package watch finds out what has happened by comparing what is with what was: cells that are there or gone, generations of
// policies, budgets that are exceeded, services that began and ended. So it sees what any tool has done, and needs none to tell.
//
//	var cells watch.Cells
//	list, err := host.Kernel.List()
//	events := cells.Next(list)
//
// The first look finds nothing new, but for budgets that are exceeded already. A Queue keeps events for who is slow, without
// growing: decisions that are alike become one with a count, and what is no decision comes first.
//
// What it is not: it calls nobody, and has no clock and no goroutine of its own.
package watch
