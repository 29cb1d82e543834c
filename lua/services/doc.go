// Package services reads files of services: Lua in the sandbox of policies, with the word service.
//
//	set, problems := services.Read([]string{"/etc/cellsh/services.d"}, services.Options{Files: trust})
//	for _, name := range set.Graph.Names() { start(set.Graph.Find(name)) }
//
// All that is wrong is told at once, each where it stands. What is declared does not depend on the order of files, or of
// what Lua leaves open: services are ordered by their names, and then by what they wait for.
//
// [Keys] is the one table of what a declaration can have: reading, help and completion are made of it.
//
// What it is not: it starts nothing, and asks no kernel. That a user or a program exists is known in the cell only.
package services
