package kerneltest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
)

// Probe is a system call that asks one request, as a process in a cell makes it.
type Probe struct {
	Name string
	// Request that decides, and what it carries of what can be foretold, beside the credential.
	Request string
	Fields  map[string]any
	// Denied is how the call fails where the request is denied; 0 where it does not tell.
	Denied kauth.Errno
	// Drastic calls are made only where they are denied: they would end the machine, or change it for good.
	Drastic bool
	// Refused is the first revision of the cells' own model that refuses the call like Denied, whatever the programs say, because it
	// reaches for what is outside of the cell; 0 where none does.
	Refused secmodel.Revision
	// OnlyRoot calls come to the question only for root: the kernel refuses others before.
	OnlyRoot bool
}

// Probed is what became of a probe.
type Probed struct {
	// Errno that the call gave, 0 for success.
	Errno kauth.Errno
	// PID of the process that made it.
	PID int
}

// ErrNoProbe says that the system at hand can't make a call, because it lacks a part that is not the kernel's core.
var ErrNoProbe = errors.New("the system can't make this call")

// PortOfUsers and PortOfRoot are what the probes bind.
const (
	PortOfUsers = 8081
	PortOfRoot  = 81
)

// self are the fields of a request about the calling process.
func self(more map[string]any) map[string]any {
	fields := map[string]any{"target.is_self": int64(1), "target.is_init": int64(0), "target.same_cell": int64(1)}
	maps.Copy(fields, more)
	return fields
}

// child are the fields of a request about a process in the same cell that the caller made.
func child(more map[string]any) map[string]any {
	fields := map[string]any{"target.is_self": int64(0), "target.is_init": int64(0), "target.same_cell": int64(1),
		"target.cell": "name", "target.uid": "uid", "target.euid": "uid"}
	maps.Copy(fields, more)
	return fields
}

// init1 are the fields of a request about process 1, which is of no cell.
func init1(more map[string]any) map[string]any {
	fields := map[string]any{"target.is_self": int64(0), "target.is_init": int64(1), "target.same_cell": int64(0),
		"target.cell": "", "target.uid": int64(0), "target.euid": int64(0)}
	maps.Copy(fields, more)
	return fields
}

