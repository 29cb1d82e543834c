local nginx_user, app_user = 1001, 1002

cases("applications listen", { request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "127.0.0.1", euid = app_user, expect = allow,
  { cell = "gateway-app-a", port = 8080 },
  { cell = "gateway-app-b", port = 8081 },
  { cell = "gateway-app-c", port = 8082 },
})

cases("applications listen nowhere else", { cell = "gateway-app-a", request = "network.bind.port",
  family = "inet", type = "stream", protocol = "tcp", addr = "127.0.0.1", euid = app_user,
  expect = deny, reason = "each application has one port",
  { name = "the port of b", port = 8081 },
  { name = "b at the port of a", cell = "gateway-app-b", port = 8080 },
  { name = "c at the port of a", cell = "gateway-app-c", port = 8080 },
  { name = "connecting to others", port = 0 },
  { name = "UDP", port = 8080, type = "dgram" },
  { name = "an address that visitors reach", port = 8080, addr = "192.0.2.1",
    reason = "applications are reached through nginx" },
  { name = "all addresses", port = 8080, addr = "0.0.0.0",
    reason = "applications are reached through nginx" },
})

cases("applications at work", { cell = "gateway-app-b", expect = allow,
  { request = "process.fork", members = 31 },
  { request = "process.fork", members = 32, expect = deny, reason = "budget procs = 32" },
  { request = "process.setid", euid = 0, expect = deny,
    reason = "applications are started as their users" },
  { request = "process.stopflag", expect = deny },
})

cases("nginx listens", { cell = "gateway-nginx", request = "network.bind.privport", family = "inet",
  type = "stream", protocol = "tcp", addr = "0.0.0.0", expect = deny,
  reason = "nginx binds no other reserved port",
  { name = "port 80 as its user", port = 80, euid = nginx_user, expect = grant,
    reason = "nginx serves port 80 without root" },
  { name = "port 80 with UDP", port = 80, type = "dgram" },
  { name = "port 443", port = 443, euid = nginx_user },
  { name = "port 22 as root", port = 22, euid = 0 },
})

cases("nginx connects", { cell = "gateway-nginx", request = "network.bind.port", family = "inet",
  type = "stream", addr = "0.0.0.0", euid = nginx_user, expect = allow,
  { name = "to an application", port = 0 },
  { name = "from a port that the kernel chooses", port = 65535 },
  { name = "and listens on no second port", port = 8080, expect = deny,
    reason = "nginx listens on port 80 only" },
})

cases("nginx at work", { cell = "gateway-nginx", euid = nginx_user, expect = allow,
  { request = "process.fork", members = 7 },
  { request = "process.fork", members = 8, expect = deny, reason = "budget procs = 8" },
  { request = "device.rawio_spec.write", kind = "char", major = 22, minor = 2,
    name = "error_log /dev/stderr" },
  { request = "process.setid", euid = 0, expect = deny, reason = "nginx is started as its user" },
  { request = "network.socket.cansee", expect = deny },
})
