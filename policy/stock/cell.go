package stock

import (
	"sync"

	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// Place is where a caller is: on the host, or in a cell of one of the profiles.
type Place uint8

// Host is the place of those who are in no cell; [In] gives the others.
const (
	Host Place = 0

	numPlaces = 1 + secmodel.NumProfiles
)

// In is the place of the members of cells of a profile.
func In(p secmodel.Profile) Place { return Place(p) + 1 }

// String is "host", or the profile's name.
func (p Place) String() string {
	if p == Host {
		return "host"
	}
	return secmodel.Profile(p - 1).String()
}

// cellEntry is what secmodel_cell answers in the places of a mask, from one revision to another.
type cellEntry struct {
	since, until secmodel.Revision
	places       uint8
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
	low, medium, high = In(secmodel.Low), In(secmodel.Medium), In(secmodel.High)

	everywhere = at(Host, low, medium, high)
	inCells    = at(low, medium, high)
	restricted = at(medium, high)
)

const (
	early   = secmodel.Early
	april   = secmodel.April
	interim = secmodel.Interim
	current = secmodel.Current
)

// cellEntries are the tables of secmodel_cell. A process of another cell is out of reach for everybody but root on
// the host, so callers on the host have rules too. The first revision is taken to answer as that of April does: its commit
// changed the structures, and its decisions were not measured.
var cellEntries = []cellEntry{
	{early, april, everywhere, deny(on("process.cansee", "process.signal"), is(TargetOtherCell), not(CallerHostRoot))},
	{interim, interim, everywhere, deny(on("process.cansee", "process.corename", "process.ktrace", "process.procfs", "process.ptrace",
		"process.rlimit", "process.signal"), is(TargetOtherCell), not(CallerHostRoot))},
	{interim, interim, everywhere, deny(on("process.kevent_filter", "process.nice", "process.scheduler_getaffinity",
		"process.scheduler_setaffinity", "process.scheduler_getparam", "process.scheduler_setparam", "process.setid", "process.stopflag"),
		is(InterimIsLater), is(TargetOtherCell), not(CallerHostRoot))},
	{current, current, everywhere, deny(on("process.cansee", "process.corename", "process.kevent_filter", "process.ktrace", "process.nice",
		"process.procfs", "process.ptrace", "process.rlimit", "process.scheduler_getaffinity", "process.scheduler_setaffinity",
		"process.scheduler_getparam", "process.scheduler_setparam", "process.setid", "process.signal", "process.stopflag"),
		is(TargetOtherCell), not(CallerHostRoot))},

	// The owner of a port needs no further right for it, and nobody else has any, root on the host included.
	{early, interim, everywhere, allow(on("network.bind.port", "network.bind.privport"), is(PortReservedByCaller))},
	{early, interim, everywhere, deny(on("network.bind.port", "network.bind.privport"), is(PortReservedByOther))},
	{current, current, everywhere, deny(on("network.bind.port", "network.bind.privport"), is(PortReservedByOther), not(CallerHostRoot))},

	{early, current, inCells, deny(on("system.sysctl.prvt"))},
	// The administration of the host, in whole actions and single requests (secmodel_cell_policy.c).
	{early, current, restricted, deny(on("system.module", "system.mknod", "system.filehandle", "system.chroot", "system.reboot", "system.swapctl",
		"system.accounting", "system.cpu", "system.pset", "system.time", "system.semaphore", "system.mqueue", "system.devmapper",
		"system.intr", "system.kernaddr",
		"system.mount.device", "system.mount.new", "system.mount.unmount", "system.mount.update", "system.mount.umap",
		"system.sysctl.add", "system.sysctl.delete", "system.sysctl.modify"))},
	{early, current, at(high), deny(on("system.sysvipc"))},

	// Every network action that is neither a bind nor an ordinary socket.
	{current, current, restricted, deny(on("network.socket.open"), is(DomainRoute))},
	{current, current, restricted, deny(on("network.socket.rawsock", "network.socket.setpriv", "network.socket.drop"))},
	{current, current, restricted, deny(on("network.altq", "network.firewall", "network.interface", "network.forwsrcrt", "network.nfs", "network.route",
		"network.interface_ppp", "network.interface_slip", "network.interface_strip", "network.interface_tun",
		"network.interface_bridge", "network.ipsec", "network.interface_pvc", "network.ipv6", "network.smb", "network.interface_wg"))},
	{interim, interim, restricted, deny(on("device", "machdep"), is(InterimIsLater))},
	{current, current, restricted, deny(on("device", "machdep"))},
}

type cellTable [numPlaces][kauth.NumRequests]Listener

var cellTables = sync.OnceValue(func() map[secmodel.Revision]*cellTable {
	tables := map[secmodel.Revision]*cellTable{}
	for _, rev := range secmodel.Revisions() {
		t := new(cellTable)
		tables[rev] = t
		for _, e := range cellEntries {
			if rev < e.since || rev > e.until {
				continue
			}
			for _, pattern := range e.patterns {
				for _, id := range requests(pattern) {
					for p := range Place(numPlaces) {
						if e.places>>p&1 == 0 {
							continue
						}
						l := &t[p][id]
						l.Model, l.Name = Cell, "secmodel_cell"
						l.Rules = append(l.Rules, Rule{e.answer, in(p, e.when)})
					}
				}
			}
		}
	}
	return tables
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

// CellListener is what secmodel_cell of a supported revision says to the request where the caller is in the place. It
// must not be changed. Where it always defers it has no rules.
//
// A rule that denies ports that other cells reserve depends on [PortReservedByOther], which nobody knows
// before the question is asked: which cells there are, and what they reserve, changes.
func CellListener(rev secmodel.Revision, p Place, id kauth.RequestID) *Listener {
	return &cellTables()[rev][p][id]
}

// Everything gives all listeners for the request: the stock ones and secmodel_cell.
func Everything(rev secmodel.Revision, p Place, id kauth.RequestID) []Listener {
	all := append([]Listener(nil), Listeners(id)...)
	if l := CellListener(rev, p, id); len(l.Rules) > 0 {
		all = append(all, *l)
	}
	return all
}
