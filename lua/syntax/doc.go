// Package syntax reads Lua 5.1 into a tree.
//
//	file := syntax.Read("web.lua", text)
//	if file.Problems.Failed() {
//		return file.Problems
//	}
//	syntax.Walk(file.Main, func(n syntax.Node) bool { return true })
//
// The tree keeps where everything stands, and which declaration every name means. A source that is wrong has a tree too,
// and all its problems are told at once: each cause once, with what was probably meant. Reading takes time in proportion
// to the source, and its depth is bounded. The one extension is goto; docs/language.md lists what differs from PUC Lua and
// from gopher-lua.
//
// lex.go divides the text into tokens; items.go leaves out what the parser does not see, and takes what other languages
// have for what it means; structure.go pairs brackets and blocks, and mends what is not whole; read.go, statement.go,
// expression.go and literal.go are the parser, and scope.go finds what names mean. tree.go has the types, visit.go goes
// through them, same.go compares them.
//
// What it is not: it runs nothing, and it knows no policies.
package syntax
