// Package loader reads policy files: Lua in the sandbox, with the words policy and never.
//
//	sources, unread := loader.Read([]string{"policy.d"})
//	set, problems := loader.LoadSources(sources, loader.Options{Groups: groups})
//
// Every file is run twice, in two readings that know nothing of each other: the first executes the tree of the source
// (package symbolic), the second has gopher-lua run it (package vm). The policies are those of the first, and their
// functions are compiled there; the second answers Ask. What the two declare is compared, and a difference is an error:
// then one of them has misread the file, and nobody knows which.
//
// A declaration that is wrong is noted, and the file goes on, so that all problems of a load are told at once.
//
// Sessions and scripts run in gopher-lua alone; see [Declarer].
//
// What it is not: it compiles no function; rules.NewCompiler does. It does not know what the words mean; package declare
// does. It does not load modules from anywhere but beside the file that requires them.
package loader