// Probes are calls that a process can make without breaking the machine. The fields are numbers as kauth has them.
// [LeftOut] has the requests that none of them asks.
var Probes = []Probe{
	{Name: "kill itself with signal 0", Request: "process.signal", Denied: kauth.EPERM,
		Fields: self(map[string]any{"signal": int64(0), "target.uid": "uid", "target.euid": "uid", "target.cell": "name"})},
	{Name: "kill itself with SIGWINCH", Request: "process.signal", Denied: kauth.EPERM, Fields: self(map[string]any{"signal": int64(28)})},
	{Name: "fork", Request: "process.fork", Denied: kauth.EAGAIN, Fields: self(map[string]any{"members": int64(1)})},
	{Name: "setrlimit nofile 40 50", Request: "process.rlimit.set", Denied: kauth.EPERM,
		Fields: self(map[string]any{"resource": int64(8), "cur": int64(40), "max": int64(50)})},
	{Name: "setpriority 7", Request: "process.nice", Denied: kauth.EACCES, Fields: self(map[string]any{"nice": int64(7), "target.uid": "uid"})},
	{Name: "setuid 7", Request: "process.setid", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "clock_gettime of its own processor time", Request: "process.ptrace", Denied: kauth.EPERM, Fields: self(map[string]any{"op": int64(2)})},
	{Name: "watch itself with kevent", Request: "process.kevent_filter", Denied: kauth.EACCES, Fields: self(map[string]any{"target.cell": "name"})},
	{Name: "sched_getparam", Request: "process.scheduler_getparam", Denied: kauth.EPERM, Fields: self(map[string]any{"target.uid": "uid"})},
	{Name: "sched_getaffinity", Request: "process.scheduler_getaffinity", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "read its own arguments", Request: "process.cansee.args", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "read its own name for cores", Request: "process.corename.get", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "read its own environment", Request: "process.cansee.env", Denied: kauth.EPERM, Fields: self(map[string]any{"target.cell": "name"})},
	{Name: "write its own name for cores", Request: "process.corename.set", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "read its own limit of files", Request: "process.rlimit.get", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "write its own stop at fork", Request: "process.stopflag", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "fork beyond the limit", Request: "process.rlimit.bypass", Denied: kauth.EAGAIN,
		Fields: self(map[string]any{"resource": int64(7), "cur": int64(0), "max": int64(0)})},
	{Name: "setgroups", Request: "process.setid", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "setlogin", Request: "process.setid", Denied: kauth.EPERM, Fields: self(nil)},
	{Name: "sched_setaffinity", Request: "process.scheduler_setaffinity", Denied: kauth.EPERM, Fields: self(map[string]any{"target.uid": "uid"})},
	{Name: "ktrace itself", Request: "process.ktrace", Fields: self(map[string]any{"target.uid": "uid"})},
	{Name: "ktrace itself for good", Request: "process.ktrace.persistent", Fields: self(map[string]any{"target.uid": "uid"})},

	{Name: "kill a child with signal 0", Request: "process.signal", Denied: kauth.EPERM, Fields: child(map[string]any{"signal": int64(0)})},
	{Name: "setpriority 7 of a child", Request: "process.nice", Denied: kauth.EACCES, Fields: child(map[string]any{"nice": int64(7)})},
	{Name: "watch a child with kevent", Request: "process.kevent_filter", Denied: kauth.EACCES, Fields: child(nil)},
	{Name: "ptrace attach to a child", Request: "process.ptrace", Denied: kauth.EPERM, Drastic: true,
		Fields: map[string]any{"op": int64(9), "target.is_self": int64(0), "target.is_init": int64(0), "target.same_cell": int64(1)}},
	{Name: "kill init with signal 0", Request: "process.signal", Denied: kauth.EPERM, Refused: secmodel.Early, Fields: init1(map[string]any{"signal": int64(0)})},
	{Name: "setpriority 0 of init", Request: "process.nice", Denied: kauth.EACCES, Refused: secmodel.Interim, OnlyRoot: true, Fields: init1(map[string]any{"nice": int64(0)})},
	{Name: "watch init with kevent", Request: "process.kevent_filter", Denied: kauth.EACCES, Refused: secmodel.Interim, Fields: init1(nil)},
	{Name: "sched_getparam of init", Request: "process.scheduler_getparam", Denied: kauth.EPERM, Refused: secmodel.Interim, Fields: init1(nil)},
	{Name: "read the arguments of init", Request: "process.cansee.args", Denied: kauth.EPERM, Refused: secmodel.Early, Fields: init1(nil)},
	{Name: "ptrace attach to init", Request: "process.cansee.entry", Denied: kauth.ESRCH, Refused: secmodel.Early,
		Fields: map[string]any{"target.is_self": int64(0), "target.is_init": int64(1), "target.same_cell": int64(0)}},

	{Name: "socket inet dgram", Request: "network.socket.open", Denied: kauth.EPERM, Fields: map[string]any{"domain": int64(2), "type": int64(2), "protocol": int64(0)}},
	{Name: "socket inet stream tcp", Request: "network.socket.open", Denied: kauth.EPERM, Fields: map[string]any{"domain": int64(2), "type": int64(1), "protocol": int64(6)}},
	{Name: "socket inet raw icmp", Request: "network.socket.open", Denied: kauth.EPERM, Fields: map[string]any{"domain": int64(2), "type": int64(3), "protocol": int64(1)}},
	{Name: "socket local stream", Request: "network.socket.open", Denied: kauth.EPERM, Fields: map[string]any{"domain": int64(1), "type": int64(1), "protocol": int64(0)}},
	{Name: "bind udp 8081", Request: "network.bind.port", Denied: kauth.EACCES,
		Fields: map[string]any{"family": int64(2), "type": int64(2), "protocol": int64(17), "port": int64(PortOfUsers), "addr": policy.Addr{Version: 4}}},
	{Name: "bind tcp 8081", Request: "network.bind.port", Denied: kauth.EACCES,
		Fields: map[string]any{"family": int64(2), "type": int64(1), "protocol": int64(6), "port": int64(PortOfUsers), "addr": policy.Addr{Version: 4}}},
	{Name: "bind udp 81", Request: "network.bind.privport", Denied: kauth.EACCES,
		Fields: map[string]any{"family": int64(2), "type": int64(2), "protocol": int64(17), "port": int64(PortOfRoot), "addr": policy.Addr{Version: 4}}},
	{Name: "bind udp6 8081", Request: "network.bind.port", Denied: kauth.EACCES,
		Fields: map[string]any{"family": int64(24), "type": int64(2), "protocol": int64(17), "port": int64(PortOfUsers), "addr": policy.Addr{Version: 6}}},
	{Name: "bind udp 0", Request: "network.bind.port", Denied: kauth.EACCES,
		Fields: map[string]any{"family": int64(2), "type": int64(2), "protocol": int64(17), "port": int64(0), "addr": policy.Addr{Version: 4}}},
	{Name: "bind udp6 81", Request: "network.bind.privport", Denied: kauth.EACCES,
		Fields: map[string]any{"family": int64(24), "type": int64(2), "protocol": int64(17), "port": int64(PortOfRoot), "addr": policy.Addr{Version: 6}}},
	{Name: "socket inet6 raw icmp6", Request: "network.socket.rawsock", Denied: kauth.EPERM, OnlyRoot: true,
		Fields: map[string]any{"domain": int64(24), "type": int64(3), "protocol": int64(58)}},
	{Name: "setsockopt bindany", Request: "network.bind.anyaddr", Denied: kauth.EPERM},
	{Name: "setsockopt recvhopopts", Request: "network.ipv6.hopbyhop", Denied: kauth.EPERM},
	{Name: "route add", Request: "network.route", Denied: kauth.EACCES},
	{Name: "set flags of lo0", Request: "network.interface.setpriv", Denied: kauth.EPERM, Fields: map[string]any{"ifname": "lo0"}},

	{Name: "mknod", Request: "system.mknod", Denied: kauth.EPERM},
	{Name: "chroot", Request: "system.chroot.chroot", Denied: kauth.EPERM},
	{Name: "fchroot", Request: "system.chroot.fchroot", Denied: kauth.EPERM},
	{Name: "getfh", Request: "system.filehandle", Denied: kauth.EPERM},
	{Name: "acct", Request: "system.accounting", Denied: kauth.EPERM},
	{Name: "sethostname", Request: "system.sysctl.modify", Denied: kauth.EPERM},
	{Name: "read the size of the message buffer", Request: "system.sysctl.prvt", Denied: kauth.EPERM, Refused: secmodel.Early},
	{Name: "adjtime", Request: "system.time.adjtime", Denied: kauth.EPERM},
	{Name: "ntp_adjtime", Request: "system.time.ntpadjtime", Denied: kauth.EPERM},
	{Name: "sem_unlink", Request: "system.semaphore", Denied: kauth.EACCES},
	{Name: "mq_unlink", Request: "system.mqueue", Denied: kauth.EACCES},
	{Name: "modctl exists", Request: "system.module", Denied: kauth.EPERM, Fields: map[string]any{"cmd": int64(0), "autoload": int64(0)}},
	{Name: "reboot", Request: "system.reboot", Denied: kauth.EPERM, Drastic: true},
	{Name: "swapctl", Request: "system.swapctl", Denied: kauth.EPERM, Drastic: true},
	{Name: "settimeofday", Request: "system.time.system", Denied: kauth.EPERM, Drastic: true, Fields: map[string]any{"sec": int64(86400)}},
	{Name: "modctl unload", Request: "system.module", Denied: kauth.EPERM, Drastic: true, Fields: map[string]any{"cmd": int64(1), "autoload": int64(0)}},
	{Name: "pset_create", Request: "system.pset.create", Denied: kauth.EPERM, Drastic: true},
	{Name: "mount", Request: "system.mount.new", Denied: kauth.EPERM, Drastic: true, Fields: map[string]any{"flags": int64(1)}},
	{Name: "mount getargs", Request: "system.mount.get", Denied: kauth.EPERM, Drastic: true},
	{Name: "unmount", Request: "system.mount.unmount", Denied: kauth.EPERM, Drastic: true},

	{Name: "iopl", Request: "machdep.iopl", Denied: kauth.EPERM, Drastic: true},
	{Name: "read mtrr", Request: "machdep.mtrr_get", Denied: kauth.EPERM},

	{Name: "open null rw", Request: "device.rawio_spec.rw", Denied: kauth.EPERM, Fields: map[string]any{"kind": int64(4), "major": int64(2), "minor": int64(2)}},
	{Name: "open null w", Request: "device.rawio_spec.write", Denied: kauth.EPERM, Fields: map[string]any{"kind": int64(4), "major": int64(2), "minor": int64(2)}},
	{Name: "open null r", Request: "device.rawio_spec.read", Denied: kauth.EPERM, Fields: map[string]any{"kind": int64(4), "major": int64(2), "minor": int64(2)}},
}

