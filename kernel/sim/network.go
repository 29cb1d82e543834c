package sim

import (
	"fmt"
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// Families, types and protocols that are named here (sys/socket.h, netinet/in.h).
const (
	afLocal     = 1
	afInet      = 2
	afAppletalk = 16
	afOroute    = 17
	afInet6     = 24
	afKey       = 29
	afBluetooth = 31
	afRoute     = 34
	afCAN       = 35

	sockStream    = 1
	sockDgram     = 2
	sockRaw       = 3
	sockSeqpacket = 5

	protoICMP  = 1
	protoTCP   = 6
	protoUDP   = 17
	protoICMP6 = 58
	protoSCTP  = 132
)

const (
	reservedPorts = 1024
	lowPortMin    = 600
	lowPortMax    = 1023
)

// socket is an open socket.
type socket struct {
	domain, typ, proto int
	// cred is the credential of the process that made it, cloned to those that accept makes.
	cred *cred
	// owner is the effective user id of its maker, which EADDRINUSE looks at (so_uidinfo).
	owner uint32
	addr  policy.Addr
	port  uint16
	bound bool
	// path of a bound local socket.
	path      string
	listening bool
	// connected is set when a listener has the connection in its backlog, peer when it was accepted.
	connected bool
	peer      *socket
	backlog   []*socket
	reuseAddr bool
	reusePort bool
	lowPort   bool
	bindAny   bool
	// mapped sockets of IPv6 take IPv4-mapped addresses too; others don't unless IPV6_V6ONLY is switched off.
	mapped bool
}

// String is the kind of socket and where it is bound, "inet stream 127.0.0.1:80".
func (s *socket) String() string {
	name := func(n *kauth.Names, v int) string {
		if s, ok := n.Name(int64(v)); ok {
			return s
		}
		return itoa(v)
	}
	text := name(&kauth.Families, s.domain) + " " + name(&kauth.SocketTypes, s.typ)
	switch {
	case s.path != "":
		text += " " + s.path
	case s.port != 0:
		addr := "*"
		if !unspecified(s.addr) {
			addr = s.addr.String()
		}
		text += fmt.Sprintf(" %s:%d", addr, s.port)
	}
	return text
}

// tcp reports whether the socket is one of TCP.
func (s *socket) tcp() bool {
	return (s.domain == afInet || s.domain == afInet6) && s.typ == sockStream && s.protocol() == protoTCP
}

// protocol is that of the protosw entry, where socket(2) was given 0.
func (s *socket) protocol() int {
	if s.proto != 0 || s.domain != afInet && s.domain != afInet6 {
		return s.proto
	}
	switch s.typ {
	case sockStream:
		return protoTCP
	case sockDgram:
		return protoUDP
	}
	return 0
}

// iface is a network interface.
type iface struct {
	name  string
	kind  string
	addrs []policy.Addr
}

// endpoint is where a socket of one transport is bound.
type endpoint struct {
	proto int
	port  uint16
}

type network struct {
	// bound holds the bound sockets of both internet families by transport and port.
	bound  map[endpoint][]*socket
	locals map[string]*socket
	ifaces []*iface
	// nextPort is the next candidate for an automatic port, by protocol, family and range.
	nextPort map[[3]int]uint16
}

func newNetwork() network {
	addr := func(s string) policy.Addr {
		a, err := policy.ParseAddr(s)
		if err != nil {
			panic("sim: " + err.Error())
		}
		return a
	}
	return network{
		bound: map[endpoint][]*socket{}, locals: map[string]*socket{}, nextPort: map[[3]int]uint16{},
		ifaces: []*iface{
			{name: "lo0", kind: "loopback", addrs: []policy.Addr{addr("127.0.0.1"), addr("::1"), addr("fe80::1")}},
			{name: "wm0", kind: "ethernet", addrs: []policy.Addr{addr("10.0.0.1"), addr("2001:db8::1")}},
		},
	}
}

func unspecified(a policy.Addr) bool { return a.Version == 0 || a.Hi == 0 && a.Lo == 0 }

func multicast(a policy.Addr) bool {
	return a.Version == 4 && a.Hi>>60 == 0xe || a.Version == 6 && a.Hi>>56 == 0xff
}

// v4mapped gives the IPv4 address that an IPv6 address maps.
func v4mapped(a policy.Addr) (policy.Addr, bool) {
	if a.Version == 6 && a.Hi == 0 && a.Lo>>32 == 0xffff {
		return policy.Addr{Version: 4, Hi: a.Lo << 32}, true
	}
	return policy.Addr{}, false
}

// local reports whether the address is one of the machine's.
func (n *network) local(a policy.Addr) bool {
	if m, ok := v4mapped(a); ok {
		a = m
	}
	return slices.ContainsFunc(n.ifaces, func(i *iface) bool { return slices.Contains(i.addrs, a) })
}

func (n *network) iface(name string) *iface {
	for _, i := range n.ifaces {
		if i.name == name {
			return i
		}
	}
	return nil
}

// AddAddress gives an interface an address, so that sockets can be bound to it. Interfaces are lo0 and wm0, and
// those that were created.
func (k *Kernel) AddAddress(name string, a policy.Addr) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := k.net.iface(name)
	if i == nil {
		return fmt.Errorf("the interface must exist, but there is no %s", name)
	}
	i.addrs = append(i.addrs, a)
	return nil
}

