package process

import "time"

// Use is what the processes of a session, or of anything else, use together.
type Use struct {
	// Processes that live.
	Processes int
	// Resident is the memory of them all in bytes; what they share counts once for each of them.
	Resident uint64
	// Time is the processor time that they have used since the first look. It never falls.
	Time time.Duration
}

// Meter adds up what processes use, from one look to the next. The zero value has seen nothing. It is for one goroutine.
//
// Time is what is certain: a process that has come and gone between two looks is seen only if somebody among the others has
// waited for it, because the system adds its time to that one's. What is told is therefore never too much.
type Meter struct {
	seen bool
	// own is the time of each process at the last look.
	own map[Key]time.Duration
	// spent is the time that is accounted for, base what was spent before the first look.
	spent, base time.Duration
}

// Add takes a look into account. The list is all there is now.
func (m *Meter) Add(list []Process) Use {
	own := make(map[Key]time.Duration, len(list))
	var use Use
	var all, more time.Duration
	for i := range list {
		p := &list[i]
		if p.Living() {
			use.Processes++
			use.Resident += p.Resident
		}
		if !p.Measured {
			continue
		}
		all += p.Time + p.Waited
		own[p.Key()] = p.Time
		if before, known := m.own[p.Key()]; known {
			more += max(0, p.Time-before)
		}
	}
	// Two ways to know how much was used at least. The sum of all, with the children that they have waited for, has those
	// that came and went; it falls when one ends for whom nobody waits, or is not told while it is a zombie. The growth of
	// those that are still there does not.
	m.spent = max(m.spent+more, all)
	if !m.seen {
		m.seen, m.base = true, m.spent
	}
	m.own = own
	use.Time = m.spent - m.base
	return use
}
