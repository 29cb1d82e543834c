package outlet

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"cellsh/kernel/disk"
)

// Place takes values: lines, which end with a newline, or messages.
type Place[T any] interface {
	// Put keeps a value, whole or not at all as far as that can be had. It waits for nobody: ErrBusy says that the place takes no
	// more at the moment.
	Put(T) error
	// Close gives the place up.
	Close() error
	// String is the place in messages.
	String() string
}

// ErrBusy says that a place takes nothing at the moment, because who reads there is slower.
var ErrBusy = errors.New("it takes less than there is")

// Options of New.
type Options[T any] struct {
	// What the values are, for messages: "decisions".
	What string
	// Tell is told, in a sentence without a full stop, that values can't be kept, once for each reason until one can be; and how
	// many were not then.
	Tell func(string)
	// Gap is the value that stands for so many that could not be kept, and why.
	Gap func(lost uint64, why string) T
}

// Lines writes to a place, and counts what it does not take. It is not safe for concurrent use but for Lost.
type Lines[T any] struct {
	place Place[T]
	o     Options[T]
	// lost and why are those since the place last took a value; why is "" while it takes them. Told are the reasons that were told
	// since then: two that take turns are no news. Total are all that could not be written.
	lost  uint64
	total atomic.Uint64
	why   string
	told  []string
}

// New writes to the place, which Close closes.
func New[T any](p Place[T], o Options[T]) *Lines[T] { return &Lines[T]{place: p, o: o} }

// Write keeps a value, or counts it.
func (l *Lines[T]) Write(v T) {
	if !l.keep(v) {
		l.lost++
		l.total.Add(1)
	}
}

// Note keeps a value that stands for so many which were lost before. If it can't, they are in the next gap.
func (l *Lines[T]) Note(v T, lost uint64) {
	if !l.keep(v) {
		l.lost += lost
	}
}

// Lose counts values that never came here, and says why.
func (l *Lines[T]) Lose(n uint64, why string) {
	l.lost += n
	l.total.Add(n)
	l.fails(why)
}

// Lost is how many values were not kept so far.
func (l *Lines[T]) Lost() uint64 { return l.total.Load() }

// keep keeps a value, after one for what was lost before it.
func (l *Lines[T]) keep(v T) bool { return l.settle() && l.put(v) }

// settle notes in the place what was lost, if anything was.
func (l *Lines[T]) settle() bool {
	if l.why == "" {
		return true
	}
	if l.lost > 0 {
		if !l.put(l.o.Gap(l.lost, l.why)) {
			return false
		}
		l.o.Tell(fmt.Sprintf("%s takes %s again; %d were not written", l.place, l.o.What, l.lost))
	}
	l.lost, l.why, l.told = 0, "", l.told[:0]
	return true
}

func (l *Lines[T]) put(v T) bool {
	err := l.place.Put(v)
	if err != nil {
		l.fails(disk.Cause(err).Error())
	}
	return err == nil
}

// fails tells a reason that is new.
func (l *Lines[T]) fails(why string) {
	l.why = why
	if !slices.Contains(l.told, why) {
		l.told = append(l.told, why)
		l.o.Tell(fmt.Sprintf("%s can't be written: %s; %s that are missing there are counted", l.place, why, l.o.What))
	}
}

// Close gives the place up, after what was lost is noted there if that can be done. It is an error if values were not kept.
func (l *Lines[T]) Close() error {
	if l.lost > 0 {
		l.settle()
	}
	err := l.place.Close()
	if total := l.Lost(); total > 0 {
		text := fmt.Sprintf("all %s must be written to %s, but %d were not", l.o.What, l.place, total)
		if l.why != "" {
			text += ": " + l.why
		}
		return errors.New(text)
	}
	return err
}