// LeftOut are the requests of the newest kernel that no probe asks, by why that is. A name stands for all below it too.
var LeftOut = map[string][]string{
	"it needs a device or a driver that not every machine has": {
		"device.tty_privset", "device.tty_sti", "device.tty_virtual", "device.rawio_passthru", "device.bluetooth_setpriv", "device.bluetooth_send",
		"device.bluetooth_recv", "device.bluetooth_bcsp", "device.bluetooth_btuart", "device.gpio_pinset", "device.wscons_keyboard_bell",
		"device.wscons_keyboard_keyrepeat", "device.rnd_adddata", "device.rnd_adddata_estimate", "device.rnd_getpriv", "device.rnd_setpriv",
		"network.altq", "network.interface_ppp", "network.interface_slip", "network.interface_tun", "network.interface_bridge", "network.interface_wg",
		"network.interface.getpriv", "machdep.nvram", "machdep.unmanagedmem", "machdep.pxg", "machdep.cpu_ucode_apply", "system.devmapper",
	},
	"not every architecture has the call, and a granted one changes the processor for the caller or for all": {
		"machdep.cacheflush", "machdep.ioperm_get", "machdep.ioperm_set", "machdep.ldt_get", "machdep.ldt_set", "machdep.mtrr_set",
		"system.cpu.setstate", "system.intr.affinity",
	},
	"it needs a mounted file system of some kind, or a file on one": {
		"system.mount.update", "system.mount.umap", "system.mount.device", "system.fs_reservedspace", "system.fs_quota", "system.fs_extattr",
		"system.fs_snapshot", "system.lfs", "system.veriexec", "process.procfs", "network.nfs",
	},
	"it needs packets, somebody else's socket, a filter, or an interface with a route to a group": {
		"network.firewall.fw", "network.forwsrcrt", "network.ipsec.bypass", "network.socket.cansee", "network.socket.drop",
		"network.socket.setpriv", "network.ipv6.join_multicast",
	},
	"what it needs stays after the process, and while it is denied can't be removed": {
		"system.sysvipc", "system.sysctl.add", "system.sysctl.delete", "system.pset.assign", "system.pset.bind", "system.pset.destroy",
	},
	"a denial leaves the process or the file out of a list, and the call does not fail": {"process.cansee.openfiles", "process.cansee.eproc"},
	"it is asked when a sysctl node of the whole machine is written, after system.sysctl.modify, or is described": {
		"system.setidcore", "system.kernaddr", "system.map_va_zero", "system.time.rtcoffset", "system.time.timecounters", "system.sysctl.desc",
	},
}

