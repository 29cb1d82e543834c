local cell = "NAME-1"
local user = 1001

cases("listening", { cell = cell, request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "0.0.0.0", uid = user, euid = user, expect = deny,
  reason = "NAME listens on port 8080 only",
  { name = "its port", port = 8080, expect = allow, reason = "" },
  { name = "another port", port = 8081 },
  { name = "its port with UDP", port = 8080, type = "dgram", protocol = "udp" },
  { name = "connecting to others", port = 0 },
})

cases("its work", { cell = cell, euid = user, expect = allow,
  { request = "network.socket.open", domain = "inet", type = "stream", protocol = 0 },
  { request = "device.rawio_spec.rw", kind = "char", major = 2, minor = 2, name = "/dev/null" },
  { request = "process.signal", signal = "term", target = { same_cell = true } },
  { request = "process.fork", members = 63 },
})

cases("what it does not need", { cell = cell, euid = 0, expect = deny,
  { request = "process.fork", members = 64, reason = "budget procs = 64" },
  { request = "process.setid", reason = "NAME is started as its user" },
  { request = "network.bind.privport", port = 80, type = "stream" },
  { request = "network.interface.setpriv", ifname = "lo0",
    reason = "the network stack is the host's" },
  { request = "system.chroot.chroot", reason = "system administration is the host's" },
})
