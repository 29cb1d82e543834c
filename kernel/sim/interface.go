package sim

import (
	"maps"
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// ioctlCommand is an interface ioctl(2): what it asks, and its number if the question carries it.
type ioctlCommand struct {
	number int64
	// setpriv is asked before the driver sees the command.
	setpriv bool
	// then is what the driver and the protocol make of it; nil for what every interface has.
	then func(*ifCall) kauth.Errno
}

// ifCall is an interface ioctl(2) on its way. The zero address stands for none.
type ifCall struct {
	p      *Process
	s      *socket
	i      *iface
	addr   policy.Addr
	number int64
}

// iow is the number of a command that passes a structure to the kernel; it is made of direction, length, group
// and command (sys/ioccom.h). Those that are asked about pass struct ifreq, ifaliasreq and ifdrv.
func iow(command, length int64) int64 { return 0x80000000 | length<<16 | 'i'<<8 | command }

const (
	iocOut     = 0x40000000
	ifreqLen   = 144
	ifaliasLen = 64
	ifdrvLen   = 40
)

func (c *ifCall) setpriv() kauth.Errno {
	return c.p.ask(reqSetpriv).text(kauth.FieldIfname, c.i.name).with(kauth.FieldCmd, c.number).answer()
}

// first gives the interface's first IPv4 address, the zero address if it has none.
func (i *iface) first() policy.Addr {
	if n := slices.IndexFunc(i.addrs, func(a policy.Addr) bool { return a.Version == 4 }); n >= 0 {
		return i.addrs[n]
	}
	return policy.Addr{}
}

func (i *iface) add(a policy.Addr) {
	if !slices.Contains(i.addrs, a) {
		i.addrs = append(i.addrs, a)
	}
}

func (i *iface) remove(a policy.Addr) {
	i.addrs = slices.DeleteFunc(i.addrs, func(other policy.Addr) bool { return other == a })
}

// The IPv4 addresses of an interface (in_control0). That an address is missing, or of another family, is told before
// anybody is asked.

func getAddress(c *ifCall) kauth.Errno {
	if c.i.first() == (policy.Addr{}) {
		return kauth.EADDRNOTAVAIL
	}
	return 0
}

// deleteAddress takes the first address where none is named.
func deleteAddress(c *ifCall) kauth.Errno {
	at := c.i.first()
	if c.addr.Version == 4 {
		at = policy.Addr{}
		if slices.Contains(c.i.addrs, c.addr) {
			at = c.addr
		}
	}
	switch {
	case at == policy.Addr{}:
		return kauth.EADDRNOTAVAIL
	case c.addr.Version == 6:
		return kauth.EAFNOSUPPORT
	}
	if c.setpriv() != 0 {
		return kauth.EPERM
	}
	c.i.remove(at)
	return 0
}

// setAddress adds an address, or has it instead of the first one. Without one it sets the first one again.
func setAddress(replace bool) func(*ifCall) kauth.Errno {
	return func(c *ifCall) kauth.Errno {
		to, first := c.addr, c.i.first()
		if to == (policy.Addr{}) {
			to = first
		}
		if to.Version != 4 {
			return kauth.EAFNOSUPPORT
		}
		if c.setpriv() != 0 {
			return kauth.EPERM
		}
		if replace && to != first {
			c.i.remove(first)
		}
		c.i.add(to)
		return 0
	}
}

func setNetmask(c *ifCall) kauth.Errno {
	if e := getAddress(c); e != 0 {
		return e
	}
	return c.setpriv()
}

// setBroadcast is the only one that asks first.
func setBroadcast(c *ifCall) kauth.Errno {
	if c.setpriv() != 0 {
		return kauth.EPERM
	}
	if e := getAddress(c); e != 0 {
		return e
	}
	if !ifKinds[c.i.kind].broadcast {
		return kauth.EINVAL
	}
	return 0
}

// inet6Setpriv asks before it looks at anything (in6_control).
func inet6Setpriv(then func(*ifCall) kauth.Errno) func(*ifCall) kauth.Errno {
	return func(c *ifCall) kauth.Errno {
		q := c.p.ask(reqSocketPriv)
		q.sock = c.s
		if q.answer() != 0 {
			return kauth.EPERM
		}
		return then(c)
	}
}

func setInfo6(*ifCall) kauth.Errno { return 0 }

func setAddress6(c *ifCall) kauth.Errno {
	if c.addr.Version != 6 {
		return kauth.EAFNOSUPPORT
	}
	c.i.add(c.addr)
	return 0
}

func deleteAddress6(c *ifCall) kauth.Errno {
	if c.addr.Version != 6 || !slices.Contains(c.i.addrs, c.addr) {
		return kauth.EADDRNOTAVAIL
	}
	c.i.remove(c.addr)
	return 0
}

// ifKind says what a kind of interfaces has.
type ifKind struct {
	// broadcast is IFF_BROADCAST. A driver with media knows SIOCGIFMEDIA, one with groups SIOCADDMULTI.
	broadcast, media, groups bool
}

var ifKinds = map[string]ifKind{
	"loopback": {groups: true}, "ethernet": {broadcast: true, media: true, groups: true}, "tap": {broadcast: true, media: true, groups: true},
	"vlan": {broadcast: true, groups: true}, "bridge": {broadcast: true}, "wg": {groups: true}, "tun": {groups: true}, "gre": {groups: true}, "npflog": {},
}

// driver is for commands that some drivers know. What neither driver nor protocol knows is ENOTTY (doifioctl).
func driver(knows func(ifKind) bool) func(*ifCall) kauth.Errno {
	return func(c *ifCall) kauth.Errno {
		if !knows(ifKinds[c.i.kind]) {
			return kauth.ENOTTY
		}
		return 0
	}
}

var (
	ifMedia  = driver(func(k ifKind) bool { return k.media })
	ifGroups = driver(func(k ifKind) bool { return k.groups })
)

func bridgePriv(id kauth.RequestID) func(*ifCall) kauth.Errno {
	return func(c *ifCall) kauth.Errno {
		if c.i.kind != "bridge" {
			return kauth.ENOTTY
		}
		return c.p.ask(id).text(kauth.FieldIfname, c.i.name).with(kauth.FieldCmd, c.number).answer()
	}
}

func wgPriv(set bool) func(*ifCall) kauth.Errno {
	return func(c *ifCall) kauth.Errno {
		if c.i.kind != "wg" {
			return kauth.ENOTTY
		}
		id := reqWgGet
		if set {
			id = reqWgSet
		}
		e := c.p.ask(id).text(kauth.FieldIfname, c.i.name).with(kauth.FieldCmd, c.number).answer()
		if !set {
			// Who may not see the keys gets the rest.
			return 0
		}
		return e
	}
}

// ifIoctls are the interface commands that the simulated kernel knows, by name (sys/sockio.h).
var ifIoctls = map[string]ioctlCommand{
	"SIOCGIFFLAGS":           {},
	"SIOCSIFFLAGS":           {number: iow(16, ifreqLen), setpriv: true},
	"SIOCGIFMTU":             {},
	"SIOCSIFMTU":             {number: iow(127, ifreqLen), setpriv: true},
	"SIOCSIFMETRIC":          {number: iow(24, ifreqLen), setpriv: true},
	"SIOCGIFMEDIA":           {then: ifMedia},
	"SIOCSIFMEDIA":           {number: iocOut | iow(55, ifreqLen), setpriv: true, then: ifMedia},
	"SIOCADDMULTI":           {number: iow(49, ifreqLen), setpriv: true, then: ifGroups},
	"SIOCDELMULTI":           {number: iow(50, ifreqLen), setpriv: true, then: ifGroups},
	"SIOCGIFADDR":            {then: getAddress},
	"SIOCSIFADDR":            {number: iow(12, ifreqLen), then: setAddress(true)},
	"SIOCAIFADDR":            {number: iow(26, ifaliasLen), then: setAddress(false)},
	"SIOCDIFADDR":            {number: iow(25, ifreqLen), then: deleteAddress},
	"SIOCSIFBRDADDR":         {number: iow(19, ifreqLen), then: setBroadcast},
	"SIOCSIFNETMASK":         {number: iow(22, ifreqLen), then: setNetmask},
	"SIOCAIFADDR_IN6":        {then: inet6Setpriv(setAddress6)},
	"SIOCDIFADDR_IN6":        {then: inet6Setpriv(deleteAddress6)},
	"SIOCSIFINFO_IN6":        {then: inet6Setpriv(setInfo6)},
	"SIOCGDRVSPEC bridge":    {number: iocOut | iow(123, ifdrvLen), then: bridgePriv(reqBridgeGet)},
	"SIOCSDRVSPEC bridge":    {number: iow(123, ifdrvLen), setpriv: true, then: bridgePriv(reqBridgeSet)},
	"SIOCGDRVSPEC wireguard": {number: iocOut | iow(123, ifdrvLen), then: wgPriv(false)},
	"SIOCSDRVSPEC wireguard": {number: iow(123, ifdrvLen), setpriv: true, then: wgPriv(true)},
}

var callIfconfig = Call{
	Name: "ifconfig",
	Doc:  "An ioctl(2) on an interface, on a socket made for it. Commands that set something ask network.interface.setpriv, or network.socket.setpriv for IPv6 addresses: EPERM; bridges and WireGuard ask their own actions after it. Commands that get something ask nobody. That an IPv4 address is not there (EADDRNOTAVAIL), or of another family (EAFNOSUPPORT), comes before the question, for IPv6 after it; a command that the driver does not know is ENOTTY after it.",
	Params: []Param{
		{Name: "command", Kind: Word, Doc: "command", Words: ifCommands},
		{Name: "ifname", Kind: Text, Doc: "name of the interface"},
		{Name: "addr", Kind: Address, Doc: "address that is set, added or deleted", Optional: true, Default: policy.Addr{}},
	},
	Asks: []string{"network.interface.setpriv", "network.socket.setpriv", "network.interface_bridge", "network.interface_wg", "network.socket.open"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.ifioctl(a.text("command"), a.text("ifname"), a.addr("addr"))
	},
}

// Ifioctl is ioctl(2) with an interface command, by the name of the command, on a fresh datagram socket of the
// family that it needs.
func (p *Process) Ifioctl(command, name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.ifioctl(command, name, policy.Addr{}) })
}

