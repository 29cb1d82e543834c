package stock

import (
	"sync"

	"cellsh/policy/kauth"
)

// Revision is a revision of secmodel_cell.
type Revision uint8

const (
	// Current is commit 3b14309.
	Current Revision = iota
	// April is the revision of April 2026 (commit 87983eb).
	April

	numRevisions = iota
)

// String is "current" or "april".
func (r Revision) String() string { return [...]string{"current", "april"}[r] }

// ParseRevision gives the revision of that name.
func ParseRevision(name string) (Revision, bool) {
	for r := range Revision(numRevisions) {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

// Place is where a caller is: on the host, or in a cell of one of the three profiles.
type Place uint8

// The places.
const (
	Host Place = iota
	Low
	Medium
	High

	numPlaces = iota
)

// String is "host", "low", "medium" or "high".
func (p Place) String() string { return [...]string{"host", "low", "medium", "high"}[p] }

// ParsePlace gives the place of that name.
func ParsePlace(name string) (Place, bool) {
	for p := range Place(numPlaces) {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}

// cellEntry is what secmodel_cell answers in the places of a mask.
type cellEntry struct {
	places uint8
	entry
}

func at(places ...Place) uint8 {
	var m uint8
	for _, p := range places {
		m |= 1 << p
	}
	return m
}

var (
	everywhere = at(Host, Low, Medium, High)
	inCells    = at(Low, Medium, High)
	restricted = at(Medium, High)
)

// hostAdministration is what both revisions deny from medium on, in whole actions and single requests
// (secmodel_cell_policy.c).
var hostAdministration = on("system.module", "system.mknod", "system.filehandle", "system.chroot", "system.reboot", "system.swapctl",
	"system.accounting", "system.cpu", "system.pset", "system.time", "system.semaphore", "system.mqueue", "system.devmapper",
	"system.intr", "system.kernaddr",
	"system.mount.device", "system.mount.new", "system.mount.unmount", "system.mount.update", "system.mount.umap",
	"system.sysctl.add", "system.sysctl.delete", "system.sysctl.modify")

// cellEntries are the tables of secmodel_cell. A process of another cell is out of reach for everybody but root on
// the host, so callers on the host have rules too.
var cellEntries = [numRevisions][]cellEntry{
	April: {
		{everywhere, deny(on("process.cansee", "process.signal"), is(TargetOtherCell), not(CallerHostRoot))},
		// The owner of a port needs no further right for it, and nobody else has any, root on the host included.
		{everywhere, allow(on("network.bind.port", "network.bind.privport"), is(PortReservedByCaller))},
		{everywhere, deny(on("network.bind.port", "network.bind.privport"), is(PortReservedByOther))},
		{inCells, deny(on("system.sysctl.prvt"))},
		{restricted, deny(hostAdministration)},
		{at(High), deny(on("system.sysvipc"))},
	},
	Current: {
		{everywhere, deny(on("process.cansee", "process.corename", "process.kevent_filter", "process.ktrace", "process.nice",
			"process.procfs", "process.ptrace", "process.rlimit", "process.scheduler_getaffinity", "process.scheduler_setaffinity",
			"process.scheduler_getparam", "process.scheduler_setparam", "process.setid", "process.signal", "process.stopflag"),
			is(TargetOtherCell), not(CallerHostRoot))},
		{everywhere, deny(on("network.bind.port", "network.bind.privport"), is(PortReservedByOther), not(CallerHostRoot))},
		{inCells, deny(on("system.sysctl.prvt"))},
		{restricted, deny(hostAdministration)},
		{at(High), deny(on("system.sysvipc"))},
		// Every network action that is neither a bind nor an ordinary socket.
		{restricted, deny(on("network.socket.open"), is(DomainRoute))},
		{restricted, deny(on("network.socket.rawsock", "network.socket.setpriv", "network.socket.drop"))},
		{restricted, deny(on("network.altq", "network.firewall", "network.interface", "network.forwsrcrt", "network.nfs", "network.route",
			"network.interface_ppp", "network.interface_slip", "network.interface_strip", "network.interface_tun",
			"network.interface_bridge", "network.ipsec", "network.interface_pvc", "network.ipv6", "network.smb", "network.interface_wg"))},
		{restricted, deny(on("device", "machdep"))},
	},
}

type cellTable [numPlaces][kauth.NumRequests]Listener

var cellTables = sync.OnceValue(func() *[numRevisions]cellTable {
	t := new([numRevisions]cellTable)
	for rev, entries := range cellEntries {
		for _, e := range entries {
			for _, pattern := range e.patterns {
				for _, id := range requests(pattern) {
					for p := range Place(numPlaces) {
						if e.places>>p&1 == 0 {
							continue
						}
						l := &t[rev][p][id]
						l.Model, l.Name = Cell, "secmodel_cell"
						l.Rules = append(l.Rules, Rule{e.answer, in(p, e.when)})
					}
				}
			}
		}
	}
	return t
})

// in is the condition as it is for callers in the place: who is in a cell is not root on the host.
func in(p Place, c Condition) Condition {
	if p == Host {
		return c
	}
	var out Condition
	for _, l := range c {
		if l != not(CallerHostRoot) {
			out = append(out, l)
		}
	}
	return out
}

// CellListener is what secmodel_cell of the revision says to the request where the caller is in the place. It
// must not be changed. Where it always defers it has no rules.
//
// A rule that denies ports that other cells reserve depends on [PortReservedByOther], which nobody knows
// before the question is asked: which cells there are, and what they reserve, changes.
func CellListener(rev Revision, p Place, id kauth.RequestID) *Listener {
	l := &cellTables()[rev][p][id]
	return l
}

// Everything gives all listeners for the request: the stock ones and secmodel_cell.
func Everything(rev Revision, p Place, id kauth.RequestID) []Listener {
	all := append([]Listener(nil), Listeners(id)...)
	if l := CellListener(rev, p, id); len(l.Rules) > 0 {
		all = append(all, *l)
	}
	return all
}
