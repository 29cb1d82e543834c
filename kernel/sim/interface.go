package sim

import (
	"slices"

	"cellsh/policy/kauth"
)

// ioctlCommand is an interface ioctl(2): what it asks, and its number if the question carries it.
type ioctlCommand struct {
	number int64
	// setpriv is asked before the driver sees the command.
	setpriv bool
	// then is what the protocol asks after it.
	then func(p *Process, s *socket, i *iface, number int64) kauth.Errno
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

func inetSetpriv(p *Process, s *socket, i *iface, number int64) kauth.Errno {
	return p.ask(reqSetpriv).text(kauth.FieldIfname, i.name).with(kauth.FieldCmd, number).answer()
}

func inet6Setpriv(p *Process, s *socket, i *iface, number int64) kauth.Errno {
	q := p.ask(reqSocketPriv)
	q.sock = s
	return q.answer()
}

func bridgePriv(id kauth.RequestID) func(*Process, *socket, *iface, int64) kauth.Errno {
	return func(p *Process, s *socket, i *iface, number int64) kauth.Errno {
		if i.kind != "bridge" {
			return kauth.ENOTTY
		}
		return p.ask(id).text(kauth.FieldIfname, i.name).with(kauth.FieldCmd, number).answer()
	}
}

func wgPriv(set bool) func(*Process, *socket, *iface, int64) kauth.Errno {
	return func(p *Process, s *socket, i *iface, number int64) kauth.Errno {
		if i.kind != "wg" {
			return kauth.ENOTTY
		}
		id := reqWgGet
		if set {
			id = reqWgSet
		}
		e := p.ask(id).text(kauth.FieldIfname, i.name).with(kauth.FieldCmd, number).answer()
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
	"SIOCGIFMEDIA":           {},
	"SIOCSIFMEDIA":           {number: iocOut | iow(55, ifreqLen), setpriv: true},
	"SIOCADDMULTI":           {number: iow(49, ifreqLen), setpriv: true},
	"SIOCDELMULTI":           {number: iow(50, ifreqLen), setpriv: true},
	"SIOCGIFADDR":            {},
	"SIOCSIFADDR":            {number: iow(12, ifreqLen), then: inetSetpriv},
	"SIOCAIFADDR":            {number: iow(26, ifaliasLen), then: inetSetpriv},
	"SIOCDIFADDR":            {number: iow(25, ifreqLen), then: inetSetpriv},
	"SIOCSIFBRDADDR":         {number: iow(19, ifreqLen), then: inetSetpriv},
	"SIOCSIFNETMASK":         {number: iow(22, ifreqLen), then: inetSetpriv},
	"SIOCAIFADDR_IN6":        {then: inet6Setpriv},
	"SIOCDIFADDR_IN6":        {then: inet6Setpriv},
	"SIOCSIFINFO_IN6":        {then: inet6Setpriv},
	"SIOCGDRVSPEC bridge":    {number: iocOut | iow(123, ifdrvLen), then: bridgePriv(reqBridgeGet)},
	"SIOCSDRVSPEC bridge":    {number: iow(123, ifdrvLen), setpriv: true, then: bridgePriv(reqBridgeSet)},
	"SIOCGDRVSPEC wireguard": {number: iocOut | iow(123, ifdrvLen), then: wgPriv(false)},
	"SIOCSDRVSPEC wireguard": {number: iow(123, ifdrvLen), setpriv: true, then: wgPriv(true)},
}

// Ifioctl is ioctl(2) with an interface command, by the name of the command, on a fresh datagram socket of the
// family that it needs.
func (p *Process) Ifioctl(command, name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.ifioctl(command, name) })
}

func (p *Process) ifioctl(command, name string) kauth.Errno {
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
	if c.setpriv {
		if e := inetSetpriv(p, s, i, c.number); e != 0 {
			return e
		}
	}
	if c.then != nil {
		return c.then(p, s, i, c.number)
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
