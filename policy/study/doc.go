// Package study answers questions about a set of policies: is anything wrong with it, what does it decide and why, what
// can a cell do under it, what changes from one set to another, and does the compiled form say what the functions say.
//
//	p := study.New(set, problems, study.Options{})
//	check, err := p.Check(study.CheckOptions{})
//	d, err := p.Decide(question)
//	fmt.Println(d.Report())
//
// The results are data. Their reports are what commands write as JSON and scripts are given as tables.
//
// What it is not: it reads no files and knows no kernel. Package analysis works on graphs; this one says which graphs,
// for which cells, and what is wrong in words.
package study
