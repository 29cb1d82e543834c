// Package engine is what sessions, scripts and commands do with policies: check, decide, explain, test, compare,
// and, with a kernel, load.
//
// An [Engine] works on one compiler at a time, made of the policies that were given ([Engine.Use]) or of those that
// the kernel has loaded. All results are data; package command prints them, and package api gives them to Lua.
//
// What it is not: it has no flags and writes no text but in errors.
package engine
