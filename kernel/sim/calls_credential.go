package sim

import (
	"slices"

	"cellsh/policy/kauth"
)

// none is the id that set*id calls leave alone, -1.
const none = ^uint32(0)

// The ids that a set*id call may choose without asking.
const (
	isReal = 1 << iota
	isEffective
	isSaved
)

// wants says which ids of one kind a call sets, and which of the present ones each may be without asking.
type wants struct {
	r, e, s                uint32
	rFree, eFree, sFree    int
	haveR, haveE, haveSave uint32
}

func (w *wants) unchanged() bool {
	return (w.r == none || w.r == w.haveR) && (w.e == none || w.e == w.haveE) && (w.s == none || w.s == w.haveSave)
}

func (w *wants) mustAsk() bool {
	free := func(id uint32, may int) bool {
		return id == none || may&isReal != 0 && id == w.haveR || may&isEffective != 0 && id == w.haveE || may&isSaved != 0 && id == w.haveSave
	}
	return !free(w.r, w.rFree) || !free(w.e, w.eFree) || !free(w.s, w.sFree)
}

// setIDs is do_setresuid and do_setresgid: it asks only if an id is none of the present ones.
func (p *Process) setIDs(group bool, w wants) kauth.Errno {
	c := p.cred
	w.haveR, w.haveE, w.haveSave = c.uid, c.euid, c.svuid
	if group {
		w.haveR, w.haveE, w.haveSave = c.gid, c.egid, c.svgid
	}
	if w.mustAsk() {
		if e := p.askSetid(); e != 0 {
			return e
		}
	}
	if w.unchanged() {
		return 0
	}
	p.setCred(c.change(func(n *cred) {
		r, e, s := &n.uid, &n.euid, &n.svuid
		if group {
			r, e, s = &n.gid, &n.egid, &n.svgid
		}
		for _, x := range [...]struct {
			to *uint32
			v  uint32
		}{{r, w.r}, {e, w.e}, {s, w.s}} {
			if x.v != none {
				*x.to = x.v
			}
		}
	}))
	p.sugid = true
	return 0
}

func (p *Process) askSetid() kauth.Errno { return p.ask(reqSetid).about(p).answer() }

func (p *Process) setuid(uid uint32, group bool) kauth.Errno {
	return p.setIDs(group, wants{r: uid, e: uid, s: uid, rFree: isReal, eFree: isReal, sFree: isReal})
}

func (p *Process) seteuid(uid uint32, group bool) kauth.Errno {
	return p.setIDs(group, wants{r: none, e: uid, s: none, eFree: isReal | isSaved})
}

func (p *Process) setreuid(ruid, euid uint32, group bool) kauth.Errno {
	r, e := p.cred.uid, p.cred.euid
	if group {
		r, e = p.cred.gid, p.cred.egid
	}
	if ruid == none {
		ruid = r
	}
	if euid == none {
		euid = e
	}
	saved := euid
	if ruid == r {
		saved = none
	}
	all := isReal | isEffective | isSaved
	return p.setIDs(group, wants{r: ruid, e: euid, s: saved, rFree: isReal | isEffective, eFree: all, sFree: all})
}

// Setuid is setuid(2): all three user ids.
func (p *Process) Setuid(uid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setuid(uid, false) })
}

// Seteuid is seteuid(2).
func (p *Process) Seteuid(uid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.seteuid(uid, false) })
}

// Setgid is setgid(2).
func (p *Process) Setgid(gid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setuid(gid, true) })
}

// Setegid is setegid(2).
func (p *Process) Setegid(gid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.seteuid(gid, true) })
}

// Setgroups is setgroups(2). It always asks.
func (p *Process) Setgroups(gids ...uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setgroups(gids) })
}

const maxGroups = 16

func (p *Process) setgroups(gids []uint32) kauth.Errno {
	if len(gids) > maxGroups {
		return kauth.EINVAL
	}
	if e := p.askSetid(); e != 0 {
		return e
	}
	p.setCred(p.cred.change(func(n *cred) { n.groups = slices.Clone(gids) }))
	p.sugid = true
	return 0
}

// Setlogin is setlogin(2). It always asks.
func (p *Process) Setlogin(name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setlogin(name) })
}

const maxLogin = 16

func (p *Process) setlogin(name string) kauth.Errno {
	if e := p.askSetid(); e != 0 {
		return e
	}
	if len(name) > maxLogin {
		return kauth.EINVAL
	}
	s := p.session()
	if s.loginSet && p.pid != s.id && name != s.login {
		p.k.logf("%s (pid %d) changing logname from %s to %s", p.name, p.pid, s.login, name)
	}
	s.login, s.loginSet = name, true
	return 0
}
