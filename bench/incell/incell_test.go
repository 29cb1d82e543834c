package incell

import (
	"errors"
	"testing"

	"cellsh/bench/decide"
)

// Both answer as the Go switch does, and take a time.
func TestRace(t *testing.T) {
	stream := decide.Stream(decide.StreamLength)
	for _, c := range []decide.Case{decide.Web, decide.Large} {
		r, err := Start(c, stream)
		if errors.Is(err, ErrNoCompiler) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		times, err := r.Run(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if times.Program <= 0 || times.Written <= 0 {
			t.Errorf("%s takes %+v", c.Name, times)
		}
	}
}
