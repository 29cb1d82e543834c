// Package outlet hands values on to where they are kept: lines to a file that grows, which others rotate or which is rotated by
// its size, and messages to the system's log.
//
//	file, err := outlet.File("/var/log/cells")
//	lines := outlet.New(file, outlet.Options[[]byte]{What: "decisions", Tell: tell, Gap: gap})
//	lines.Write(line)
//	err = lines.Close()
//
// A place that takes nothing any more, a full disk say, ends nothing: what it misses is counted, told once, and noted in it when
// it takes values again. Who must not wait for a place that is slow gives it a [Queue].
//
// What it is not: it does not know what the values are about.
package outlet
