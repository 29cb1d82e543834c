package sim

import (
	"cellsh/kernel/sim/fs"
	"cellsh/kernel/sim/sysctl"
	"cellsh/policy/kauth"
)

// variable is a value of [kernelState] that a node of sysctl(7) shows, and that a state keeps. Settings, which the stock
// models look at, have a table of their own in package stock.
type variable struct {
	path, desc string
	// key in a saved state. There the value is left out if it is a new system's, unless always is set.
	key    string
	always bool
	// at is where the value is: an *int64, a *bool or a *string.
	at func(*kernelState) any
	// truth says that the node is a bool, and not an int; plain that it stands for the lookup on a variable.
	truth, plain bool
	// size is how long a string can be, the zero at its end included.
	size int
	// asks is the request that a new number is asked about after the lookup, EPERM if it is denied; nil for none.
	asks *kauth.RequestID
	// set takes a new number in place of that, in its own way.
	set func(x *sysctlCall, v int64) kauth.Errno
	// fn answers for the node, nil for what its kind of value makes.
	fn func(*sysctlCall) kauth.Errno
}

// variables by their paths, in the order in which a state keeps them.
var variables = []variable{
	{path: "kern.hostname", desc: "System hostname", key: "hostname", always: true, size: 256, at: func(k *kernelState) any { return &k.hostname }},
	{path: "kern.domainname", desc: "YP domain name", key: "domainname", size: 256, at: func(k *kernelState) any { return &k.domainname }},
	{path: "kern.hostid", desc: "System host ID number", key: "hostid", at: func(k *kernelState) any { return &k.hostid }},
	{path: "kern.rtc_offset", desc: "Offset of real time clock from UTC in minutes", key: "rtc_offset",
		at: func(k *kernelState) any { return &k.rtcOffset }, set: setRTCOffset},
	{path: "kern.timecounter.hardware", desc: "currently active time counter", key: "timecounter", always: true, size: 64,
		at: func(k *kernelState) any { return &k.timecounter }, fn: timecounterHardware},
	{path: "vm.user_va0_disable", desc: "Disable VA 0", key: "user_va0_disable", always: true,
		at: func(k *kernelState) any { return &k.userVA0Disable }, set: setUserVA0Disable},
	{path: "net.inet.ip.forwarding", desc: "Enable forwarding of INET datagrams", key: "forwarding", plain: true,
		at: func(k *kernelState) any { return &k.forwarding }},
	{path: "net.inet.ip.forwsrcrt", desc: "Enable forwarding of source-routed datagrams", key: "forwsrcrt",
		at: func(k *kernelState) any { return &k.forwsrcrt }, asks: &reqForwsrcrt},
	{path: "kern.coredump.setid.dump", desc: "Allow set-id processes to dump core.", key: "setid_core_dump",
		at: func(k *kernelState) any { return &k.setidcore.dump }, asks: &reqSetidcore},
	{path: "kern.coredump.setid.path", desc: "Path pattern for set-id coredumps.", key: "setid_core_path", always: true, size: fs.MaxPath,
		at: func(k *kernelState) any { return &k.setidcore.path }, fn: setidcorePath},
	{path: "kern.coredump.setid.owner", desc: "Owner id for set-id processes' cores.", key: "setid_core_owner",
		at: func(k *kernelState) any { return &k.setidcore.owner }, asks: &reqSetidcore},
	{path: "kern.coredump.setid.group", desc: "Group id for set-id processes' cores.", key: "setid_core_group",
		at: func(k *kernelState) any { return &k.setidcore.group }, asks: &reqSetidcore},
	{path: "kern.coredump.setid.mode", desc: "Mode for set-id processes' cores.", key: "setid_core_mode",
		at: func(k *kernelState) any { return &k.setidcore.mode }, asks: &reqSetidcore},
	{path: "kern.maxfiles", desc: "Maximum number of open files", key: "maxfiles", plain: true, at: func(k *kernelState) any { return &k.maxFiles }},
	{path: "net.inet.ip.anonportmin", desc: "Lowest ephemeral port number to assign", key: "anonportmin", always: true,
		at: func(k *kernelState) any { return &k.anonPortMin }, set: setAnonPort(false)},
	{path: "net.inet.ip.anonportmax", desc: "Highest ephemeral port number to assign", key: "anonportmax", always: true,
		at: func(k *kernelState) any { return &k.anonPortMax }, set: setAnonPort(true)},
	{path: "kern.module.autoload", desc: "Enable automatic load of modules", key: "autoload", always: true, truth: true, plain: true,
		at: func(k *kernelState) any { return &k.autoload }},
}

// variableAt gives the variable of that path, which is written in this package.
func variableAt(path string) *variable {
	for i := range variables {
		if variables[i].path == path {
			return &variables[i]
		}
	}
	panic("sim: no variable " + path)
}

// node is what shows the variable.
func (v *variable) node() node {
	n := node{Desc: v.desc, Flags: sysctl.ReadWrite, Plain: v.plain, Fn: v.fn}
	switch {
	case v.size > 0:
		n.Type, n.Size = sysctl.TypeString, v.size
		if n.Fn == nil {
			n.Fn = func(x *sysctlCall) kauth.Errno { return x.LookupString(v.at(&x.Caller.k.kern).(*string), v.size) }
		}
	case v.truth:
		n.Type, n.Size = sysctl.TypeBool, 1
		n.Fn = func(x *sysctlCall) kauth.Errno {
			to := v.at(&x.Caller.k.kern).(*bool)
			is, e := x.LookupBool(*to)
			*to = is
			return e
		}
	default:
		n.Type, n.Size = sysctl.TypeInt, 4
		set := v.set
		if set == nil {
			set = v.take
		}
		n.Fn = intNode(func(k *Kernel) int64 {
			if on, ok := v.at(&k.kern).(*bool); ok {
				return truth(*on)
			}
			return *v.at(&k.kern).(*int64)
		}, set)
	}
	return n
}

// take asks for a new number, and sets it.
func (v *variable) take(x *sysctlCall, to int64) kauth.Errno {
	if v.asks != nil && x.Caller.ask(*v.asks).answer() != 0 {
		return kauth.EPERM
	}
	*v.at(&x.Caller.k.kern).(*int64) = to
	return 0
}

// setUserVA0Disable asks only who lets programs map address 0.
func setUserVA0Disable(x *sysctlCall, v int64) kauth.Errno {
	is := &x.Caller.k.kern.userVA0Disable
	if v == 0 && *is && x.Caller.ask(reqMapVAZero).answer() != 0 {
		return kauth.EPERM
	}
	*is = v != 0
	return 0
}
