// Package manual writes the manual pages, from the tables that the commands and the Lua functions are made of.
//
// go generate writes them and the definitions for editors into docs; a test says when that must be done again.
//
// What it is not: help at the prompt, which packages command and api give themselves.
package manual
