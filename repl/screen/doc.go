// Package screen manages cells at a terminal, on the whole of it: two panels side by side, a line for commands, and a line of
// function keys.
//
//	err := screen.Run(display, model, backend)
//
// What is shown and what keys do is package model, how that looks package view, and the terminal package display. This package is the
// loop between them: it takes keys, has effects done by a [Backend], and tells the model what has come of them. Whatever can take
// long is done by a goroutine of its own, one thing after the other, so that the screen goes on meanwhile.
package screen
