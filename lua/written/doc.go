// Package written reads tables of Lua as somebody has written them: what is wrong with a value is told at the place where it
// stands in the source, all of it at once.
//
//	r := written.Reader{Findings: findings, Codes: codes, Whole: site.Place(), Written: site.Literal(1)}
//	r.EachKey(t, []string{"cells", "deny"}, "a policy", "write: deny = { \"network\" }")
//	r.Unset(r.Written, t)
//	for _, name := range r.Strings(t, "cells", "globs") { ... }
//
// Places come from the syntax tree: where a table is written into the call of a word, they are those of its keys and values;
// where it is not, they are that of the call.
//
// What it is not: it runs no Lua, and does not know what is declared.
package written