// FindProbe gives the probe of that name.
func FindProbe(name string) (*Probe, bool) {
	i := slices.IndexFunc(Probes, func(p Probe) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return &Probes[i], true
}

// picks reports whether a denial of the request only picks a behaviour, so that it is kept only where that is wanted.
func picks(id kauth.RequestID) bool { return kauth.Newest().Flags(id).Has(kauth.Probe) }

// asForetold is the reason where all fields are.
const asForetold = "as foretold"

// program answers the probe's request, and says in its reason which field is not as it must be. It answers nothing else.
func (p *Probe) program(cell kernel.Cell, uid int64, result policy.Result) (*program.Program, error) {
	id, known := kauth.Find(p.Request)
	if !known {
		return nil, fmt.Errorf("there is no request %s", p.Request)
	}
	fields := map[string]any{"uid": uid, "euid": uid, "gid": uid, "egid": uid}
	for name, v := range p.Fields {
		switch v {
		case "uid":
			v = uid
		case "name":
			v = cell.Name
		}
		fields[name] = v
	}
	answer := func(reason string) policy.Decision {
		return policy.Decision{Answer: policy.Answer{Result: result, Reason: reason, Record: picks(id), Source: policy.Source{Policy: "kerneltest", File: "kerneltest.lua", Line: 7}}}
	}
	leaves := []policy.Decision{answer(asForetold)}
	var nodes []program.Node
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f, known := kauth.FindField(name)
		if !known {
			return nil, fmt.Errorf("there is no field %s", name)
		}
		n := program.Node{Op: program.Eq, Field: f, Yes: program.Ref(len(nodes) + 1), No: program.LeafRef(len(leaves))}
		switch v := fields[name].(type) {
		case int64:
			n.K = v
		case string:
			n.Text = v
		case policy.Addr:
			n.Op, n.Prefix = program.InPrefix, policy.Prefix{Addr: v, Bits: map[uint8]uint8{4: 32, 6: 128}[v.Version]}
		}
		nodes, leaves = append(nodes, n), append(leaves, answer("not as foretold: "+name))
	}
	nodes[len(nodes)-1].Yes = program.LeafRef(0)
	return program.New([]program.Root{{Request: id, Ref: 0}}, nodes, leaves)
}

