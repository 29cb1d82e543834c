// Package api is what Lua in sessions and scripts can do with cells, kernels and policies.
//
// One table has every function: its name, what it takes and gives, what it does, and an example. It registers the
// functions ([New]), answers help ([About]), is completed from ([MemberNames]), and is written out as definitions for
// editors ([Stubs]); package manual makes the manual page of it. The examples run as tests.
//
//	a := api.New(api.Options{Host: host, Output: os.Stdout, Report: report})
//	fn, err := a.VM.Compile("provision.lua", text)
//	results, err := a.Call(fn)
//
// What it is not: it contains no policy language; loader.Declarer defines policy and never. And it reads no lines:
// package repl does.
package api
