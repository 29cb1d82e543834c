//go:build linux || netbsd || freebsd || openbsd || dragonfly || darwin

package members

import (
	"syscall"
	"testing"
)

// TestSendToOne: what kill(2) would take for a group, or for all, is refused. Signal 0 would do no harm.
func TestSendToOne(t *testing.T) {
	for _, pid := range []int{1, 0, -1, -5} {
		if err := send(pid, syscall.Signal(0)); err == nil {
			t.Errorf("%d must be refused", pid)
		}
	}
}
