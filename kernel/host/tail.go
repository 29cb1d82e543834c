package host

import "cellsh/kernel"

// Tail follows the decisions that the kernel records. The kernel keeps only so many; those that were lost are counted. It
// is not safe for concurrent use.
type Tail struct {
	host *Host
	// seen is the sequence number of the last decision that was given.
	seen uint64
	// skip says that what was recorded before is still to be passed over.
	skip bool
}

// Tail follows the decisions after the one of that number; 0 begins with the oldest that is kept.
func (h *Host) Tail(after uint64) *Tail { return &Tail{host: h, seen: after} }

// Next gives the decisions since the last time, oldest first, and how many came between that are not kept any more. A
// kernel without the evaluation model is an *kernel.UnsupportedError.
func (t *Tail) Next() (list []kernel.Event, lost uint64, err error) {
	e, err := t.host.Kernel.Evaluator()
	if err != nil {
		return nil, 0, err
	}
	if list, err = e.Events(t.seen); err != nil {
		return nil, 0, err
	}
	for i := range list {
		lost += list[i].Sequence - t.seen - 1
		t.seen = list[i].Sequence
	}
	if t.skip {
		t.skip = false
		return nil, 0, nil
	}
	return list, lost, nil
}

// Skip passes over what was recorded until now; after an error, over what is there when the kernel tells again.
func (t *Tail) Skip() error {
	t.skip = true
	_, _, err := t.Next()
	return err
}