func (n *network) closeSocket(s *socket) {
	if s.bound {
		at := endpoint{s.protocol(), s.port}
		n.bound[at] = slices.DeleteFunc(n.bound[at], func(o *socket) bool { return o == s })
		if len(n.bound[at]) == 0 {
			delete(n.bound, at)
		}
	}
	if s.path != "" && n.locals[s.path] == s {
		delete(n.locals, s.path)
	}
	if s.peer != nil {
		s.peer.peer = nil
	}
}

var (
	reqSocketOpen   = mustFind("network.socket.open")
	reqRawsock      = mustFind("network.socket.rawsock")
	reqSocketSee    = mustFind("network.socket.cansee")
	reqSocketDrop   = mustFind("network.socket.drop")
	reqSocketPriv   = mustFind("network.socket.setpriv")
	reqBindPort     = mustFind("network.bind.port")
	reqBindPrivport = mustFind("network.bind.privport")
	reqBindAnyaddr  = mustFind("network.bind.anyaddr")
	reqRoute        = mustFind("network.route")
	reqSetpriv      = mustFind("network.interface.setpriv")
	reqHopbyhop     = mustFind("network.ipv6.hopbyhop")
	reqMulticast    = mustFind("network.ipv6.join_multicast")
	reqIPsecBypass  = mustFind("network.ipsec.bypass")
	reqBridgeGet    = mustFind("network.interface_bridge.getpriv")
	reqBridgeSet    = mustFind("network.interface_bridge.setpriv")
	reqWgGet        = mustFind("network.interface_wg.getpriv")
	reqWgSet        = mustFind("network.interface_wg.setpriv")
)

// Socket is socket(2). It gives a descriptor.
func (p *Process) Socket(domain, typ, proto int) (int, kauth.Errno) {
	fd := -1
	e := p.call(func() (e kauth.Errno) { fd, e = p.socket(domain, typ, proto); return e })
	return fd, e
}

func (p *Process) socket(domain, typ, proto int) (int, kauth.Errno) {
	s, e := p.makeSocket(domain, typ, proto)
	if e != 0 {
		return -1, e
	}
	fd, e := p.openFile(&file{sock: s, read: true, write: true})
	if e != 0 {
		return -1, e
	}
	return fd, 0
}

// makeSocket is socreate: the question comes before any look at the numbers.
func (p *Process) makeSocket(domain, typ, proto int) (*socket, kauth.Errno) {
	q := p.ask(reqSocketOpen).with(kauth.FieldDomain, int64(domain)).with(kauth.FieldType, int64(typ)).with(kauth.FieldProtocol, int64(proto))
	if e := q.answer(); e != 0 {
		return nil, e
	}
	types, known := domains[domain]
	switch {
	case !known:
		return nil, kauth.EAFNOSUPPORT
	case !slices.Contains(types, typ):
		if proto == 0 && typ != 0 {
			return nil, kauth.EPROTOTYPE
		}
		return nil, kauth.EPROTONOSUPPORT
	case !knownProtocol(domain, typ, proto):
		return nil, kauth.EPROTONOSUPPORT
	}
	s := &socket{domain: domain, typ: typ, proto: proto, cred: p.cred, owner: p.cred.euid}
	if domain == afInet6 && typ == sockRaw {
		q := p.ask(reqRawsock).with(kauth.FieldDomain, int64(domain)).with(kauth.FieldType, int64(typ)).with(kauth.FieldProtocol, int64(proto))
		if e := q.answer(); e != 0 {
			return nil, e
		}
	}
	return s, 0
}

