package stock

import (
	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
)

// Truth is what is known about a [Fact].
type Truth uint8

// The truth values. Unknown is the zero value: it can turn out either way.
const (
	Unknown Truth = iota
	No
	Yes
)

// String is "yes", "no" or "depends".
func (t Truth) String() string { return [...]string{"depends", "no", "yes"}[t] }

// TruthOf is Yes or No.
func TruthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Origin says what a fact is about, and so when it can be known.
type Origin uint8

const (
	// FromCaller: the caller's credential, and whether it is in a cell.
	FromCaller Origin = iota
	// FromRequest: the fields of the request.
	FromRequest
	// FromHost: settings that an administrator changes; [Settings] holds them.
	FromHost
	// FromKernel: the state of the kernel's objects. It is known only when the question is asked.
	FromKernel
	// NeverHolds: no compiled code makes it true; the listener is mistaken or its caller is gone.
	NeverHolds
)

// Fact is one named question that conditions of rules are made of.
type Fact uint8

// The facts. Their sentences ([Fact.String]) say exactly what they mean.
const (
	// About the caller.
	CallerRoot Fact = iota
	CallerRealRoot
	CallerHostRoot

	// About the host's settings.
	Securelevel0
	Securelevel1
	Securelevel2
	Curtain
	Usermount
	UserSetCPUAffinity
	UserSetDBRegs
	AddressesForKmem
	AddressesForAll
	UserLDT
	PFAttached
	IPFAttached
	VeriexecStrict
	VeriexecIPS

	// About the request.
	OpSetsDebugRegisters
	OpAccesses
	OpControls
	SignalContinues
	Autoload
	BitsBeyondReadConf
	TypeRaw
	DomainForAll
	DomainRoute
	TargetIsCaller
	TargetIsInit
	TargetOtherCell

	// About the target process and what is wanted of it.
	SameRealUID
	AnyUIDMatches
	RealUIDIsTargets
	OwnsTarget
	TargetSUGID
	TargetKmem
	TargetTracePersistent
	TraceIDsMatch
	NiceUIDMatches
	NiceNotLowered
	HardLimitKept
	SchedulingNotRaised
	SameSession
	NodeIsMemory

	// About other objects of the kernel.
	DeviceModeAllows
	PsetQuery
	SemaphoreModeAllows
	IPCModeAllows
	OwnsQueue
	OwnsSnapshot
	OwnsDirectory
	OwnsMount
	MountFlagsSafe
	MountOnlyDegrades
	TimeWraps
	DeviceIsKernelMemory
	DeviceIsDisk
	DiskMounted
	DiskMonitored
	TTYClosed
	TTYShared
	BluetoothCommandPublic
	BluetoothPacketPublic
	RouteGet
	SocketHasCreator
	SocketUIDMatches
	OwnsSocket
	PortReservedByOther
	PortReservedByCaller
	InterimIsLater

	// What never holds.
	ClockFromDevice
	InterfaceIsRequestCode

	NumFacts = iota
)

type factInfo struct {
	name     string
	origin   Origin
	yes, not string
}