// probes makes system calls in a cell, and compares what becomes of them with what programs say.
func probes(t *testing.T, s *suite) {
	if s.Probe == nil {
		t.Skip("no process of this kernel can be told to make calls")
	}
	e, next := s.evaluation()
	low := kernel.Low
	spec := s.spec("probes")
	spec.Profile = &low
	if err := s.Furnish(spec.Root); err != nil {
		t.Fatal(err)
	}
	id := s.make(spec)
	cell := kernel.Cell{ID: id, Name: spec.Name, Root: spec.Root}
	for _, p := range Probes {
		t.Run(strings.ReplaceAll(p.Name, " ", "-"), func(t *testing.T) {
			users := []uint32{0, 1000}
			if p.OnlyRoot {
				users = users[:1]
			}
			for _, uid := range users {
				load := func(result policy.Result) {
					t.Helper()
					answers, err := p.program(cell, int64(uid), result)
					if err != nil {
						t.Fatal(err)
					}
					b := bundle(s.Kernel, next, program.Cell{ID: id, Name: cell.Name})
					b.Programs = []*program.Program{answers}
					if err := e.Load(b.Encode(), 0); err != nil {
						t.Fatal(err)
					}
					next++
				}
				probe := func() Probed {
					t.Helper()
					got, err := s.Probe(cell, uid, p.Name)
					if errors.Is(err, ErrNoProbe) {
						t.Skip(err)
					}
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				load(policy.Deny)
				before, err := e.Status()
				if err != nil {
					t.Fatal(err)
				}
				got := probe()
				if p.Denied != 0 && got.Errno != p.Denied {
					t.Errorf("uid %d, denied: %s, want %s", uid, got.Errno.Name(), p.Denied.Name())
				}
				// What the kernel recorded is what the program says.
				events, err := e.Events(before.Sequence)
				if err != nil {
					t.Fatal(err)
				}
				request, _ := kauth.Find(p.Request)
				// The last is that of the call: what the program is started with may ask the same before.
				at := len(events) - 1
				for at >= 0 && (events[at].Request != request || events[at].Cell != id || events[at].PID != got.PID) {
					at--
				}
				if at < 0 {
					t.Errorf("uid %d, denied: no such event is among %+v of process %d", uid, events, got.PID)
					continue
				}
				ev := events[at]
				want := kernel.Event{Sequence: ev.Sequence, Time: ev.Time, Generation: next - 1, Cell: id, Name: cell.Name, PID: got.PID, EUID: uid, Request: request, Probe: ev.Probe,
					Decision: policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: asForetold, Record: picks(request), Source: policy.Source{Policy: "kerneltest", File: "kerneltest.lua", Line: 7}}}}
				if ev != want {
					t.Errorf("uid %d, denied: the event is %+v, want %+v", uid, ev, want)
				}
				if p.Drastic {
					continue
				}
				load(policy.Allow)
				allowed := probe()
				if p.Refused != 0 && s.Kernel.Info().Revision >= p.Refused {
					load(policy.Grant)
					for says, got := range map[string]Probed{"allowed": allowed, "granted": probe()} {
						if got.Errno != p.Denied {
							t.Errorf("uid %d, %s: %s, but the cell's own model must refuse it: %s", uid, says, got.Errno.Name(), p.Denied.Name())
						}
					}
					continue
				}
				if uid == 0 && p.Denied != 0 && allowed.Errno == p.Denied {
					// Another model refuses it even to root.
					continue
				}
				load(policy.Grant)
				granted := probe()
				switch {
				case uid == 0 && granted.Errno != allowed.Errno:
					t.Errorf("root: granted: %s, but allowed: %s", granted.Errno.Name(), allowed.Errno.Name())
				case granted.Errno == kauth.EPERM:
					t.Errorf("uid %d, granted: EPERM", uid)
				}
			}
		})
	}
}
