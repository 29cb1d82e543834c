package monitors

import (
	"errors"
	"testing"
	"time"

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
	// A process that has told of its end may still be on its way there.
	deadline := time.Now().Add(10 * time.Second)
	for {
		sizes, err := m.Resident()
		if errors.Is(err, ErrNoProc) {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("nothing runs, but %v, %v", sizes, err)
		}
	}
}
