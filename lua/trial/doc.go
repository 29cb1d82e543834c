// Package trial runs the tests of policies: files *_test.lua beside them, which ask questions and say what the answers
// must be.
//
//	t := trial.Run([]string{"policy.d"}, trial.Options{})
//	fmt.Println(t.Passed(), t.Failed(), t.Percent())
//
// It also says which decisions of the policies no test has met.
package trial
