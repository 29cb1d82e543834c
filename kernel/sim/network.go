package sim

import (
	"fmt"
	"math"
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
	afLink      = 18
	afInet6     = 24
	afKey       = 29
	afBluetooth = 31
	afRoute     = 34
	afCAN       = 35

	sockStream    = 1
	sockDgram     = 2
	sockRaw       = 3
	sockSeqpacket = 5

	protoICMP    = 1
	protoIGMP    = 2
	protoIPv4    = 4
	protoTCP     = 6
	protoUDP     = 17
	protoIPv6    = 41
	protoRouting = 43
	protoFrag    = 44
	protoESP     = 50
	protoAH      = 51
	protoICMP6   = 58
	protoDstopts = 60
	protoPIM     = 103
	protoIPcomp  = 108
	protoCARP    = 112
	protoL2TP    = 115
	protoSCTP    = 132
	protoRaw     = 255
)

const (
	reservedPorts = 1024
	lowPortMin    = 600
	lowPortMax    = 1023
)

// socket is an open socket.
type socket struct {
	domain, typ int
	// protocol is that of the protosw entry, which is not always what socket(2) was given.
	protocol int
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
	return (s.domain == afInet || s.domain == afInet6) && s.typ == sockStream && s.protocol == protoTCP
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
	i.add(a)
	return nil
}

func (n *network) closeSocket(s *socket) {
	if s.bound {
		at := endpoint{s.protocol, s.port}
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
	reqSocketOpen   = kauth.MustFind("network.socket.open")
	reqRawsock      = kauth.MustFind("network.socket.rawsock")
	reqSocketSee    = kauth.MustFind("network.socket.cansee")
	reqSocketDrop   = kauth.MustFind("network.socket.drop")
	reqSocketPriv   = kauth.MustFind("network.socket.setpriv")
	reqBindPort     = kauth.MustFind("network.bind.port")
	reqBindPrivport = kauth.MustFind("network.bind.privport")
	reqBindAnyaddr  = kauth.MustFind("network.bind.anyaddr")
	reqRoute        = kauth.MustFind("network.route")
	reqSetpriv      = kauth.MustFind("network.interface.setpriv")
	reqHopbyhop     = kauth.MustFind("network.ipv6.hopbyhop")
	reqMulticast    = kauth.MustFind("network.ipv6.join_multicast")
	reqIPsecBypass  = kauth.MustFind("network.ipsec.bypass")
	reqBridgeGet    = kauth.MustFind("network.interface_bridge.getpriv")
	reqBridgeSet    = kauth.MustFind("network.interface_bridge.setpriv")
	reqWgGet        = kauth.MustFind("network.interface_wg.getpriv")
	reqWgSet        = kauth.MustFind("network.interface_wg.setpriv")
)

var callSocket = Call{
	Name: "socket",
	Doc:  "Asks network.socket.open before it looks at the numbers: EPERM. Then EAFNOSUPPORT for a family that the kernel does not have, EPROTOTYPE for a type that the family does not have, and EPROTONOSUPPORT for a protocol. A raw IPv6 socket asks network.socket.rawsock too.",
	Params: []Param{
		{Name: "domain", Kind: Named, Doc: "protocol family", Names: &kauth.Families, Optional: true, Default: int64(2)},
		{Name: "type", Kind: Named, Doc: "type", Names: &kauth.SocketTypes, Optional: true, Default: int64(1)},
		{Name: "protocol", Kind: Named, Doc: "protocol, 0 for the default", Names: &kauth.Protocols, Optional: true, Default: int64(0)},
	},
	Returns: "the descriptor",
	Asks:    []string{"network.socket.open", "network.socket.rawsock"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		fd, e := p.socket(a.int("domain"), a.int("type"), a.int("protocol"))
		return int64(fd), e
	},
}

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
	sw, e := p.k.findProtocol(domain, typ, proto)
	if e != 0 {
		return nil, e
	}
	s := &socket{domain: domain, typ: typ, protocol: sw.protocol, cred: p.cred, owner: p.cred.euid}
	switch {
	case domain == afInet6 && typ == sockRaw:
		q := p.ask(reqRawsock).with(kauth.FieldDomain, int64(domain)).with(kauth.FieldType, int64(typ)).with(kauth.FieldProtocol, int64(sw.protocol))
		if e := q.answer(); e != 0 {
			return nil, e
		}
	case s.toKernel():
		// They are connected from birth: there is nothing but the kernel at their other end.
		s.connected = true
	}
	return s, 0
}

