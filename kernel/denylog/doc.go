// Package denylog reads the lines that secmodel_cell writes into the kernel's log when it denies a request by itself, and turns
// the numbers in them into names.
//
//	for _, line := range denylog.Lines(buffer) {
//		fmt.Println(line.Time, line.Cell, line.Requests(vocabulary, revision))
//	}
//
// A line has the scope only as one of three kinds, and of a question about a process an argument in place of the request, so
// that it can stand for several requests. The kernel writes at most one line a second for each kind: most denials have none.
//
// What it is not: it does not read the log, and does not know which lines were seen before. Package host does.
package denylog