func (p *Process) ifioctl(command, name string, addr policy.Addr) kauth.Errno {
	domain := afInet
	if len(command) > 4 && command[len(command)-4:] == "_IN6" {
		domain = afInet6
	}
	s, e := p.makeSocket(domain, sockDgram, 0)
	if e != 0 {
		return e
	}
	n := &p.k.net
	i := n.iface(name)
	if command == "SIOCIFCREATE" || command == "SIOCIFDESTROY" {
		number := iow(122, ifreqLen)
		if command == "SIOCIFDESTROY" {
			number = iow(121, ifreqLen)
		}
		// The interface's name is known to the model only if it exists.
		known := ""
		if i != nil {
			known = name
		}
		if e := p.ask(reqSetpriv).text(kauth.FieldIfname, known).with(kauth.FieldCmd, number).answer(); e != 0 {
			return e
		}
		return n.clone(command == "SIOCIFCREATE", name, i)
	}
	c, ok := ifIoctls[command]
	switch {
	case !ok:
		return kauth.EINVAL
	case i == nil:
		return kauth.ENXIO
	}
	call := &ifCall{p, s, i, addr, c.number}
	if c.setpriv {
		if e := call.setpriv(); e != 0 {
			return e
		}
	}
	if c.then != nil {
		return c.then(call)
	}
	return 0
}

