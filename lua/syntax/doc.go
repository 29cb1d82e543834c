// Package syntax reads Lua source: a scanner that never fails, and what is done to the syntax tree between the
// parser and the compiler of gopher-lua.
//
// [Parse] gives the tree, or the problem with its place; it bounds size and depth first, so that no source can
// overflow a Go stack. [Mend] rewrites what gopher-lua compiles wrong or in quadratic time, [Guard] also what
// would take memory unseen.
//
//	chunk, err := syntax.Parse("web.lua", text)
//	tokens := syntax.Scan("local x = 1")
//
// What it is not: it runs nothing, and it knows no policies.
package syntax
