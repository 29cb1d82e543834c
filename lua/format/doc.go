// Package format writes Lua in one style, and leaves what it means and its comments as they are.
//
//	text, problems := format.Source("web.lua", text)
//
// The style is that of the scripts that ship: two spaces, one statement on a line, a block of one statement on one line
// where its author has it there, quotes around strings, spaces within the braces of tables. An author's line breaks in
// tables, calls and chains of operators stay, and so do single empty lines; what is wider than [Width] is broken. The =
// of fields on lines of their own and the comments behind code stand in columns.
//
// build.go goes through the tree and the tokens and says what can be broken where, comments.go puts comments into that,
// print.go decides and writes, align.go makes columns. To format twice is to format once: where print.go breaks a line,
// build.go finds that break in the result, and breaks there again.
//
// What it is not: it repairs nothing. A source with problems is refused.
package format
