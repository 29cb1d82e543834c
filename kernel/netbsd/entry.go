package netbsd

import (
	"fmt"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
)

// Entry is the way of the calling process into a cell. All is looked up when it is made, so that entering is a
// single system call: a helper that has limited its address space can do no more.
//
// It is for one goroutine.
type Entry struct {
	tree  *tree
	id    kernel.CellID
	mib   []int32
	value []byte
	euid  int
}

// NewEntry prepares to enter the cell on the running system, or the one that the options name. On systems other than
// NetBSD the error is a *kernel.UnsupportedError.
func NewEntry(id kernel.CellID, o Options) (*Entry, error) {
	sys, err := o.system()
	if err != nil {
		return nil, err
	}
	t := newTree(sys)
	e := &Entry{tree: t, id: id, value: abi.EncodeInt(t.machine.Order, uint32(id)), euid: sys.EUID()}
	if id == 0 {
		return nil, &kernel.Error{Op: e.op(), Text: "the cell must be one that was created, but 0 is the host"}
	}
	if e.mib, err = t.find(abi.CellID); err != nil {
		return nil, plainError(e.op(), err)
	}
	return e, nil
}

func (e *Entry) op() string { return fmt.Sprintf("enter cell %d", e.id) }

// Enter moves the calling process, with all its threads, into the cell, for good. From the revision current on it
// must be chrooted to the cell's root. The error is a bare kauth.Errno; see Explain.
func (e *Entry) Enter() error {
	_, err := e.tree.sys.Sysctl(e.mib, nil, e.value)
	return err
}

// Explain gives the *kernel.Error for an error of Enter. It asks the kernel.
func (e *Entry) Explain(err error) error {
	switch err {
	case kauth.ENOENT:
		return &kernel.Error{Op: e.op(), Errno: kauth.ENOENT, Text: fmt.Sprintf("the cell must exist, but there is none with id %d", e.id)}
	case kauth.EPERM:
		// Who can read the current cell is root of the host, so it is the root directory that is wrong.
		if _, err := e.tree.call(abi.CellID, make([]byte, 4), nil); err != nil {
			return notHostRoot(e.op(), e.euid)
		}
		return &kernel.Error{
			Op: e.op(), Errno: kauth.EPERM, Text: "the process must be chrooted to exactly the directory that the cell was created with, but is not",
			Hint: "if something was mounted there, or the directory was made anew, since the cell was created: destroy the cell and create it again",
		}
	}
	return plainError(e.op(), err)
}
