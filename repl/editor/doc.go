// Package editor reads the lines of a session: with editing, history and completion at a terminal, and plainly where
// there is none.
//
//	e := editor.New(editor.Options{Stdin: os.Stdin, Stdout: os.Stdout, History: path, Complete: candidates})
//	defer e.Close()
//	line, err := e.ReadLine("SIM> ")
//	e.Remember(line)
//
// The line editor is github.com/chzyer/readline, which works on terminals that answer nothing, as NetBSD's console
// (wscons) and serial lines. What it does not do is done here: bracketed paste, statements of several lines in the
// history, long lists of candidates, a history file that nothing damages.
//
// What it is not: it knows no Lua and no commands, and it runs nothing. While no line is read the terminal is as it
// was, so that programs run from a session can use it.
package editor
