// Package value has the values of Lua 5.1 as plain Go: what the reading of the syntax tree works on, and what library
// functions take and give in both readings.
//
//	t := &value.Table{}
//	err := t.Set(value.String("port"), value.Number(80))
//
// What it is not: it knows no functions written in Lua, and runs nothing.
package value
