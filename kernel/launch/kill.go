package launch

import "time"

// killInterval is how long a killed process has to be gone before it is killed again. The window in which NetBSD
// loses a signal is a few milliseconds long.
const killInterval = 10 * time.Millisecond

// mortal is a process that can be killed.
type mortal interface {
	kill()
	ended() <-chan struct{}
}

// killUntilGone kills the process again and again until it was waited for. Once is not enough: NetBSD drops the
// signals, SIGKILL among them, that reach a process late in execve(2) (ksiginfo_exechook in kern_sig.c;
// golang.org/issue/42061).
func killUntilGone(m mortal, clock Clock) {
	for {
		m.kill()
		select {
		case <-m.ended():
			return
		case <-clock.After(killInterval):
		}
	}
}
