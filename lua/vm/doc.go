// Package vm makes Lua machines of three levels, each with what it may do and no more:
//
//	Session   the whole of Lua: sessions and provisioning scripts, run by somebody who could as well use sh
//	Policy    the sandbox of policy files: an exact budget of instructions, a ceiling for memory, no way out
//	Decision  only pure functions: nothing can be declared, printed or required
//
//	v := vm.New(vm.Options{Level: vm.Policy})
//	fn, err := v.Compile("web.lua", text)
//	results, err := v.Call(fn, 0)
//
// The machines are gopher-lua's. They run what package lower makes of a tree, because its own compiler gets programs wrong,
// and the functions of packages library and system: so they read Lua as the tree's executor does, and independently of it.
// None of gopher-lua's own functions is used but those that make and resume coroutines. What needs the machine is here: the
// operators that lowered code calls, pcall, error, coroutines, environments, modules and debug.
//
// Errors are *[Error] with their exact place; the machine survives all of them, budgets overrun and panics of the
// interpreter included.
//
// What it is not: it knows no policies. Package loader adds the functions that make it a policy language, and
// package symbolic turns functions into graphs; [VM.Builtin] tells it which library function is which.
package vm
