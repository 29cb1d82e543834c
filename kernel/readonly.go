package kernel

import (
	"maps"
	"time"
)

// ReadOnly gives a kernel that can be looked at and not changed: whatever would change it is refused before
// the kernel is asked. It is how --readonly is enforced, for every kernel.
func ReadOnly(k Kernel) Kernel { return readOnly{k} }

type readOnly struct{ Kernel }

// Info says that processes are out of reach, too: their system calls could change anything.
func (k readOnly) Info() Info {
	info := k.Kernel.Info()
	info.Capabilities, info.Missing = maps.Clone(info.Capabilities), maps.Clone(info.Missing)
	for _, c := range []Capability{CapProcesses, CapEnter} {
		if _, ok := info.Capabilities[c]; ok {
			delete(info.Capabilities, c)
			info.Missing[c] = "the session is read-only"
		}
	}
	return info
}

// Evaluator is the kernel's, without what changes it.
func (k readOnly) Evaluator() (Evaluator, error) {
	e, err := k.Kernel.Evaluator()
	if err != nil {
		return nil, err
	}
	return readOnlyEvaluator{e}, nil
}

type readOnlyEvaluator struct{ Evaluator }

// RefuseReadOnly is the error for what would change a kernel that must only be looked at.
func RefuseReadOnly(op string) error {
	return &Error{Op: op, Text: "the session must not be read-only for this, but is", Hint: "start cellsh without --readonly"}
}

func (readOnly) Create(s Spec) (CellID, error) { return 0, RefuseReadOnly("create cell " + s.Name) }
func (readOnly) Destroy(CellID) error          { return RefuseReadOnly("destroy a cell") }

func (readOnlyEvaluator) Load([]byte, time.Duration) error { return RefuseReadOnly("load a policy") }
func (readOnlyEvaluator) Attach([]byte) error              { return RefuseReadOnly("attach cells") }
func (readOnlyEvaluator) Confirm(uint64) error             { return RefuseReadOnly("confirm a generation") }
func (readOnlyEvaluator) Revert(uint64) error              { return RefuseReadOnly("roll back") }
