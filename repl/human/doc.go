// Package human writes figures, and what a kernel and its policies tell, as people read them: the words that commands and the screen
// have in common.
//
//	human.Size(600<<20)           // "600M"
//	human.Answers(&usage)         // "even, limits"
//	human.Generation(history, g)  // "web.lua; active"
//
// What it is not: it asks nobody, and lays nothing out.
package human
