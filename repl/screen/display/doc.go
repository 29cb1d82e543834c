// Package display shows a screen at a terminal, and takes keys from it.
//
//	terminal, err := display.Choose(os.Getenv)
//	d, err := display.Open(display.Options{In: os.Stdin, Out: os.Stdout, Terminal: terminal})
//	defer d.Close()
//	d.Draw(grid, "mc")
//	for _, e := range <-d.Events() { ... }
//
// What a terminal can is chosen from its name (TERM) and the locale, and it is never asked: a console that does not know a
// question shows it, and a line to one that is slow delays the start. So there are three kinds: consoles with the eight colours of
// ECMA-48, those of the VT100 without colours, and windows with 256, another screen to draw on, and a mouse.
//
// The cells are brought onto the screen by github.com/gdamore/tcell/v3, which nothing else imports. It takes every terminal for a
// window: what it writes goes through a sieve, which lets pass only what a terminal of the kind knows. (NetBSD's console shows a
// "q" for the sequence that sets the cursor's shape, wsemul_vt100.c, and its numeric keypad sends no digits any more once it was
// set to the mode for applications.)
//
// What it is not: it knows no keys by what they do, and draws nothing of its own; see packages model and view.
package display
