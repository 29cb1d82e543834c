-- The ceiling for every cell. "workshop" is a cell that no other policy names.

local cell = "workshop"

cases("within the cell", { cell = cell, target = { same_cell = true, is_self = false },
  expect = allow,
  { request = "process.signal", signal = "term" },
  { request = "process.signal", signal = "kill", euid = 0 },
  { request = "process.cansee.entry" },
  { request = "process.kevent_filter" },
  { request = "process.scheduler_getaffinity" },
  { request = "process.scheduler_getparam" },
  { request = "process.nice", nice = 5 },
  { request = "process.nice", nice = -1, expect = deny, reason = "no cell runs before the host" },
  { request = "process.rlimit.set", euid = 1000, resource = "nofile", cur = 64, max = 128 },
  { request = "process.rlimit.set", euid = 0, resource = "nofile", cur = 64, max = 128,
    expect = deny, reason = "root could lift the limits of its budget" },
  { request = "process.setid", euid = 0 },
})

cases("beyond the cell", { cell = cell,
  target = { same_cell = false, is_self = false, is_init = false }, expect = deny,
  reason = "the process is not of this cell",
  { request = "process.signal", signal = "kill", euid = 0 },
  { request = "process.signal", signal = 0, target = { same_cell = false, is_init = true } },
  { request = "process.cansee.entry" },
  { request = "process.cansee.env", euid = 0 },
  { request = "process.kevent_filter" },
  { request = "process.nice", nice = 20 },
  { request = "process.scheduler_getaffinity" },
  { request = "process.scheduler_getparam" },
})

cases("tracing", { cell = cell, request = "process.ptrace",
  target = { is_self = true, same_cell = true }, expect = deny, reason = "nothing is traced here",
  { name = "the own CPU clock", op = "read_d", expect = allow, reason = "" },
  { name = "the CPU clock of another process", op = "read_d",
    target = { is_self = false, same_cell = true } },
  { name = "a program that wants to be traced", op = "trace_me" },
  { name = "attaching to a process of the cell", op = "attach",
    target = { is_self = false, same_cell = true } },
  { name = "writing into the own memory", op = "write_d" },
})

cases("processes", { cell = cell, expect = deny,
  { request = "process.fork", target = { is_self = true }, expect = allow },
  { request = "process.rlimit.bypass", reason = "limits hold for root too" },
  { request = "process.corename.set", reason = "no service needs this" },
  { request = "process.ktrace", reason = "no service needs this" },
  { request = "process.procfs.write", reason = "no service needs this" },
  { request = "process.scheduler_setaffinity", reason = "no service needs this" },
  { request = "process.stopflag", reason = "no service needs this" },
})

cases("sockets", { cell = cell, request = "network.socket.open", protocol = 0, expect = deny,
  { domain = "local", type = "stream", expect = allow },
  { domain = "local", type = "dgram", expect = allow, name = "syslog" },
  { domain = "inet", type = "stream", expect = allow },
  { domain = "inet6", type = "stream", protocol = "tcp", expect = allow },
  { domain = "inet", type = "dgram", protocol = "udp", expect = allow },
  { domain = "inet", type = "dgram", protocol = "tcp", reason = "only TCP and UDP" },
  { domain = "inet", type = "seqpacket", protocol = "sctp", reason = "only TCP and UDP" },
  { domain = "inet", type = "stream", protocol = "dccp", reason = "only TCP and UDP" },
  { domain = "inet", type = "raw", protocol = "icmp", euid = 0, reason = "no raw sockets" },
  { domain = "route", type = "raw", reason = "no raw sockets" },
  { domain = "bluetooth", type = "stream", reason = "only local and internet sockets" },
  { domain = "key", type = "dgram", reason = "only local and internet sockets" },
})

cases("the network stack", { cell = cell, euid = 0, expect = deny,
  reason = "the network stack is the host's",
  { request = "network.socket.rawsock" },
  { request = "network.socket.cansee" },
  { request = "network.bind.anyaddr" },
  { request = "network.route" },
  { request = "network.interface.setpriv", ifname = "lo0" },
  { request = "network.interface.setpriv", name = "an interface that does not exist yet" },
  { request = "network.firewall.fw" },
  { request = "network.ipv6.join_multicast" },
})

cases("system administration", { cell = cell, euid = 0, expect = deny,
  reason = "system administration is the host's",
  { request = "system.reboot" },
  { request = "system.module", cmd = 1, autoload = false },
  { request = "system.module", cmd = 1, autoload = true,
    name = "a module that the kernel wants by itself" },
  { request = "system.mount.new", flags = 0 },
  { request = "system.mknod" },
  { request = "system.chroot.chroot" },
  { request = "system.time.system", sec = 0 },
  { request = "system.sysctl.modify" },
  { request = "system.sysctl.prvt" },
  { request = "system.swapctl" },
  { request = "system.semaphore" },
  { request = "system.fs_reservedspace" },
})

cases("System V IPC", { request = "system.sysvipc.bypass", mode = 256, expect = deny,
  { cell = cell, euid = 1000, reason = "System V IPC is shared with other cells" },
  { cell = "mantis-db", euid = 0, reason = "root would reach the shared memory of every cell" },
})

cases("the machine", { cell = cell, euid = 0, expect = deny, reason = "the machine is the host's",
  { request = "machdep.iopl" },
  { request = "machdep.unmanagedmem" },
  { request = "machdep.cpu_ucode_apply" },
})

cases("device nodes", { cell = cell, request = "device.rawio_spec.rw", kind = "char", euid = 0,
  expect = allow,
  { name = "/dev/null", major = 2, minor = 2 },
  { name = "/dev/null to read", request = "device.rawio_spec.read", major = 2, minor = 2 },
  { name = "/dev/full", major = 2, minor = 11 },
  { name = "/dev/zero", major = 2, minor = 12 },
  { name = "/dev/random", request = "device.rawio_spec.write", major = 46, minor = 0 },
  { name = "/dev/urandom", request = "device.rawio_spec.read", major = 46, minor = 1 },
  { name = "/dev/tty", major = 1, minor = 0 },
  { name = "/dev/stderr", request = "device.rawio_spec.write", major = 22, minor = 2 },
})

cases("device nodes", { cell = cell, request = "device.rawio_spec.read", kind = "char", euid = 0,
  expect = deny, reason = "only null, zero, full, random, urandom, tty and own descriptors",
  { name = "/dev/mem", major = 2, minor = 0 },
  { name = "/dev/kmem", major = 2, minor = 1 },
  { name = "/dev/console", major = 0, minor = 0 },
  { name = "/dev/klog", major = 7, minor = 0 },
  { name = "/dev/rwd0d", major = 3, minor = 3 },
  { name = "/dev/bpf", major = 23, minor = 0 },
  { name = "/dev/clockctl, which sets the time without a question", major = 79, minor = 0 },
  { name = "/dev/ptm", major = 165, minor = 1 },
  { name = "/dev/npf", major = 198, minor = 0 },
  { name = "/dev/wd0d", kind = "block", major = 0, minor = 3 },
  { name = "a block device with the numbers of /dev/null", kind = "block", major = 2, minor = 2 },
})

cases("devices otherwise", { cell = cell, euid = 0, expect = deny,
  reason = "devices are the host's",
  { request = "device.rnd_adddata" },
  { request = "device.rawio_passthru.read" },
  { request = "device.tty_sti" },
  { request = "device.wscons_keyboard_bell" },
})

cases("ports", { cell = cell, expect = allow,
  { name = "of users", request = "network.bind.port", port = 8080 },
  { name = "reserved: the kernel decides", request = "network.bind.privport", port = 80 },
})
