package abi

import (
	"fmt"
	"time"
)

// The nodes that say which system it is.
const (
	SystemType    = "kern.ostype"
	SystemRelease = "kern.osrelease"
	SystemMachine = "hw.machine"
	// SystemBoot is a struct timespec: when the kernel started, by its clock.
	SystemBoot = "kern.boottime"
	// SystemLog is the message buffer as text, oldest first, with zeros where nothing was written yet.
	SystemLog = "kern.msgbuf"
	// SystemClock is a struct clockinfo.
	SystemClock = "kern.clockrate"
)

// EncodeTimespec is the time as a struct timespec.
func (m Machine) EncodeTimespec(t time.Time) []byte {
	text := make([]byte, roundUp(8+m.Long, m.Quad))
	m.Order.PutUint64(text, uint64(t.Unix()))
	if m.Long == 8 {
		m.Order.PutUint64(text[8:], uint64(t.Nanosecond()))
	} else {
		m.Order.PutUint32(text[8:], uint32(t.Nanosecond()))
	}
	return text
}

// EncodeClock is a struct clockinfo of a kernel whose clocks all tick at one rate.
func (m Machine) EncodeClock(hz int) []byte {
	text := make([]byte, clockSize)
	for _, at := range []int{0, statHZAt, profHZAt} {
		m.Order.PutUint32(text[at:], uint32(hz))
	}
	m.Order.PutUint32(text[tickAt:], uint32(1_000_000/hz))
	return text
}

// struct clockinfo: hz, tick in microseconds, a spare, stathz, profhz.
const (
	clockSize = 20
	tickAt    = 4
	statHZAt  = 12
	profHZAt  = 16
)

// DecodeTimespec reads a struct timespec: a time_t of 64 bits, then a long.
func (m Machine) DecodeTimespec(text []byte) (time.Time, error) {
	if size := roundUp(8+m.Long, m.Quad); len(text) != size {
		return time.Time{}, fmt.Errorf("struct timespec must be %d bytes, but is %d", size, len(text))
	}
	sec := int64(m.Order.Uint64(text))
	nsec := uint64(m.Order.Uint32(text[8:]))
	if m.Long == 8 {
		nsec = m.Order.Uint64(text[8:])
	}
	if nsec >= uint64(time.Second) {
		return time.Time{}, fmt.Errorf("the nanoseconds of a time must be below a second, but are %d", nsec)
	}
	return time.Unix(sec, int64(nsec)), nil
}

// DecodeStatHZ reads the rate of the statistics clock from a struct clockinfo: how many ticks of processor time
// make a second. The kernel puts the rate of the main clock there if it has no other.
func (m Machine) DecodeStatHZ(text []byte) (int, error) {
	if len(text) != clockSize {
		return 0, fmt.Errorf("struct clockinfo must be %d bytes, but is %d", clockSize, len(text))
	}
	hz := int32(m.Order.Uint32(text[statHZAt:]))
	if hz <= 0 {
		return 0, fmt.Errorf("the rate of the statistics clock must be above 0, but is %d", hz)
	}
	return int(hz), nil
}
