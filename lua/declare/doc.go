// Package declare has the words of policy files, policy and never: what they take, what is wrong with it, and the rules
// that they declare.
//
//	d := declare.New(func(f value.Value, where bool) rules.Function { ... }, vocabulary)
//	finish := d.Call("policy", []value.Value{value.String("web")}, site)
//	finish([]value.Value{table}, site)
//	set, problems := d.Set(), d.Problems()
//
// A declaration that is wrong is noted, and the next is looked at, so that all problems are told at once. Places come
// from the syntax tree: where a table is written into the call of the word, they are those of its keys and values; where
// it is not, they are that of the call.
//
// What it is not: it runs no Lua. Whoever does, in whatever reading, calls it with values; and it gives functions to
// its caller, which knows how to compile them.
package declare
