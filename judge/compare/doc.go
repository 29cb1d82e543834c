// Package compare has cellsh and the oracle answer the same, and says where they differ.
//
//	r, err := compare.Run(program, compare.Options{Seed: 1, Policies: 200, Requests: 60, Scripts: 300})
//	fmt.Print(r)
//
// Policies are judged by their answers. Scripts are judged by the values that they write down, in up to three ways: as
// scripts, as the outermost statements of a policy file, and as the statements of a decision function. Each way may be
// read by another part of cellsh.
//
// What it is not: a judge of words. What cellsh says about a policy that it refuses is counted by its code; whether it
// rightly refuses is known only where Lua itself raises an error.
package compare
