package stock

import (
	"slices"
	"sync"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// entry gives a listener's answer for the requests that the patterns name.
type entry struct {
	patterns []string
	answer   policy.Result
	when     Condition
}

type declaration struct {
	model   Model
	name    string
	entries []entry
}

func on(patterns ...string) []string { return patterns }

func allow(patterns []string, when ...Literal) entry { return entry{patterns, policy.Grant, when} }

func deny(patterns []string, when ...Literal) entry { return entry{patterns, policy.Deny, when} }

func is(f Fact) Literal { return Literal{Fact: f} }

func not(f Fact) Literal { return Literal{f, true} }

// declarations are the listeners of the five scopes. Within one listener and request the first entry whose
// condition holds answers. The functions that they are taken from have the listener's name with _cb, unless a
// comment says otherwise.
var declarations = []declaration{
	// secmodel_suser.c answers by action; these are the actions that it leaves out.
	{Suser, "secmodel_suser", []entry{
		allow(everythingBut("system.debug", "network.interface_strip", "device.rawio_spec", "device.rawio_passthru"), is(CallerRoot)),
	}},

	// secmodel_extensions.c and secmodel_extensions_vfs.c
	{Extensions, "secmodel_extensions", []entry{
		deny(on("process.cansee.args", "process.cansee.entry", "process.cansee.openfiles", "process.cansee.eproc"),
			is(Curtain), not(AnyUIDMatches), not(CallerRoot)),
		deny(on("network.socket.cansee"), is(Curtain), not(SocketHasCreator)),
		deny(on("network.socket.cansee"), is(Curtain), not(SocketUIDMatches), not(CallerRoot)),
		allow(on("process.scheduler_setaffinity"), is(UserSetCPUAffinity), is(AnyUIDMatches)),
		allow(on("system.mount.new"), is(Usermount), is(OwnsDirectory), is(MountFlagsSafe)),
		allow(on("system.mount.unmount"), is(Usermount), is(OwnsMount)),
		allow(on("system.mount.update"), is(Usermount), is(OwnsMount), is(MountFlagsSafe)),
	}},

	// secmodel_securelevel.c
	{Securelevel, "secmodel_securelevel", []entry{
		deny(on("process.procfs.rw", "process.procfs.write", "process.ptrace"), is(Securelevel0), is(TargetIsInit)),
		deny(on("system.chsysflags", "system.time.rtcoffset", "system.map_va_zero", "system.module", "system.setidcore",
			"system.sysctl.add", "system.sysctl.delete", "system.sysctl.desc", "network.forwsrcrt",
			"machdep.ioperm_set", "machdep.iopl", "machdep.unmanagedmem", "machdep.svs_disable", "device.gpio_pinset"),
			is(Securelevel1)),
		deny(on("device.rawio_passthru"), is(Securelevel1), is(BitsBeyondReadConf)),
		deny(on("device.rawio_spec.write", "device.rawio_spec.rw"), is(Securelevel1), is(DeviceIsKernelMemory)),
		deny(on("device.rawio_spec.write", "device.rawio_spec.rw"), is(Securelevel1), not(DeviceIsKernelMemory), is(DeviceIsDisk), is(DiskMounted)),
		deny(on("device.rawio_spec.write", "device.rawio_spec.rw"), is(Securelevel2), not(DeviceIsKernelMemory), is(DeviceIsDisk)),
		deny(on("process.corename", "network.firewall", "system.mount.new", "machdep.cpu_ucode_apply", "device.rnd_adddata_estimate"),
			is(Securelevel2)),
		deny(on("system.mount.update"), is(Securelevel2), not(MountOnlyDegrades)),
		deny(on("system.time.system"), is(Securelevel2), is(TimeWraps)),
	}},

	{Kernel, "proc_listener", []entry{
		allow(on("process.cansee.args", "process.cansee.entry", "process.cansee.openfiles", "process.cansee.eproc")),
		allow(on("process.cansee.env"), is(RealUIDIsTargets)),
		allow(on("process.cansee.kptr"), is(AddressesForAll)),
		allow(on("process.cansee.kptr"), is(AddressesForKmem), is(TargetKmem)),
		// It keeps five processes for root by comparing the wrong argument, which is always 0: all may fork.
		allow(on("process.fork")),
		allow(on("process.corename", "process.stopflag"), is(OwnsTarget)),
	}},
	{Kernel, "signal_listener", []entry{
		allow(on("process.signal"), is(AnyUIDMatches)),
		allow(on("process.signal"), is(SignalContinues), is(SameSession)),
	}},
	{Kernel, "resource_listener", []entry{
		allow(on("process.nice"), is(NiceUIDMatches), is(NiceNotLowered)),
		allow(on("process.rlimit.get")),
		allow(on("process.rlimit.set"), is(TargetIsCaller), is(HardLimitKept)),
		allow(on("process.rlimit.set"), is(OwnsTarget), is(HardLimitKept)),
	}},
	{Kernel, "sched_listener", []entry{
		allow(on("process.scheduler_getparam"), is(AnyUIDMatches)),
		allow(on("process.scheduler_setparam"), is(AnyUIDMatches), is(SchedulingNotRaised)),
		allow(on("process.scheduler_getaffinity")),
	}},
	{Kernel, "ptrace_listener", []entry{
		deny(on("process.ptrace"), is(OpSetsDebugRegisters), not(CallerRealRoot), not(UserSetDBRegs)),
		allow(on("process.ptrace"), is(OpAccesses), is(SameRealUID), not(TargetSUGID)),
		allow(on("process.ptrace"), is(OpControls)),
	}},
	{Kernel, "procfs_listener", []entry{
		allow(on("process.procfs"), not(NodeIsMemory)),
		allow(on("process.procfs"), is(SameRealUID), not(TargetSUGID)),
	}},
	// It leaves process.ktrace.persistent to the models.
	{Kernel, "ktrace_listener", []entry{
		allow([]string{bareKtrace}, not(TargetTracePersistent), not(TargetSUGID), is(TraceIDsMatch)),
	}},
	{Kernel, "kqueue_listener", []entry{
		allow(on("process.kevent_filter"), is(SameRealUID), not(TargetSUGID)),
	}},
	{Kernel, "socket_listener", []entry{
		allow(on("network.bind.port", "network.socket.cansee")),
		allow(on("network.socket.drop"), is(SocketHasCreator), is(OwnsSocket)),
		allow(on("network.socket.open"), is(DomainForAll)),
		allow(on("network.socket.open"), not(TypeRaw)),
	}},
	// It means to allow get and set, but looks for the code in the argument that holds the interface.
	{Kernel, "if_listener", []entry{
		allow(on("network.interface"), is(InterfaceIsRequestCode)),
	}},
	{Kernel, "route_listener", []entry{
		allow(on("network.route"), is(RouteGet)),
	}},
	{Kernel, "pf_listener", []entry{
		allow(on("network.firewall"), is(PFAttached)),
	}},
	{Kernel, "ipf_listener", []entry{
		allow(on("network.firewall"), is(IPFAttached)),
	}},
	{Kernel, "mount_listener", []entry{
		allow(on("system.mount.get")),
		allow(on("system.mount.device"), is(DeviceModeAllows)),
	}},
	{Kernel, "psets_listener", []entry{
		allow(on("system.pset.assign", "system.pset.bind"), is(PsetQuery)),
	}},
	{Kernel, "module_listener", []entry{
		allow(on("system.module"), is(Autoload)),
	}},
	{Kernel, "ksem_listener", []entry{
		allow(on("system.semaphore"), is(SemaphoreModeAllows)),
	}},
	{Kernel, "sysvipc_listener", []entry{
		allow(on("system.sysvipc.bypass"), is(IPCModeAllows)),
	}},
	{Kernel, "mq_listener", []entry{
		allow(on("system.mqueue"), is(OwnsQueue)),
	}},
	// /dev/clockctl asks nothing any more, and everybody else passes 0 where this listener looks.
	{Kernel, "clockctl_listener", []entry{
		allow(on("system.time.system"), is(ClockFromDevice)),
	}},
	// ffs_snapshot_cb
	{Kernel, "ffs_snapshot_listener", []entry{
		allow(on("system.fs_snapshot"), is(OwnsSnapshot)),
	}},
	// veriexec_listener_cb, for the tables
	{Kernel, "veriexec_listener", []entry{
		deny(on("system.veriexec.modify"), is(VeriexecStrict)),
	}},
	// veriexec_raw_cb, for raw access to what the tables protect
	{Kernel, "veriexec_raw", []entry{
		deny(on("device.rawio_spec.write", "device.rawio_spec.rw"), is(VeriexecIPS), is(DeviceIsKernelMemory)),
		deny(on("device.rawio_spec.write", "device.rawio_spec.rw"), is(VeriexecIPS), not(DeviceIsKernelMemory), is(DeviceIsDisk), is(DiskMonitored)),
		deny(on("device.rawio_passthru"), is(VeriexecIPS)),
	}},
	{Kernel, "rawio_listener", []entry{
		allow(on("device.rawio_spec", "device.rawio_passthru")),
	}},
	{Kernel, "tty_listener", []entry{
		allow(on("device.tty_open"), is(TTYClosed)),
		allow(on("device.tty_open"), is(TTYShared)),
	}},
	// hci_device_cb
	{Kernel, "hci_listener", []entry{
		allow(on("device.bluetooth_send"), is(BluetoothCommandPublic)),
		allow(on("device.bluetooth_recv"), is(BluetoothPacketPublic)),
	}},
	{Kernel, "x86_listener", []entry{
		allow(on("machdep.ioperm_get")),
		allow(on("machdep.ldt_get", "machdep.ldt_set"), is(UserLDT)),
	}},
}

// bareKtrace names the request that the action process.ktrace is when it is asked without a code. As a pattern
// the name would take process.ktrace.persistent in.
const bareKtrace = "=process.ktrace"

// everythingBut gives the patterns of all requests that none of the patterns matches.
func everythingBut(patterns ...string) []string {
	var rest []string
	for id := range kauth.RequestID(kauth.NumRequests) {
		if !slices.ContainsFunc(patterns, func(p string) bool { return slices.Contains(requests(p), id) }) {
			rest = append(rest, "="+id.String())
		}
	}
	return rest
}

// requests gives those that the name stands for: a request alone after "=", else all that the pattern matches. Names are
// written in this package; it panics where there is none.
func requests(name string) []kauth.RequestID {
	if name[0] == '=' {
		return []kauth.RequestID{kauth.MustFind(name[1:])}
	}
	var ids []kauth.RequestID
	for lo, hi := kauth.MustFindPattern(name).Range(); lo < hi; lo++ {
		ids = append(ids, lo)
	}
	return ids
}

// table holds the listeners by request. It is made once, when it is first needed.
var table = sync.OnceValue(func() *[kauth.NumRequests][]Listener {
	t := new([kauth.NumRequests][]Listener)
	for _, d := range declarations {
		for _, e := range d.entries {
			for _, pattern := range e.patterns {
				for _, id := range requests(pattern) {
					ls := t[id]
					if n := len(ls); n == 0 || ls[n-1].Name != d.name {
						ls = append(ls, Listener{Model: d.model, Name: d.name})
					}
					last := &ls[len(ls)-1]
					last.Rules = append(last.Rules, Rule{e.answer, e.when})
					t[id] = ls
				}
			}
		}
	}
	return t
})

// Listeners gives what the stock models and the kernel's own listeners say to the request, in the order suser,
// extensions, securelevel, kernel. Listeners that always defer are left out. The slice is shared: it must not
// be changed. Which order they are asked in makes no difference: every listener is asked, and a denial stands
// before an allow, an allow before a deferral (kern_auth.c).
func Listeners(id kauth.RequestID) []Listener { return table()[id] }
