package secmodel

import (
	"fmt"
	"strings"
)

// Revision is one state of secmodel_cell. Revisions are ordered by age, so that they can be compared with < and >=; a later
// one has every property of an earlier one that is not a right.
//
// The zero value is none: it stands for the newest revision in options, and for one that is not known in what a kernel
// says about itself.
type Revision uint8

// The revisions of the model, oldest first.
const (
	// JailEarly and JailBudgets are secmodel_jail, the model's first name. They are recognised and not supported.
	JailEarly Revision = iota + 1
	JailBudgets
	// Early is the first secmodel_cell (9f4b021): no resource limits, no time of creation.
	Early
	// April is commit 87983eb. It has the structures of all later revisions.
	April
	// Interim are commits fb9db42 and f14f41e. They can't be told apart without side effects.
	Interim
	// Current is commit 3b14309.
	Current

	numRevisions = iota
)

// Properties are what is different between revisions, the answers to kauth(9) questions left out.
type Properties struct {
	// Name in messages, options and files.
	Name string
	// Source says which commits of the kernel it is.
	Source string
	// Supported says that it is secmodel_cell, and not secmodel_jail.
	Supported bool
	// Limits says that the structures have resource limits, the flags of create, and the time of creation.
	Limits bool
	// FullReply says that create refuses, before it makes anything, unless the whole reply fits. Without it a
	// cell can be made whose id is not told.
	FullReply bool
	// ChecksText says that create refuses names and roots with bytes outside of what is allowed, or unterminated.
	ChecksText bool
	// LogsDenials says that the kernel's log tells of denials, at most one a second of each kind.
	LogsDenials bool
	// HoldsRoot says that create looks the root up, which must be an absolute path of a directory, and holds it until
	// destroy, and that only a process that is chrooted to exactly that directory can enter.
	HoldsRoot bool
	// ExactDestroy says that destroy takes exactly 4 bytes; without it, 4 or more.
	ExactDestroy bool
	// HidesUnfinished says that a cell exists for others only once its reply was written, and not at all if that fails.
	HidesUnfinished bool
	// PortsGrant says that the owner of a reserved port needs no other right to bind it, root's below 1024 among them, and
	// that nobody else can, root of the host included. It is the only right that a later revision takes away.
	PortsGrant bool
}

var revisions = [numRevisions + 1]Properties{
	JailEarly:   {Name: "jail", Source: "secmodel_jail without budgets"},
	JailBudgets: {Name: "jail-budgets", Source: "secmodel_jail with budgets"},
	Early:       {Name: "early", Source: "9f4b021", Supported: true, PortsGrant: true},
	April:       {Name: "april", Source: "87983eb", Supported: true, Limits: true, PortsGrant: true},
	Interim: {
		Name: "interim", Source: "fb9db42, f14f41e", Supported: true, Limits: true, FullReply: true, ChecksText: true,
		LogsDenials: true, PortsGrant: true,
	},
	Current: {
		Name: "current", Source: "3b14309", Supported: true, Limits: true, FullReply: true, ChecksText: true,
		LogsDenials: true, HoldsRoot: true, ExactDestroy: true, HidesUnfinished: true,
	},
}

// Properties of the revision; those of none are all false.
func (r Revision) Properties() Properties { return revisions[r] }

// String is the revision's name, "unknown" for none.
func (r Revision) String() string {
	if r == 0 {
		return "unknown"
	}
	return revisions[r].Name
}

// Revisions are those that are supported, oldest first.
func Revisions() []Revision {
	var list []Revision
	for r := Revision(1); r <= numRevisions; r++ {
		if r.Properties().Supported {
			list = append(list, r)
		}
	}
	return list
}

// ParseRevision gives the supported revision of that name.
func ParseRevision(name string) (Revision, bool) {
	for _, r := range Revisions() {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

// RevisionNames lists the names that [ParseRevision] knows, for messages: "early, april, interim or current".
func RevisionNames() string {
	var names []string
	for _, r := range Revisions() {
		names = append(names, r.String())
	}
	last := len(names) - 1
	return fmt.Sprintf("%s or %s", strings.Join(names[:last], ", "), names[last])
}
