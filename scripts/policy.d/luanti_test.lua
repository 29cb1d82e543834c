local cell, user = "luanti", 1004

cases("the game's port", { cell = cell, request = "network.bind.port", family = "inet6",
  type = "dgram", protocol = "udp", addr = "::", euid = user, expect = deny,
  reason = "luanti listens on port 30000 only",
  { name = "UDP", port = 30000, expect = allow, reason = "" },
  { name = "TCP", port = 30000, type = "stream", protocol = "tcp" },
  { name = "another port", port = 30001 },
  { name = "sending from a port that the kernel chooses", port = 0 },
  { name = "sending from a port that the kernel chooses", port = 60000 },
})

cases("sockets", { cell = cell, request = "network.socket.open", protocol = 0, euid = user,
  expect = allow,
  { name = "the game", domain = "inet", type = "dgram" },
  { name = "the game with IPv6", domain = "inet6", type = "dgram", protocol = "udp" },
  { name = "syslog", domain = "local", type = "dgram" },
  { name = "a pair for threads", domain = "local", type = "stream" },
  { name = "the web", domain = "inet", type = "stream", expect = deny, reason = "the game is UDP" },
  { name = "the web with IPv6", domain = "inet6", type = "stream", protocol = "tcp", expect = deny,
    reason = "the game is UDP" },
  { name = "a raw socket", domain = "inet", type = "raw", expect = deny,
    reason = "no raw sockets" },
})

cases("programs", { cell = cell, euid = user, expect = deny,
  { request = "process.fork", reason = "luanti runs no other program" },
  { request = "process.setid", euid = 0, reason = "luanti is started as its user" },
  { request = "process.ptrace", op = "attach", target = { is_self = false, same_cell = true },
    reason = "nothing is traced here" },
  { request = "process.ptrace", op = "read_d", target = { is_self = true, same_cell = true },
    expect = allow, name = "the profiler reads the CPU clock" },
  { request = "process.cansee.env", target = { same_cell = true } },
  { request = "network.bind.privport", port = 80, type = "dgram", euid = 0 },
})
