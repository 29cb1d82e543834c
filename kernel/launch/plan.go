package launch

import (
	"fmt"
	"strings"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// Step is one thing that the helper does on its way to be the command. Steps are comparable values.
type Step interface {
	// String says what is done, "chroot /cells/web".
	String() string
	do(*runner) error
}

// Limit is a resource limit that cells have.
type Limit uint8

// The limits.
const (
	Nofile Limit = iota
	Core
	AS
)

// String is the name that policies use.
func (l Limit) String() string { return [...]string{"nofile", "core", "as"}[l] }

// The steps. What they need to know of the user is known only once ResolveUser was done: it reads the cell's own
// files.
type (
	// HideDescriptors closes all descriptors from the given one on as soon as the command is executed, and at once those
	// that are not the helper's own.
	HideDescriptors struct{ From int }
	// Chroot makes the folder the root.
	Chroot struct{ Dir string }
	// Chdir changes the current folder.
	Chdir struct{ Dir string }
	// ResolveUser finds the user and the groups in the cell's /etc/passwd and /etc/group.
	ResolveUser struct{ User string }
	// SetGroups sets the supplementary groups.
	SetGroups struct{}
	// SetGroup sets the real, effective and saved group.
	SetGroup struct{}
	// SetLogin names the user as that of the session (setlogin(2)).
	SetLogin struct{}
	// Prepare gets all ready that the steps after it need: from the moment that the address space is limited, the
	// helper must not ask for memory.
	Prepare struct{ Cell kernel.CellID }
	// SetLimit sets a resource limit, soft and hard.
	SetLimit struct {
		Limit Limit
		Value uint64
	}
	// SetRealUser sets the real user and keeps root as the effective and the saved one.
	SetRealUser struct{}
	// EnterCell moves the process into the cell.
	EnterCell struct{ Cell kernel.CellID }
	// DropRoot makes the real user the effective and the saved one too.
	DropRoot struct{}
	// GoHome changes to the user's home, or stays where it can't.
	GoHome struct{}
	// Execute is the last step: the process becomes the command.
	Execute struct{}
)

func (s HideDescriptors) String() string {
	return fmt.Sprintf("close descriptors from %d on at execve", s.From)
}
func (s Chroot) String() string { return "chroot " + s.Dir }
func (s Chdir) String() string  { return "chdir " + s.Dir }
func (s ResolveUser) String() string {
	if s.User == "" {
		return "find root in " + passwdFile
	}
	return "find " + s.User + " in " + passwdFile
}
func (SetGroups) String() string { return "set the supplementary groups" }
func (SetGroup) String() string  { return "set the group" }
func (SetLogin) String() string  { return "set the session's login name" }
func (s Prepare) String() string {
	return fmt.Sprintf("prepare to enter cell %d and to execute", s.Cell)
}
func (s SetLimit) String() string {
	if s.Value == kauth.Unlimited {
		return fmt.Sprintf("set limit %s to unlimited", s.Limit)
	}
	return fmt.Sprintf("set limit %s to %d", s.Limit, s.Value)
}
func (SetRealUser) String() string { return "set the real user, keep effective root" }
func (s EnterCell) String() string { return fmt.Sprintf("enter cell %d", s.Cell) }
func (DropRoot) String() string    { return "drop root" }
func (GoHome) String() string      { return "chdir to the user's home" }
func (Execute) String() string     { return "execve" }

// Plan gives the steps for a command, in their order. It only looks at its argument. The order is forced:
//
//   - The root first, so that all names that follow are looked up below it, links included.
//   - What a policy may refuse to members of the cell (process.setid, process.rlimit.set) before the cell is
//     entered; but entering needs effective root. So the real user is set first, and afterwards root is dropped
//     by a setuid(2) to the real user, which the kernel asks nobody about: process.setid is asked only for an id
//     that is neither the real, the effective nor the saved one.
//   - Everything that takes memory before the limit of the address space: the helper itself is far above it.
//   - The chdir to the home as the user, who may not be allowed into it.
func Plan(c Command) ([]Step, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	switch root := c.Cell.Root; {
	case c.Cell.ID == 0:
		return nil, c.refuse("", "the cell must be one that was created, but 0 is the host")
	case !strings.HasPrefix(root, "/") || strings.ContainsRune(root, 0):
		return nil, c.refuse("destroy it and create it anew with an absolute root",
			"the cell's root must be an absolute path to chroot to, but is %q", root)
	}
	steps := []Step{
		HideDescriptors{From: 3},
		Chroot{c.Cell.Root},
		Chdir{"/"},
		ResolveUser{c.User},
		SetGroups{},
		SetGroup{},
		SetLogin{},
		Prepare{c.Cell.ID},
	}
	for _, l := range []struct {
		limit Limit
		value *uint64
	}{{Nofile, c.Cell.Nofile}, {Core, c.Cell.Core}, {AS, c.Cell.AS}} {
		if l.value != nil {
			steps = append(steps, SetLimit{l.limit, *l.value})
		}
	}
	if c.User == "" {
		steps = append(steps, EnterCell{c.Cell.ID})
	} else {
		steps = append(steps, SetRealUser{}, EnterCell{c.Cell.ID}, DropRoot{})
	}
	if len(c.Args) == 0 {
		steps = append(steps, GoHome{})
	}
	return append(steps, Execute{}), nil
}
