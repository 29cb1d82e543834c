package monitors

import (
	"errors"
	"testing"

	"cellsh/bench/start"
)

// What is measured runs, and all monitors are seen.
func TestMonitors(t *testing.T) {
	p, err := start.Build()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Remove()
	m, err := New(p, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	if sizes, err := m.Resident(); !errors.Is(err, ErrNoProc) && (err != nil || len(sizes) != 3 || sizes[0] <= 0) {
		t.Errorf("%v, %v", sizes, err)
	}
	if err := errors.Join(m.Stop(), m.Shell()); err != nil {
		t.Error(err)
	}
	if sizes, err := m.Resident(); !errors.Is(err, ErrNoProc) {
		t.Errorf("nothing runs, but %v, %v", sizes, err)
	}
}
