package kauth

// Number is how a kernel names a request: the scope, its action, and the request code or 0.
type Number struct {
	Scope  Scope
	Action uint8
	Req    uint8
}

// Key packs the number so that keys sort by scope, action and req. It is the key of a program's request table.
func (n Number) Key() uint32 { return uint32(n.Scope)<<16 | uint32(n.Action)<<8 | uint32(n.Req) }

// Vocabulary is the numbering of one kernel version. It is immutable and safe for any number of goroutines.
type Vocabulary struct {
	// Version is the __NetBSD_Version__ in words, "10.99.12".
	Version string
	// ID stands for the numbering in bundles: a hash of all names and numbers, so that equal numberings of
	// different versions have equal ids.
	ID      uint64
	numbers []Number
	table   []uint16
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
	if !ok || !requests[id].Flags.Has(Bare) || !requests[id].Fields.Has(FieldBits) {
		return 0, false
	}
	return id, true
}

func (v *Vocabulary) find(n Number) (RequestID, bool) {
	mask := uint32(len(v.table)) - 1
	for h := n.Key() * 2654435761 >> 16 & mask; v.table[h] != 0; h = (h + 1) & mask {
		if id := RequestID(v.table[h] - 1); v.numbers[id] == n {
			return id, true
		}
	}
	return 0, false
}

// Vocabularies that this program knows, the newest last.
func Vocabularies() []*Vocabulary { return []*Vocabulary{&NetBSD109912} }

// FindVocabulary gives the vocabulary with that id.
func FindVocabulary(id uint64) (*Vocabulary, bool) {
	for _, v := range Vocabularies() {
		if v.ID == id {
			return v, true
		}
	}
	return nil, false
}
