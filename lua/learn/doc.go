// Package learn finds the smallest change of policy files that would allow what was denied.
//
//	asked, left := learn.Fold(recorded)              // what was denied, each once, and what no rule can lift
//	lesson, err := learn.Learn(loaded, asked, learn.Options{Read: read, Live: cells})
//	for _, r := range lesson.Rules { ... }           // each change, with what asked for it
//	lesson.Files, lesson.Difference                  // the texts, and exactly what they change
//
// A denial is lifted in the policy that made it: deny wins, so no other policy could. What can be changed is found in the syntax
// tree, in several shapes: a condition before the return that denies, an entry for a more specific name, an element of a table.
// None of that is believed. Each candidate is read and compiled, and compared with what was there before: it is taken only if what
// was asked for is no longer denied, nothing but denials has changed, and what must never be allowed still is not. Of those the
// one that lets through the fewest requests is taken, counted on the graphs, and then the one that changes the fewest lines.
//
// The kernel keeps of a question the cell, the request, the effective user and the answer. What else the request had is not made
// up: a change allows all that the denial can have been, unless [Told] says more.
//
// The files: fold.go and told.go have what is asked for, propose.go the shapes, weigh.go what a change lets through,
// learn.go the search and its proof. How texts are changed is package edit.
//
// What it is not: it writes no files, and knows no kernel; package host has the decisions that one tells of.
package learn
