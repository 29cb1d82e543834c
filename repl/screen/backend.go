package screen

import (
	"context"

	"cellsh/repl/screen/model"
)

// Backend does what the model asks for. Its methods are called by one goroutine, one after the other, but for Where, which any may
// call. Each tells what it does to end once its context is done, and has ended when it returns. Errors are told as people read them,
// with their places and hints.
type Backend interface {
	// Read reads a place.
	Read(context.Context, model.Place) (model.Table, error)
	// Status tells how things are.
	Status(context.Context) (model.Status, error)
	// Run runs a command of cellsh, and asks what it asks.
	Run(ctx context.Context, words []string, ask func(question string) (yes bool)) model.Result
	// Learn finds the smallest change that allows a decision, and Rewrite gives a policy another name or other cells; Write writes
	// that.
	Learn(context.Context, model.Learn) (*model.Proposal, error)
	Rewrite(context.Context, model.Rewrite) (*model.Proposal, error)
	Write(context.Context, *model.Proposal) error
	// Review says what a file that was edited would change if it was loaded; nil if nothing that is loaded.
	Review(context.Context, model.Review) (*model.Proposal, error)
	// Statement enters a statement in the session; the terminal is its. It is kept in the history. The error says that it has left the
	// session, and how.
	Statement(text string) error
	// Edit has a file edited at a line, with the terminal; what is wrong with it afterwards is the text, at a line.
	Edit(file string, line int) (wrong string, at int, err error)
	// Written is what was written to the terminal lately, while it was not the screen's.
	Written() string
	// Where says what is being done and how far that is, "" if nothing is known.
	Where() string
}
