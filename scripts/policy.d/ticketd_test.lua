local cell, user = "ticketd", 1007

cases("listening", { cell = cell, request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "0.0.0.0", euid = user, expect = deny,
  reason = "ticketd listens on port 8080 only",
  { name = "its port", port = 8080, expect = allow, reason = "" },
  { name = "its port with UDP", port = 8080, type = "dgram" },
  { name = "another port", port = 8081 },
  { name = "connecting to the mail server", port = 0, expect = allow, reason = "" },
  { name = "from a port that the kernel chooses", port = 61000, expect = allow, reason = "" },
  { name = "a mail server of its own", request = "network.bind.privport", port = 25, euid = 0,
    reason = "" },
})

cases("at work", { cell = cell, euid = user, expect = allow,
  { request = "process.fork", members = 15 },
  { request = "process.fork", members = 16, expect = deny, reason = "budget procs = 16" },
  { request = "process.signal", signal = "term", target = { same_cell = true } },
  { request = "process.signal", signal = "term", target = { same_cell = false }, expect = deny,
    name = "a process of the host" },
  { request = "process.setid", euid = 0, expect = deny, reason = "ticketd is started as its user" },
  { request = "process.corename.get", expect = deny },
})