// domains are the protocol families that there are, with their types of sockets.
var domains = map[int][]int{
	afLocal: {sockStream, sockDgram, sockSeqpacket}, afInet: {sockStream, sockDgram, sockRaw, sockSeqpacket}, afInet6: {sockStream, sockDgram, sockRaw, sockSeqpacket},
	afRoute: {sockRaw}, afOroute: {sockRaw}, afKey: {sockRaw}, afBluetooth: {sockRaw, sockSeqpacket, sockStream}, afCAN: {sockRaw}, afAppletalk: {sockDgram},
}

func knownProtocol(domain, typ, proto int) bool {
	if domain == afLocal {
		return proto == 0
	}
	if domain != afInet && domain != afInet6 || typ == sockRaw || proto == 0 {
		return true
	}
	switch typ {
	case sockStream:
		return proto == protoTCP || proto == protoSCTP
	case sockDgram:
		return proto == protoUDP
	}
	return proto == protoSCTP
}

func (p *Process) socketpair(domain, typ, proto int) (int, int, kauth.Errno) {
	a, e := p.makeSocket(domain, typ, proto)
	if e != 0 {
		return -1, -1, e
	}
	b, e := p.makeSocket(domain, typ, proto)
	switch {
	case e != 0:
		return -1, -1, e
	case domain != afLocal:
		return -1, -1, kauth.EOPNOTSUPP
	}
	a.peer, b.peer = b, a
	x, e := p.openFile(&file{sock: a, read: true, write: true})
	if e != 0 {
		return -1, -1, e
	}
	y, e := p.openFile(&file{sock: b, read: true, write: true})
	if e != 0 {
		p.closeFile(x)
		return -1, -1, e
	}
	return x, y, 0
}

func (p *Process) sock(fd int) (*socket, kauth.Errno) {
	f := p.files[fd]
	switch {
	case f == nil:
		return nil, kauth.EBADF
	case f.sock == nil:
		return nil, kauth.ENOTSOCK
	}
	return f.sock, 0
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
	if s.domain == afAppletalk {
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
	asks := s.protocol() != protoSCTP
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
	at := [3]int{s.protocol(), s.domain, int(truth(s.lowPort))}
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
		return n.lookup(afInet, m, port, s.protocol(), !s.reuseAddr && !s.reusePort) == nil
	}
	wild := s.domain == afInet || !s.reuseAddr && !s.reusePort
	return n.lookup(s.domain, addr, port, s.protocol(), wild) == nil
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
		o := n.lookup(domain, a, port, s.protocol(), wild)
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
		o := n.lookup(afInet, addr, port, s.protocol(), true)
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
	at := endpoint{s.protocol(), port}
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
	case at.v != nil:
		return kauth.EADDRINUSE
	}
	if e := p.create(path, &vnode{typ: vSock, mode: 0o777}); e != 0 {
		return e
	}
	s.path = at.dir.path() + "/" + at.name
	p.k.net.locals[s.path] = s
	return 0
}

// Listen is listen(2). An unbound internet socket gets a port as with bind(2) and port 0.
func (p *Process) Listen(fd int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.listen(fd) })
}

func (p *Process) listen(fd int) kauth.Errno {
	s, e := p.sock(fd)
	if e != 0 {
		return e
	}
	if s.peer != nil || s.connected {
		return kauth.EINVAL
	}
	if s.domain == afLocal {
		// A local socket must have its file.
		if s.path == "" {
			return kauth.EINVAL
		}
	} else if s.typ != sockStream && s.typ != sockSeqpacket {
		return kauth.EOPNOTSUPP
	}
	if e := p.autoBind(s); e != 0 {
		return e
	}
	s.listening = true
	return 0
}

