-- The sites need not be known to the policy.
local cell, user = "site-example", 1006

cases("listening", { cell = cell, request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "0.0.0.0", euid = user, expect = deny,
  reason = "a site has one of the ports 8090 to 8099",
  { name = "the first port", port = 8090, expect = allow, reason = "" },
  { name = "the last port", port = 8099, expect = allow, reason = "" },
  { name = "below", port = 8089 },
  { name = "above", port = 8100 },
  { name = "UDP", port = 8090, type = "dgram" },
  { name = "connecting to others", port = 0 },
  { name = "a port that the kernel chooses", port = 49152 },
})

cases("sockets", { cell = cell, request = "network.socket.open", protocol = 0, euid = user,
  expect = allow,
  { name = "the web", domain = "inet", type = "stream" },
  { name = "a try of getaddrinfo(3)", domain = "inet", type = "dgram" },
  { name = "IPv6", domain = "inet6", type = "stream", expect = deny,
    reason = "sites have IPv4 addresses" },
  { name = "routes", domain = "route", type = "raw", expect = deny, reason = "no raw sockets" },
})

cases("at work", { cell = cell, euid = user, expect = deny,
  { request = "process.fork", members = 31, expect = allow },
  { request = "process.fork", members = 32, reason = "budget procs = 32" },
  { request = "process.setid", euid = 0, reason = "a site's server is started as its user" },
  { request = "process.rlimit.bypass", resource = "nproc", reason = "limits hold for root too" },
  { request = "network.bind.privport", port = 80, euid = 0 },
  { request = "device.rawio_spec.read", kind = "char", major = 46, minor = 1, expect = allow,
    name = "/dev/urandom" },
  { request = "device.rawio_spec.read", kind = "char", major = 2, minor = 1, euid = 0,
    name = "/dev/kmem" },
})

-- A name that the glob does not match is held by the base policy alone.
test("site is a name of its own", function()
  local answer = decide{ cell = "site", request = "network.bind.port", port = 8080 }
  assert(answer.policy == "base", answer.policy)
end)
