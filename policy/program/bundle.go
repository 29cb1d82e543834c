package program

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// CellID is the kernel's number of a cell. 0 is the host, for which no program exists.
type CellID uint32

// Cell says which program answers for a cell, and by which name programs know it.
type Cell struct {
	ID   CellID
	Name string
	// Program is an index into Bundle.Programs, or NameOnly.
	Program int
}

// NameOnly stands for no program: the fallback answers for the cell, and the bundle only says its name, which programs ask
// for. A cell that no bundle names has the name policy.UnknownCell for them.
const NameOnly = -1

// FallbackScope says for which cells without a program the fallback answers.
type FallbackScope uint8

const (
	// FallbackLow: cells whose profile in the kernel is low, which nothing else would restrain. For the others
	// only their profile counts.
	FallbackLow FallbackScope = iota
	// FallbackAll: every cell without a program. It makes a lockdown.
	FallbackAll
)

// Bundle is what a kernel takes over as one: the programs of all live cells and the fallback. It must not be
// changed once it is in use.
type Bundle struct {
	// Vocabulary that the programs are written in.
	Vocabulary *kauth.Vocabulary
	// Generation numbers the loads, from 1; a cell that is attached later gives a bundle of the same
	// Generation with a higher Attachment.
	Generation uint64
	Attachment uint32
	// Fallback answers for cells without a program, within FallbackScope.
	Fallback      *Program
	FallbackScope FallbackScope
	// Programs, each once.
	Programs []*Program
	// Cells by id, ascending: those with a program, and those of which only the name is told.
	Cells []Cell
}

// The encoding of a bundle; docs/format.md describes it.
const (
	bundleMagic  = "cellshB\x00"
	bundleHeader = 64
	nameSize     = 64

	// CellSize is how many bytes a cell takes in a bundle.
	CellSize = 72

	// ABIVersion of bundles and programs that this package reads and writes.
	ABIVersion = 2
	// MaxBundle is the longest bundle in bytes.
	MaxBundle = 256 << 20
)

// VersionError says that a bundle was written in another version of the format.
type VersionError struct{ Version uint32 }

func (e *VersionError) Error() string {
	s := fmt.Sprintf("the bundle must have version %d of the format, but has version %d", ABIVersion, e.Version)
	if e.Version < ABIVersion {
		s += ": an older cellsh wrote it; load the policies again"
	}
	return s
}

// VocabularyError says that a bundle numbers its requests in a way that is not known.
type VocabularyError struct{ ID uint64 }

func (e *VocabularyError) Error() string {
	return fmt.Sprintf("the vocabulary of the bundle must be a known one, but is %#x", e.ID)
}

// Find gives the program of a cell, or nil if the bundle has none for it.
func (b *Bundle) Find(id CellID) *Program {
	c, ok := b.cell(id)
	if !ok || c.Program == NameOnly {
		return nil
	}
	return b.Programs[c.Program]
}

// cell gives what the bundle says of a cell, false if that is nothing.
func (b *Bundle) cell(id CellID) (*Cell, bool) {
	i, ok := slices.BinarySearchFunc(b.Cells, id, func(c Cell, id CellID) int { return cmp.Compare(c.ID, id) })
	if !ok {
		return nil, false
	}
	return &b.Cells[i], true
}

