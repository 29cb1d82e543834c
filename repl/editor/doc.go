// Package editor reads what is written in a session: at a terminal with editing, history and completion, and plainly where there
// is none.
//
//	e := editor.New(editor.Options{Stdin: os.Stdin, Stdout: os.Stdout, History: path, Language: language})
//	defer e.Close()
//	text, err := e.Statement(editor.Prompts{First: "SIM> ", Next: "SIM| "})
//	e.Remember(text)
//
// A statement is edited as a block of lines. What is on the way from a key to the screen is apart: keys.go makes keys of bytes,
// draft.go says what a key does to the text and what is to be seen, frame.go brings that onto the screen, and terminal.go
// joins them. Only the last one knows a terminal, and a Draft
// can be shown by whoever has a screen. Colours, indentation and what can follow are told by a Language.
//
// The modes of the terminal are those of github.com/chzyer/readline. Nothing that is written asks the terminal for an answer, and
// all of it is understood by NetBSD's console (wscons) and serial lines.
//
// What it is not: it knows no Lua and no commands, and it runs nothing. While nothing is read the terminal is as it
// was, so that programs run from a session can use it.
package editor
