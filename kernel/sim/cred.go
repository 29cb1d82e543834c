package sim

import "slices"

// cred is a credential (struct kauth_cred). It is never changed once it is in use: calls that change ids make
// another one. Processes that share one object share its identity too, which TIOCSTI looks at.
type cred struct {
	uid, euid, svuid uint32
	gid, egid, svgid uint32
	groups           []uint32
	// cell is what secmodel_cell keeps with the credential, nil for the host. A cell can be destroyed while
	// credentials of sockets still refer to it.
	cell *cell
}

// change gives a copy of the credential with a change made to it.
func (c *cred) change(f func(*cred)) *cred {
	n := *c
	f(&n)
	return &n
}

// member reports whether a group is one of the supplementary ones (kauth_cred_ismember_gid).
func (c *cred) member(gid uint32) bool { return slices.Contains(c.groups, gid) }

// GroupMember counts the effective group too (kauth_cred_groupmember).
func (c *cred) GroupMember(gid uint32) bool { return c.egid == gid || c.member(gid) }

// uidMatch is kauth_cred_uidmatch: any of the real and effective ids of both is the same.
func (c *cred) uidMatch(t *cred) bool {
	return c.uid == t.uid || c.euid == t.uid || c.uid == t.euid || c.euid == t.euid
}

// owns is proc_uidmatch: all of the target's real and saved ids are the caller's.
func (c *cred) owns(t *cred) bool {
	return c.uid == t.uid && c.uid == t.svuid && t.gid == t.svgid && c.member(t.gid)
}

// EffectiveUID is for package fs.
func (c *cred) EffectiveUID() uint32 { return c.euid }

func (c *cred) hostRoot() bool { return c.euid == 0 && c.cell == nil }
