-- Static sites. Every site is a cell site-NAME with a server of its own on a port of its own between 8090 and 8099.

local service = require "service"

local first, last = 8090, 8099

policy "site" {
  cells   = { "site-*" },
  default = "deny",
  allow   = service.needs("process.fork"),
  on = {
    ["process.setid"] = service.refuse("a site's server is started as its user"),
    ["network.socket.open"] = function(r)
      -- getaddrinfo(3) opens a UDP socket to see whether the family exists, and never uses it.
      if r.domain == "inet6" then return deny, "sites have IPv4 addresses" end
      return allow
    end,
    ["network.bind.port"] = function(r)
      if r.port >= first and r.port <= last and r.type == "stream" then return allow end
      return deny, "a site has one of the ports 8090 to 8099"
    end,
  },
  budget = { procs = 32, nofile = 256, as = "1G", core = 0, memory = "128M", cpu = "25%" },
}

never("a site calls nobody", {
  cells = "site-*",
  "network.bind.port",
  where = function(r) return r.port == 0 end,
})
