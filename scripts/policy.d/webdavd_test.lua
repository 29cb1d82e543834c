local cell, nfsuser = "webdavd", 1005

cases("listening", { cell = cell, request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "0.0.0.0", euid = nfsuser, expect = deny,
  reason = "webdavd listens on port 8443 only",
  { name = "its port", port = 8443, expect = allow, reason = "" },
  { name = "its port with UDP", port = 8443, type = "dgram" },
  { name = "without TLS", port = 8080 },
  { name = "connecting to others", port = 0 },
})

cases("sockets", { cell = cell, request = "network.socket.open", domain = "inet", type = "stream",
  protocol = 0, expect = deny, reason = "webdavd must run as nfsuser",
  { name = "as nfsuser", euid = nfsuser, expect = allow, reason = "" },
  { name = "as root, by mistake", euid = 0 },
  { name = "as anybody else", euid = 1000 },
  { name = "syslog as root", euid = 0, domain = "local", type = "dgram", expect = allow,
    reason = "" },
  { name = "raw", euid = nfsuser, type = "raw", reason = "no raw sockets" },
})

cases("at work", { cell = cell, euid = nfsuser, expect = deny,
  { request = "process.fork", members = 15, expect = allow },
  { request = "process.fork", members = 16, reason = "budget procs = 16" },
  { request = "process.setid", euid = 0, reason = "webdavd is started as nfsuser" },
  { request = "process.nice", nice = 10, target = { same_cell = true }, expect = allow },
  { request = "process.procfs.write" },
  { request = "system.mount.unmount", fstype = "null", euid = 0,
    reason = "system administration is the host's" },
})
