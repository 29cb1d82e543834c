package study

import (
	"reflect"
	"slices"

	"cellsh/policy"
	"cellsh/policy/analysis"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
)

// danger is requests with which root in a cell does harm to the host.
type danger struct {
	requests []kauth.Pattern
	// only these requests do harm; nil is all of them.
	only *policy.Test
	// whole says that no field tells which of them do: they count only if the policies refuse none of them. Where they
	// refuse some they have thought of it.
	whole bool
}

var (
	rawDevices = named("device.rawio_spec.write", "device.rawio_spec.rw")
	modules    = named("system.module")
)

// hostDangers take the whole host; networkDangers its network. The profile low, which cells with policies have, denies none
// of them; the profile high denies all but raw sockets of IPv4 (secmodel_cell_policy.c). Of requests that are in several
// the first counts.
var (
	hostDangers = []danger{
		{requests: named("system.reboot")},
		{requests: modules, whole: true},
		// What the kernel loads by itself is not the caller's choice.
		{requests: modules, only: is(kauth.FieldAutoload, 0)},
		{requests: named("system.filehandle", "machdep.unmanagedmem", "machdep.iopl", "machdep.ioperm_set")},
		// Which numbers are disks and memory depends on the machine, but for this: a device of blocks is a disk.
		{requests: rawDevices, whole: true},
		{requests: rawDevices, only: is(kauth.FieldKind, kauth.DeviceKinds.MustValue("block"))},
	}
	networkDangers = []struct {
		what    string
		dangers []danger
	}{
		{"packet filters", []danger{{requests: named("network.firewall")}}},
		{"interfaces", []danger{{requests: named("network.interface.set", "network.interface.setpriv", "network.interface.firmware", "network.interface_ppp", "network.interface_slip",
			"network.interface_strip", "network.interface_tun", "network.interface_pvc", "network.interface_bridge.setpriv", "network.interface_wg.setpriv")}}},
		{"routes", []danger{{requests: named("network.route", "network.forwsrcrt")}}},
		{"packet queues", []danger{{requests: named("network.altq")}}},
		{"packets made by hand", []danger{{requests: named("network.socket.rawsock")}, {requests: named("network.socket.open"), only: is(kauth.FieldType, kauth.SocketTypes.MustValue("raw"))}}},
		{"connections of others", []danger{{requests: named("network.socket.drop")}}},
		{"IPsec", []danger{{requests: named("network.ipsec")}}},
		{"NFS", []danger{{requests: named("network.nfs")}}},
	}
)

func is(f kauth.Field, v int64) *policy.Test {
	return &policy.Test{Kind: policy.In, Field: f, Set: interval.Single(v)}
}

// named are the scopes, actions or requests of these names.
func named(names ...string) []kauth.Pattern {
	var list []kauth.Pattern
	for _, name := range names {
		list = append(list, kauth.MustFindPattern(name))
	}
	return list
}

// LeftToRoot is what the policies of some cells leave to root in them although the host suffers from it. The profile low,
// which cells with policies have, does not deny it either.
type LeftToRoot struct {
	Cells []string `json:"cells"`
	// Host are requests that can take the whole host, Network what of its network they can change.
	Host    []LeftRequest `json:"host"`
	Network []LeftKind    `json:"network"`
}

// LeftKind is one thing of the host's network that is left to root.
type LeftKind struct {
	// What it is in words: "routes".
	What string `json:"what"`
	// Whole says that no policy refuses anything of it.
	Whole    bool          `json:"whole"`
	Requests []LeftRequest `json:"requests"`
}

// LeftRequest is a scope, an action or a request that is left to root.
type LeftRequest struct {
	Request string `json:"request"`
	// Where says in words which requests it is, each for a part; none for all of them. More says that there are more parts.
	Where []string `json:"where,omitempty"`
	More  bool     `json:"more,omitempty"`
	// Unsure says that there are too many cases to know.
	Unsure bool `json:"unsure,omitempty"`
}

// LeftToRoot looks for it in the cells that policies name, and puts together those that are alike. It is exact: what counts
// is what the policies and the kernel's other models together refuse.
func (p *Policies) LeftToRoot(cells []string) []LeftToRoot {
	var out []LeftToRoot
	known := map[*rules.Program]LeftToRoot{}
	for i, cell := range cells {
		p.Work().At(progress.Step{Doing: "looking for what is left to root", Of: cell, Done: i, Total: len(cells)})
		if !p.Names(cell) || policy.CheckName(cell) != "" {
			continue
		}
		prog, err := p.Program(cell)
		if err != nil {
			continue // told by who asks for the program
		}
		left, ok := known[prog.Kind()]
		if !ok {
			left.Host, _ = p.leftOf(cell, hostDangers)
			left.Network = []LeftKind{}
			for _, k := range networkDangers {
				if list, whole := p.leftOf(cell, k.dangers); len(list) > 0 {
					left.Network = append(left.Network, LeftKind{k.what, whole, list})
				}
			}
			known[prog.Kind()] = left
		}
		if len(left.Host)+len(left.Network) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(l LeftToRoot) bool {
			return reflect.DeepEqual(l.Host, left.Host) && reflect.DeepEqual(l.Network, left.Network)
		})
		if i < 0 {
			i, out = len(out), append(out, left)
		}
		out[i].Cells = append(out[i].Cells, cell)
	}
	return out
}

// leftOf is what is left of some dangers, in their order, and whether that is all of them.
func (p *Policies) leftOf(cell string, dangers []danger) (list []LeftRequest, whole bool) {
	list, whole = []LeftRequest{}, true
	listed := map[kauth.RequestID]bool{}
	for _, d := range dangers {
		for _, pattern := range d.requests {
			var left []LeftRequest
			asked, all := 0, true
			lo, hi := pattern.Range()
			for id := lo; id < hi; id++ {
				if !p.Vocabulary().Asks(id) {
					continue
				}
				asked++
				l, entire, ok := p.leftRequest(cell, id, &d)
				all = all && entire
				if ok && !listed[id] {
					listed[id] = true
					left = append(left, l)
				}
			}
			whole = whole && all
			if all && asked > 1 {
				left = []LeftRequest{{Request: pattern.String()}}
			}
			list = append(list, left...)
		}
	}
	return list, whole
}

// leftRequest is what is left of one request, and whether that is all that does harm; ok is false if it is nothing.
func (p *Policies) leftRequest(cell string, id kauth.RequestID, d *danger) (l LeftRequest, whole, ok bool) {
	l.Request = id.String()
	left, err := analysis.Remains(p.Compiler, cell, id, d.only)
	switch {
	case err != nil: // there are too many cases
		l.Unsure = true
		return l, false, true
	case left.Nothing() || d.whole && !left.Whole:
		return l, false, false
	case left.Whole && d.only != nil:
		l.Where = []string{d.only.String()}
	default:
		l.Where, l.More = left.Where(), left.More
	}
	return l, left.Whole, true
}
