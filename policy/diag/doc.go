// Package diag is what cellsh says about a mistake: where it is, what is wrong, and what to do.
//
// A [Diagnostic] is data. It renders as text with the source line and a caret ([Write]), or as JSON. Every
// message is one sentence of the form "X must be Y, but is Z" where there is a value to speak of, and every
// diagnostic has a stable [Code] that scripts can rely on; docs/diagnostics.md lists them.
//
//	web.lua:12:14: error: r.port must be compared with a number, but is compared with a string [policy.type]
//	   12 |   if r.port == "80" then
//	      |                ^~~~
//	   hint: write 80
//
// A [List] collects all problems of a load, because nobody wants to hear of them one by one.
//
// What it is not: it knows no policy and no Lua, and it never prints by itself.
package diag
