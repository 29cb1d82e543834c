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
	// SystemClock is a struct clockinfo.
	SystemClock = "kern.clockrate"
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
	const size, stathzAt = 20, 12
	if len(text) != size {
		return 0, fmt.Errorf("struct clockinfo must be %d bytes, but is %d", size, len(text))
	}
	hz := int32(m.Order.Uint32(text[stathzAt:]))
	if hz <= 0 {
		return 0, fmt.Errorf("the rate of the statistics clock must be above 0, but is %d", hz)
	}
	return int(hz), nil
}
