// Package flags reads the flags of a command line, and says in a sentence what is wrong with one.
//
//	var set flags.Set
//	var most int
//	set.Number(&most, "n", "COUNT", "show at most COUNT")
//	rest, err := set.Read([]string{"web-1", "-n", "5"}, flags.Anywhere)
//
// A flag is a value, with its name, what it takes and what it does, so that help, manual pages and completion are made
// of the same. Flags are written as -n 5, -n=5, --name value and --name=value; one dash does for long names too. Where
// one is given again the last counts, unless it repeats.
//
// What it is not: it knows no commands, and writes nothing.
package flags
