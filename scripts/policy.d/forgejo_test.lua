local cell, git = "forgejo", 1003

cases("listening", { cell = cell, request = "network.bind.port", family = "inet6", type = "stream",
  protocol = "tcp", addr = "::", euid = git, expect = deny,
  reason = "forgejo listens on port 3000 only",
  { name = "the web", port = 3000, expect = allow, reason = "" },
  { name = "the web with UDP", port = 3000, type = "dgram" },
  { name = "SSH", port = 2222 },
  { name = "SSH on the reserved port", request = "network.bind.privport", port = 22, euid = 0,
    reason = "" },
})

cases("calling others", { cell = cell, request = "network.bind.port", family = "inet",
  addr = "0.0.0.0", euid = git, expect = allow,
  { name = "a web hook", type = "stream", port = 0 },
  { name = "the name server", type = "dgram", port = 0 },
  { name = "a port that the kernel chooses", type = "stream", port = 49152 },
  { name = "a port below those", type = "stream", port = 49151, expect = deny },
})

cases("git", { cell = cell, euid = git, expect = allow,
  { request = "process.fork", members = 127 },
  { request = "process.fork", members = 128, expect = deny, reason = "budget procs = 128" },
  { request = "process.signal", signal = "kill", target = { same_cell = true } },
  { request = "process.rlimit.set", resource = "nofile", cur = 8192, max = 8192,
    target = { same_cell = true },
    name = "the Go runtime takes all descriptors that it may" },
  { request = "device.rawio_spec.rw", kind = "char", major = 2, minor = 2, name = "/dev/null" },
  { request = "process.setid", euid = 0, expect = deny, reason = "forgejo and git are one user" },
  { request = "process.procfs.read", expect = deny },
  { request = "system.module", autoload = true, expect = deny },
})
