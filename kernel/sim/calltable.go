package sim

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// calls is the table of all system calls, by name. Documentation, completion and the Lua interface are made of it.
var calls = []Call{
	{
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
	},
	{
		Name: "acct",
		Doc:  "Switches accounting to a file, or off without a path. Asks system.accounting first: EPERM.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file", Optional: true},
		},
		Asks: []string{"system.accounting"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.acct(a.text("path"))
		},
	},
	{
		Name: "adjtime",
		Doc:  "Asks system.time.adjtime even if it only reads: EPERM.",
		Params: []Param{
			{Name: "usec", Kind: Integer, Doc: "microseconds by which the clock is put forward, or back", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.time.adjtime"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.adjtime(a.int64("usec"))
		},
	},
	{
		Name: "ask",
		Doc:  "Asks a request by itself, for code that is not simulated: of other machines, or of drivers that are missing. Fields that are not given are 0; the target is a process. EPERM if it is denied.",
		Params: []Param{
			{Name: "request", Kind: Text, Doc: "full name of the request"},
			{Name: "pid", Kind: Integer, Doc: "target", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			id, ok := kauth.Find(a.text("request"))
			if !ok {
				return nil, kauth.EINVAL
			}
			return nil, p.askAlone(id, a.int("pid"))
		},
	},
	{
		Name: "autoload",
		Doc:  "What the kernel does when a call needs a module that is missing: system.module with autoload, EPERM. Users are allowed it.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name of the module"},
		},
		Asks: []string{"system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.autoload(a.text("name"))
		},
	},
	{
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
	},
	{
		Name: "bind_local",
		Doc:  "Binds a local socket to a path: it makes a file, so only the modes count.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.bindLocal(a.int("fd"), a.text("path"))
		},
	},
	{
		Name: "bluetooth",
		Doc:  "What raw Bluetooth sockets ask: device.bluetooth_send about the socket's creator (EPERM), device.bluetooth_recv, which only hides a packet, and device.bluetooth_setpriv for settings of the controller (EPERM).",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
			{Name: "op", Kind: Word, Doc: "operation", Words: []string{"send", "recv", "setpriv"}},
			{Name: "public", Kind: Switch, Doc: "the packet is unprivileged", Optional: true},
		},
		Returns: "whether the packet passed",
		Asks:    []string{"device.bluetooth_send", "device.bluetooth_recv", "device.bluetooth_setpriv"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			ok, e := p.bluetooth(a.int("fd"), a.text("op"), a.on("public"))
			return ok, e
		},
	},
	{
		Name: "cell_enter",
		Doc:  "Enters a cell by writing security.models.cell.id, for root on the host: EPERM. On the current revision the caller must be chrooted to the cell's root; ENOENT without such a cell.",
		Params: []Param{
			{Name: "id", Kind: Integer, Doc: "cell", Min: 0, Max: math.MaxUint32},
		},
		Asks: []string{"system.sysctl.modify"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.sysctlWrite("security.models.cell.id", a.int64("id"), 0)
		},
	},
	{
		Name: "chdir",
		Doc:  "Asks nobody.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.chdir(a.text("path"))
		},
	},
	{
		Name: "chflags",
		Doc:  "Changes file flags of an own file. Those of the upper half are root's, and with a securelevel above 0 can't be changed once any is set: EPERM.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "flags", Kind: Integer, Doc: "flags, as in sys/stat.h", Min: 0, Max: math.MaxUint32},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.chflags(a.text("path"), a.uint32("flags"))
		},
	},
	{
		Name: "chmod",
		Doc:  "Changes the mode of an own file: EPERM for others.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o7777},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.chmod(a.text("path"), uint16(a.int("mode")))
		},
	},
	{
		Name: "chown",
		Doc:  "Changes owner and group; -1 keeps one. Owners may change the group to one of theirs: else EPERM.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "uid", Kind: Integer, Doc: "user id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
			{Name: "gid", Kind: Integer, Doc: "group id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.chown(a.text("path"), a.uint32("uid"), a.uint32("gid"))
		},
	},
	{
		Name: "chroot",
		Doc:  "Changes the root directory. Asks system.chroot.chroot before it looks at the path: EPERM. Marks the process as having changed its ids.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Asks: []string{"system.chroot.chroot"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.chroot(a.text("path"))
		},
	},
	{
		Name: "clock_gettime",
		Doc:  "Processor time of a process in nanoseconds. Asks process.ptrace with op read_d, about the caller's own clock too: EPERM.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "nanoseconds",
		Asks:    []string{"process.ptrace"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			d, e := p.clockGettime(a.int("pid"))
			return int64(d), e
		},
	},
	{
		Name: "clock_settime",
		Doc:  "Sets the clock of the time of day; the others can't be set: EINVAL. Asks system.time.system: EPERM.",
		Params: []Param{
			{Name: "clock", Kind: Word, Doc: "clock", Words: []string{"realtime", "monotonic"}, Optional: true, Default: "realtime"},
			{Name: "sec", Kind: Integer, Doc: "seconds since 1970", Min: math.MinInt64, Max: math.MaxInt64},
		},
		Asks: []string{"system.time.system"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.clockSettime(a.text("clock"), a.int64("sec"), 0)
		},
	},
	{
		Name: "close",
		Doc:  "Asks nobody.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.closeFile(a.int("fd"))
		},
	},
	{
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
	},
	{
		Name: "devmem",
		Doc:  "Reads, writes or maps physical memory through an open /dev/mem or /dev/kmem. Outside of RAM it asks machdep.unmanagedmem: EPERM.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
			{Name: "ram", Kind: Switch, Doc: "the address is RAM", Optional: true},
		},
		Asks: []string{"machdep.unmanagedmem"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.memory(a.int("fd"), a.on("ram"))
		},
	},
	{
		Name: "exec",
		Doc:  "Runs a program. A set-id file changes the effective ids without a question; any other clears the mark of changed ids if real and effective ids are the same. A process with that mark is asked process.rlimit.bypass, and EAGAIN only if it is over the limit too.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Asks: []string{"process.rlimit.bypass"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.exec(a.text("path"))
		},
	},
	{
		Name: "exit",
		Doc:  "Ends the process; it stays a zombie, and a member of its cell, until the parent waits.",
		Params: []Param{
			{Name: "status", Kind: Integer, Doc: "exit status", Min: 0, Max: 255, Optional: true, Default: int64(0)},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			p.end(a.int("status"))
			return nil, 0
		},
	},
	{
		Name: "extattr",
		Doc:  "Reads or writes an extended attribute. The system namespace asks system.fs_extattr: EPERM, but root may go on nevertheless; the user namespace goes by the modes.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "namespace", Kind: Word, Doc: "namespace", Words: []string{"user", "system"}, Optional: true, Default: "user"},
			{Name: "write", Kind: Switch, Doc: "write it", Optional: true},
		},
		Asks: []string{"system.fs_extattr"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.extattr(a.text("path"), a.text("namespace"), a.on("write"))
		},
	},
	{
		Name: "extattrctl",
		Doc:  "Starts or stops extended attributes on the file system of a path. Asks system.fs_extattr: EPERM.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of a file on it, as the process sees it"},
		},
		Asks: []string{"system.fs_extattr"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.extattrctl(a.text("path"))
		},
	},
	{
		Name: "fchroot",
		Doc:  "Changes the root to an open directory. Asks system.chroot.fchroot first: EPERM.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		},
		Asks: []string{"system.chroot.fchroot"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.fchroot(a.int("fd"))
		},
	},
	{
		Name: "fhopen",
		Doc:  "Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.",
		Asks: []string{"system.filehandle"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return nil, p.byHandle()
		},
	},
	{
		Name: "fhstat",
		Doc:  "Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.",
		Asks: []string{"system.filehandle"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return nil, p.byHandle()
		},
	},
	{
		Name: "fhstatvfs",
		Doc:  "Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.",
		Asks: []string{"system.filehandle"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return nil, p.byHandle()
		},
	},
	{
		Name: "files",
		Doc:  "Lists open files as the sysctl kern.file2 does. Asks process.cansee.openfiles about every process; hidden ones are left out.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, -1 for all", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(-1)},
		},
		Returns: "lines with process id, descriptor and file",
		Asks:    []string{"process.cansee.kptr", "process.cansee.openfiles"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return p.openFiles(a.int("pid")), 0
		},
	},
	{
		Name:    "fork",
		Doc:     "Makes a child. A full process table is EAGAIN without a question; then process.fork, and process.rlimit.bypass beyond the limit on processes: EAGAIN, and a line about a full table in the log for the first. Who watches the parent with its children is asked process.kevent_filter about the child.",
		Returns: "the child's process id",
		Asks:    []string{"process.fork", "process.rlimit.bypass", "process.kevent_filter"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			t, e := p.fork()
			if e != 0 {
				return nil, e
			}
			return int64(t.pid), 0
		},
	},
	{
		Name:    "getegid",
		Doc:     "Asks nobody.",
		Returns: "the effective group id",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.cred.egid), 0
		},
	},
	{
		Name:    "geteuid",
		Doc:     "Asks nobody.",
		Returns: "the effective user id",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.cred.euid), 0
		},
	},
	{
		Name: "getfh",
		Doc:  "Asks system.filehandle before it looks at the path: EPERM.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Asks: []string{"system.filehandle"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.getfh(a.text("path"))
		},
	},
	{
		Name:    "getgid",
		Doc:     "Asks nobody.",
		Returns: "the real group id",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.cred.gid), 0
		},
	},
	{
		Name:    "getgroups",
		Doc:     "Asks nobody.",
		Returns: "the supplementary groups",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return toInt64(p.cred.groups), 0
		},
	},
	{
		Name:    "getlogin",
		Doc:     "Asks nobody.",
		Returns: "the login name of the session",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return p.session().login, 0
		},
	},
	{
		Name: "getpgid",
		Doc:  "Process group of a process. Asks nobody, so it also finds processes of other cells; ESRCH if there is none.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "the process group",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			t, e := p.other(a.int("pid"))
			if e != 0 {
				return nil, e
			}
			return int64(t.pgrp.id), 0
		},
	},
	{
		Name:    "getpgrp",
		Doc:     "Asks nobody.",
		Returns: "the process group of the caller",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.pgrp.id), 0
		},
	},
	{
		Name:    "getpid",
		Doc:     "Asks nobody.",
		Returns: "the process id of the caller",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.pid), 0
		},
	},
	{
		Name:    "getppid",
		Doc:     "Asks nobody.",
		Returns: "the process id of the parent",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.parentPID()), 0
		},
	},
	{
		Name: "getpriority",
		Doc:  "Nice value of a process. Asks nobody.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "the nice value",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			v, e := p.getpriority(a.int("pid"))
			return int64(v), e
		},
	},
	{
		Name: "getrlimit",
		Doc:  "Soft and hard limit of a resource. Asks nobody.",
		Params: []Param{
			{Name: "resource", Kind: Named, Doc: "resource", Names: &kauth.Resources},
		},
		Returns: "the soft and the hard limit",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			r := a.int("resource")
			if r < 0 || r >= numResources {
				return nil, kauth.EINVAL
			}
			return []int64{p.limits[r].Cur, p.limits[r].Max}, 0
		},
	},
	{
		Name: "getsid",
		Doc:  "Session of a process. Asks nobody; ESRCH if there is none.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "the session",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			t, e := p.other(a.int("pid"))
			if e != 0 {
				return nil, e
			}
			return int64(t.session().id), 0
		},
	},
	{
		Name:    "getuid",
		Doc:     "Asks nobody.",
		Returns: "the real user id",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.cred.uid), 0
		},
	},
	{
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
	},
	{
		Name: "ioctl",
		Doc:  "An ioctl(2) on an open device, by the name of the command: terminals (TIOCSTI asks device.tty_sti, TIOCSFLAGS of a serial line device.tty_privset, TIOCCONS device.tty_virtual, line disciplines their own), bio and mfi (device.rawio_passthru), random (device.rnd_*), gpio, cpuctl, wskbd, device-mapper, veriexec, npf, altq (the name of the discipline is the command) and clockctl, which asks nobody. A command that a device does not know is ENOTTY, but EOPNOTSUPP for /dev/null and the other devices of memory.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
			{Name: "command", Kind: Text, Doc: "name of the command"},
			{Name: "number", Kind: Integer, Doc: "pin, processor or time", Min: math.MinInt64, Max: math.MaxInt64, Optional: true, Default: int64(0)},
		},
		Asks: []string{"device", "system.cpu.setstate", "system.devmapper", "system.veriexec.modify", "machdep.cpu_ucode_apply", "network.altq", "network.firewall.fw", "network.interface_ppp.add", "network.interface_slip.add"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.deviceIoctl(a.int("fd"), a.text("command"), a.int64("number"))
		},
	},
	{
		Name: "ipcctl",
		Doc:  "shmctl(2), semctl(2) or msgctl(2). Asks system.sysvipc.bypass: EACCES, but EPERM for set and rmid, which are for the owner. lock and unlock ask system.sysvipc.shm_lock and .shm_unlock, a queue's larger size .msgq_oversize: EPERM.",
		Params: []Param{
			{Name: "kind", Kind: Word, Doc: "shared memory, semaphores or messages", Words: []string{"shm", "sem", "msg"}},
			{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"stat", "set", "rmid", "lock", "unlock", "getval", "setval"}},
			{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
			{Name: "uid", Kind: Integer, Doc: "new owner", Min: 0, Max: math.MaxUint32, Optional: true},
			{Name: "gid", Kind: Integer, Doc: "new group", Min: 0, Max: math.MaxUint32, Optional: true},
			{Name: "mode", Kind: Integer, Doc: "new permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
			{Name: "size", Kind: Integer, Doc: "new limit of a queue's bytes, 0 to keep it", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.sysvipc", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.ipcctl(a.text("kind"), a.text("cmd"), a.int("id"), a.uint32("uid"), a.uint32("gid"), a.int("mode"), a.int("size"))
		},
	},
	{
		Name: "ipcget",
		Doc:  "shmget(2), semget(2) or msgget(2). Making an object asks nobody; getting an existing one asks system.sysvipc.bypass: EACCES.",
		Params: []Param{
			{Name: "kind", Kind: Word, Doc: "shared memory, semaphores or messages", Words: []string{"shm", "sem", "msg"}},
			{Name: "key", Kind: Integer, Doc: "key, 0 for a private object", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(0)},
			{Name: "size", Kind: Integer, Doc: "bytes or number of semaphores", Min: 0, Max: math.MaxInt32, Optional: true, Default: int64(1)},
			{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
			{Name: "create", Kind: Switch, Doc: "make it if it is missing", Optional: true, Default: true},
			{Name: "exclusive", Kind: Switch, Doc: "fail if it exists", Optional: true},
		},
		Returns: "the object's id",
		Asks:    []string{"system.sysvipc.bypass", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			id, e := p.ipcget(a.text("kind"), a.int("key"), a.int("size"), a.int("mode"), a.on("create"), a.on("exclusive"))
			return int64(id), e
		},
	},
	{
		Name: "ipcuse",
		Doc:  "semop(2), msgsnd(2) or msgrcv(2). Asks system.sysvipc.bypass: EACCES. semop always asks for writing.",
		Params: []Param{
			{Name: "kind", Kind: Word, Doc: "semaphores or messages", Words: []string{"sem", "msg"}},
			{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
			{Name: "write", Kind: Switch, Doc: "send a message, instead of receiving one", Optional: true},
		},
		Asks: []string{"system.sysvipc.bypass", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.ipcUse(a.text("kind"), a.int("id"), a.on("write"))
		},
	},
	{
		Name:    "issetugid",
		Doc:     "Asks nobody.",
		Returns: "1 if ids or root were changed since the last exec",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return truth(p.sugid), 0
		},
	},
	{
		Name: "kevent_proc",
		Doc:  "Watches a process with EVFILT_PROC. Asks process.kevent_filter: EACCES.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
			{Name: "track", Kind: Switch, Doc: "watch its children too, which asks again at every fork", Optional: true},
		},
		Asks: []string{"process.kevent_filter"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.keventProc(a.int("pid"), a.on("track"))
		},
	},
	{
		Name: "kill",
		Doc:  "Sends a signal to a process, to a process group (0 or negative), or to everybody (-1). Asks process.signal: EPERM; in groups who may not be signalled is passed over, and ESRCH if nobody is left. A zombie is success without a question. Signal 0 only asks.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, or minus a process group", Min: math.MinInt32, Max: math.MaxInt32},
			{Name: "signal", Kind: Named, Doc: "signal, 0 to only ask", Names: &kauth.Signals},
		},
		Asks: []string{"process.signal"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.kill(a.int("pid"), a.int("signal"))
		},
	},
	{
		Name: "ktrace",
		Doc:  "Switches system call tracing of a process on or off. Asks process.ktrace, and when it is switched on process.ktrace.persistent, whether tracing outlives set-id programs. The call succeeds even if it was denied; the value tells.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
			{Name: "on", Kind: Switch, Doc: "switch on", Optional: true, Default: true},
			{Name: "inherit", Kind: Switch, Doc: "in children too", Optional: true},
		},
		Returns: "whether the process is traced now",
		Asks:    []string{"process.ktrace", "process.ktrace.persistent"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			traced, e := p.ktraceCall(a.int("pid"), a.on("on"), a.on("inherit"))
			return traced, e
		},
	},
	{
		Name: "lfs",
		Doc:  "A system call of LFS. Asks system.lfs.markv, .bmapv, .segclean, .segwait or .fcntl first: EPERM; then ENOENT, because there is no LFS.",
		Params: []Param{
			{Name: "op", Kind: Word, Doc: "call", Words: []string{"markv", "bmapv", "segclean", "segwait", "fcntl"}},
		},
		Asks: []string{"system.lfs"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.lfs(a.text("op"))
		},
	},
	{
		Name: "listen",
		Doc:  "An unbound internet socket is bound first, as by bind with port 0. EINVAL for connected sockets, among them those of routes and keys from birth; EOPNOTSUPP for others than streams and sequenced packets.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		},
		Asks: []string{"network.bind.port", "network.bind.privport"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.listen(a.int("fd"))
		},
	},
	{
		Name: "lwp_create",
		Doc:  "Makes another thread. Asks process.rlimit.bypass beyond the limit on threads: EAGAIN.",
		Asks: []string{"process.rlimit.bypass"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return nil, p.lwpCreate()
		},
	},
	{
		Name: "lwps",
		Doc:  "Number of a process's threads, as the sysctl kern.lwp tells it: nobody is asked whether the process may be seen, only process.cansee.kptr for every thread.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
		},
		Returns: "the number of threads",
		Asks:    []string{"process.cansee.kptr"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			n, e := p.lwps(a.int("pid"))
			return int64(n), e
		},
	},
	{
		Name: "mkdir",
		Doc:  "Asks nobody beyond the modes.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o7777, Optional: true, Default: int64(0o755)},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.mkdir(a.text("path"), uint16(a.int("mode")))
		},
	},
	{
		Name: "mknod",
		Doc:  "Makes a device node or a file. Asks system.mknod before it looks at the path: EPERM; a fifo with device number 0 asks nobody.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "kind", Kind: Word, Doc: "kind of node", Words: []string{"chr", "blk", "reg", "fifo"}, Optional: true, Default: "chr"},
			{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o7777, Optional: true, Default: int64(0o644)},
			{Name: "major", Kind: Integer, Doc: "major number", Min: 0, Max: 4095, Optional: true, Default: int64(0)},
			{Name: "minor", Kind: Integer, Doc: "minor number", Min: 0, Max: 1048575, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.mknod"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.mknod(a.text("path"), a.text("kind"), uint16(a.int("mode")), a.int("major"), a.int("minor"))
		},
	},
	{
		Name: "modctl",
		Doc:  "Loads, unloads or asks for kernel modules. load of one that is there is EEXIST without a question; else system.module: EPERM. unload asks first: EPERM; then EBUSY while another module requires it, EPERM for a security model that is built in, and EBUSY while it is used; any other built-in module goes, and comes back only with force. stat only asks process.cansee.kptr.",
		Params: []Param{
			{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"load", "unload", "exists", "stat"}},
			{Name: "name", Kind: Text, Doc: "name of the module", Optional: true},
			{Name: "autoload", Kind: Switch, Doc: "for exists: as if the kernel wanted it", Optional: true},
			{Name: "force", Kind: Switch, Doc: "for load: a built-in module too that was unloaded", Optional: true},
		},
		Asks: []string{"system.module", "process.cansee.kptr"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.modctl(a.text("cmd"), a.text("name"), a.on("autoload"), a.on("force"))
		},
	},
	{
		Name: "mount",
		Doc:  "Mounts a file system. An unknown type asks system.module for autoloading, and is ENODEV if that does not help. Then system.mount.new: EPERM; disk file systems system.mount.device, umap system.mount.umap. With getargs or update in the flags it asks system.mount.get or system.mount.update of the mounted one instead.",
		Params: []Param{
			{Name: "type", Kind: Text, Doc: "type of the file system"},
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "from", Kind: Text, Doc: "directory, device or word that is mounted", Optional: true},
			{Name: "flags", Kind: Integer, Doc: "MNT_* flags, as in sys/fstypes.h", Min: 0, Max: math.MaxUint32, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.mount", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.mount(a.text("type"), a.text("path"), a.text("from"), a.uint32("flags"))
		},
	},
	{
		Name: "mq_open",
		Doc:  "Opens a POSIX message queue. Asks nobody: the mode alone counts, less the umask, for root too.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name"},
			{Name: "create", Kind: Switch, Doc: "make it if it is missing", Optional: true, Default: true},
			{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
		},
		Asks: []string{"system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.mqOpen(a.text("name"), a.on("create"), a.int("mode"))
		},
	},
	{
		Name: "mq_unlink",
		Doc:  "ENOENT if it does not exist; else asks system.mqueue: EACCES.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name"},
		},
		Asks: []string{"system.mqueue", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.mqUnlink(a.text("name"))
		},
	},
	{
		Name: "nfssvc",
		Doc:  "Asks network.nfs.svc: EPERM; setting exports asks network.nfs.export too.",
		Params: []Param{
			{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"addsock", "nfsd", "exports"}, Optional: true, Default: "nfsd"},
		},
		Asks: []string{"network.nfs", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.nfssvc(a.text("cmd"))
		},
	},
	{
		Name: "ntp_adjtime",
		Doc:  "Without modes it only reads and asks nobody; else system.time.ntpadjtime: EPERM.",
		Params: []Param{
			{Name: "modes", Kind: Integer, Doc: "what to set", Min: 0, Max: math.MaxUint32, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.time.ntpadjtime"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.ntpAdjtime(a.int64("modes"))
		},
	},
	{
		Name: "open",
		Doc:  "Opens a file. Owner and mode first: EACCES. A device is asked device.rawio_spec.read, .write or .rw, /dev/null and terminals included: EPERM; on a nodev mount ENXIO before that. Then the driver: terminals device.tty_open (EBUSY), tun network.interface_tun.add, npf network.firewall.fw, veriexec system.veriexec.access; a driver that is missing is loaded, which asks system.module. A block device is open once: EBUSY. /dev/ptmx needs a ptyfs that is mounted below the caller's root, else EOPNOTSUPP; /dev/tty a controlling terminal, else ENXIO.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "mode", Kind: Word, Doc: "access", Words: []string{"r", "w", "rw"}, Optional: true, Default: "r"},
			{Name: "create", Kind: Switch, Doc: "make the file if it is missing", Optional: true},
		},
		Returns: "the descriptor",
		Asks:    []string{"device.rawio_spec", "device.tty_open", "network.interface_tun.add", "network.firewall.fw", "system.veriexec.access", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			fd, e := p.open(a.text("path"), a.text("mode"), a.on("create"))
			return int64(fd), e
		},
	},
	{
		Name: "passthru",
		Doc:  "A pass-through command of a RAID controller. Asks device.rawio_passthru with the bits: EPERM.",
		Params: []Param{
			{Name: "bits", Kind: Integer, Doc: "1 read, 2 write, 4 read and 8 write configuration, added", Min: 1, Max: 15},
		},
		Asks: []string{"device.rawio_passthru"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.passthru(a.int64("bits"))
		},
	},
	{
		Name: "posix_spawn",
		Doc:  "Makes a child that runs a program. Asks as fork does, but process.rlimit.bypass always.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Returns: "the child's process id",
		Asks:    []string{"process.fork", "process.rlimit.bypass", "process.kevent_filter"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			t, e := p.posixSpawn(a.text("path"))
			if e != 0 {
				return nil, e
			}
			return int64(t.pid), 0
		},
	},
	{
		Name: "proc_args",
		Doc:  "Arguments or environment of a process, or the path of its program or working directory. Asks process.cansee.args, .env or .entry: EPERM.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
			{Name: "what", Kind: Word, Doc: "what to read", Words: []string{"args", "env", "path", "cwd"}, Optional: true, Default: "args"},
		},
		Returns: "the text",
		Asks:    []string{"process.cansee.args", "process.cansee.env", "process.cansee.entry"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			s, e := p.procArgs(a.int("pid"), a.text("what"))
			return s, e
		},
	},
	{
		Name: "procfs",
		Doc:  "Opens a file below /proc/PID where a procfs is mounted, and reads or writes it. Asks process.cansee.entry: ENOENT; then owner and mode: EACCES; then process.procfs, once to open and once to transfer: EPERM; then EOPNOTSUPP for writing what can only be read, and for notes. The directory fd asks process.cansee.openfiles instead: ESRCH.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the process", Min: math.MinInt32, Max: math.MaxInt32},
			{Name: "node", Kind: Word, Doc: "file", Words: procfsNames},
			{Name: "mode", Kind: Word, Doc: "access", Words: []string{"r", "w", "rw"}, Optional: true, Default: "r"},
		},
		Asks: []string{"process.cansee.entry", "process.cansee.openfiles", "process.procfs"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.procfs(a.int("pid"), a.text("node"), a.text("mode"))
		},
	},
	{
		Name:    "ps",
		Doc:     "Lists processes as the sysctl kern.proc2 does. Asks process.cansee.kptr once, and process.cansee.eproc about every process; hidden ones are left out.",
		Returns: "lines with process id, parent, real and effective user id, and name",
		Asks:    []string{"process.cansee.kptr", "process.cansee.eproc"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			var list []string
			for _, i := range p.listProcesses() {
				list = append(list, i.String())
			}
			return list, 0
		},
	},
	{
		Name: "pset_assign",
		Doc:  "Moves a processor into a set, -2 to ask for its set. Asks system.pset.assign: EPERM. The last processor of the default set stays (EBUSY), and one that a process is tied to (EPERM).",
		Params: []Param{
			{Name: "set", Kind: Integer, Doc: "set of processors", Min: math.MinInt32, Max: math.MaxInt32},
			{Name: "cpu", Kind: Integer, Doc: "number of the processor", Min: 0, Max: math.MaxInt32},
		},
		Asks: []string{"system.pset.assign"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.psetAssign(a.int64("set"), a.int64("cpu"))
		},
	},
	{
		Name: "pset_bind",
		Doc:  "Moves the caller into a set of processors, -2 to ask for its set. Asks system.pset.bind: EPERM.",
		Params: []Param{
			{Name: "set", Kind: Integer, Doc: "set of processors", Min: math.MinInt32, Max: math.MaxInt32},
		},
		Asks: []string{"system.pset.bind"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.psetBind(a.int64("set"))
		},
	},
	{
		Name:    "pset_create",
		Doc:     "Makes a set of processors. Asks system.pset.create: EPERM.",
		Returns: "the set's id",
		Asks:    []string{"system.pset.create"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			id, e := p.psetCreate()
			return id, e
		},
	},
	{
		Name: "pset_destroy",
		Doc:  "Removes a set of processors. Asks system.pset.destroy: EPERM.",
		Params: []Param{
			{Name: "set", Kind: Integer, Doc: "set of processors", Min: math.MinInt32, Max: math.MaxInt32},
		},
		Asks: []string{"system.pset.destroy"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.psetDestroy(a.int64("set"))
		},
	},
	{
		Name: "ptrace",
		Doc:  "Asks process.cansee.entry about the target: ESRCH. Then ptrace's own rules: EBUSY, EPERM, EINVAL; a tracer in a chroot must not be below the target's root. Then process.ptrace: EPERM. trace_me has no target.",
		Params: []Param{
			{Name: "op", Kind: Named, Doc: "ptrace request", Names: &kauth.PtraceOps},
			{Name: "pid", Kind: Integer, Doc: "process", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Asks: []string{"process.cansee.entry", "process.ptrace", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.ptrace(a.int("op"), a.int("pid"))
		},
	},
	{
		Name: "quotactl",
		Doc:  "Asks system.fs_quota.get, .manage or .onoff: EPERM. The own quota may be read by everybody.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"get", "put", "delete", "on", "off"}},
			{Name: "id", Kind: Integer, Doc: "id of a user or a group; the kernel makes no difference", Min: 0, Max: math.MaxUint32, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.fs_quota"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.quotactl(a.text("path"), a.text("cmd"), a.uint32("id"))
		},
	},
	{
		Name: "readdir",
		Doc:  "Asks nobody beyond the modes.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Returns: "the names in the directory",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			names, e := p.readdir(a.text("path"))
			return names, e
		},
	},
	{
		Name: "reboot",
		Doc:  "Asks system.reboot before it looks at the argument: EPERM. Where it is allowed the machine has rebooted: that is noted, and the simulation goes on.",
		Asks: []string{"system.reboot"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return nil, p.reboot()
		},
	},
	{
		Name: "rename",
		Doc:  "Asks nobody beyond the modes.",
		Params: []Param{
			{Name: "from", Kind: Text, Doc: "path of the file"},
			{Name: "to", Kind: Text, Doc: "new path"},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.rename(a.text("from"), a.text("to"))
		},
	},
	{
		Name: "rmdir",
		Doc:  "Asks nobody beyond the modes.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.rmdir(a.text("path"))
		},
	},
	{
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
	},
	{
		Name: "sched_getaffinity",
		Doc:  "Processors that a process is tied to. Asks process.scheduler_getaffinity: EPERM.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "the numbers of processors",
		Asks:    []string{"process.scheduler_getaffinity"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			cpus, e := p.schedGetaffinity(a.int("pid"))
			return toInt64(cpus), e
		},
	},
	{
		Name: "sched_getparam",
		Doc:  "Scheduling class and priority of a process. Asks process.scheduler_getparam: EPERM.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "the class (0 other, 1 fifo, 2 rr) and the priority",
		Asks:    []string{"process.scheduler_getparam"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			class, priority, e := p.schedGetparam(a.int("pid"))
			return []int64{int64(class), int64(priority)}, e
		},
	},
	{
		Name: "sched_setaffinity",
		Doc:  "Ties a process to processors; a list without any that exist frees it. One in a set of processors is EPERM. Asks process.scheduler_setaffinity: EPERM.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
			{Name: "cpus", Kind: Integers, Doc: "numbers of processors", Max: math.MaxUint32},
		},
		Asks: []string{"process.scheduler_setaffinity"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.schedSetaffinity(a.int("pid"), a.ints("cpus"))
		},
	},
	{
		Name: "sched_setparam",
		Doc:  "Sets scheduling class and priority. With neither it asks nobody. Else process.scheduler_setparam, under a spin lock: EPERM.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
			{Name: "class", Kind: Word, Doc: "scheduling class", Words: []string{"keep", "other", "fifo", "rr"}, Optional: true, Default: "keep"},
			{Name: "priority", Kind: Integer, Doc: "priority 0 to 63, -1 to keep it", Min: -1, Max: 1000, Optional: true, Default: int64(-1)},
		},
		Asks: []string{"process.scheduler_setparam"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.schedSetparam(a.int("pid"), schedClass[a.text("class")], a.int("priority"))
		},
	},
	{
		Name: "sem_open",
		Doc:  "Opens a POSIX semaphore. Making one asks nobody, and the umask does not count; opening an existing one asks system.semaphore: EACCES.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name"},
			{Name: "create", Kind: Switch, Doc: "make it if it is missing", Optional: true, Default: true},
			{Name: "exclusive", Kind: Switch, Doc: "EEXIST if it exists", Optional: true},
			{Name: "mode", Kind: Integer, Doc: "permissions", Min: 0, Max: 0o777, Optional: true, Default: int64(0o600)},
		},
		Returns: "the descriptor",
		Asks:    []string{"system.semaphore", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			fd, e := p.semOpen(a.text("name"), a.on("create"), a.on("exclusive"), a.int("mode"))
			return int64(fd), e
		},
	},
	{
		Name: "sem_unlink",
		Doc:  "ENOENT if it does not exist; else asks system.semaphore: EACCES.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name"},
		},
		Asks: []string{"system.semaphore", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.semUnlink(a.text("name"))
		},
	},
	{
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
	},
	{
		Name: "setegid",
		Doc:  "Sets the effective group id. Asks process.setid if the new one is neither the real nor the saved one: EPERM.",
		Params: []Param{
			{Name: "egid", Kind: Integer, Doc: "effective group id", Min: 0, Max: math.MaxUint32},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.seteuid(a.uint32("egid"), true)
		},
	},
	{
		Name: "seteuid",
		Doc:  "Sets the effective user id. Asks process.setid if the new one is neither the real nor the saved one: EPERM.",
		Params: []Param{
			{Name: "euid", Kind: Integer, Doc: "effective user id", Min: 0, Max: math.MaxUint32},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.seteuid(a.uint32("euid"), false)
		},
	},
	{
		Name: "setgid",
		Doc:  "Sets all three group ids. Asks process.setid if the new one is not the real one: EPERM. The wanted id is not visible to models.",
		Params: []Param{
			{Name: "gid", Kind: Integer, Doc: "group id", Min: 0, Max: math.MaxUint32},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setuid(a.uint32("gid"), true)
		},
	},
	{
		Name: "setgroups",
		Doc:  "Sets the supplementary groups, at most 16. Always asks process.setid: EPERM.",
		Params: []Param{
			{Name: "groups", Kind: Integers, Doc: "group ids", Max: math.MaxUint32},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setgroups(toUint32(a.ints("groups")))
		},
	},
	{
		Name: "setlogin",
		Doc:  "Sets the login name of the session. Always asks process.setid: EPERM.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "login name of at most 16 bytes"},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setlogin(a.text("name"))
		},
	},
	{
		Name: "setpgid",
		Doc:  "Moves the caller or a child into a process group. Asks nobody.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "process, 0 for the caller", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
			{Name: "pgid", Kind: Integer, Doc: "process group, 0 for one of its own", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setpgid(a.int("pid"), a.int("pgid"))
		},
	},
	{
		Name: "setpriority",
		Doc:  "Sets the nice value of a process, a group or a user's processes; user 0 is root, not the caller's. Who is neither root nor of the target's effective user id gets EPERM without a question; then process.nice: EACCES.",
		Params: []Param{
			{Name: "which", Kind: Word, Doc: "of whom", Words: []string{"process", "group", "user"}, Optional: true, Default: "process"},
			{Name: "who", Kind: Integer, Doc: "process or group, 0 for the caller's, or user", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
			{Name: "value", Kind: Integer, Doc: "nice value", Min: -1000, Max: 1000},
		},
		Asks: []string{"process.nice"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setpriority(a.text("which"), a.int("who"), a.int("value"))
		},
	},
	{
		Name: "setregid",
		Doc:  "Sets real and effective group id; -1 keeps one. Asks process.setid if one is none of the present ones: EPERM.",
		Params: []Param{
			{Name: "rgid", Kind: Integer, Doc: "real group id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
			{Name: "egid", Kind: Integer, Doc: "effective group id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setreuid(a.uint32("rgid"), a.uint32("egid"), true)
		},
	},
	{
		Name: "setreuid",
		Doc:  "Sets real and effective user id; -1 keeps one. Asks process.setid if one is none of the present ones: EPERM.",
		Params: []Param{
			{Name: "ruid", Kind: Integer, Doc: "real user id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
			{Name: "euid", Kind: Integer, Doc: "effective user id", Min: -1, Max: math.MaxUint32, Optional: true, Default: int64(-1)},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setreuid(a.uint32("ruid"), a.uint32("euid"), false)
		},
	},
	{
		Name: "setrlimit",
		Doc:  "Sets a resource limit. What changes nothing is not asked; else process.rlimit.set: EPERM. Then limits are cut to the system's own.",
		Params: []Param{
			{Name: "resource", Kind: Named, Doc: "resource", Names: &kauth.Resources},
			{Name: "cur", Kind: Integer, Doc: "soft limit", Min: -1, Max: math.MaxInt64},
			{Name: "max", Kind: Integer, Doc: "hard limit, the present one if left out", Min: -1, Max: math.MaxInt64, Optional: true, Default: int64(-2)},
		},
		Asks: []string{"process.rlimit.set"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			r := a.int("resource")
			l := Rlimit{a.int64("cur"), a.int64("max")}
			if l.Max == -2 && r >= 0 && r < numResources {
				l.Max = p.limits[r].Max
			}
			return nil, p.setLimit(p, r, l)
		},
	},
	{
		Name:    "setsid",
		Doc:     "Begins a session without a terminal. Asks nobody; EPERM for the leader of a process group.",
		Returns: "the session",
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			return int64(p.pid), p.enterPgrp(p.pid, p.pid, true)
		},
	},
	{
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
	},
	{
		Name: "settimeofday",
		Doc:  "EINVAL for a time out of range; then system.time.system: EPERM.",
		Params: []Param{
			{Name: "sec", Kind: Integer, Doc: "seconds since 1970", Min: math.MinInt64, Max: math.MaxInt64},
		},
		Asks: []string{"system.time.system"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.settime(a.int64("sec"), 0)
		},
	},
	{
		Name: "setuid",
		Doc:  "Sets all three user ids. Asks process.setid if the new one is not the real one: EPERM. The wanted id is not visible to models.",
		Params: []Param{
			{Name: "uid", Kind: Integer, Doc: "user id", Min: 0, Max: math.MaxUint32},
		},
		Asks: []string{"process.setid"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.setuid(a.uint32("uid"), false)
		},
	},
	{
		Name: "shmat",
		Doc:  "Attaches a segment. Asks system.sysvipc.bypass with mode 256 or 384: EACCES.",
		Params: []Param{
			{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
			{Name: "readonly", Kind: Switch, Doc: "only for reading", Optional: true},
		},
		Asks: []string{"system.sysvipc.bypass", "system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.shmat(a.int("id"), a.on("readonly"))
		},
	},
	{
		Name: "shmdt",
		Doc:  "Detaches a segment. Asks nobody.",
		Params: []Param{
			{Name: "id", Kind: Integer, Doc: "object", Min: 0, Max: math.MaxInt32},
		},
		Asks: []string{"system.module"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.shmdt(a.int("id"))
		},
	},
	{
		Name: "sigaction",
		Doc:  "Ignores a signal, or takes its default action again. Asks nobody.",
		Params: []Param{
			{Name: "signal", Kind: Named, Doc: "signal", Names: &kauth.Signals},
			{Name: "ignore", Kind: Switch, Doc: "ignore it", Optional: true, Default: true},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.sigaction(a.int("signal"), a.on("ignore"))
		},
	},
	{
		Name: "snapshot",
		Doc:  "Makes a snapshot of a file system in a file. Asks system.fs_snapshot: EACCES.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Asks: []string{"system.fs_snapshot"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.snapshot(a.text("path"))
		},
	},
	{
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
	},
	{
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
	},
	{
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
	},
	{
		Name: "stat",
		Doc:  "Asks nobody beyond the modes of the directories.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		Returns: "kind, mode, owner and group, and the device number",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			i, e := p.stat(a.text("path"))
			return i.String(), e
		},
	},
	{
		Name: "swapctl",
		Doc:  "Statistics ask nobody; all else asks system.swapctl before it looks at the path: EPERM. Adding a device opens it, which asks device.rawio_spec.rw.",
		Params: []Param{
			{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"stats", "nswap", "getdumpdev", "on", "off", "ctl", "dumpdev", "dumpoff"}},
			{Name: "path", Kind: Text, Doc: "path of the device or file", Optional: true},
		},
		Asks: []string{"system.swapctl", "device.rawio_spec.rw"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.swapctl(a.text("cmd"), a.text("path"))
		},
	},
	{
		Name: "symlink",
		Doc:  "Asks nobody beyond the modes.",
		Params: []Param{
			{Name: "target", Kind: Text, Doc: "what the link says"},
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.symlink(a.text("target"), a.text("path"))
		},
	},
	{
		Name: "sysarch",
		Doc:  "Machine-dependent calls of amd64: iopl, mtrr_get and mtrr_set ask machdep.* of their name first: EPERM. The others, of i386, are EINVAL.",
		Params: []Param{
			{Name: "op", Kind: Word, Doc: "operation", Words: []string{"ioperm_get", "ioperm_set", "iopl", "ldt_get", "ldt_set", "mtrr_get", "mtrr_set"}},
		},
		Asks: []string{"machdep.iopl", "machdep.mtrr_get", "machdep.mtrr_set"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.sysarch(a.text("op"))
		},
	},
	{
		Name: "sysctl_create",
		Doc:  "Makes a node. Asks system.sysctl.add: EPERM; then EPERM unless the parent is the root or a node that a process made.",
		Params: []Param{
			{Name: "parent", Kind: Text, Doc: "name of the parent, empty for the root", Optional: true},
			{Name: "name", Kind: Text, Doc: "name of the node"},
			{Name: "value", Kind: Anything, Doc: "integer or string, nothing for a node with children", Optional: true},
		},
		Asks: []string{"system.sysctl.add", "system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.sysctlCreate(a.text("parent"), a.text("name"), a["value"])
		},
	},
	{
		Name: "sysctl_delete",
		Doc:  "Removes a node that a process made. Asks system.sysctl.delete: EPERM.",
		Params: []Param{
			{Name: "parent", Kind: Text, Doc: "name of the parent, empty for the root", Optional: true},
			{Name: "name", Kind: Text, Doc: "name of the node"},
		},
		Asks: []string{"system.sysctl.delete", "system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.sysctlDelete(a.text("parent"), a.text("name"))
		},
	},
	{
		Name: "sysctl_describe",
		Doc:  "Description of a node. Setting one asks system.sysctl.desc: EPERM. Private nodes ask system.sysctl.prvt, and the answer is used the wrong way round.",
		Params: []Param{
			{Name: "parent", Kind: Text, Doc: "name of the parent, empty for the root", Optional: true},
			{Name: "name", Kind: Text, Doc: "name of the node"},
			{Name: "text", Kind: Text, Doc: "description to set, empty to read", Optional: true},
		},
		Returns: "the description",
		Asks:    []string{"system.sysctl.desc", "system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			s, e := p.sysctlDescribe(a.text("parent"), a.text("name"), a.text("text"))
			return s, e
		},
	},
	{
		Name: "sysctl_list",
		Doc:  "Names of the nodes below a node. One that can have none gives the operation to its handler, which takes it for a part of the name and ends with EINVAL, or with EPERM where it can't be written; ENOTDIR without a handler.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name of the node, empty for the root", Optional: true},
		},
		Returns: "the names",
		Asks:    []string{"system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			list, e := p.sysctlQuery(a.text("name"))
			var names []string
			for _, n := range list {
				names = append(names, n.Name)
			}
			return names, e
		},
	},
	{
		Name: "sysctl_read",
		Doc:  "Reads a node. Private nodes ask system.sysctl.prvt: EPERM. Some nodes ask more: docs/simulator.md lists them.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name of the node, with dots"},
		},
		Returns: "an integer or a string",
		Asks: []string{"system.sysctl.prvt", "system.intr.affinity", "system.cpu.setstate", "network.interface.getpriv",
			"process.cansee.entry", "process.corename.get", "process.rlimit.get"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			v, e := p.sysctlRead(a.text("name"))
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			return v, e
		},
	},
	{
		Name: "sysctl_write",
		Doc:  "Writes a node. Asks system.sysctl.modify, and only then is a read-only node EPERM; many nodes ask a second question.",
		Params: []Param{
			{Name: "name", Kind: Text, Doc: "name of the node, with dots"},
			{Name: "value", Kind: Anything, Doc: "integer or string", Optional: true},
			{Name: "size", Kind: Integer, Doc: "bytes of an integer, 0 for those that the node has", Min: 0, Max: 8, Optional: true, Default: int64(0)},
		},
		Asks: []string{"system.sysctl", "system.setidcore", "system.kernaddr", "system.time", "system.map_va_zero", "system.intr.affinity",
			"system.cpu.setstate", "network.forwsrcrt", "network.interface.getpriv", "process.cansee.entry", "process.corename", "process.rlimit.set", "process.stopflag"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.sysctlWrite(a.text("name"), a["value"], a.int("size"))
		},
	},
	{
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
	},
	{
		Name: "unlink",
		Doc:  "Asks nobody beyond the modes; in a sticky directory only for own files.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.unlink(a.text("path"))
		},
	},
	{
		Name: "unmount",
		Doc:  "Asks system.mount.unmount: EPERM. Then EINVAL for the root file system and where nothing is mounted, EBUSY while it is used; on the current revision the root of a cell uses it.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "force", Kind: Switch, Doc: "MNT_FORCE", Optional: true},
		},
		Asks: []string{"system.mount.unmount"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.unmount(a.text("path"), a.on("force"))
		},
	},
	{
		Name: "utimes",
		Doc:  "Changes the times of an own file, or of a writable one to now.",
		Params: []Param{
			{Name: "path", Kind: Text, Doc: "path of the file, as the process sees it"},
			{Name: "now", Kind: Switch, Doc: "to now", Optional: true},
		},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.utimes(a.text("path"), a.on("now"))
		},
	},
	{
		Name:    "vfork",
		Doc:     "As fork.",
		Returns: "the child's process id",
		Asks:    []string{"process.fork", "process.rlimit.bypass", "process.kevent_filter"},
		do: func(p *Process, _ Args) (any, kauth.Errno) {
			t, e := p.fork()
			if e != 0 {
				return nil, e
			}
			return int64(t.pid), 0
		},
	},
	{
		Name: "wait",
		Doc:  "Reaps a child that has ended. Never blocks: 0 if the children still run; ECHILD without any.",
		Params: []Param{
			{Name: "pid", Kind: Integer, Doc: "id of the child, 0 for any", Min: math.MinInt32, Max: math.MaxInt32, Optional: true, Default: int64(0)},
		},
		Returns: "the child's process id, or 0",
		do: func(p *Process, a Args) (any, kauth.Errno) {
			pid, _, e := p.wait(a.int("pid"))
			return int64(pid), e
		},
	},
	{
		Name: "write",
		Doc:  "Writes to an open file. Only /dev/random and /dev/urandom ask: device.rnd_adddata (EPERM), then device.rnd_adddata_estimate, which only decides whether the data counts.",
		Params: []Param{
			{Name: "fd", Kind: Integer, Doc: "descriptor", Min: 0, Max: math.MaxInt32},
		},
		Asks: []string{"device.rnd_adddata", "device.rnd_adddata_estimate"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.writeDevice(a.int("fd"))
		},
	},
	{
		Name: "write_full",
		Doc:  "Stands for write(2) where little room is left: system.fs_reservedspace for the last blocks (ENOSPC), or system.fs_quota.nolimit beyond a quota (EDQUOT).",
		Params: []Param{
			{Name: "limit", Kind: Word, Doc: "what is exhausted", Words: []string{"reserve", "quota"}, Optional: true, Default: "reserve"},
		},
		Asks: []string{"system.fs_reservedspace", "system.fs_quota.nolimit"},
		do: func(p *Process, a Args) (any, kauth.Errno) {
			return nil, p.allocate(a.text("limit") == "reserve")
		},
	},
}

