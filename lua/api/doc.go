// Package api is what Lua in sessions and scripts can do with cells, kernels and policies.
//
// One table has every function: its name, what it takes and gives, what it does, and an example. It registers the
// functions ([New]), answers help ([About]), is completed from ([MemberNames]), and is written out as definitions for
// editors ([Stubs]); package manual makes the manual page of it. The examples run as tests.
//
//	m := api.New(api.Options{Kernel: api.Kernel{Host: host}, Output: os.Stdout, Report: report})
//	fn, err := m.VM.Compile("provision.lua", text)
//	results, err := m.Call(fn)
//
// A [Machine] is the code's: its globals, and what it has declared. The kernel that it works with is a binding, and so is each
// that it makes for itself; functions, objects and hooks belong to one. [Machine.Dispatch] tells the hooks of all of them.
//
// What it is not: it contains no policy language; loader.Declarer defines policy and never. And it reads no lines:
// package repl does.
package api
