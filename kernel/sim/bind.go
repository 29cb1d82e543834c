package sim

import (
	"math"

	"cellsh/kernel/sim/fs"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

var callBind = Call{
	Name: "bind",
	Doc:  "Binds an internet socket. EINVAL if it is bound, EAFNOSUPPORT and EADDRNOTAVAIL for the address; then network.bind.privport below 1024, else network.bind.port: EACCES; then EADDRINUSE. Port 0 asks with port 0, and again for every candidate, which comes with its bytes swapped; denied ones are passed over.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor; without it a new stream socket", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(-1)},
		{Name: "addr", Kind: Address, Doc: "address, any if left out", Optional: true, Default: policy.Addr{}},
		{Name: "port", Kind: Integer, Doc: "port, 0 for one that the kernel chooses", Min: 0, Max: 65535},
	},
	Returns: "the descriptor",
	Asks:    []string{"network.bind.port", "network.bind.privport", "network.socket.open"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return p.onSocket(a, func(fd int) kauth.Errno { return p.bind(fd, a.addr("addr"), a.int("port")) })
	},
}

// Bind is bind(2) of an internet socket; the zero address stands for any.
func (p *Process) Bind(fd int, addr policy.Addr, port int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.bind(fd, addr, port) })
}

// onSocket makes a call on the descriptor that is given, or on a new stream socket of the address's family, which is
// closed again if the call fails. It gives the descriptor.
func (p *Process) onSocket(a Args, call func(fd int) kauth.Errno) (any, kauth.Errno) {
	fd := a.int("fd")
	fresh := fd < 0
	if fresh {
		domain := afInet
		if a.addr("addr").Version == 6 {
			domain = afInet6
		}
		var e kauth.Errno
		if fd, e = p.socket(domain, sockStream, 0); e != 0 {
			return nil, e
		}
	}
	if e := call(fd); e != 0 {
		if fresh {
			p.closeFile(fd)
		}
		return nil, e
	}
	return int64(fd), 0
}

func (p *Process) bind(fd int, addr policy.Addr, port int) kauth.Errno {
	s, e := p.sock(fd)
	if e != 0 {
		return e
	}
	if port < 0 || port > 65535 {
		return kauth.EINVAL
	}
	switch {
	case s.unaddressed():
		return kauth.EOPNOTSUPP
	case s.domain == afAppletalk:
		return p.bindAppletalk(s, port)
	}
	if e := s.family(&addr); e != 0 {
		return e
	}
	if s.bound {
		return kauth.EINVAL
	}
	if e := p.checkAddr(s, addr); e != 0 || s.typ == sockRaw {
		return e
	}
	return p.bindPort(s, addr, uint16(port))
}

// unaddressed reports whether sockets of the family can't be bound or connected at all.
func (s *socket) unaddressed() bool { return s.toKernel() || s.domain == afLink }

// family looks whether the address is one of the socket's family (sobind, soconnect). The zero address stands for
// any address of an internet family.
func (s *socket) family(addr *policy.Addr) kauth.Errno {
	version := map[int]uint8{afInet: 4, afInet6: 6}[s.domain]
	if addr.Version == 0 {
		addr.Version = version
	}
	if version == 0 || addr.Version != version {
		return kauth.EAFNOSUPPORT
	}
	return 0
}

// checkAddr makes the tests of the address that come before the question.
func (p *Process) checkAddr(s *socket, addr policy.Addr) kauth.Errno {
	if m, is := v4mapped(addr); is {
		if !s.mapped {
			return kauth.EINVAL
		}
		addr = m
	}
	if !unspecified(addr) && !multicast(addr) && !s.bindAny && !p.k.net.local(addr) {
		return kauth.EADDRNOTAVAIL
	}
	return 0
}

// askBind asks for a port. A candidate for an automatic port comes in an address that has no family, and with
// the bytes of the port swapped: the kernel forgets to convert it (netinet/portalgo.c).
func (p *Process) askBind(s *socket, addr policy.Addr, port uint16, low, candidate bool) kauth.Errno {
	id := reqBindPort
	if low {
		id = reqBindPrivport
	}
	q := p.ask(id)
	q.sock = s
	q.candidate = candidate
	if candidate {
		port = port<<8 | port>>8
	}
	q.with(kauth.FieldPort, int64(port))
	q.r.SetAddr(addr)
	return q.answer()
}

// bindPort asks once for an explicit port, and then looks whether it is free. An automatic port is asked with
// port 0, and then for every candidate, of which denied ones are passed over.
func (p *Process) bindPort(s *socket, addr policy.Addr, port uint16) kauth.Errno {
	n := &p.k.net
	if port != 0 {
		if p.askBind(s, addr, port, port < reservedPorts, false) != 0 {
			return kauth.EACCES
		}
		if n.taken(s, addr, port) {
			return kauth.EADDRINUSE
		}
		n.place(s, addr, port)
		return 0
	}
	// SCTP takes a free port without a question.
	asks := s.protocol != protoSCTP
	if asks && p.askBind(s, addr, 0, s.lowPort, false) != 0 {
		return kauth.EACCES
	}
	lo, hi := uint16(p.k.kern.anonPortMin), uint16(p.k.kern.anonPortMax)
	if s.lowPort {
		lo, hi = lowPortMin, lowPortMax
	}
	if lo > hi {
		lo, hi = hi, lo
	}
	at := [3]int{s.protocol, s.domain, int(truth(s.lowPort))}
	for range int(hi) - int(lo) + 1 {
		try := n.nextPort[at]
		if try < lo || try > hi {
			try = hi
		}
		n.nextPort[at] = try - 1
		if n.free(s, addr, try) && (!asks || p.askBind(s, addr, try, s.lowPort, true) == 0) {
			n.place(s, addr, try)
			return 0
		}
	}
	return kauth.EAGAIN
}

