// Package block is a text of one or more lines that is edited: the text, the place in it, what was cut out last, and what
// can be undone.
//
//	var b block.Block
//	b.Insert("for i = 1, 3 do\nend")
//	b.Up()
//
// What it is not: it knows no keys and no terminal, and nothing of what the text means.
package block
