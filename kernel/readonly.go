package kernel

// ReadOnly gives a kernel that can be looked at and not changed: whatever would change it is refused before
// the kernel is asked. It is how --readonly is enforced, for every kernel.
func ReadOnly(k Kernel) Kernel {
	if e, ok := k.(Evaluator); ok {
		return readOnlyEvaluator{readOnly{k}, e}
	}
	return readOnly{k}
}

type readOnly struct{ Kernel }

type readOnlyEvaluator struct {
	readOnly
	Evaluator
}

func refused(op string) error {
	return &Error{Op: op, Text: "the session must not be read-only for this, but is", Hint: "start cellsh without --readonly"}
}

func (readOnly) Create(s Spec) (CellID, error)     { return 0, refused("create cell " + s.Name) }
func (readOnly) Destroy(CellID) error              { return refused("destroy a cell") }
func (readOnlyEvaluator) Load(bundle []byte) error { return refused("load a policy") }
