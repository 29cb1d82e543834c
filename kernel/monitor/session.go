package monitor

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cellsh/kernel/process"
)

// identify gives the key of a child of this program that leads a session.
func identify(pid int) (process.Key, error) {
	// A process that is just in execve(2) is not told of in full. It is so for some thousandths of a second.
	for range 1000 {
		list, err := process.Read(process.Query{Session: &pid})
		if err != nil {
			return process.Key{}, err
		}
		for i := range list {
			if p := &list[i]; p.PID == pid && p.Measured {
				return p.Key(), nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return process.Key{}, fmt.Errorf("process %d must be told of by the system, but is not", pid)
}

// family are the living processes of the session that the process began, which must be known to be no other's, and where this
// monitor is given them, of all that came from them.
func family(leader process.Key) ([]process.Process, error) {
	q := process.Query{Session: &leader.PID}
	if adopts || leader.PID == 0 {
		q.Session = nil
	}
	list, err := process.Read(q)
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	reused := false
	for i := range list {
		p := &list[i]
		parents[p.PID] = p.Parent
		reused = reused || p.PID == leader.PID && p.Measured && p.Born != leader.Born
	}
	self := os.Getpid()
	mine := func(p *process.Process) bool {
		if p.PID == self || !p.Living() {
			return false
		}
		if leader.PID != 0 && p.Session == leader.PID && !reused {
			return true
		}
		// A list that changes while it is read may have a circle in it.
		for pid, steps := p.Parent, 0; adopts && pid > 1 && steps < len(list); pid, steps = parents[pid], steps+1 {
			if pid == self {
				return true
			}
		}
		return false
	}
	var found []process.Process
	for i := range list {
		if mine(&list[i]) {
			found = append(found, list[i])
		}
	}
	return found, nil
}

// signalAll sends a signal to each of the processes once: by their groups, which a session has for itself.
func signalAll(list []process.Process, signal int) error {
	var groups []int
	var failed error
	for i := range list {
		g := list[i].Group
		if slices.Contains(groups, g) {
			continue
		}
		groups = append(groups, g)
		if err := signalGroup(g, signal); err != nil {
			failed = err
		}
	}
	return failed
}

// remains is what there is of a session that an earlier monitor has left.
type remains uint8

const (
	// nothing is left, or what has its number is of somebody else.
	nothing remains = iota
	// ours: the process that began the session is there, or a witness, so that all of the session is known to be ours.
	ours
	// uncertain: that process is gone, and others have the session of its number. It may have come to others since.
	uncertain
)

// look says what is left of the session that the process began and the witnesses are of, and which processes.
func look(leader process.Key, witnesses []process.Key) (remains, []int, error) {
	// Of a process that is just in execve(2) it is not told when it began.
	for range 1000 {
		list, err := process.Read(process.Query{Session: &leader.PID})
		if err != nil {
			return uncertain, nil, err
		}
		var pids []int
		known, told, zombie := false, true, false
		for i := range list {
			switch p := &list[i]; {
			case p.PID != leader.PID:
				known = known || p.Measured && slices.Contains(witnesses, p.Key())
				if p.Living() {
					pids = append(pids, p.PID)
				}
			case !p.Measured:
				told, zombie = !p.Living(), !p.Living()
			case p.Born != leader.Born:
				return nothing, nil, nil // the number could be given anew because nothing was left
			default:
				known = true
				if p.Living() {
					pids = append(pids, p.PID)
				}
			}
		}
		switch {
		case !told || zombie && len(pids) > 0:
			// It is told in a moment, or init takes notice of it.
			time.Sleep(time.Millisecond)
			continue
		case known && len(pids) > 0:
			return ours, pids, nil
		case len(pids) > 0:
			return uncertain, pids, nil
		}
		return nothing, nil, nil
	}
	return uncertain, []int{leader.PID}, nil
}

// uncertainText says what is to be done about processes that may be left of a service.
func uncertainText(pids []int, session int) string {
	what := "process"
	if len(pids) > 1 {
		what = "processes"
	}
	return fmt.Sprintf("%s %s of session %d may be left of it, but the process that began that session is gone, so nobody can tell; end them by hand",
		what, strings.Trim(fmt.Sprint(pids), "[]"), session)
}

// sent is a stop signal that a process may have lost. NetBSD drops those that reach a process late in execve(2), and a process that
// has executed another program since is sent it again.
type sent struct {
	signal int
	to     []process.Process
	// at is when it is looked, which is done so many times more.
	at    time.Duration
	looks int
}

// resendAfter is how long after a signal it is looked, and resendLooks how often.
const (
	resendAfter = 20 * time.Millisecond
	resendLooks = 10
)

// lost are those of the list that have executed a program since they were sent the signal, or did so just then, and those that were
// not there yet. Of one that executes a program now it is not yet known.
func (s *sent) lost(list []process.Process) (pids []int) {
	for i := range list {
		p := &list[i]
		at := slices.IndexFunc(s.to, func(q process.Process) bool { return q.PID == p.PID })
		if !p.Measured {
			continue
		}
		if at < 0 {
			s.to = append(s.to, *p)
			pids = append(pids, p.PID)
			continue
		}
		if q := &s.to[at]; !q.Measured || q.Key() == p.Key() && q.Name != p.Name {
			pids = append(pids, p.PID)
		}
		s.to[at] = *p
	}
	return pids
}