// Attach gives a bundle in which the cells of another have its programs and names, and all others what they have here. It has
// the attachment number of the other, and only cells that live. Neither bundle is changed.
func (b *Bundle) Attach(more *Bundle, lives func(CellID) bool) *Bundle {
	out := *b
	out.Attachment = more.Attachment
	out.Programs = slices.Clone(b.Programs)
	out.Cells = make([]Cell, 0, len(b.Cells)+len(more.Cells))
	index := map[*Program]int{}
	for i, p := range b.Programs {
		index[p] = i
	}
	old, add := b.Cells, more.Cells
	for len(old) > 0 || len(add) > 0 {
		if len(add) == 0 || len(old) > 0 && old[0].ID < add[0].ID {
			if lives(old[0].ID) {
				out.Cells = append(out.Cells, old[0])
			}
			old = old[1:]
			continue
		}
		c := add[0]
		if c.Program != NameOnly {
			p := more.Programs[c.Program]
			i, known := index[p]
			if !known {
				i = len(out.Programs)
				index[p] = i
				out.Programs = append(out.Programs, p)
			}
			c.Program = i
		}
		if len(old) > 0 && old[0].ID == c.ID {
			old = old[1:]
		}
		out.Cells, add = append(out.Cells, c), add[1:]
	}
	return out.trim()
}

// trim leaves out the programs that belong to no cell any more.
func (b Bundle) trim() *Bundle {
	to := make([]int, len(b.Programs))
	for _, c := range b.Cells {
		if c.Program != NameOnly {
			to[c.Program] = 1
		}
	}
	var programs []*Program
	for i, used := range to {
		if used != 0 {
			to[i] = len(programs)
			programs = append(programs, b.Programs[i])
		}
	}
	if len(programs) == len(b.Programs) {
		return &b
	}
	for i := range b.Cells {
		if c := &b.Cells[i]; c.Program != NameOnly {
			c.Program = to[c.Program]
		}
	}
	b.Programs = programs
	return &b
}

// Name is the name that programs know a cell by, the field target.cell: "" for the host.
func (b *Bundle) Name(id CellID) string {
	if id == 0 {
		return ""
	}
	c, ok := b.cell(id)
	if !ok {
		return policy.UnknownCell
	}
	return c.Name
}

// Encode writes the bundle. Equal bundles give equal bytes.
func (b *Bundle) Encode() []byte {
	programs := make([][]byte, 0, 1+len(b.Programs))
	length := bundleHeader + len(b.Cells)*CellSize
	for _, p := range append([]*Program{b.Fallback}, b.Programs...) {
		text := p.Encode(b.Vocabulary)
		programs, length = append(programs, text), length+len(text)
	}
	out := make([]byte, bundleHeader, length)
	copy(out, bundleMagic)
	le := binary.LittleEndian
	le.PutUint32(out[8:], ABIVersion)
	le.PutUint64(out[16:], b.Vocabulary.ID)
	le.PutUint64(out[24:], b.Generation)
	le.PutUint32(out[32:], b.Attachment)
	le.PutUint32(out[40:], uint32(b.FallbackScope))
	le.PutUint32(out[44:], uint32(len(b.Programs)))
	le.PutUint32(out[48:], uint32(len(b.Cells)))
	// The fallback first, then the programs: each brings its length.
	for _, p := range programs {
		out = append(out, p...)
	}
	for _, c := range b.Cells {
		var rec [CellSize]byte
		le.PutUint32(rec[0:], uint32(c.ID))
		le.PutUint32(rec[4:], uint32(c.Program))
		copy(rec[8:], c.Name)
		out = append(out, rec[:]...)
	}
	le.PutUint32(out[12:], uint32(len(out)))
	le.PutUint32(out[36:], crc32.ChecksumIEEE(out))
	return out
}