var facts = [NumFacts]factInfo{
	CallerRoot:     {"caller-root", FromCaller, "the caller's effective user id is 0", "the caller's effective user id is not 0"},
	CallerRealRoot: {"caller-real-root", FromCaller, "the caller's real user id is 0", "the caller's real user id is not 0"},
	CallerHostRoot: {"caller-host-root", FromCaller, "the caller is root on the host", "the caller is not root on the host"},

	Securelevel0:       {"securelevel-0", FromHost, "the securelevel is at least 0", "the securelevel is -1"},
	Securelevel1:       {"securelevel-1", FromHost, "the securelevel is at least 1", "the securelevel is below 1"},
	Securelevel2:       {"securelevel-2", FromHost, "the securelevel is 2", "the securelevel is below 2"},
	Curtain:            {"curtain", FromHost, "security.models.extensions.curtain is set", "security.models.extensions.curtain is 0"},
	Usermount:          {"usermount", FromHost, "vfs.generic.usermount is set", "vfs.generic.usermount is 0"},
	UserSetCPUAffinity: {"user-set-cpu-affinity", FromHost, "security.models.extensions.user_set_cpu_affinity is set", "security.models.extensions.user_set_cpu_affinity is 0"},
	UserSetDBRegs:      {"user-set-dbregs", FromHost, "security.models.extensions.user_set_dbregs is set", "security.models.extensions.user_set_dbregs is 0"},
	AddressesForKmem:   {"addresses-for-kmem", FromHost, "kern.expose_address is 1", "kern.expose_address is not 1"},
	AddressesForAll:    {"addresses-for-all", FromHost, "kern.expose_address is 2", "kern.expose_address is not 2"},
	UserLDT:            {"user-ldt", FromHost, "machdep.user_ldt is set", "machdep.user_ldt is 0"},
	PFAttached:         {"pf-attached", FromHost, "pf is attached", "pf is not attached"},
	IPFAttached:        {"ipf-attached", FromHost, "ipf is attached", "ipf is not attached"},
	VeriexecStrict:     {"veriexec-strict", FromHost, "veriexec is beyond learning", "veriexec is off or learning"},
	VeriexecIPS:        {"veriexec-ips", FromHost, "veriexec prevents intrusions (level 2 or 3)", "veriexec is below level 2"},

	OpSetsDebugRegisters: {"op-sets-debug-registers", FromRequest, "the operation sets debug registers", "the operation does not set debug registers"},
	OpAccesses:           {"op-accesses", FromRequest, "the operation attaches, or reads or writes memory, registers or events", "the operation does not touch memory, registers or events"},
	OpControls:           {"op-controls", FromRequest, "the operation controls a process that is traced already", "the operation is not one that only controls"},
	SignalContinues:      {"signal-continues", FromRequest, "the signal is SIGCONT", "the signal is not SIGCONT"},
	Autoload:             {"autoload", FromRequest, "the kernel itself wants the module", "the caller names the module"},
	BitsBeyondReadConf:   {"bits-beyond-readconf", FromRequest, "more than reading the configuration is wanted", "only reading the configuration is wanted"},
	TypeRaw:              {"type-raw", FromRequest, "the socket is raw", "the socket is not raw"},
	DomainForAll:         {"domain-for-all", FromRequest, "the socket is a routing, Bluetooth or CAN socket", "the socket is no routing, Bluetooth or CAN socket"},
	DomainRoute:          {"domain-route", FromRequest, "the socket is a routing socket", "the socket is no routing socket"},
	TargetIsCaller:       {"target-is-caller", FromRequest, "the target is the caller", "the target is another process"},
	TargetIsInit:         {"target-is-init", FromRequest, "the target is init", "the target is not init"},
	TargetOtherCell:      {"target-other-cell", FromRequest, "the target is not in the caller's cell", "the target is in the caller's cell"},

	SameRealUID:           {"same-real-uid", FromKernel, "caller and target have the same real user id", "caller and target have different real user ids"},
	AnyUIDMatches:         {"any-uid-matches", FromKernel, "the caller's real or effective user id is the target's real or effective one", "no user id of the caller is one of the target's"},
	RealUIDIsTargets:      {"real-uid-is-targets", FromKernel, "the caller's real user id is the target's real and saved one", "the caller's real user id is not the target's real and saved one"},
	OwnsTarget:            {"owns-target", FromKernel, "the target's real and saved ids are the caller's, groups included", "the target's real and saved ids are not all the caller's"},
	TargetSUGID:           {"target-sugid", FromKernel, "the target changed its ids or root since its last exec", "the target did not change its ids since its last exec"},
	TargetKmem:            {"target-kmem", FromKernel, "the process has opened a device of the memory driver, /dev/null included", "the process has opened no device of the memory driver"},
	TargetTracePersistent: {"target-trace-persistent", FromKernel, "the target is traced persistently", "the target is not traced persistently"},
	TraceIDsMatch:         {"trace-ids-match", FromKernel, "the caller's user and group ids are the target's real and saved ones", "the caller's user and group ids are not the target's"},
	NiceUIDMatches:        {"nice-uid-matches", FromKernel, "the caller's real or effective user id is the target's effective one", "no user id of the caller is the target's effective one"},
	NiceNotLowered:        {"nice-not-lowered", FromKernel, "the nice value is not lowered", "the nice value is lowered"},
	HardLimitKept:         {"hard-limit-kept", FromKernel, "the hard limit is not raised", "the hard limit is raised"},
	SchedulingNotRaised:   {"scheduling-not-raised", FromKernel, "neither the class becomes real-time nor the priority is raised", "the class becomes real-time or the priority is raised"},
	SameSession:           {"same-session", FromKernel, "caller and target are in one session", "caller and target are in different sessions"},
	NodeIsMemory:          {"node-is-memory", FromKernel, "the procfs file is mem, regs or fpregs", "the procfs file is not mem, regs or fpregs"},

	DeviceModeAllows:       {"device-mode-allows", FromKernel, "owner and mode of the device allow the access", "owner and mode of the device do not allow the access"},
	PsetQuery:              {"pset-query", FromKernel, "the processor set is only asked for", "the processor set is changed"},
	SemaphoreModeAllows:    {"semaphore-mode-allows", FromKernel, "owner and mode of the semaphore allow writing", "owner and mode of the semaphore do not allow writing"},
	IPCModeAllows:          {"ipc-mode-allows", FromKernel, "owner and mode of the object allow the access", "owner and mode of the object do not allow the access"},
	OwnsQueue:              {"owns-queue", FromKernel, "the queue belongs to the caller", "the queue belongs to another user"},
	OwnsSnapshot:           {"owns-snapshot", FromKernel, "the snapshot's file belongs to the caller", "the snapshot's file belongs to another user"},
	OwnsDirectory:          {"owns-directory", FromKernel, "the directory belongs to the caller", "the directory belongs to another user"},
	OwnsMount:              {"owns-mount", FromKernel, "the caller made the mount", "the caller did not make the mount"},
	MountFlagsSafe:         {"mount-flags-safe", FromKernel, "the mount is nosuid and nodev, keeps noexec, and is not exported", "the mount is not nosuid and nodev, drops noexec, or is exported"},
	MountOnlyDegrades:      {"mount-only-degrades", FromKernel, "the mount only becomes read-only", "the mount changes in another way than to become read-only"},
	TimeWraps:              {"time-wraps", FromKernel, "the clock is set back, or to within a year of its end", "the clock is set forward"},
	DeviceIsKernelMemory:   {"device-is-kernel-memory", FromKernel, "the device is /dev/mem or /dev/kmem", "the device is neither /dev/mem nor /dev/kmem"},
	DeviceIsDisk:           {"device-is-disk", FromKernel, "the device is a disk", "the device is not a disk"},
	DiskMounted:            {"disk-mounted", FromKernel, "a file system on the disk is mounted", "no file system on the disk is mounted"},
	DiskMonitored:          {"disk-monitored", FromKernel, "veriexec watches the disk's file system", "veriexec does not watch the disk's file system"},
	TTYClosed:              {"tty-closed", FromKernel, "the terminal is not open", "the terminal is open"},
	TTYShared:              {"tty-shared", FromKernel, "the terminal is not for exclusive use (TIOCEXCL)", "the terminal is for exclusive use (TIOCEXCL)"},
	BluetoothCommandPublic: {"bluetooth-command-public", FromKernel, "the command is an unprivileged one that the controller supports", "the command is privileged or not supported"},
	BluetoothPacketPublic:  {"bluetooth-packet-public", FromKernel, "the packet is an unprivileged command or event", "the packet is data or a privileged command or event"},
	RouteGet:               {"route-get", FromKernel, "the message is RTM_GET", "the message is not RTM_GET"},
	SocketHasCreator:       {"socket-has-creator", FromKernel, "the socket keeps its creator's credential", "the socket has no creator's credential"},
	SocketUIDMatches:       {"socket-uid-matches", FromKernel, "a user id of the caller is one of the socket's creator", "no user id of the caller is one of the socket's creator"},
	OwnsSocket:             {"owns-socket", FromKernel, "the ids of the socket's creator are the caller's, groups included", "the ids of the socket's creator are not all the caller's"},
	PortReservedByOther:    {"port-reserved-by-other", FromKernel, "the port is reserved by a cell that is not the caller's", "no other cell reserves the port"},
	PortReservedByCaller:   {"port-reserved-by-caller", FromKernel, "the port is reserved by the caller's cell", "the caller's cell does not reserve the port"},
	InterimIsLater:         {"interim-is-later", FromKernel, "the kernel's revision interim is commit f14f41e", "the kernel's revision interim is commit fb9db42"},

	ClockFromDevice:        {"clock-from-device", NeverHolds, "the clock is set through /dev/clockctl", "the question does not come from /dev/clockctl, which asks nothing"},
	InterfaceIsRequestCode: {"interface-is-request-code", NeverHolds, "the address of the interface is the number of a request", "the listener compares the interface's address with a request code"},
}

