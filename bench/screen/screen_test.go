package screen

import "testing"

// What is measured runs, and says what it should.
func TestLook(t *testing.T) {
	taken, err := Look(20, 5, 3)
	if err != nil || taken.First < 0 || taken.Later < 0 {
		t.Errorf("%+v, %v", taken, err)
	}
}
