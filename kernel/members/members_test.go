package members

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/process"
	"cellsh/policy/kauth"
)

// at once lets every wait end at once.
func atOnce(time.Duration) <-chan time.Time {
	done := make(chan time.Time, 1)
	done <- time.Time{}
	return done
}

// fork is a place with processes that answer to signals as they like.
type fork struct {
	list []process.Process
	// on is what a signal does; its error is that of sending.
	on   func(*fork, syscall.Signal) error
	sent []syscall.Signal
	fail error
}

func (f *fork) processes() ([]process.Process, error) { return slices.Clone(f.list), f.fail }

func (f *fork) signal(s syscall.Signal) error {
	f.sent = append(f.sent, s)
	return f.on(f, s)
}

func some(pids ...int) []process.Process {
	var list []process.Process
	for _, pid := range pids {
		list = append(list, process.Process{PID: pid, Measured: true, Born: process.Stamp(fmt.Sprint(pid))})
	}
	return list
}

func TestSignalAll(t *testing.T) {
	zombie := process.Process{PID: 9, State: process.Zombie}
	ends := func(f *fork, _ syscall.Signal) error {
		if len(f.list) == 1 && f.list[0].PID == zombie.PID {
			return kauth.ESRCH
		}
		f.list = []process.Process{zombie}
		return nil
	}
	stays := func(*fork, syscall.Signal) error { return nil }
	deaf := func(*fork, syscall.Signal) error { return kauth.ESRCH }
	for _, test := range []struct {
		name    string
		list    []process.Process
		signal  syscall.Signal
		on      func(*fork, syscall.Signal) error
		want    int
		sent    int
		problem string
	}{
		{"a signal is sent once, whether they end or not", some(5, 6), syscall.SIGTERM, stays, 2, 1, ""},
		{"nobody is there", nil, syscall.SIGTERM, deaf, 0, 1, ""},
		{"a zombie is nobody", []process.Process{zombie}, syscall.SIGKILL, deaf, 0, 1, ""},
		{"they are killed", append(some(5, 6), zombie), syscall.SIGKILL, ends, 2, 2, ""},
		{"those that can't be seen are reached", nil, syscall.SIGTERM, stays, Unseen, 1, ""},
		{"those that can't be seen are killed until nobody is reached", nil, syscall.SIGKILL, func(f *fork, _ syscall.Signal) error {
			if len(f.sent) < 4 {
				return nil
			}
			return kauth.ESRCH
		}, Unseen, 4, ""},
		{"killed again while signals are lost", some(5), syscall.SIGKILL, func(f *fork, s syscall.Signal) error {
			if len(f.sent) < 7 {
				return nil
			}
			return ends(f, s)
		}, 1, 8, ""},
		{"killed again while others are made", some(5), syscall.SIGKILL, func(f *fork, s syscall.Signal) error {
			if len(f.sent) < 4 {
				f.list = some(5 + len(f.sent))
				return nil
			}
			return ends(f, s)
		}, 4, 5, ""},
		{"they ended by themselves", some(5), syscall.SIGHUP, func(f *fork, _ syscall.Signal) error { f.list = nil; return kauth.ESRCH }, 0, 1, ""},
		{"none may be reached", some(5, 6), syscall.SIGHUP, deaf, 0, 1, "send a signal to cell web: root in the cell must be allowed to send HUP to its members, but is not (EPERM)"},
		{"none may be killed", some(5), syscall.SIGKILL, deaf, 0, maxDenied, "send a signal to cell web: root in the cell must be allowed to send KILL to its members, but is not (EPERM)"},
		{"some are left", some(5, 6), syscall.SIGKILL, stays, 0, rounds, "send a signal to cell web: all members must be gone after KILL, but 2 are left: processes 5, 6"},
		{"many are left", some(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), syscall.SIGKILL, func(f *fork, _ syscall.Signal) error { f.list = f.list[:9]; return nil }, 1, rounds,
			"send a signal to cell web: all members must be gone after KILL, but 9 are left: processes 1, 2, 3, 4, 5, 6, 7, 8 and 1 more"},
	} {
		f := &fork{list: test.list, on: test.on}
		n, err := signalAll("web", f, test.signal, atOnce)
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if n != test.want || problem != test.problem || len(f.sent) != test.sent {
			t.Errorf("%s: got %d, %q, after %d signals, want %d, %q, after %d", test.name, n, problem, len(f.sent), test.want, test.problem, test.sent)
		}
	}
	f := &fork{list: some(5), on: stays, fail: errors.New("unreadable")}
	if _, err := signalAll("web", f, syscall.SIGKILL, atOnce); err == nil || len(f.sent) > 0 {
		t.Errorf("who can't be seen must not be sent signals, but: %v, %v", err, f.sent)
	}
}

func TestParseSignal(t *testing.T) {
	for text, want := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "sigterm": syscall.SIGTERM, "15": syscall.SIGTERM, "Hup": syscall.SIGHUP, "9": syscall.SIGKILL} {
		if got, ok := ParseSignal(text); !ok || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "0", "-9", "SIG", "FOO", "SIGSIGTERM", "9999", " TERM", "4294967311"} {
		if got, ok := ParseSignal(text); ok {
			t.Errorf("%q is no signal, but is read as %d", text, got)
		}
	}
	if got := SignalName(syscall.SIGKILL) + SignalName(0); got != "KILL0" {
		t.Error(got)
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"nginx: worker": "nginx: worker", `say "hä"`: `say "hä"`, "a\x1b[2Jb": `a\x1b[2Jb`, "one\ntwo": `one\ntwo`, "\xff": `\xff`, "\u202e\"x": `\u202e"x`,
	} {
		if got := visible(text); got != want || strings.ContainsAny(got, "\x1b\n") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	m := ReadOnly(&Sessions{Machine: &machine{}})
	if _, err := m.Processes(kernel.Cell{ID: 1, Name: "web"}); err != nil {
		t.Error(err)
	}
	if _, err := m.Signal(kernel.Cell{ID: 1, Name: "web"}, syscall.SIGTERM); err == nil {
		t.Error("who must only look must not send signals")
	}
}
