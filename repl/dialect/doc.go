// Package dialect is the language of a session, commands and Lua, as its editor must know it while it is typed: what goes on in
// another line, how lines are indented, and how parts of the text look.
//
//	d := dialect.Dialect{IsCommand: isCommand}
//	more, _ := d.Unfinished("for i = 1, 3 do")
//
// What it is not: it runs nothing, and it does not know what names mean; package complete does.
package dialect
