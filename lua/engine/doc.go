// Package engine is what sessions, scripts and commands do with policies: check, decide, explain, test, compare,
// and, with a kernel, load.
//
// [Policies] are what was read from files, or declared: they can be checked, asked and explained without a kernel. A
// [Host] is a kernel with the policies that are loaded there; everything that changes cells or policies goes through
// it.
//
//	p := engine.Read([]string{"policy.d"}, engine.Options{Groups: groups})
//	check, err := p.Check(engine.CheckOptions{})
//
//	host := engine.NewHost(kernel, notes, engine.Options{Groups: groups}, time.Now)
//	loaded, check, err := host.Load(p, engine.LoadOptions{})
//
// All results are data; package command prints them, and package api gives them to Lua.
//
// What it is not: it has no flags and writes no text but in errors.
package engine
