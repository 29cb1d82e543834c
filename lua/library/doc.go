// Package library has the functions of Lua's library that work on plain values, as plain Go: what they give, what they
// refuse and what they cost is the same in every machine that calls them.
//
//	f := library.Policy["string.rep"]
//	results, err := f.Call(meter, []value.Value{value.String("ab"), value.Number(3)})
//
// They do what those of PUC Lua 5.1 do in the C locale, and are held against recorded answers of it; docs/language.md
// lists the differences. Policy has the functions of policy files, Session those of sessions and scripts, which also know
// Lua patterns. Functions that call others (Sort, Gsub) or keep something (Gmatch, Clock) are called by name.
//
// What it is not: it runs no Lua and knows neither metatables nor globals; the machines do. Random numbers, files and
// everything else that depends on more than the arguments is in package system, but for the clock that Clock is given.
package library
