// Package scale makes policies and hosts that are very large, and times what cellsh makes of them: from the text of the
// policies to programs that a simulated kernel has verified and taken over.
//
//	host, err := scale.Fleet{Teams: 100, Cells: 100}.Host()     // 10,000 cells, nothing loaded
//	times, err := scale.Load(host, scale.Fleet{...}.Sources())  // read, compiled, loaded
//
// What it is not: it doesn't say how long anything may take. The report does.
package scale
