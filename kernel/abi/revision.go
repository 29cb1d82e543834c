package abi

// Revision is one state of the kernel's side of the interface. The revisions are ordered: a later one has
// every property of an earlier one of the same tree.
type Revision uint8

// The revisions of the model, oldest first.
const (
	// JailEarly and JailBudgets are secmodel_jail, the model's first name. They are recognised and not supported.
	JailEarly Revision = iota
	JailBudgets
	// Early is the first secmodel_cell: no resource limits, no time of creation.
	Early
	// April is commit 87983eb. It has the structures of all later revisions.
	April
	// Interim are commits fb9db42 and f14f41e. They can't be told apart without side effects.
	Interim
	// Current is commit 3b14309.
	Current
)

// Properties are what a client has to know of a revision.
type Properties struct {
	// Name in messages.
	Name string
	// Source says which commits of the kernel it is.
	Source string
	// Tree is the sysctl node above the others.
	Tree string
	// Create and Info are the sizes of struct cell_create and struct cell_info in bytes on amd64.
	Create, Info int
	// Supported says that this package can encode and decode its structures.
	Supported bool
	// Limits says that the structures have resource limits, the flags of create, and the time of creation.
	Limits bool
	// FullReply says that create refuses, before it makes anything, unless the whole reply fits. Without it a
	// cell can be made whose id is not told.
	FullReply bool
	// ChecksText says that create refuses names and roots with bytes outside of what is allowed, or unterminated.
	ChecksText bool
	// HoldsRoot says that create looks the root up and holds it, and that only a process that is chrooted to
	// exactly that directory can enter.
	HoldsRoot bool
}

var revisions = [...]Properties{
	JailEarly: {
		Name: "jail", Source: "secmodel_jail without budgets", Tree: JailTree, Create: 344, Info: 328,
	},
	JailBudgets: {
		Name: "jail-budgets", Source: "secmodel_jail with budgets", Tree: JailTree, Create: 464, Info: 464,
	},
	Early: {
		Name: "early", Source: "9f4b021", Tree: CellTree, Create: 400, Info: 368,
		Supported: true,
	},
	April: {
		Name: "april", Source: "87983eb", Tree: CellTree, Create: 424, Info: 400,
		Supported: true, Limits: true,
	},
	Interim: {
		Name: "interim", Source: "fb9db42, f14f41e", Tree: CellTree, Create: 424, Info: 400,
		Supported: true, Limits: true, FullReply: true, ChecksText: true,
	},
	Current: {
		Name: "current", Source: "3b14309", Tree: CellTree, Create: 424, Info: 400,
		Supported: true, Limits: true, FullReply: true, ChecksText: true, HoldsRoot: true,
	},
}

// Properties of the revision.
func (r Revision) Properties() Properties { return revisions[r] }

// String is the revision's name.
func (r Revision) String() string { return revisions[r].Name }