// toKernel reports whether it is a socket of messages to the kernel.
func (s *socket) toKernel() bool {
	return s.domain == afRoute || s.domain == afOroute || s.domain == afKey
}

// protosw is an entry in the table of protocols of a domain (struct protosw): a type of sockets and its protocol. A
// closed one has no sockets, only packets.
type protosw struct {
	typ, protocol int
	closed        bool
}

// domains are the protocol families of GENERIC with their protocols, in the order in which they are searched
// (netinet/in_proto.c, netinet6/in6_proto.c and others).
var domains = map[int][]protosw{
	afLocal: {{typ: sockStream}, {typ: sockDgram}, {typ: sockSeqpacket}},
	afInet: {
		{typ: sockRaw, protocol: protoICMP}, {typ: sockDgram, protocol: protoUDP}, {typ: sockStream, protocol: protoTCP}, {typ: sockRaw, protocol: protoRaw},
		{sockRaw, protoAH, true}, {sockRaw, protoESP, true}, {sockRaw, protoIPcomp, true}, {typ: sockRaw, protocol: protoIPv4}, {typ: sockRaw, protocol: protoIPv6},
		{typ: sockRaw, protocol: protoCARP}, {typ: sockRaw, protocol: protoL2TP}, {typ: sockRaw, protocol: protoIGMP}, {typ: sockRaw},
	},
	afInet6: {
		{typ: sockRaw, protocol: protoICMP6}, {typ: sockDgram, protocol: protoUDP}, {typ: sockStream, protocol: protoTCP}, {typ: sockRaw, protocol: protoRaw},
		{sockRaw, protoDstopts, true}, {sockRaw, protoRouting, true}, {sockRaw, protoFrag, true}, {sockRaw, protoAH, true}, {sockRaw, protoESP, true},
		{sockRaw, protoIPcomp, true}, {typ: sockRaw, protocol: protoIPv4}, {typ: sockRaw, protocol: protoIPv6}, {typ: sockRaw, protocol: protoCARP},
		{typ: sockRaw, protocol: protoL2TP}, {typ: sockRaw, protocol: protoPIM}, {typ: sockRaw},
	},
	afAppletalk: {{typ: sockDgram}},
	afRoute:     {{typ: sockRaw}},
	afOroute:    {{typ: sockRaw}},
	afLink:      {{typ: sockDgram}},
	afKey:       {{typ: sockRaw, protocol: 2}},
	afBluetooth: {{typ: sockRaw, protocol: 1}, {typ: sockSeqpacket, protocol: 4}, {typ: sockSeqpacket, protocol: 2}, {typ: sockStream, protocol: 3}},
}

// What kernels built with these options have beyond GENERIC.
var (
	canProtocols  = []protosw{{typ: sockRaw, protocol: 1}}
	sctpProtocols = []protosw{{typ: sockDgram, protocol: protoSCTP}, {typ: sockSeqpacket, protocol: protoSCTP}, {typ: sockStream, protocol: protoSCTP}}
)

// protocols gives those of a domain, nil if there is no such domain.
func (k *Kernel) protocols(domain int) []protosw {
	switch {
	case domain == afCAN && k.opts.CAN:
		return canProtocols
	case (domain == afInet || domain == afInet6) && k.opts.SCTP:
		return slices.Concat(domains[domain], sctpProtocols)
	}
	return domains[domain]
}

// findProtocol finds the protocol of a new socket (pffindproto, pffindtype, socreate). Protocol 0 is the first one of the
// type. Raw sockets that name one of which there is no entry get the entry for all, if the domain has one.
func (k *Kernel) findProtocol(domain, typ, proto int) (protosw, kauth.Errno) {
	list := k.protocols(domain)
	if list == nil {
		return protosw{}, kauth.EAFNOSUPPORT
	}
	i := slices.IndexFunc(list, func(sw protosw) bool { return sw.typ == typ && (proto == 0 || sw.protocol == proto) })
	if i < 0 && typ == sockRaw {
		i = slices.Index(list, protosw{typ: sockRaw})
	}
	switch {
	case i < 0 && proto == 0 && typ != 0:
		return protosw{}, kauth.EPROTOTYPE
	case i < 0 || list[i].closed:
		return protosw{}, kauth.EPROTONOSUPPORT
	}
	return list[i], 0
}

