// Package screentest is a terminal in memory, for tests of what is on a screen: what a program writes is drawn, and what
// a terminal of that kind does not understand is an error.
//
//	s := screentest.New(t, screentest.Console, 80, 24)
//	io.WriteString(s, "a\r\n\x1b[32mb\x1b[0m")
//	s.Marked() // "a\n«32:b»|"
//	s.Text()   // "a\nb"
//
// It wraps as VT100 and what came after it do: a row that is full stays so until there is one character more. It answers nothing,
// because a program that asks can't be used at all terminals; so what asks is an error too.
//
// What it is not: it is no terminal for people, and knows no more than programs here may use.
package screentest
