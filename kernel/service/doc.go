// Package service says what a service in a cell is: what is run there, as whom, and what is done when it ends.
//
// A Definition is whole and right by itself once Check has nothing to say of it, wherever it comes from: a file of services
// (lua/services), or the arguments of supervise.
//
// What it is not: it starts nothing, and knows no process.
package service
