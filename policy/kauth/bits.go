package kauth

import "strings"

// bitName is the name of a bit of a field that has Flags: that of the macro in the kernel's headers.
type bitName struct {
	name  string
	field Field
	bit   int64
}

// FindBit gives the bit of that name, MNT_RDONLY, and the field that it is of. A name belongs to one field only.
func FindBit(name string) (f Field, bit int64, ok bool) {
	for i := range bitNames {
		if b := &bitNames[i]; b.name == name {
			return b.field, b.bit, true
		}
	}
	return 0, 0, false
}

// BitName is the name of a bit of a field; false if it has none.
func (f Field) BitName(bit int64) (string, bool) {
	for i := range bitNames {
		if b := &bitNames[i]; b.field == f && b.bit == bit {
			return b.name, true
		}
	}
	return "", false
}

// BitNames lists the names of the bits of a field, several of one bit too; none if it has no Flags.
func (f Field) BitNames() []string {
	var all []string
	for i := range bitNames {
		if b := &bitNames[i]; b.field == f {
			all = append(all, b.name)
		}
	}
	return all
}

// MeantBit gives the name of a bit of a field that another spelling means: in other letters, or without what the names of
// the field begin with (nosuid for MNT_NOSUID); "" for none.
func (f Field) MeantBit(name string) string {
	for i := range bitNames {
		b := &bitNames[i]
		if b.field != f {
			continue
		}
		if at := len(b.name) - len(name); at >= 0 && strings.EqualFold(b.name[at:], name) && (at == 0 || b.name[at-1] == '_') {
			return b.name
		}
	}
	return ""
}
