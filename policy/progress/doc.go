// Package progress is what long work says of itself while it is done, and how it is told to stop.
//
//	work := progress.New()
//	go func() { <-interrupts; work.Stop() }()
//	err := work.Run(func() error {
//		for i, cell := range cells {
//			work.At(progress.Step{Doing: "comparing", Of: cell, Done: i, Total: len(cells)})
//			work.Check() // does not return once work is stopped
//			...
//		}
//		work.Firmly(func() error { return push() }) // is not stopped half-way
//		return nil
//	})
//	if errors.Is(err, progress.ErrStopped) { ... }
//
// A check is a load of one word, so that loops can make it in each round. It ends the work by unwinding the stack up to Run.
// What the work was making is of no use then: who keeps anything of it, a compiler with its memory, say, makes it anew. So
// functions that check need no error of their own, and can't forget to hand one on.
//
// What it is not: it shows nothing; see package waiting.
package progress
