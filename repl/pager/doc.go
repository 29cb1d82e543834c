// Package pager shows text that is longer than the terminal, a screen at a time.
//
//	p := &pager.Pager{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Command: os.Getenv("PAGER")}
//	err := p.Show(text)
//
// The command that the user likes is asked to do it, if there is one, else a small one of its own does.
//
// What it is not: it makes no text fit, and knows no files.
package pager
