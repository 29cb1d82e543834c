package netbsd

import (
	"errors"
	"fmt"
	"slices"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// revision is what was found out about secmodel_cell.
type revision struct {
	abi.Layout
	// sized says that the sizes of the structures were seen, and not only assumed.
	sized bool
	// assumed says that the revision could not be found out.
	assumed bool
	// findings say in words how it was found out.
	findings []string
}

func (r *revision) found(format string, args ...any) {
	r.findings = append(r.findings, fmt.Sprintf(format, args...))
}

// noCell is an id that no kernel has given out: ids count up from 1.
const noCell = 0xffffffff

// probe finds out which revision answers. None of its questions changes anything, whatever the revision is:
//
//   - reading the list tells the size of its records, if there is a cell;
//   - create with one byte and no reply buffer is refused everywhere, first for the one or for the other;
//   - destroy with eight bytes for the id of no cell is refused as too long or as unknown.
//
// What they don't tell is taken to be as in April.
func probe(t *tree) (revision, error) {
	r := revision{}
	var err error
	if r.Layout, err = abi.NewLayout(secmodel.April, t.machine); err != nil {
		return r, err
	}
	early, err := abi.NewLayout(secmodel.Early, t.machine)
	if err != nil {
		return r, err
	}
	if err := r.size(t, early); err != nil {
		return r, err
	}
	if r.Revision == secmodel.Early {
		return r, nil
	}
	_, err = t.call(abi.CellCreate, nil, []byte{0})
	switch err {
	case kauth.EINVAL:
		r.found("%s looks at the structure before the reply buffer: april", abi.CellCreate)
		return r, nil
	case kauth.ENOMEM:
		r.found("%s looks at the reply buffer first: interim or later", abi.CellCreate)
	case kauth.EPERM:
		r.found("only root of the host can find out more, so it is taken to be april")
		r.assumed = true
		return r, nil
	default:
		r.found("%s gave %v where EINVAL or ENOMEM was expected, so it is taken to be april", abi.CellCreate, err)
		r.assumed = true
		return r, nil
	}
	// The structures are the same since April, so only the name of the layout changes.
	r.Revision = secmodel.Interim
	id := slices.Repeat(abi.EncodeInt(t.machine.Order, noCell), 2)
	_, err = t.call(abi.CellDestroy, nil, id)
	switch err {
	case kauth.ENOENT:
		r.found("%s takes 8 bytes: interim", abi.CellDestroy)
	case kauth.EINVAL:
		r.found("%s takes exactly 4 bytes: current", abi.CellDestroy)
		r.Revision = secmodel.Current
	default:
		r.found("%s gave %v where ENOENT or EINVAL was expected, so it is taken to be interim", abi.CellDestroy, err)
		r.assumed = true
	}
	return r, nil
}

// size finds out by the list of cells whether its records have the size of April or that of Early.
func (r *revision) size(t *tree, early abi.Layout) error {
	for range attempts {
		text, err := t.read(abi.CellList, 1)
		switch {
		case errors.Is(err, errNoNode):
			return err
		case err != nil:
			r.found("%s could not be read (%v), so its records are taken to have %d bytes", abi.CellList, err, r.Info.Size)
			return nil
		case len(text) == 0:
			r.found("there is no cell, so the records of %s are taken to have %d bytes", abi.CellList, r.Info.Size)
			return nil
		}
		for _, l := range []abi.Layout{r.Layout, early} {
			if _, err := l.DecodeList(text); err == nil {
				r.Layout, r.sized = l, true
				r.found("%s has records of %d bytes", abi.CellList, l.Info.Size)
				return nil
			}
		}
	}
	return fmt.Errorf("the records of %s must have %d or %d bytes, but have neither", abi.CellList, r.Info.Size, early.Info.Size)
}
