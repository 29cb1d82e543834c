// Package symbolic turns decision functions written in Lua into decision graphs.
//
// gopher-lua has compiled the function to bytecode. Here that bytecode is executed once per request with
// everything known but the request's fields: locals, tables, upvalues and globals have the values that they
// have after load, loops over them run, calls of Lua functions are followed, pure library functions are called.
// A value that depends on a field is an expression over it. Where such a value decides what happens next, the
// state of the machine forks, and a node is added; equal states are one, so that the result is a graph and
// not a tree.
//
//	f := symbolic.New(vm, fn, symbolic.Options{Groups: groups})
//	compiled := f.Compile(request, "web-1")   // a graph of outcomes
//	answer, err := f.Ask(&question, "web-1")  // the function itself, for comparison
//
// What has no meaning in a kernel ends a path with a fault that says where and why: a write to something that
// outlives the decision, input and output, a loop whose length depends on a field, arithmetic that leaves the
// integers, text that is made of a field. What Lua would raise as an error does too. A fault on a path that no
// request takes does no harm; package rules finds that out.
//
// The files: value.go has the values, state.go the machine's state, live.go what of it still matters, step.go
// the instructions, index.go and call.go what they do with tables and functions, explore.go the search,
// object.go the request as Lua itself sees it.
//
// What it is not: it does not combine policies and does not optimise.
package symbolic
