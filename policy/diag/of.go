package diag

import "errors"

// Diagnosed is an error that knows what to say about itself: with a code, and where it has one with a place and a hint.
type Diagnosed interface {
	error
	Diagnostics() List
}

// Diagnostics are the problems themselves, folded.
func (l List) Diagnostics() List { return l.Fold() }

// Of gives an error as problems: those that it knows itself, those of each error that was joined, or one with the code
// Failed. An error that wraps another adds its words where the other has no more than a text of its own. Nil is none.
func Of(err error) List {
	if err == nil {
		return nil
	}
	if d, ok := err.(Diagnosed); ok {
		return d.Diagnostics()
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out List
		for _, e := range joined.Unwrap() {
			out = append(out, Of(e)...)
		}
		return out
	}
	var inner Diagnosed
	if !errors.As(err, &inner) {
		return List{{Code: Failed, Message: err.Error()}}
	}
	out := inner.Diagnostics()
	if len(out) == 1 && out[0].Message == inner.Error() {
		out[0].Message = err.Error()
	}
	return out
}
