// Package assist answers what people who write Lua for cellsh want to know of the place where they are: what can stand
// there, what a name is, where it is declared, and where else it stands.
//
//	file := syntax.Read("web.lua", text)
//	for _, c := range assist.Complete(assist.Source{Name: "web.lua", Text: text}, offset) {
//		fmt.Println(c.Label, c.Detail)
//	}
//	about, ok := assist.Hover(file, offset)
//
// It knows what is a fact of the language (the tree, and which local a name is), of the vocabulary (requests with their
// fields and names of values), and of the tables that help is made of (words, functions and their keys). So an editor's
// server and the Tab key of a session say the same.
//
// cursor.go makes a tree of a text in which somebody is writing, question.go says which requests a function decides,
// shape.go which keys a table has, complete.go, hover.go and locals.go answer.
//
// What it is not: it runs nothing, reads no files, and keeps nothing. Every function may be called at any time by any
// goroutine.
package assist
