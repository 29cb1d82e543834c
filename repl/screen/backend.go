package screen

import "cellsh/repl/screen/model"

// Backend does what the model asks for. Its methods are called by one goroutine, one after the other, but for Where and Stop, which
// any may call. Errors are told as people read them, with their places and hints.
type Backend interface {
	// Read reads a place.
	Read(model.Place) (model.Table, error)
	// Status tells how things are.
	Status() (model.Status, error)
	// Run runs a command of cellsh, and asks what it asks.
	Run(words []string, ask func(question string) (yes bool)) model.Result
	// Learn finds the smallest change that allows a decision, and Rewrite gives a policy another name or other cells; Write writes
	// that.
	Learn(model.Learn) (*model.Proposal, error)
	Rewrite(model.Rewrite) (*model.Proposal, error)
	Write(*model.Proposal) error
	// Statement enters a statement in the session; the terminal is its. It is kept in the history.
	Statement(text string)
	// Edit has a file edited at a line, with the terminal; what is wrong with it afterwards is the text.
	Edit(file string, line int) (wrong string, at int, err error)
	// Where says what is being done and how far that is, "" if nothing is known.
	Where() string
	// Stop tells what is being done to end.
	Stop()
}
