-- ticketd on port 8080 with its tickets in /var/ticketd, which sends mail about them.

local service = require "service"

policy "ticketd" {
  cells   = { "ticketd" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    ["process.setid"] = service.refuse("ticketd is started as its user"),
    ["network.bind.port"] = service.listens{
      name = "ticketd", port = 8080, type = "stream", calls_out = true,
    },
  },
  -- A shell script and what it runs.
  budget = { procs = 16, nofile = 128, core = 0, memory = "128M", cpu = "25%" },
}
