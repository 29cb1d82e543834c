// Package lower turns the tree of a source into that of gopher-lua, in a form that gopher-lua's compiler gets right.
//
//	l, err := lower.File(syntax.Read("web.lua", text), lower.Options{Guard: true})
//	proto, err := l.Compile()
//
// The compiler has bugs that change what a program does without a word, and some that take quadratic time. None can be
// mended from outside; but all are in ways through it that a program need not take. [Rules] lists them: what is avoided,
// and how. What the program does is the same.
//
// What gopher-lua's own instructions do otherwise than Lua 5.1 is left to functions, which whoever runs the code provides;
// see [HiddenConcat] and those after it. They reach the code as variables of a function around the file, so that nothing in it can see or
// replace them, and that it does not matter which globals it has.
//
// Every line that the compiler is told is the number of a place, and leads back to the node of the tree; see
// [Lowered.Node].
//
// What it is not: it runs nothing, and it checks nothing that package syntax has checked.
package lower
