package abi

import "encoding/binary"

// Machine is how a port of NetBSD lays out a C structure.
type Machine struct {
	// Name of the machine architecture, as in hw.machine_arch.
	Name string
	// Long is the size of a long in bytes. No structure of secmodel_cell has one.
	Long int
	// Quad is the alignment of a 64-bit integer in bytes. All smaller integers are aligned to their size.
	Quad int
	// Order of the bytes of an integer.
	Order binary.ByteOrder
}

// The machines that differ in something. Go itself runs NetBSD programs on the first four.
var (
	AMD64    = Machine{"x86_64", 8, 8, binary.LittleEndian}
	AArch64  = Machine{"aarch64", 8, 8, binary.LittleEndian}
	I386     = Machine{"i386", 4, 4, binary.LittleEndian}
	EARMv7   = Machine{"earmv7hf", 4, 8, binary.LittleEndian}
	EARMv7EB = Machine{"earmv7hfeb", 4, 8, binary.BigEndian}
	SPARC64  = Machine{"sparc64", 8, 8, binary.BigEndian}
)

// FindMachine gives the machine that a NetBSD program of the Go architecture (runtime.GOARCH) talks to; false
// for an architecture on which Go has no NetBSD.
func FindMachine(goarch string) (Machine, bool) {
	m, ok := map[string]Machine{"amd64": AMD64, "arm64": AArch64, "386": I386, "arm": EARMv7}[goarch]
	return m, ok
}
