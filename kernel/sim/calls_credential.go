package sim

import (
	"math"
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

var callSetregid = Call{
	Name: "setregid",
	Doc:  "Sets real and effective group id; -1 keeps one. Asks process.setid if one is none of the present ones: EPERM.",
	Params: []Param{
		{Name: "rgid", Kind: Integer, Doc: "real group id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
		{Name: "egid", Kind: Integer, Doc: "effective group id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setreuid(a.uint32("rgid"), a.uint32("egid"), true)
	},
}

var callSetreuid = Call{
	Name: "setreuid",
	Doc:  "Sets real and effective user id; -1 keeps one. Asks process.setid if one is none of the present ones: EPERM.",
	Params: []Param{
		{Name: "ruid", Kind: Integer, Doc: "real user id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
		{Name: "euid", Kind: Integer, Doc: "effective user id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setreuid(a.uint32("ruid"), a.uint32("euid"), false)
	},
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

var callGetgid = Call{
	Name:    "getgid",
	Doc:     "Asks nobody.",
	Returns: "the real group id",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.cred.gid), 0
	},
}

var callGetuid = Call{
	Name:    "getuid",
	Doc:     "Asks nobody.",
	Returns: "the real user id",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.cred.uid), 0
	},
}

var callIssetugid = Call{
	Name:    "issetugid",
	Doc:     "Asks nobody.",
	Returns: "1 if ids or root were changed since the last exec",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return truth(p.sugid), 0
	},
}

var callSetgid = Call{
	Name: "setgid",
	Doc:  "Sets all three group ids. Asks process.setid if the new one is not the real one: EPERM. The wanted id is not visible to models.",
	Params: []Param{
		{Name: "gid", Kind: Integer, Doc: "group id", Min: 0, Max: math.MaxUint32},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setuid(a.uint32("gid"), true)
	},
}

var callSetuid = Call{
	Name: "setuid",
	Doc:  "Sets all three user ids. Asks process.setid if the new one is not the real one: EPERM. The wanted id is not visible to models.",
	Params: []Param{
		{Name: "uid", Kind: Integer, Doc: "user id", Min: 0, Max: math.MaxUint32},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setuid(a.uint32("uid"), false)
	},
}

// Setuid is setuid(2): all three user ids.
func (p *Process) Setuid(uid uint32) kauth.Errno {
	return p.call(func() kauth.Errno { return p.setuid(uid, false) })
}

var callGetegid = Call{
	Name:    "getegid",
	Doc:     "Asks nobody.",
	Returns: "the effective group id",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.cred.egid), 0
	},
}

var callGeteuid = Call{
	Name:    "geteuid",
	Doc:     "Asks nobody.",
	Returns: "the effective user id",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return int64(p.cred.euid), 0
	},
}

var callSetegid = Call{
	Name: "setegid",
	Doc:  "Sets the effective group id. Asks process.setid if the new one is neither the real nor the saved one: EPERM.",
	Params: []Param{
		{Name: "egid", Kind: Integer, Doc: "effective group id", Min: 0, Max: math.MaxUint32},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.seteuid(a.uint32("egid"), true)
	},
}

var callSeteuid = Call{
	Name: "seteuid",
	Doc:  "Sets the effective user id. Asks process.setid if the new one is neither the real nor the saved one: EPERM.",
	Params: []Param{
		{Name: "euid", Kind: Integer, Doc: "effective user id", Min: 0, Max: math.MaxUint32},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.seteuid(a.uint32("euid"), false)
	},
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

var callGetgroups = Call{
	Name:    "getgroups",
	Doc:     "Asks nobody.",
	Returns: "the supplementary groups",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return toInt64(p.cred.groups), 0
	},
}

var callSetgroups = Call{
	Name: "setgroups",
	Doc:  "Sets the supplementary groups, at most 16. Always asks process.setid: EPERM.",
	Params: []Param{
		{Name: "groups", Kind: Integers, Doc: "group ids", Max: math.MaxUint32},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setgroups(toUint32(a.ints("groups")))
	},
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

var callGetlogin = Call{
	Name:    "getlogin",
	Doc:     "Asks nobody.",
	Returns: "the login name of the session",
	do: func(p *Process, _ Args) (any, kauth.Errno) {
		return p.session().login, 0
	},
}

var callSetlogin = Call{
	Name: "setlogin",
	Doc:  "Sets the login name of the session. Always asks process.setid: EPERM.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "login name of at most 16 bytes"},
	},
	Asks: []string{"process.setid"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setlogin(a.text("name"))
	},
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
