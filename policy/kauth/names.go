package kauth

import (
	"cmp"
	"slices"
	"strings"
)

// Names are the names that values of a field have. The strings are what policies read and write: the lower
// case of the kernel's constant without its prefix; of commands of ioctl(2) the constant itself.
type Names struct {
	what    string
	prefix  string
	byValue []string
	// list has names of values that are far apart, by value; byValue is empty then.
	list  []alias
	alias []alias
}

type alias struct {
	name  string
	value int64
}

// What says what the names are of, with an article: "a signal".
func (n *Names) What() string { return n.what }

// Name of the value; false if it has none.
func (n *Names) Name(v int64) (string, bool) {
	if i, ok := slices.BinarySearchFunc(n.list, v, func(a alias, v int64) int { return cmp.Compare(a.value, v) }); ok {
		return n.list[i].name, true
	}
	if v < 0 || v >= int64(len(n.byValue)) || n.byValue[v] == "" {
		return "", false
	}
	return n.byValue[v], true
}

// Value of the name exactly as policies write it.
func (n *Names) Value(name string) (int64, bool) {
	if name == "" {
		return 0, false
	}
	for v, s := range n.byValue {
		if s == name {
			return int64(v), true
		}
	}
	for i := range n.list {
		if n.list[i].name == name {
			return n.list[i].value, true
		}
	}
	return 0, false
}

// MustValue is Value for a name that is written in the program; see [MustFind].
func (n *Names) MustValue(name string) int64 {
	v, ok := n.Value(name)
	if !ok {
		panic("kauth: there is no name of " + n.what + " " + name)
	}
	return v
}

// Meant gives the value that another usual spelling means: upper case, with the constant's prefix (SIGKILL,
// AF_INET, PF_INET), or a synonym (unix for local).
func (n *Names) Meant(name string) (int64, bool) {
	lower := make([]byte, len(name))
	for i := range lower {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	s := string(lower)
	for i := range n.list {
		if strings.EqualFold(n.list[i].name, s) {
			return n.list[i].value, true
		}
	}
	for _, p := range []string{"", n.prefix, "pf_"} {
		if len(s) < len(p) || s[:len(p)] != p {
			continue
		}
		if v, ok := n.Value(s[len(p):]); ok {
			return v, true
		}
		for _, a := range n.alias {
			if a.name == s[len(p):] {
				return a.value, true
			}
		}
	}
	return 0, false
}

// All gives every name, by value.
func (n *Names) All() []string {
	var all []string
	for _, s := range n.byValue {
		if s != "" {
			all = append(all, s)
		}
	}
	for i := range n.list {
		all = append(all, n.list[i].name)
	}
	return all
}

// Families are the address and protocol families (sys/socket.h).
var Families = Names{what: "an address family", prefix: "af_",
	byValue: []string{0: "unspec", 1: "local", 2: "inet", 3: "implink", 4: "pup", 5: "chaos", 6: "ns", 7: "iso",
		8: "ecma", 9: "datakit", 10: "ccitt", 11: "sna", 12: "decnet", 13: "dli", 14: "lat", 15: "hylink",
		16: "appletalk", 17: "oroute", 18: "link", 20: "coip", 21: "cnt", 23: "ipx", 24: "inet6", 26: "isdn",
		27: "natm", 28: "arp", 29: "key", 31: "bluetooth", 32: "ieee80211", 33: "mpls", 34: "route", 35: "can", 36: "ether"},
	alias: []alias{{"unix", 1}, {"file", 1}, {"ipv4", 2}, {"inet4", 2}, {"ipv6", 24}, {"osi", 7}, {"e164", 26}}}

// SocketTypes are the types of sockets (sys/socket.h).
var SocketTypes = Names{what: "a socket type", prefix: "sock_",
	byValue: []string{1: "stream", 2: "dgram", 3: "raw", 4: "rdm", 5: "seqpacket", 6: "conn_dgram"},
	alias:   []alias{{"dccp", 6}, {"tcp", 1}, {"udp", 2}}}

// Protocols are internet protocols (netinet/in.h). 0 has no name: in socket.open it stands for the default.
// In other families than inet and inet6 the numbers mean something else, and read the same.
var Protocols = Names{what: "a protocol", prefix: "ipproto_",
	byValue: []string{1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 47: "gre",
		50: "esp", 51: "ah", 58: "icmp6", 103: "pim", 108: "ipcomp", 112: "carp", 115: "l2tp", 132: "sctp", 255: "raw"},
	alias: []alias{{"ipv6-icmp", 58}, {"icmpv6", 58}}}

// Signals (sys/signal.h). 0 and the realtime signals have no names.
var Signals = Names{what: "a signal", prefix: "sig",
	byValue: []string{1: "hup", 2: "int", 3: "quit", 4: "ill", 5: "trap", 6: "abrt", 7: "emt", 8: "fpe", 9: "kill",
		10: "bus", 11: "segv", 12: "sys", 13: "pipe", 14: "alrm", 15: "term", 16: "urg", 17: "stop", 18: "tstp",
		19: "cont", 20: "chld", 21: "ttin", 22: "ttou", 23: "io", 24: "xcpu", 25: "xfsz", 26: "vtalrm", 27: "prof",
		28: "winch", 29: "info", 30: "usr1", 31: "usr2", 32: "pwr"},
	alias: []alias{{"iot", 6}}}

// Resources are what setrlimit(2) limits (sys/resource.h).
var Resources = Names{what: "a resource", prefix: "rlimit_",
	byValue: []string{0: "cpu", 1: "fsize", 2: "data", 3: "stack", 4: "core", 5: "rss", 6: "memlock", 7: "nproc",
		8: "nofile", 9: "sbsize", 10: "as", 11: "nthr"},
	alias: []alias{{"vmem", 10}}}

// PtraceOps are the requests of ptrace(2) (sys/ptrace.h), those of amd64 included (machine/ptrace.h).
var PtraceOps = Names{what: "a ptrace request", prefix: "pt_",
	byValue: []string{0: "trace_me", 1: "read_i", 2: "read_d", 4: "write_i", 5: "write_d", 7: "continue", 8: "kill",
		9: "attach", 10: "detach", 11: "io", 12: "dumpcore", 13: "lwpinfo", 14: "syscall", 15: "syscallemu",
		16: "set_event_mask", 17: "get_event_mask", 18: "get_process_state", 19: "set_siginfo", 20: "get_siginfo",
		21: "resume", 22: "suspend", 23: "stop", 24: "lwpstatus", 25: "lwpnext", 26: "set_sigpass", 27: "get_sigpass",
		32: "step", 33: "getregs", 34: "setregs", 35: "getfpregs", 36: "setfpregs", 37: "getdbregs", 38: "setdbregs",
		39: "setstep", 40: "clearstep", 41: "getxstate", 42: "setxstate", 43: "getxmmregs", 44: "setxmmregs"},
	alias: []alias{{"traceme", 0}}}

// DeviceKinds are the kinds of device nodes (enum vtype, sys/vnode.h).
var DeviceKinds = Names{what: "a kind of device", prefix: "v",
	byValue: []string{3: "block", 4: "char"},
	alias:   []alias{{"chr", 4}, {"blk", 3}}}

// Commands are the commands of ioctl(2) for network interfaces (sys/sockio.h), as amd64 numbers them. The commands of
// modctl(2) and of bridges, which the field cmd has in other requests, are small numbers without a name.
var Commands = Names{what: "an ioctl command", list: commandNames}