var callSocketpair = Call{
	Name: "socketpair",
	Doc:  "Makes two connected sockets; asks network.socket.open for each: EPERM.",
	Params: []Param{
		{Name: "domain", Kind: Named, Doc: "protocol family", Names: &kauth.Families, Optional: true, Default: int64(1)},
		{Name: "type", Kind: Named, Doc: "type", Names: &kauth.SocketTypes, Optional: true, Default: int64(1)},
		{Name: "protocol", Kind: Named, Doc: "protocol, 0 for the default", Names: &kauth.Protocols, Optional: true, Default: int64(0)},
	},
	Returns: "both descriptors",
	Asks:    []string{"network.socket.open"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		x, y, e := p.socketpair(a.int("domain"), a.int("type"), a.int("protocol"))
		return []int64{int64(x), int64(y)}, e
	},
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

var callListen = Call{
	Name: "listen",
	Doc:  "An unbound internet socket is bound first, as by bind with port 0. EINVAL for connected sockets, among them those of routes and keys from birth; EOPNOTSUPP for others than streams and sequenced packets.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
	},
	Asks: []string{"network.bind.port", "network.bind.privport"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.listen(a.int("fd"))
	},
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

var callConnect = Call{
	Name: "connect",
	Doc:  "An unbound internet socket is bound first, as by bind with port 0; the connection itself asks nobody.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor; without it a new stream socket", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(-1)},
		{Name: "addr", Kind: Address, Doc: "address", Optional: true, Default: policy.Addr{}},
		{Name: "port", Kind: Integer, Doc: "port", Min: 0, Max: 65535},
	},
	Returns: "the descriptor",
	Asks:    []string{"network.bind.port", "network.bind.privport", "network.socket.open"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return p.onSocket(a, func(fd int) kauth.Errno { return p.connect(fd, a.addr("addr"), a.int("port")) })
	},
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
	case s.typ == sockDgram || s.typ == sockRaw:
		// Where nothing needs a connection it is given up first, even if there will be no other.
		s.connected = false
	case s.connected || s.peer != nil:
		return kauth.EISCONN
	}
	if e := s.family(&addr); e != 0 {
		return e
	}
	if s.typ == sockRaw {
		s.connected = true
		return 0
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
	for _, o := range p.k.net.bound[endpoint{s.protocol, uint16(port)}] {
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

var callSendto = Call{
	Name: "sendto",
	Doc:  "Sends a datagram. An unbound internet socket is bound first, as by bind with port 0; the sending itself asks nobody.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "addr", Kind: Address, Doc: "address", Optional: true, Default: policy.Addr{}},
		{Name: "port", Kind: Integer, Doc: "port", Min: 0, Max: 65535},
	},
	Asks: []string{"network.bind.port", "network.bind.privport"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.sendto(a.int("fd"), a.addr("addr"), a.int("port"))
	},
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
	case s.unaddressed():
		return kauth.EOPNOTSUPP
	}
	if e := s.family(&addr); e != 0 || s.typ == sockRaw {
		return e
	}
	if e := s.reaches(addr, port); e != 0 {
		return e
	}
	return p.autoBind(s)
}

var callAccept = Call{
	Name: "accept",
	Doc:  "Asks nobody. EAGAIN if no connection waits.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
	},
	Returns: "the descriptor",
	do: func(p *Process, a Args) (any, kauth.Errno) {
		n, e := p.accept(a.int("fd"))
		return int64(n), e
	},
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

