package model

// Kind says what a panel lists.
type Kind uint8

// The kinds.
const (
	// Cells of the kernel.
	Cells Kind = iota
	// Members are the processes in a cell, each below its parent.
	Members
	// Services, and Output is what one has written.
	Services
	Output
	// Policies that are loaded or pending: scopes, actions and requests with what is decided about them.
	Policies
	// Decisions that the kernel has kept, the newest last.
	Decisions
	// Generations that were loaded.
	Generations
	kinds
)

// String names the kind.
func (k Kind) String() string {
	return [kinds]string{"cells", "members", "services", "output", "policies", "decisions", "generations"}[k]
}

// Kinds are those that a panel can be set to by itself.
func Kinds() []Kind { return []Kind{Cells, Services, Policies, Decisions, Generations} }

// Grows reports whether rows come at the end by themselves, so that the cursor stays there.
func (k Kind) Grows() bool { return k == Output || k == Decisions }

// Place is what a panel lists.
type Place struct {
	Kind Kind
	// Of is the cell of Members, the service of Output, and the cell or policy that Policies or Decisions are limited to; else "". Where
	// a cell and a policy have the same name it is the cell.
	Of string
}

// Title of the place.
func (p Place) Title() string {
	if p.Of == "" {
		return p.Kind.String()
	}
	return p.Kind.String() + " of " + p.Of
}

// Table is what was read of a place.
type Table struct {
	Columns []Column
	Rows    []Row
	// Note says in a sentence what is not there and why; "" if nothing is missing.
	Note string
}

// Column of a table.
type Column struct {
	Title string
	// Right has texts at the right edge, as numbers are.
	Right bool
	// Least is how many characters the column needs to be of use; it is left out where there are fewer. Grows takes what is left over.
	Least int
	Grows bool
	// Rank says which columns are left out first where not all have room: those with the greatest. That with the least always stays.
	Rank int
}

// Row of a table.
type Row struct {
	// ID tells it from all others of the place, also when the table is read again.
	ID string
	// Fields are those of the columns.
	Fields []Field
	// Depth is how far below other rows it stands in a tree: it belongs to the nearest row before it with a lesser one.
	Depth int
	// Tone is how it stands out, by a colour and by the mark that goes with it.
	Tone Tone
	// Subject is what the keys are for; nil for a row that only divides.
	Subject Subject
	// Into is what Enter leads to; nil folds a row of a tree, or does nothing.
	Into *Place
	// Detail is said below the panel while the cursor is at the row: as many lines as there is room for.
	Detail []Field
}

// Field is a text, or a line of figures.
type Field struct {
	Text string
	// Spark are figures from 0 to SparkTop, the oldest first, which are drawn behind the text.
	Spark []uint8
}

// SparkTop is the greatest figure of a Spark.
const SparkTop = 7

// Tone is what a row or a sentence says beside its words. A view draws each with a mark of its own, so that the colour is not needed.
type Tone uint8

// The tones.
const (
	Plain Tone = iota
	Good
	Warning
	Bad
	// Faint is what is there and does nothing.
	Faint
)

// Subject is what a row is about.
type Subject interface{ subject() }

type (
	// Cell of the kernel.
	Cell struct {
		Name string
		// Members is how many processes are in it, -1 if that is not known.
		Members int
		// Services are those that run in it, as far as that is known.
		Services []string
		// Create are the flags of the command create that it was made with, each with its value.
		Create []string
	}
	// Process in a cell.
	Process struct {
		Cell    string
		PID     int
		Command string
	}
	// Service that is declared or runs.
	Service struct {
		Name, Cell string
		// File that declares it and where; "" if none does.
		File string
		Line int
		Runs bool
		// NeededBy are those that run and need it, which are stopped before it.
		NeededBy []string
	}
	// Written is a line that a service wrote.
	Written struct{ Service, Text string }
	// Policy that is loaded or pending.
	Policy struct {
		Name string
		// Cells are the globs of its cells.
		Cells []string
		File  string
		Line  int
		// Pending says that it is declared in the session and not loaded.
		Pending bool
	}
	// Rule is what a policy decides about requests.
	Rule struct {
		Policy, Request, File string
		Line                  int
	}
	// Decision that the kernel has kept.
	Decision struct {
		Cell, Request string
		EUID          uint32
		// Denied says that it was, and Would that it was only recorded so.
		Denied, Would bool
		// Profile says that no policy has denied it but secmodel_cell itself, by the profile of the cell; and Unsure that the kernel does
		// not tell which of several requests it was, so that Request is one of them, or "".
		Profile, Unsure bool
		// Policy that decided it, and where; "" if it was none.
		Policy, File string
		Line         int
	}
	// Generation of policies.
	Generation struct {
		Number uint64
		// Active is what is loaded now, and Waiting that it is to be confirmed.
		Active, Waiting bool
		// Good says that it can be rolled back to.
		Good bool
	}
)

func (Cell) subject()       {}
func (Process) subject()    {}
func (Service) subject()    {}
func (Written) subject()    {}
func (Policy) subject()     {}
func (Rule) subject()       {}
func (Decision) subject()   {}
func (Generation) subject() {}
