local user, nginx_user = 1002, 1001

for color, port in pairs{ blue = 8080, green = 8081 } do
  local cell = "bluegreen-" .. color
  local other = 8080 + 8081 - port

  cases(color .. " listens", { cell = cell, request = "network.bind.port", family = "inet",
    type = "stream", protocol = "tcp", addr = "127.0.0.1", port = port, euid = user, expect = allow,
    { name = "IPv4" },
    { name = "IPv6", family = "inet6", addr = "::1" },
    { name = "UDP", type = "dgram", protocol = "udp", expect = deny,
      reason = color .. " listens on port " .. port .. " only" },
    { name = "the other's port", port = other, expect = deny,
      reason = color .. " listens on port " .. port .. " only" },
    { name = "all addresses", addr = "0.0.0.0", expect = deny,
      reason = color .. " listens on the loopback address only" },
    { name = "connecting to others", port = 0, expect = deny },
  })

  cases(color .. " at work", { cell = cell, euid = user, expect = allow,
    { request = "process.signal", signal = "hup", target = { same_cell = true } },
    { request = "process.fork", members = 31 },
    { request = "process.fork", members = 32, expect = deny, reason = "budget procs = 32" },
    { request = "process.setid", euid = 0, expect = deny,
      reason = "a version is started as its user" },
    { request = "network.bind.privport", port = 80, euid = 0, expect = deny },
  })
end

cases("nginx listens", { cell = "bluegreen-nginx", request = "network.bind.privport",
  family = "inet", type = "stream", protocol = "tcp", addr = "0.0.0.0", euid = nginx_user,
  expect = deny, reason = "nginx binds no other reserved port",
  { name = "port 80", port = 80, expect = grant, reason = "nginx serves port 80 without root" },
  { name = "port 80 with UDP", port = 80, type = "dgram" },
  { name = "port 443", port = 443 },
})

cases("nginx connects", { cell = "bluegreen-nginx", request = "network.bind.port", family = "inet",
  type = "stream", addr = "0.0.0.0", euid = nginx_user, expect = allow,
  { name = "to a version", port = 0 },
  { name = "from a port that the kernel chooses", port = 50000 },
  { name = "and listens on no second port", port = 8080, expect = deny,
    reason = "nginx listens on port 80 only" },
})

cases("nginx at work", { cell = "bluegreen-nginx", euid = nginx_user, expect = allow,
  { request = "process.fork", members = 1 },
  { request = "process.fork", members = 8, expect = deny, reason = "budget procs = 8" },
  { request = "network.socket.open", domain = "inet", type = "stream", protocol = 0 },
  { request = "process.setid", euid = 0, expect = deny, reason = "nginx is started as its user" },
  { request = "process.ktrace", expect = deny },
})
