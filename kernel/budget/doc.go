// Package budget watches what is used of a budget, and says when it is exceeded and when no more.
//
//	w := budget.Watcher{Rule: rule}
//	for each sample {
//		for _, e := range w.Step(at, use) {
//			...
//		}
//	}
//
// It is a function of samples: it reads no clock, looks at no process and does nothing. Whoever takes the samples decides what they
// are: the monitor of a service those of its session (package process), and a session with hooks those of the kernel.
//
// What it is not: it enforces nothing. Between two samples anything can be used.
package budget
