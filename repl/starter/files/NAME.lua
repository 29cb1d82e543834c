-- What the service in the cells NAME and NAME-* may do. What is not named here is refused, and the base policy beside this
-- file refuses to every cell what no service needs.

local service = require "service"

policy "NAME" {
  cells   = { "NAME", "NAME-*" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    -- It is started as its user (exec --user), and has no need to become another.
    ["process.setid"] = service.refuse("NAME is started as its user"),
    -- The port that it listens on. With loopback = true only this machine reaches it; with calls_out = true it may
    -- connect to others.
    ["network.bind.port"] = service.listens{ name = "NAME", port = 8080, type = "stream" },
  },
  budget = { procs = 64, nofile = 128, core = 0, memory = "256M", cpu = "50%" },
}