var schedClass = map[string]int{"keep": schedNone, "other": schedOther, "fifo": schedFIFO, "rr": schedRR}

// procfsNames and ifCommands are the words that two parameters take.
var (
	procfsNames = slices.Sorted(maps.Keys(procfsNodes))
	ifCommands  = slices.Sorted(maps.Keys(withCloning(ifIoctls)))
)

func withCloning(commands map[string]ioctlCommand) map[string]ioctlCommand {
	all := maps.Clone(commands)
	all["SIOCIFCREATE"], all["SIOCIFDESTROY"] = ioctlCommand{}, ioctlCommand{}
	return all
}

func toInt64[T int | uint32](list []T) []int64 {
	out := make([]int64, len(list))
	for i, v := range list {
		out[i] = int64(v)
	}
	return out
}

func toUint32(list []int) []uint32 {
	out := make([]uint32, len(list))
	for i, v := range list {
		out[i] = uint32(v)
	}
	return out
}

// other gives a living process, the caller for 0.
func (p *Process) other(pid int) (*Process, kauth.Errno) {
	if pid == 0 {
		return p, 0
	}
	if t := p.k.find(pid); t != nil {
		return t, 0
	}
	return nil, kauth.ESRCH
}

func (p *Process) parentPID() int {
	if p.parent == nil {
		return 0
	}
	return p.parent.pid
}

