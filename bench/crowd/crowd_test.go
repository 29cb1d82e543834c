package crowd

import "testing"

// Everything that is timed does what it is said to do.
func TestCrowd(t *testing.T) {
	c, err := New(100)
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.Kernel.Cells()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * Askers {
		if err := c.Ask(i); err != nil {
			t.Fatal(err)
		}
	}
	after, err := c.Kernel.Cells()
	if err != nil {
		t.Fatal(err)
	}
	asked, cells := uint64(0), 0
	for i := range after {
		if n := after[i].Decisions - before[i].Decisions; n > 0 {
			asked += n
			cells++
		}
	}
	if asked != 2*Askers || cells != Askers {
		t.Errorf("%d questions of %d cells were answered by programs", asked, cells)
	}
	for _, call := range c.Calls() {
		if err := call.Do(); err != nil {
			t.Errorf("%s: %v", call.Name, err)
		}
	}
	if err := c.Another(); err != nil {
		t.Error(err)
	}
	// One that has ended may be named yet.
	if s, err := c.Kernel.Status(); err != nil || s.Cells < 100 || s.Cells > 101 {
		t.Errorf("%d cells are named, %v", s.Cells, err)
	}
	bundle, err := c.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Kernel.Load(bundle, 0); err != nil {
		t.Error(err)
	}
	churn, err := Churn(10)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := churn(); err != nil {
			t.Error(err)
		}
	}
}
