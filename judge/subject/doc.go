// Package subject asks cellsh, as its users do: by running the program.
//
//	program, err := subject.Build(folder)
//	diagnostics, err := program.Check(policies)
//	answers, err := program.Decide(policies, requests)
//
// What it is not: a user of the packages of cellsh. They may change; the program's commands and the form of their output
// are what is promised.
package subject
