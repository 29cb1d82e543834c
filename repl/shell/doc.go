// Package shell runs commands of this machine for a session: those that follow a !, and those that take what a command of cellsh
// writes.
//
// What it is not: nothing of it runs in a cell; kernel/launch does that.
package shell
