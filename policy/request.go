package policy

import (
	"slices"

	"cellsh/policy/kauth"
)

// Groups are the groups of the host that a policy is for, by name.
type Groups interface {
	// Lookup gives the id of a group.
	Lookup(name string) (gid uint32, ok bool)
	// Names lists the groups that are known, sorted.
	Names() []string
}

// Request is one question of the kernel, with the values of its fields.
//
// Evaluation only reads it; a Request that nobody changes may be shared between goroutines.
type Request struct {
	// ID says which request it is.
	ID kauth.RequestID
	// Given are the fields that have a value here. A kernel gives all that the request carries; a line of
	// decide may leave some out.
	Given kauth.FieldSet
	// Int holds the fields of KindInt, KindNamed and KindBool (1 is true), by field.
	Int [kauth.NumFields]int64
	// Addr is the field addr.
	Addr Addr
	// Ifname is the field ifname, "" where the kernel knows none: it reads nil then.
	Ifname string
	// Fstype is the field fstype.
	Fstype string
	// TargetCell is the field target.cell: the name of a cell, "" for the host, UnknownCell for a cell of which the kernel
	// knows no name.
	TargetCell string
	// Groups are the caller's supplementary groups. See [Request.InGroup].
	Groups []uint32
}

// SetInt gives a field of KindInt, KindNamed or KindBool its value.
func (r *Request) SetInt(f kauth.Field, v int64) {
	r.Int[f] = v
	r.Given = r.Given.With(f)
}

// SetText gives a field of KindString its value.
func (r *Request) SetText(f kauth.Field, s string) {
	*r.text(f) = s
	r.Given = r.Given.With(f)
}

// SetAddr gives the field addr its value.
func (r *Request) SetAddr(a Addr) {
	r.Addr = a
	r.Given = r.Given.With(kauth.FieldAddr)
}

// SetGroups gives the caller's supplementary groups.
func (r *Request) SetGroups(gids ...uint32) {
	r.Groups = gids
	r.Given = r.Given.With(kauth.FieldGroups)
}

// SetCredential gives the caller's ids.
func (r *Request) SetCredential(uid, euid, gid, egid uint32, groups ...uint32) {
	r.SetInt(kauth.FieldUID, int64(uid))
	r.SetInt(kauth.FieldEUID, int64(euid))
	r.SetInt(kauth.FieldGID, int64(gid))
	r.SetInt(kauth.FieldEGID, int64(egid))
	r.SetGroups(groups...)
}

// IsUsual reports whether the kernel asks the request with the values of the fields that are given; see
// kauth.RequestID.Usual. A [Question] takes no others.
func (r *Request) IsUsual() bool {
	return !r.Given.Has(kauth.FieldPort) || r.ID.IsUsual(kauth.FieldPort, r.Int[kauth.FieldPort])
}

// Text is the value of a field of KindString.
func (r *Request) Text(f kauth.Field) string { return *r.text(f) }

func (r *Request) text(f kauth.Field) *string {
	switch f {
	case kauth.FieldIfname:
		return &r.Ifname
	case kauth.FieldFstype:
		return &r.Fstype
	}
	return &r.TargetCell
}

// InGroup reports whether the caller is a member as kauth_cred_groupmember(9) has it: the effective group
// counts, and so do the supplementary ones.
func (r *Request) InGroup(gid uint32) bool {
	return r.Int[kauth.FieldEGID] == int64(gid) || slices.Contains(r.Groups, gid)
}
