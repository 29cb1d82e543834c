package members

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"cellsh/kernel"
	"cellsh/kernel/process"
	"cellsh/policy/kauth"
)

// Members are the processes of cells. The methods are safe for concurrent use. A cell is given as the kernel lists it.
//
// Errors are a *kernel.Error, or a *kernel.UnsupportedError where the processes of this system can't be seen.
type Members interface {
	// Processes gives the members of the cell by number, zombies among them.
	Processes(kernel.Cell) ([]process.Process, error)
	// Signal sends a signal to all members, and gives how many there were to get it, or Unseen. SIGKILL is sent until none is
	// left, because NetBSD loses signals that reach a process late in execve(2); any other is sent once, and may be lost so.
	// An error can come with a number: those were reached.
	Signal(kernel.Cell, syscall.Signal) (int, error)
}

// Unseen stands for how many members there were where a policy keeps them from seeing each other: at least one.
const Unseen = -1

// ParseSignal reads a signal by its number or its name on this machine, with SIG before it or without, in any case.
func ParseSignal(text string) (syscall.Signal, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		s := syscall.Signal(n)
		return s, n > 0 && signalName(s) != ""
	}
	s := signalNumber("SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG"))
	return s, s != 0
}

// SignalName is the name of a signal of this machine without SIG before it, or its number where it has none.
func SignalName(s syscall.Signal) string {
	if name := signalName(s); name != "" {
		return strings.TrimPrefix(name, "SIG")
	}
	return strconv.Itoa(int(s))
}

// place is where members are seen and reached.
type place interface {
	// processes gives all members, without the caller. Their Args may be left out.
	processes() ([]process.Process, error)
	// signal sends it to all members but the caller. The error is ESRCH if there was none who could be sent it.
	signal(syscall.Signal) error
}

// How long members that were killed may take until they are gone, which is about 10 seconds in all: they are killed again after
// pause, then after twice that, and so on up to longPause, rounds times. One that waits for a disk takes as long as that does.
const (
	rounds           = 24
	pause, longPause = 10 * time.Millisecond, 500 * time.Millisecond
)

// maxDenied is how often nobody may be there who can be sent SIGKILL, while there are members, until that is no chance.
const maxDenied = 3

// signalAll sends the signal to all members of the place, SIGKILL until none is left.
func signalAll(cell string, at place, s syscall.Signal, after func(time.Duration) <-chan time.Time) (int, error) {
	known := map[process.Key]bool{}
	unseen, denied, wait := false, 0, pause
	for round := 0; ; round++ {
		list, err := at.processes()
		if err != nil {
			return len(known), err
		}
		list = slices.DeleteFunc(list, func(p process.Process) bool { return !p.Living() })
		for i := range list {
			known[list[i].Key()] = true
		}
		reached := len(known)
		switch {
		case unseen:
			reached = Unseen
		case round > 0 && s != syscall.SIGKILL:
			// Nobody could be sent it: those that were there have ended, or may not be reached.
			if len(list) > 0 {
				return 0, unreachable(cell, s, list)
			}
			return 0, nil
		}
		if round == rounds {
			return len(known) - len(list), leftOver(cell, list)
		}
		// Also where nobody is seen: a policy may keep members from each other, and not their signals.
		switch sent := at.signal(s); {
		case sent == kauth.ESRCH && len(list) == 0:
			return reached, nil
		case sent == kauth.ESRCH:
			if denied++; s == syscall.SIGKILL && denied >= maxDenied {
				return 0, unreachable(cell, s, list)
			}
		case sent != nil:
			return 0, sent
		default:
			denied, unseen = 0, unseen || len(list) == 0
			if s != syscall.SIGKILL && unseen {
				return Unseen, nil
			}
			if s != syscall.SIGKILL {
				return reached, nil
			}
		}
		if s == syscall.SIGKILL {
			<-after(wait)
			wait = min(2*wait, longPause)
		}
	}
}

func opSignal(cell string) string { return "send a signal to cell " + cell }

func unreachable(cell string, s syscall.Signal, list []process.Process) error {
	return &kernel.Error{Op: opSignal(cell), Errno: kauth.EPERM, Text: fmt.Sprintf("root in the cell must be allowed to send %s to its members, but is not", SignalName(s)),
		Hint: "a policy of the cell denies process.signal; the host can still reach " + numbers(list)}
}

func leftOver(cell string, list []process.Process) error {
	return &kernel.Error{Op: opSignal(cell), Text: fmt.Sprintf("all members must be gone after KILL, but %d are left: %s", len(list), numbers(list)),
		Hint: "one that waits for a disk or a network file system ends when that answers; a policy that denies process.signal to the cell keeps all from being killed"}
}

// numbers are those of processes, a few of many.
func numbers(list []process.Process) string {
	const most = 8
	var words []string
	for i := range list[:min(most, len(list))] {
		words = append(words, strconv.Itoa(list[i].PID))
	}
	text := "processes " + strings.Join(words, ", ")
	if len(list) == 1 {
		text = "process " + words[0]
	}
	if len(list) > most {
		text += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return text
}

// sorted orders processes by their numbers.
func sorted(list []process.Process) []process.Process {
	slices.SortFunc(list, func(a, b process.Process) int { return a.PID - b.PID })
	return list
}

// clean makes what processes say of themselves fit to be shown: a member may name itself as it likes.
func clean(list []process.Process) {
	for i := range list {
		list[i].Name = visible(list[i].Name)
		for j, arg := range list[i].Args {
			list[i].Args[j] = visible(arg)
		}
	}
}

// visible writes what is not printable as a string of Go has it, so that it can't drive a terminal or look like another line.
func visible(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) && utf8.ValidString(text) {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// readOnly is for those who must not change anything.
type readOnly struct{ Members }

// ReadOnly gives members that can be seen, and not be sent signals.
func ReadOnly(m Members) Members { return readOnly{m} }

func (readOnly) Signal(c kernel.Cell, _ syscall.Signal) (int, error) {
	return 0, kernel.RefuseReadOnly(opSignal(c.Name))
}
