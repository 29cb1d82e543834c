package rundir

import "errors"

// Looks looks at all services of a directory again and again, for little. The zero value with Dir set has seen nothing; it is for
// one goroutine.
type Looks struct {
	Dir  Dir
	seen map[string]*Seen
	n    int
}

// Seen is a service as it was when it was last looked at.
type Seen struct {
	Status
	// Anew says that the last look has found it told anew, or asked for it.
	Anew bool

	stamp Stamp
}

// rest is how many looks there are to one that asks, of services that have told nothing new, whether their monitors live: who
// was killed can't tell.
const rest = 10

// Next looks, and gives all services by name. They are its own until the next look. The error says which services could not be
// looked at: they are given as they were seen before, if they were.
func (l *Looks) Next() ([]*Seen, error) {
	names, err := l.Dir.Names()
	if err != nil {
		return nil, err
	}
	var errs []error
	list := make([]*Seen, 0, len(names))
	now := make(map[string]*Seen, len(names))
	for i, name := range names {
		old := l.seen[name]
		f := l.Dir.Service(name)
		stamp := f.Stamp()
		// Their turns differ, so that not all are asked at once.
		asks := (l.n+i)%rest == 0 && old != nil && !old.State.Final()
		// A monitor that has told of its end tells nothing more, and may not have been gone yet.
		asks = asks || old != nil && old.State.Final() && old.Monitor != 0
		next := old
		if old != nil {
			old.Anew = false
		}
		if old == nil || asks || !stamp.Is(old.stamp) {
			status, err := f.Look()
			if err == nil {
				next = &Seen{status, true, stamp}
			} else {
				errs = append(errs, err)
			}
		}
		if next == nil {
			continue
		}
		list, now[name] = append(list, next), next
	}
	l.seen = now
	l.n++
	return list, errors.Join(errs...)
}
