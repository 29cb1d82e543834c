// Package secmodel tells the builds of secmodel_cell apart: its revisions, oldest first, with what a client and a
// simulator have to know of each, and the profiles that a cell is made with.
//
//	rev, ok := secmodel.ParseRevision("interim")
//	if rev >= secmodel.Interim { ... }
//	if rev.Properties().HoldsRoot { ... }
//
// What it is not: it does not say what a profile denies (policy/stock does), nor how the structures of a revision
// look in memory (kernel/abi does).
package secmodel
