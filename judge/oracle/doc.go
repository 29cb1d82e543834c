// Package oracle says what policies and scripts mean, by an implementation of Lua that cellsh has nothing to do with:
// golua, which reads Lua 5.4. What policies mean is written a second time, in Lua (meaning.lua), which Lua 5.1 reads too.
//
//	m, problem := oracle.Open(files)
//	answer := m.Ask(request)
//
// What it is not: a judge of what Lua 5.1 and 5.4 mean differently, such as the text of numbers that are whole and were
// divided. Who asks must keep to what both mean alike.
package oracle
