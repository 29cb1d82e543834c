// Package generate writes random policies with requests to ask them, and random scripts, of everything that Lua 5.1 and
// Lua 5.4 mean alike.
//
//	g := generate.New(seed)
//	cell := g.Cell("c1", 60)
//	script := g.Script("s1")
//
// Every program ends, and raises an error only now and then. Numbers stay so small that they are exact, and become text
// only where they are whole in either version: so the variables that hold them are told apart as whole numbers, fractions
// and fields. What a request carries comes from the vocabulary of cellsh; that is all that is shared with it.
//
// What it is not: a port of the generator in puc/, which is in another language and has other ideas, so that what the one
// never writes the other may.
package generate
