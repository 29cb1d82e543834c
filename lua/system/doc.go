// Package system has the functions of Lua's library that reach out of the machine, as plain Go: files, commands, the
// environment, the clocks and random numbers. Sessions and scripts have them, policies do not.
//
//	s := system.New(system.Options{In: os.Stdin, Out: os.Stdout})
//	results, err := s.Functions()["io.write"].Call(meter, []value.Value{value.String("ready\n")})
//
// They do what those of PUC Lua 5.1 do on a Unix, in the C locale; docs/language.md lists the differences. Files are written
// without a buffer of their own, so that nothing is lost where a program ends. What the operating system refuses comes back as
// Lua has it, as nil, a text and the number of the error.
//
// What it is not: it runs no Lua, and does not end the program; the machines do.
package system
