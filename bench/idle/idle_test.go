package idle

import (
	"testing"
	"time"

	"cellsh/bench/start"
)

// What is measured runs, and says what it should.
func TestWatch(t *testing.T) {
	p, err := start.Build()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Remove()
	if part, err := Watch(p, 10, time.Millisecond); err != nil || part < 0 {
		t.Errorf("%v, %v", part, err)
	}
}
