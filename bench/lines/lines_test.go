package lines

import (
	"errors"
	"testing"
)

// What is measured is done: all lines arrive.
func TestRace(t *testing.T) {
	r, err := Start(2000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, system := range []bool{false, true} {
		before := r.taken.Load()
		lost, err := r.Kept(system)
		if err != nil || lost > 0 {
			t.Errorf("%d lines are lost: %v", lost, err)
		}
		if n := r.taken.Load() - before; !system && n > 0 {
			t.Errorf("%d messages", n)
		}
	}
	switch err := r.Logger(); {
	case errors.Is(err, ErrNoLogger):
		t.Skip(err)
	case err != nil:
		t.Error(err)
	}
}
