// Package rules is what administrators declare, and how it becomes programs.
//
// A [Policy] has entries for scopes, actions and requests, each a fixed result or a [Function]; a [Set] is the
// policies that are loaded together, with what must never be allowed. A [Compiler] makes of a set a program
// for each cell that it is asked about; cells that no policy can tell apart share theirs.
//
//	set, problems := loader.LoadSources(sources, options)
//	c := rules.NewCompiler(set, rules.Options{})
//	program, err := c.Program("web-1")
//	problems = append(problems, c.Problems()...)
//
// Within one policy the most specific entry is asked first: the request's, the action's, the scope's, then the
// default; one that returns nothing passes the question on. Across policies deny wins, then grant, then allow.
//
// What it is not: it reads no files and knows no Lua. Functions come from outside as graphs.
package rules