// autoBind gives an unbound internet socket a port.
func (p *Process) autoBind(s *socket) kauth.Errno {
	if s.bound || s.domain != afInet && s.domain != afInet6 || s.typ == sockRaw {
		return 0
	}
	var any policy.Addr
	s.family(&any)
	return p.bindPort(s, any, 0)
}

// Connect is connect(2) of an internet socket. Nothing is asked but for the port that an unbound one gets.
func (p *Process) Connect(fd int, addr policy.Addr, port int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.connect(fd, addr, port) })
}

func (p *Process) connect(fd int, addr policy.Addr, port int) kauth.Errno {
	s, e := p.sock(fd)
	if e != 0 {
		return e
	}
	switch {
	case s.listening:
		return kauth.EOPNOTSUPP
	case s.typ == sockDgram:
		s.connected = false
	case s.connected || s.peer != nil:
		return kauth.EISCONN
	}
	if e := s.family(&addr); e != 0 {
		return e
	}
	// TCP has a port before it looks where the connection is to go; UDP looks first.
	if s.typ == sockStream {
		if e := p.autoBind(s); e != 0 {
			return e
		}
	}
	if e := s.reaches(addr, port); e != 0 {
		return e
	}
	if e := p.autoBind(s); e != 0 {
		return e
	}
	s.connected = s.typ == sockDgram
	if s.typ != sockStream || !p.k.net.local(addr) {
		return 0
	}
	for _, o := range p.k.net.bound[endpoint{s.protocol(), uint16(port)}] {
		if o.listening && (unspecified(o.addr) || o.addr == addr) {
			o.backlog = append(o.backlog, s)
			s.connected = true
			return 0
		}
	}
	return kauth.ECONNREFUSED
}

// reaches looks at the far end of a connection or a datagram (inpcb_connect, in6pcb_connect).
func (s *socket) reaches(addr policy.Addr, port int) kauth.Errno {
	_, toMapped := v4mapped(addr)
	switch {
	case port == 0 || multicast(addr) && s.typ == sockStream:
		return kauth.EADDRNOTAVAIL
	case toMapped && !s.mapped:
		return kauth.EINVAL
	}
	return 0
}

// Sendto is sendto(2) of a datagram. Nothing is asked but for the port that an unbound socket gets.
func (p *Process) Sendto(fd int, addr policy.Addr, port int) kauth.Errno {
	return p.call(func() kauth.Errno { return p.sendto(fd, addr, port) })
}

func (p *Process) sendto(fd int, addr policy.Addr, port int) kauth.Errno {
	s, e := p.sock(fd)
	if e != 0 {
		return e
	}
	connected := s.connected || s.peer != nil
	switch {
	case s.typ == sockStream || s.typ == sockSeqpacket:
		if !connected {
			return kauth.ENOTCONN
		}
		return 0
	case connected:
		return kauth.EISCONN
	}
	if e := s.family(&addr); e != 0 || s.typ == sockRaw {
		return e
	}
	if e := s.reaches(addr, port); e != 0 {
		return e
	}
	return p.autoBind(s)
}

// Accept is accept(2), which asks nobody: a descriptor for the connection that waits longest, EAGAIN if none
// waits.
func (p *Process) Accept(fd int) (int, kauth.Errno) {
	n := -1
	e := p.call(func() (e kauth.Errno) { n, e = p.accept(fd); return e })
	return n, e
}

func (p *Process) accept(fd int) (int, kauth.Errno) {
	s, e := p.sock(fd)
	switch {
	case e != 0:
		return -1, e
	case !s.listening:
		return -1, kauth.EINVAL
	case len(s.backlog) == 0:
		return -1, kauth.EAGAIN
	}
	c := *s
	c.listening, c.bound, c.connected, c.backlog, c.peer = false, false, true, nil, s.backlog[0]
	s.backlog[0].peer = &c
	s.backlog = s.backlog[1:]
	return p.openFile(&file{sock: &c, read: true, write: true})
}

// Socket options that ask, or that change what bind asks.
const (
	optReuseAddr = "reuseaddr"
	optReusePort = "reuseport"
	optLowPort   = "portrange_low"
	optBindAny   = "bindany"
	optHopOpts   = "recvhopopts"
	optDstOpts   = "recvdstopts"
	optHopSticky = "hopopts"
	optJoinGroup = "join_group"
	optIPsec     = "ipsec_policy_bypass"
	optV6Only    = "v6only"
)

