// Package outlet hands lines on to where they are kept: a file that grows and that others rotate, or the system's log.
//
//	file, err := outlet.File("/var/log/cells")
//	lines := outlet.New(file, outlet.Options{Tell: tell, Gap: gap})
//	lines.Write(line)
//	err = lines.Close()
//
// A place that takes no lines any more, a full disk say, ends nothing: what it misses is counted, told once, and noted in
// it when it takes lines again.
//
// What it is not: it does not know what the lines are about.
package outlet
