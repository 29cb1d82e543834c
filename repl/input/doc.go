// Package input turns the lines of a session into statements: commands in words, and Lua as a syntax tree.
//
// A line is a command if it begins with the name of one, and Lua does not mean it: list and load policy.d are
// commands, list = 3 and load("x") are Lua; see [Reader.Add]. Everything else is Lua. A statement that is not
// finished waits for more lines, an expression gives its values, and a local of the top level stays visible on the
// next line, as a global of the session: each statement is a chunk of its own, at whose end locals would be gone.
//
//	r := input.New(func(word string) bool { return command.Find(word) != nil })
//	statements, err := r.Add(line)
//	for _, s := range statements {
//		if s.Words != nil { ... } else { fn, err := machine.CompileTree(env, s.Name, s.Text, s.Chunk) }
//	}
//	if r.Pending() { ... ask for more ... }
//
// What it is not: it runs nothing, and it reads no terminal; package editor does.
package input
