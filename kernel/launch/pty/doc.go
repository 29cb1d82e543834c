// Package pty opens pseudo terminals, and gives terminals their sizes.
//
//	near, far, err := pty.Open()
//	command.Stdin = far
//	text, err := near.Read(buf)
//
// What is written to the near end is typed at the far one, and what is written to the far end is read from the near one.
//
// The calls of the system are made here and by no library, because what they fill in must stay where it is until they
// return. A pointer that is handed on as a number, as others do, is a pointer into a stack that may have moved: on NetBSD,
// whose structure is 2 kB, that lost the name of one terminal in forty.
//
// What it is not: it relays no bytes and starts no command.
package pty

// Size of a terminal.
type Size struct {
	// Rows and Columns of characters; 0 if they are not known.
	Rows, Columns uint16
	// Width and Height in pixels, 0 where nobody has told.
	Width, Height uint16
}
