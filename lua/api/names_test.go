package api

import (
	"testing"

	"cellsh/kernel/sim"
)

// TestNamesOfCalls: what the table says of some system calls it says of calls that exist.
func TestNamesOfCalls(t *testing.T) {
	for name := range callExamples {
		if _, ok := sim.FindCall(name); !ok {
			t.Errorf("there is an example of %s, which is no call", name)
		}
	}
	for name := range makers {
		if _, ok := sim.FindCall(name); !ok {
			t.Errorf("%s makes processes, and is no call", name)
		}
	}
}
