package kauth

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Number is how a kernel names a request: the scope, its action, and the request code or 0.
type Number struct {
	Scope  Scope
	Action uint8
	Req    uint8
}

// Key packs the number so that keys sort by scope, action and req. It is the key of a program's request table.
func (n Number) Key() uint32 { return uint32(n.Scope)<<16 | uint32(n.Action)<<8 | uint32(n.Req) }

// Vocabulary is the requests of one kernel version: which there are, how they are numbered, and what is special about them.
// It is immutable and safe for any number of goroutines.
type Vocabulary struct {
	// Version is the __NetBSD_Version__ in words, "10.99.12".
	Version string
	// ID stands for the numbering in bundles: a hash of all names and numbers, so that equal numberings of
	// different versions have equal ids.
	ID      uint64
	numbers []Number
	flags   []Flags
	table   []uint16
}

// NewVocabulary makes the vocabulary of a version. Numbers and flags have an element for each request; a request that the
// kernel does not have has the zero number. It is an error if two requests have one number.
func NewVocabulary(version string, numbers []Number, flags []Flags) (*Vocabulary, error) {
	if len(numbers) != NumRequests || len(flags) != NumRequests {
		return nil, fmt.Errorf("a vocabulary must have %d numbers and as many flags, but has %d and %d", NumRequests, len(numbers), len(flags))
	}
	size := 1
	for size < 2*NumRequests {
		size *= 2
	}
	v := &Vocabulary{Version: version, numbers: slices.Clone(numbers), flags: slices.Clone(flags), table: make([]uint16, size)}
	sum := sha256.New()
	for id, n := range v.numbers {
		if n.Scope == 0 {
			continue
		}
		if other, taken := v.find(n); taken {
			return nil, fmt.Errorf("every number must be of one request, but %v is of %s and %s", n, other, RequestID(id))
		}
		h := v.slot(n)
		for v.table[h] != 0 {
			h = (h + 1) & (uint32(size) - 1)
		}
		v.table[h] = uint16(id) + 1
		fmt.Fprintf(sum, "%s %d %d %d %x\n", requests[id].Name, n.Scope, n.Action, n.Req, uint64(requests[id].Fields))
	}
	v.ID = binary.BigEndian.Uint64(sum.Sum(nil))
	return v, nil
}

// Flags of the request in this kernel; NeverRaised if it has no such request.
func (v *Vocabulary) Flags(id RequestID) Flags {
	if v.numbers[id].Scope == 0 {
		return NeverRaised
	}
	return v.flags[id]
}

// Asks reports whether this kernel asks policies the request; see [Flags.Asked].
func (v *Vocabulary) Asks(id RequestID) bool { return v.Flags(id).Asked() }

// Requests are those that this kernel asks policies.
func (v *Vocabulary) Requests() []RequestID {
	ids := make([]RequestID, 0, NumRequests)
	for id := range RequestID(NumRequests) {
		if v.Asks(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Number that the kernel gives the request; false if this kernel has no such request.
func (v *Vocabulary) Number(id RequestID) (Number, bool) {
	n := v.numbers[id]
	return n, n.Scope != 0
}

// Request that has the number; false if none has. Where a request code is a bit mask, a value without a name
// of its own is the bare action (device.rawio_passthru with bits 3).
func (v *Vocabulary) Request(n Number) (RequestID, bool) {
	if id, ok := v.find(n); ok {
		return id, true
	}
	if n.Req == 0 {
		return 0, false
	}
	n.Req = 0
	id, ok := v.find(n)
	if !ok || !v.flags[id].Has(Bare) || !requests[id].Fields.Has(FieldBits) {
		return 0, false
	}
	return id, true
}

func (v *Vocabulary) find(n Number) (RequestID, bool) {
	mask := uint32(len(v.table)) - 1
	for h := v.slot(n); v.table[h] != 0; h = (h + 1) & mask {
		if id := RequestID(v.table[h] - 1); v.numbers[id] == n {
			return id, true
		}
	}
	return 0, false
}

func (v *Vocabulary) slot(n Number) uint32 {
	return n.Key() * 2654435761 >> 16 & (uint32(len(v.table)) - 1)
}

// Vocabularies that this program knows, the newest last.
func Vocabularies() []*Vocabulary { return []*Vocabulary{&NetBSD109912} }

// Newest is the newest vocabulary that this program knows. It stands in where none is given.
func Newest() *Vocabulary {
	all := Vocabularies()
	return all[len(all)-1]
}

// FindVocabulary gives the vocabulary with that id.
func FindVocabulary(id uint64) (*Vocabulary, bool) {
	for _, v := range Vocabularies() {
		if v.ID == id {
			return v, true
		}
	}
	return nil, false
}
