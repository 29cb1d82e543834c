// Package complete finds what can follow a line that is being typed: commands with their flags and arguments, globals
// and fields of Lua, and what package assist knows of policies.
//
//	c := &complete.Completer{Commands: commands, Globals: machine.Environment()}
//	candidates := c.Complete("cell.cr", 7)
//
// What it is not: it runs no Lua. Tables are read as they are, without their metamethods, so that to press Tab
// changes nothing. And it knows no terminal; package editor shows the candidates.
package complete
