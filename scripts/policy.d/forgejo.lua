-- Forgejo with its database in SQLite, on port 3000, without SSH. It runs git for every push and pull, and calls others
-- for mirrors, web hooks and mail.

local service = require "service"

policy "forgejo" {
  cells   = { "forgejo" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    ["process.setid"] = service.refuse("forgejo and git are one user"),
    ["network.bind.port"] = service.listens{
      name = "forgejo", port = 3000, type = "stream", calls_out = true,
    },
  },
  -- git gc of a large repository takes the most.
  budget = { procs = 128, nofile = 8192, as = "2G", core = 0, memory = "2G", cpu = "150%" },
}

never("nobody logs in by SSH", {
  cells = "forgejo",
  "network.bind",
  where = function(r) return r.port == 22 or r.port == 2222 end,
})
