// Package api is what Lua in sessions and scripts can do with cells, kernels and policies.
//
// One table has every function: its name, what it takes and gives, what it does, and an example. It registers the
// functions ([Register]), answers help ([Help]), is completed from ([Names]), and is written out as stubs for
// editors ([Stubs]) and as a manual ([Manual]). The examples run as tests.
//
//	a := api.New(host, machine, out)
//	a.Register()
//
// What it is not: it contains no policy language; loader.Declarer defines policy and never. And it reads no lines:
// package repl does.
package api