// setsockopt sets an option. The value matters for switches; a join takes the address of the group.
func (p *Process) setsockopt(fd int, option string, on bool, addr policy.Addr) kauth.Errno {
	s, e := p.sock(fd)
	if e != 0 {
		return e
	}
	switch option {
	case optReuseAddr:
		s.reuseAddr = on
		return 0
	case optReusePort:
		s.reusePort = on
		return 0
	}
	if s.domain != afInet && s.domain != afInet6 {
		return kauth.ENOPROTOOPT
	}
	six := s.domain == afInet6
	switch option {
	case optLowPort:
		s.lowPort = on
	case optBindAny:
		// It is asked for clearing too.
		q := p.ask(reqBindAnyaddr)
		q.sock = s
		if e := q.answer(); e != 0 {
			return e
		}
		s.bindAny = on
	case optHopOpts, optDstOpts, optHopSticky:
		if !six {
			return kauth.ENOPROTOOPT
		}
		return p.ask(reqHopbyhop).answer()
	case optJoinGroup:
		if !six {
			return 0
		}
		if unspecified(addr) {
			if p.ask(reqMulticast).answer() != 0 {
				return kauth.EACCES
			}
			return 0
		}
		if _, mapped := v4mapped(addr); !mapped && !multicast(addr) {
			return kauth.EINVAL
		}
	case optV6Only:
		switch {
		case !six:
			return kauth.ENOPROTOOPT
		case s.bound:
			return kauth.EINVAL
		}
		s.mapped = !on
	case optIPsec:
		return p.ask(reqIPsecBypass).answer()
	}
	return 0
}

// RouteMessage writes to a routing socket: kind is "get", "add", "delete" or "change". The socket's creator is
// asked about, not the writer.
func (p *Process) RouteMessage(fd int, kind string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.routeMessage(fd, kind) })
}

func (p *Process) routeMessage(fd int, kind string) kauth.Errno {
	s, e := p.sock(fd)
	switch {
	case e != 0:
		return e
	case s.domain != afRoute && s.domain != afOroute:
		return kauth.EINVAL
	}
	if p.k.question(p, s.cred, reqRoute).fact(stock.RouteGet, kind == "get").answer() != 0 {
		return kauth.EACCES
	}
	return 0
}

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

// pcbs lists the sockets that the caller may see, as the sysctls net.inet.tcp.pcblist and its kin do. which is
// "tcp", "udp", "tcp6", "udp6" or "local".
func (p *Process) pcbs(which string) []string {
	var list []string
	seen := map[*socket]bool{}
	for _, t := range p.k.processes() {
		for _, fd := range t.descriptors() {
			s := t.files[fd].sock
			if s == nil || seen[s] || !s.listed(which) {
				continue
			}
			seen[s] = true
			q := p.ask(reqSocketSee)
			q.sock = s
			if q.answer() == 0 {
				list = append(list, s.String())
			}
		}
	}
	return list
}

func (s *socket) listed(which string) bool {
	switch which {
	case "local":
		return s.domain == afLocal
	case "tcp":
		return s.domain == afInet && s.typ == sockStream
	case "udp":
		return s.domain == afInet && s.typ == sockDgram
	case "tcp6":
		return s.domain == afInet6 && s.typ == sockStream
	}
	return s.domain == afInet6 && s.typ == sockDgram
}

// tcpDrop ends a connection of any process, by writing to the sysctl net.inet.tcp.drop. Its handler asks for the
// connection alone, not for writing.
func (p *Process) tcpDrop(owner *Process, fd int) kauth.Errno {
	s, e := owner.sock(fd)
	if e != 0 || !s.tcp() || s.listening || !s.bound && s.peer == nil {
		return kauth.ESRCH
	}
	q := p.ask(reqSocketDrop)
	q.sock = s
	if e := q.answer(); e != 0 {
		return e
	}
	if s.peer != nil {
		s.peer.peer, s.peer.connected = nil, false
		s.peer, s.connected = nil, false
	}
	return 0
}
