local cell = "httpd"
local user = 1001

cases("listening", { cell = cell, request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "0.0.0.0", uid = user, euid = user, expect = deny,
  reason = "httpd listens on port 8080 only",
  { name = "its port", port = 8080, expect = allow, reason = "" },
  { name = "its port, IPv6", port = 8080, family = "inet6", addr = "::", expect = allow,
    reason = "" },
  { name = "another port", port = 8081 },
  { name = "its port with UDP", port = 8080, type = "dgram", protocol = "udp" },
  { name = "connecting to others", port = 0 },
  { name = "a port that the kernel chooses", port = 49152 },
})

cases("its work", { cell = cell, euid = user, expect = allow,
  { request = "network.socket.open", domain = "inet", type = "stream", protocol = 0 },
  { request = "network.socket.open", domain = "inet6", type = "dgram", protocol = 0,
    name = "getaddrinfo(3) tries a family" },
  { request = "device.rawio_spec.rw", kind = "char", major = 2, minor = 2, name = "/dev/null" },
  { request = "process.signal", signal = "term", target = { same_cell = true } },
  { request = "process.fork", members = 63 },
})

cases("what it does not need", { cell = cell, euid = 0, expect = deny,
  { request = "process.fork", members = 64, reason = "budget procs = 64" },
  { request = "process.setid", reason = "httpd is started as its user" },
  { request = "network.bind.privport", port = 80, type = "stream" },
  { request = "network.socket.open", domain = "inet", type = "raw", protocol = "icmp",
    reason = "no raw sockets" },
  { request = "system.chroot.chroot", reason = "system administration is the host's" },
  { request = "system.sysvipc.bypass", mode = 256 },
})
