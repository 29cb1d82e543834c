-- A Luanti game server: UDP on port 30000, a world in SQLite. The server list is not told of it
-- (server_announce = false), so it speaks to players only.

local service = require "service"

policy "luanti" {
  cells   = { "luanti" },
  default = "deny",
  allow   = service.needs(),
  on = {
    ["process.setid"] = service.refuse("luanti is started as its user"),
    -- It has threads, and no other processes.
    ["process.fork"] = service.refuse("luanti runs no other program"),
    ["network.socket.open"] = function(r)
      if r.domain ~= "local" and r.type == "stream" then return deny, "the game is UDP" end
      return allow
    end,
    ["network.bind.port"] = service.listens{ name = "luanti", port = 30000, type = "dgram" },
  },
  budget = { nofile = 8192, as = "2G", core = 0, memory = "1536M", cpu = "100%" },
}

never("a mod that breaks out of its sandbox starts no program and calls no web server", {
  cells = "luanti",
  "process.fork", "network.socket.open",
  where = function(r) return not r.domain or r.domain ~= "local" and r.type == "stream" end,
})
