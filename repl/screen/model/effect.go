package model

// Effect is something that a key asks somebody else to do, beside the screen or in place of it.
type Effect interface{ effect() }

type (
	// Read reads a place. Filled is told.
	Read struct{ Place Place }
	// Run runs a command of cellsh beside the screen. Ran is told, and Progress meanwhile.
	Run struct {
		Words []string
		// Shows says what becomes of what it writes.
		Shows Shows
		// File and Line that a page of sources begins with; "" is its begin.
		File string
		Line int
		// Decision that AsWhy is about.
		Decision Decision
		// Proposal that AsTrial loads and AsUndo takes back.
		Proposal *Proposal
		// Title of the page, or what is being done, as "destroy web-1".
		Title string
	}
	// Statement is entered in the session, on the whole terminal. Returned is told.
	Statement struct{ Text string }
	// Learn finds the smallest change of policies that allows a decision. Learned is told.
	Learn struct {
		Decision Decision
		// Known is what is known of the request beside: words FIELD=VALUE, with spaces between.
		Known string
		// AnyCell and AnyUser let the change be for all cells of the policy, and for all users; Grant lets it grant what the kernel's
		// other models would refuse.
		AnyCell, AnyUser, Grant bool
	}
	// Edit has a file edited at a line, on the whole terminal, and checks it afterwards. Edited is told.
	Edit struct {
		File string
		Line int
	}
	// Rewrite reads a policy with another name or for other cells, and what that changes. Learned is told of it.
	Rewrite struct{ Policy, Name, Cells string }
	// Review says what a file that was edited would change if it was loaded. Learned is told of it, of nil where that is nothing.
	Review struct{ File string }
	// Write writes the files of a proposal. Wrote is told. Then is what is done afterwards.
	Write struct {
		Proposal *Proposal
		Then     Effect
	}
	// Answer is the answer to a question of the job, which Asked has told.
	Answer struct{ Yes bool }
	// Stop tells the job that runs to end.
	Stop struct{}
	// ShowOutput shows the terminal with what was written there, until a key.
	ShowOutput struct{}
	// Redraw draws everything anew, Suspend gives the terminal to another job, and Leave ends the screen.
	Redraw  struct{}
	Suspend struct{}
	Leave   struct{}
)

func (Read) effect()       {}
func (Run) effect()        {}
func (Statement) effect()  {}
func (Learn) effect()      {}
func (Edit) effect()       {}
func (Rewrite) effect()    {}
func (Review) effect()     {}
func (Write) effect()      {}
func (Answer) effect()     {}
func (Stop) effect()       {}
func (ShowOutput) effect() {}
func (Redraw) effect()     {}
func (Suspend) effect()    {}
func (Leave) effect()      {}

// Shows says what becomes of what a command writes.
type Shows uint8

// What can become of it.
const (
	// AsResult tells it in a line if it is one, and else in a dialog. What went wrong is always in a dialog.
	AsResult Shows = iota
	// AsPage shows it as a text to be read.
	AsPage
	// AsWhy is a page about a decision.
	AsWhy
	// AsTrial has the load of a proposal, which somebody must confirm if it waits for that; AsUndo has its files written as they were
	// once what was before it is loaded again.
	AsTrial
	AsUndo
)

// Result is what a command has done.
type Result struct {
	// Text is all that it has written.
	Text string
	// Failed says that its exit code is not 0.
	Failed bool
}