// DecodeBundle reads and verifies a bundle whole: either everything in it is sound, or it is refused with a
// *VersionError, a *VocabularyError, a *FormatError or a *VerifyError. It never panics, whatever the bytes. Its vocabulary must be one that this program knows, or
// one of those that are given.
func DecodeBundle(text []byte, more ...*kauth.Vocabulary) (*Bundle, error) {
	d := &decoder{what: "bundle", text: text}
	if len(text) < bundleHeader || string(text[:8]) != bundleMagic {
		return nil, d.fault(FaultMagic, 0, "it must start with %q and a header of %d bytes", bundleMagic, bundleHeader)
	}
	le := binary.LittleEndian
	if v := le.Uint32(text[8:]); v != ABIVersion {
		return nil, &VersionError{v}
	}
	if n := count(text[12:]); len(text) > MaxBundle || n != len(text) {
		return nil, d.fault(FaultLength, 12, "the length must be that of the bundle, %d of at most %d, but is %d", len(text), MaxBundle, n)
	}
	if sum, said := checksum(text, 36), le.Uint32(text[36:]); sum != said {
		return nil, d.fault(FaultChecksum, 36, "the checksum must be %08x, but is %08x", sum, said)
	}
	v, ok := kauth.FindVocabulary(le.Uint64(text[16:]))
	for _, x := range more {
		if x.ID == le.Uint64(text[16:]) {
			v, ok = x, true
		}
	}
	if !ok {
		return nil, &VocabularyError{le.Uint64(text[16:])}
	}
	b := &Bundle{Vocabulary: v, Generation: le.Uint64(text[24:]), Attachment: le.Uint32(text[32:]), FallbackScope: FallbackScope(text[40])}
	if s := le.Uint32(text[40:]); s > uint32(FallbackAll) {
		return nil, d.fault(FaultFallbackScope, 40, "the scope of the fallback must be 0 or 1, but is %d", s)
	}
	if !bytes.Equal(text[52:bundleHeader], make([]byte, bundleHeader-52)) {
		return nil, d.fault(FaultReserved, 52, "the reserved bytes must be 0")
	}
	nprograms, ncells := uint64(le.Uint32(text[44:])), uint64(le.Uint32(text[48:]))
	if nprograms*programHeader+ncells*CellSize > uint64(len(text)) {
		return nil, d.fault(FaultCounts, 44, "the counts must fit the length")
	}
	cellsAt := len(text) - int(ncells)*CellSize
	at := bundleHeader
	for i := range nprograms + 1 {
		if cellsAt-at < programHeader {
			return nil, d.fault(FaultProgramStart, at, "program %d must begin here, but the programs end at %d", i, cellsAt)
		}
		n := count(text[at+4:])
		if n > cellsAt-at {
			return nil, d.fault(FaultProgramEnd, at+4, "program %d must end before byte %d, but has %d bytes", i, cellsAt, n)
		}
		p, err := Decode(text[at:at+n], v)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			b.Fallback = p
		} else {
			b.Programs = append(b.Programs, p)
		}
		at += n
	}
	if at != cellsAt {
		return nil, d.fault(FaultCellsStart, at, "the cells must begin here, but begin at %d", cellsAt)
	}
	used := make([]bool, nprograms)
	b.Cells = make([]Cell, ncells)
	// The names are parts of one string.
	records := string(text[cellsAt:])
	for i := range b.Cells {
		at := cellsAt + i*CellSize
		c := Cell{ID: CellID(le.Uint32(text[at:])), Program: count(text[at+4:])}
		if le.Uint32(text[at+4:]) == 1<<32-1 {
			c.Program = NameOnly
		}
		name := text[at+8 : at+8+nameSize]
		end := bytes.IndexByte(name, 0)
		if end < 1 || !bytes.Equal(name[end:], make([]byte, nameSize-end)) {
			return nil, d.fault(FaultCellName, at+8, "a cell's name must be 1 to 63 bytes, and zeros after it")
		}
		c.Name = records[i*CellSize+8:][:end]
		if c.ID == 0 || i > 0 && b.Cells[i-1].ID >= c.ID {
			return nil, d.fault(FaultCellOrder, at, "the cells must be in order of their ids, the host not among them, but %d is here", c.ID)
		}
		if c.Program != NameOnly {
			if uint64(c.Program) >= nprograms {
				return nil, d.fault(FaultCellProgram, at+4, "the program of cell %d must be one of %d, but is %d", c.ID, nprograms, c.Program)
			}
			used[c.Program] = true
		}
		b.Cells[i] = c
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, d.fault(FaultProgramUnused, 44, "every program must belong to a cell, but program %d does not", i)
	}
	return b, nil
}
