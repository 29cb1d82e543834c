package abi

import "unsafe"

// The compiler holds the structures against the same declarations in Go. On 32-bit machines Go aligns 64-bit
// integers differently from C, but all of them sit at multiples of 8 here, so the check is good everywhere.
type (
	cellCreate struct {
		flags, id, profile uint32
		nports             uint16
		ports              [maxPorts]uint16
		nofile, as, core   uint64
		name               [nameSize]byte
		root               [rootSize]byte
	}
	cellInfo struct {
		id, flags                               uint32
		refcount                                uint64
		name                                    [nameSize]byte
		root                                    [rootSize]byte
		created, procs, memory, ticks1, ticks10 uint64
		nofile, as, core                        uint64
	}
)

// Each line is a compile error unless both sides are equal.
var (
	_ [424]byte = [unsafe.Sizeof(cellCreate{})]byte{}
	_ [80]byte  = [unsafe.Offsetof(cellCreate{}.nofile)]byte{}
	_ [168]byte = [unsafe.Offsetof(cellCreate{}.root)]byte{}
	_ [400]byte = [unsafe.Sizeof(cellInfo{})]byte{}
	_ [336]byte = [unsafe.Offsetof(cellInfo{}.created)]byte{}
	_ [376]byte = [unsafe.Offsetof(cellInfo{}.nofile)]byte{}
)