// String is the sentence that holds if the fact does.
func (f Fact) String() string { return facts[f].yes }

// Negation is the sentence that holds if the fact does not.
func (f Fact) Negation() string { return facts[f].not }

// Name is the stable name for scripts and JSON.
func (f Fact) Name() string { return facts[f].name }

// Origin says what the fact is about.
func (f Fact) Origin() Origin { return facts[f].origin }

// accessOps are the ptrace(2) requests that ptrace_listener_cb asks for the same user id (sys_ptrace_common.c,
// and machine/ptrace.h of amd64); controlOps are those that it allows to everybody who traces already.
var (
	accessOps  = interval.Of(span(0, 2), span(4, 5), span(9, 9), span(11, 11), span(16, 20), span(33, 38), span(41, 44))
	controlOps = interval.Of(span(7, 8), span(10, 10), span(12, 15), span(21, 27), span(32, 32), span(39, 40))
)

const (
	opSetDBRegs = 38
	sigCont     = 19
	readConf    = 4
	sockRaw     = 3
	pfOroute    = 17
	pfBluetooth = 31
	pfRoute     = 34
	pfCAN       = 35
)

func span(lo, hi int64) interval.Range { return interval.Range{Lo: lo, Hi: hi} }

// Test gives the test on a request that decides the fact; false if no field of a request tells it. A request
// may lack the fields that the test needs: see [policy.Test.Needs].
func (f Fact) Test() (policy.Test, bool) {
	in := func(field kauth.Field, s interval.Set) (policy.Test, bool) {
		return policy.Test{Kind: policy.In, Field: field, Set: s}, true
	}
	one := interval.Single
	switch f {
	case CallerRoot:
		return in(kauth.FieldEUID, one(0))
	case CallerRealRoot:
		return in(kauth.FieldUID, one(0))
	case OpSetsDebugRegisters:
		return in(kauth.FieldOp, one(opSetDBRegs))
	case OpAccesses:
		return in(kauth.FieldOp, accessOps)
	case OpControls:
		return in(kauth.FieldOp, controlOps)
	case SignalContinues:
		return in(kauth.FieldSignal, one(sigCont))
	case Autoload:
		return in(kauth.FieldAutoload, one(1))
	case BitsBeyondReadConf:
		return in(kauth.FieldBits, interval.Between(1, kauth.FieldBits.Info().Max).Minus(one(readConf)))
	case TypeRaw:
		return in(kauth.FieldType, one(sockRaw))
	case DomainForAll:
		return in(kauth.FieldDomain, interval.Of(span(pfOroute, pfOroute), span(pfBluetooth, pfBluetooth), span(pfRoute, pfCAN)))
	case DomainRoute:
		return in(kauth.FieldDomain, interval.Of(span(pfOroute, pfOroute), span(pfRoute, pfRoute)))
	case TargetIsCaller:
		return in(kauth.FieldTargetIsSelf, one(1))
	case TargetIsInit:
		return in(kauth.FieldTargetIsInit, one(1))
	case TargetOtherCell:
		return in(kauth.FieldTargetSameCell, one(0))
	case SameRealUID:
		return policy.Test{Kind: policy.Compare, Field: kauth.FieldUID, Other: kauth.FieldTargetUID, Order: policy.Equal}, true
	}
	return policy.Test{}, false
}