// askAlone asks a request without any object but a target.
func (p *Process) askAlone(id kauth.RequestID, pid int) kauth.Errno {
	t, e := p.other(pid)
	if e != 0 {
		return e
	}
	q := p.ask(id)
	for _, f := range (id.Info().Fields &^ kauth.Credential).Fields() {
		lo, hi := id.Range(f)
		switch f.Info().Kind {
		case kauth.KindString:
			q.text(f, "")
		case kauth.KindAddr:
			q.r.SetAddr(policy.Addr{})
		default:
			q.with(f, min(max(0, lo), hi))
		}
	}
	if id.Info().Scope == kauth.Process {
		q.about(t)
	}
	return q.answer()
}

// String is the line that ps shows.
func (i ProcessInfo) String() string {
	s := fmt.Sprintf("%d %d %d %d %s", i.PID, i.PPID, i.UID, i.EUID, i.Name)
	if i.Zombie {
		s += " (zombie)"
	}
	return s
}

// String is "chr 666 0 0 2,2".
func (i FileInfo) String() string {
	s := fmt.Sprintf("%s %o %d %d", i.Type, i.Mode, i.UID, i.GID)
	if i.Type == "chr" || i.Type == "blk" {
		s += fmt.Sprintf(" %d,%d", i.Major, i.Minor)
	}
	return s
}
