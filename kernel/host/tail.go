package host

import "cellsh/kernel"

// Tail follows the decisions that the kernel records. The kernel keeps only so many; those that were lost are counted. It
// is not safe for concurrent use.
type Tail struct {
	host *Host
	// seen is the sequence number of the last decision that was given, or of the one after which to begin; known the highest
	// that the kernel has told of.
	seen, known uint64
	// anew says that the last step has found the kernel counting from 1 again.
	anew bool
	// skip says that what was recorded before is still to be passed over.
	skip bool
}

// Tail follows the decisions after the one of that number; 0 begins with the oldest that is kept.
func (h *Host) Tail(after uint64) *Tail { return &Tail{host: h, seen: after} }

// Next gives the decisions since the last time, oldest first, and how many came between that are not kept any more. A
// kernel without the evaluation model is an *kernel.UnsupportedError. A model that was started anew counts from 1 again, and so
// does the tail.
func (t *Tail) Next() (list []kernel.Event, lost uint64, err error) {
	e, err := t.host.Kernel.Evaluator()
	if err != nil {
		return nil, 0, err
	}
	if list, err = e.Events(t.seen); err != nil {
		return nil, 0, err
	}
	t.anew = false
	if len(list) == 0 && t.known > 0 {
		status, err := e.Status()
		if err != nil {
			return nil, 0, err
		}
		if t.anew = status.Sequence < t.known; t.anew {
			t.seen, t.known = 0, 0
			if list, err = e.Events(0); err != nil {
				return nil, 0, err
			}
		}
	}
	var names map[kernel.CellID]string
	seen := t.seen
	for i := range list {
		lost += list[i].Sequence - seen - 1
		seen = list[i].Sequence
		if list[i].Name != "" {
			continue
		}
		// The kernel knows the names of those that were named to it. Others have one as long as they live.
		if names == nil {
			if names, err = t.host.names(); err != nil {
				return nil, 0, err
			}
		}
		list[i].Name = names[list[i].Cell]
	}
	t.seen = seen // after an error they come again
	if len(list) > 0 {
		t.known = seen
	}
	if t.skip {
		t.skip = false
		return nil, 0, nil
	}
	return list, lost, nil
}

// names are those of the cells that live.
func (h *Host) names() (map[kernel.CellID]string, error) {
	cells, err := h.Kernel.List()
	if err != nil {
		return nil, err
	}
	names := map[kernel.CellID]string{}
	for _, c := range cells {
		names[c.ID] = c.Name
	}
	return names, nil
}

// Skip passes over what was recorded until now; after an error, over what is there when the kernel tells again.
func (t *Tail) Skip() error {
	t.skip = true
	_, _, err := t.Next()
	return err
}

// Anew reports whether the last step has found that the kernel counts from 1 again: what it had recorded before and not given
// is lost, and nobody knows how much that was.
func (t *Tail) Anew() bool { return t.anew }
