// Package loader reads policy files: Lua in the sandbox, with the words policy and never.
//
//	sources, unread := loader.Read([]string{"policy.d"})
//	set, problems := loader.LoadSources(sources, loader.Options{Groups: groups})
//
// Every file runs in a machine of its own. A declaration that is wrong is noted, and the file goes on, so that all
// problems of a load are told at once. Lines come from the running code, columns and the lines inside of
// declarations from the syntax tree, where a declaration is written out and not calculated.
//
// What it is not: it compiles no function; rules.NewCompiler does. It does not load modules from anywhere but
// beside the file that requires them.
package loader