// free reports whether an automatic port can be had (check_suitable_port): in IPv4 no option lets it be shared.
func (n *network) free(s *socket, addr policy.Addr, port uint16) bool {
	if m, is := v4mapped(addr); is {
		return n.lookup(afInet, m, port, s.protocol, !s.reuseAddr && !s.reusePort) == nil
	}
	wild := s.domain == afInet || !s.reuseAddr && !s.reusePort
	return n.lookup(s.domain, addr, port, s.protocol, wild) == nil
}

// taken reports whether an explicit port can't be had (inpcb_bind_port, in6pcb_bind_port).
func (n *network) taken(s *socket, addr policy.Addr, port uint16) bool {
	wild := !s.reuseAddr && !s.reusePort
	// A multicast address is shared by all who set either option.
	shared := func(o *socket) bool {
		if multicast(addr) && (s.reuseAddr || s.reusePort) {
			return o.reuseAddr || o.reusePort
		}
		return s.reusePort && o.reusePort
	}
	inTheWay := func(domain int, a policy.Addr) bool {
		o := n.lookup(domain, a, port, s.protocol, wild)
		return o != nil && !shared(o)
	}
	if s.domain == afInet6 {
		if m, is := v4mapped(addr); is && inTheWay(afInet, m) {
			return true
		}
		return inTheWay(afInet6, addr)
	}
	if inTheWay(afInet6, mapV4(addr)) {
		return true
	}
	// Users take no port from each other, not even one that both would share, unless it is for any address.
	if s.owner != 0 && !multicast(addr) {
		o := n.lookup(afInet, addr, port, s.protocol, true)
		if o != nil && o.owner != s.owner && (!unspecified(addr) || !unspecified(o.addr) || !o.reusePort) {
			return true
		}
	}
	return inTheWay(afInet, addr)
}

// mapV4 is the IPv6 address that stands for an IPv4 address.
func mapV4(a policy.Addr) policy.Addr {
	return policy.Addr{Version: 6, Lo: 0xffff<<32 | a.Hi>>32}
}

// lookup finds the socket of a family that is nearest to address and port (inpcb_lookup_local). Connections, and
// addresses of which one is any, count as near only with wild.
func (n *network) lookup(domain int, addr policy.Addr, port uint16, proto int, wild bool) *socket {
	var best *socket
	least := 3
	mapped, isMapped := v4mapped(addr)
	for _, o := range n.bound[endpoint{proto, port}] {
		if o.domain != domain || isMapped && !o.mapped {
			continue
		}
		mine, its := addr, o.addr
		if isMapped {
			// The rest of the address says whether a mapped one is any.
			if m, is := v4mapped(its); is {
				mine, its = mapped, m
			}
		} else if _, is := v4mapped(its); is {
			continue
		}
		far := 0
		if o.connected || o.peer != nil {
			far++
		}
		switch {
		case unspecified(mine) != unspecified(its):
			far++
		case !unspecified(mine) && mine != its:
			continue
		}
		if far > 0 && !wild {
			continue
		}
		if far < least {
			best, least = o, far
		}
	}
	return best
}

func (n *network) place(s *socket, addr policy.Addr, port uint16) {
	s.addr, s.port, s.bound = addr, port, true
	at := endpoint{s.protocol, port}
	n.bound[at] = append(n.bound[at], s)
}

// bindAppletalk asks only for reserved ports, and fails with another number than the internet does.
func (p *Process) bindAppletalk(s *socket, port int) kauth.Errno {
	if port < 128 && port != 0 {
		q := p.ask(reqBindPrivport).with(kauth.FieldPort, int64(port))
		q.sock, q.candidate = s, true
		q.r.SetAddr(policy.Addr{})
		if q.answer() != 0 {
			return kauth.EPERM
		}
	}
	return 0
}

var callBindLocal = Call{
	Name: "bind_local",
	Doc:  "Binds a local socket to a path: it makes a file, so only the modes count.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
	},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.bindLocal(a.int("fd"), a.text("path"))
	},
}

// bindLocal is bind(2) of a local socket: it makes a file, so only the directory's mode counts.
func (p *Process) bindLocal(fd int, path string) kauth.Errno {
	s, e := p.sock(fd)
	switch {
	case e != 0:
		return e
	case s.domain != afLocal || s.path != "":
		return kauth.EINVAL
	}
	at, e := p.lookup(path, false, true)
	switch {
	case e != 0:
		return e
	case at.File != nil:
		return kauth.EADDRINUSE
	}
	if e := p.create(path, &vnode{Type: fs.Socket, Mode: 0o777}); e != 0 {
		return e
	}
	s.path = at.Dir.Path() + "/" + at.Name
	p.k.net.locals[s.path] = s
	return 0
}
