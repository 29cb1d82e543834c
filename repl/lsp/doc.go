// Package lsp is a server of the Language Server Protocol for the Lua of cellsh: an editor sends it what is typed, and
// gets what check says, what can be written, what names mean, and the text in one style.
//
//	code := lsp.Serve(lsp.Options{In: os.Stdin, Out: os.Stdout, Analyse: analyse, Read: os.ReadFile, After: time.After})
//
// One goroutine answers, in the order of the questions. Analysing a policy can take long: others do that, one document at
// a time, and nobody waits for them. What is wrong with a document is told when nobody has typed for a moment.
//
// server.go has the loop, methods.go answers, analysis.go looks for what is wrong, document.go and text.go have the texts
// and the two ways in which editors count characters, protocol.go has the structures of the protocol.
//
// What it is not: it decides nothing about Lua; package assist does. It reads no files but the modules that open documents
// require, and writes none.
package lsp