var callSetsockopt = Call{
	Name: "setsockopt",
	Doc:  "bindany asks network.bind.anyaddr, for clearing too (EPERM); the IPv6 options recvhopopts, recvdstopts and hopopts network.ipv6.hopbyhop (EPERM); joining the unspecified IPv6 group network.ipv6.join_multicast (EACCES); where no interface is named and no route leads to the group it is EADDRNOTAVAIL after that; an IPsec policy of bypass network.ipsec.bypass (EPERM). The others ask nobody; with portrange_low port 0 is a port from 600 to 1023, and without v6only, which is on at first, an IPv6 socket takes IPv4-mapped addresses.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "option", Kind: Word, Doc: "option", Words: []string{"reuseaddr", "reuseport", "portrange_low", "bindany", "recvhopopts", "recvdstopts", "hopopts", "join_group", "ipsec_policy_bypass", "v6only"}},
		{Name: "on", Kind: Switch, Doc: "switch on", Optional: true, Default: true},
		{Name: "group", Kind: Address, Doc: "group to join", Optional: true, Default: policy.Addr{}},
		{Name: "ifname", Kind: Text, Doc: "interface on which to join, that of the route to the group if left out", Optional: true},
	},
	Asks: []string{"network.bind.anyaddr", "network.ipv6", "network.ipsec.bypass"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.setsockopt(a.int("fd"), a.text("option"), a.on("on"), a.addr("group"), a.text("ifname"))
	},
}

// setsockopt sets an option. The value matters for switches; a join takes the address of the group, and the interface or
// "".
func (p *Process) setsockopt(fd int, option string, on bool, addr policy.Addr, ifname string) kauth.Errno {
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
		return p.joinGroup(six, addr, ifname)
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

// joinGroup looks at the group, and then for its interface (ip_get_membership, ip6_get_membership). Without one that is
// named it is that of the route to the group, but the machine has routes to its own addresses alone.
func (p *Process) joinGroup(six bool, group policy.Addr, ifname string) kauth.Errno {
	n := &p.k.net
	_, mapped := v4mapped(group)
	switch {
	case six && unspecified(group):
		// It stands for all groups.
		if p.ask(reqMulticast).answer() != 0 {
			return kauth.EACCES
		}
	case !multicast(group) && !(six && mapped):
		return kauth.EINVAL
	}
	switch {
	case ifname == "" && !n.local(group):
		return kauth.EADDRNOTAVAIL
	case ifname != "" && n.iface(ifname) == nil && six:
		return kauth.ENXIO
	case ifname != "" && n.iface(ifname) == nil:
		// IPv4 names the interface by an address.
		return kauth.EADDRNOTAVAIL
	}
	return 0
}

var callRoute = Call{
	Name: "route",
	Doc:  "Writes a message to a routing socket. Asks network.route about the socket's creator: EACCES.",
	Params: []Param{
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		{Name: "message", Kind: Word, Doc: "kind of message", Words: []string{"get", "add", "delete", "change"}, Optional: true, Default: "get"},
	},
	Asks: []string{"network.route"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.routeMessage(a.int("fd"), a.text("message"))
	},
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
	case !s.connected:
		return kauth.EDESTADDRREQ
	}
	if p.k.question(p, s.cred, reqRoute).fact(stock.RouteGet, kind == "get").answer() != 0 {
		return kauth.EACCES
	}
	return 0
}

var callSockets = Call{
	Name: "sockets",
	Doc:  "Lists sockets as the sysctls net.inet.tcp.pcblist and its kin do. Asks network.socket.cansee about every one; hidden ones are left out.",
	Params: []Param{
		{Name: "which", Kind: Word, Doc: "which sockets", Words: []string{"tcp", "udp", "tcp6", "udp6", "local"}, Optional: true, Default: "tcp"},
	},
	Returns: "lines with family, type and address",
	Asks:    []string{"network.socket.cansee"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return p.pcbs(a.text("which")), 0
	},
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

var callTcpdrop = Call{
	Name: "tcpdrop",
	Doc:  "Ends a TCP connection of a process, by the sysctl net.inet.tcp.drop. Asks network.socket.drop: EPERM; ESRCH if there is no such connection.",
	Params: []Param{
		{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
		{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
	},
	Asks: []string{"network.socket.drop"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		t, e := p.other(a.int("pid"))
		if e != 0 {
			return nil, e
		}
		return nil, p.tcpDrop(t, a.int("fd"))
	},
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
