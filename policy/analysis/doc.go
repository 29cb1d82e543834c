// Package analysis answers questions about policies exactly, on their graphs:
//
//	Explain   why a request is answered as it is, and what would have to be different
//	Can       which answers a cell gets, and for which requests
//	Diff      which requests change their answer between two sets
//	Nevers    whether what must never be allowed is denied, with a counter-example
//	Prove     whether graphs and programs decide as the policies' functions do
//	Witnesses the same for one request for each answer, which every load can afford
//	Slips     functions that say nothing where something was meant
//	Coverage  which tests and outcomes were met
//	VerdictOf what policies say to all requests of one kind
//	Lint      entries that are never asked, tests that are always true, grants
//
// Everything works on a rules.Compiler, and shares what that has compiled.
//
// What it is not: it prints nothing, and asks no kernel.
package analysis