// cloners are the kinds of interfaces that can be created.
var cloners = map[string]string{"bridge": "bridge", "wg": "wg", "vlan": "vlan", "tap": "tap", "tun": "tun", "gre": "gre", "lo": "loopback", "npflog": "npflog"}

// clone makes or removes an interface.
func (n *network) clone(make bool, name string, i *iface) kauth.Errno {
	end := len(name)
	for end > 0 && name[end-1] >= '0' && name[end-1] <= '9' {
		end--
	}
	kind, ok := cloners[name[:end]]
	switch {
	case !ok || end == len(name):
		return kauth.EINVAL
	case make && i != nil:
		return kauth.EEXIST
	case make:
		n.ifaces = append(n.ifaces, &iface{name: name, kind: kind})
		return 0
	case i == nil:
		return kauth.ENXIO
	case name == "lo0":
		return kauth.EPERM
	}
	n.ifaces = slices.DeleteFunc(n.ifaces, func(x *iface) bool { return x == i })
	return 0
}

// ifCommands are the commands that a call can name: those of the table, and the two that make and destroy interfaces.
var ifCommands = slices.Sorted(slices.Values(slices.AppendSeq([]string{"SIOCIFCREATE", "SIOCIFDESTROY"}, maps.Keys(ifIoctls))))
