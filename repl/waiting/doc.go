// Package waiting shows at a terminal what long work is doing: a line that comes after a second, tells how far it is, and is
// gone before anything else is written.
//
//	line := waiting.New(waiting.Options{To: os.Stderr, After: time.After, Now: time.Now, Columns: columns})
//	defer line.Watch("check", work)()
//	fmt.Fprintln(line.Writer(os.Stdout), "written where the line was")
//
// A terminal without cursor movement gets whole lines, few of them. Where there is no terminal there is no line: it is nil then,
// and does nothing.
//
// What it is not: it measures nothing, and stops nothing; see package progress.
package waiting
