-- Everything that can be wrong with declarations, in one file: all of it is told at once. The file wrong.txt has it.

policy "a name" {
  cels = "web-*",
  denny = { "system.reboot" },
  "machdep",
  [true] = 1,
}

policy "cells" { cells = { "web-?", "", "höst", 5, nil, "db-*" } }
policy "no-cells" { cells = {} }
policy "cells-of-a-number" { cells = 80 }
policy "cells-with-a-key" { cells = { "a", glob = "b" } }

policy "requests" {
  deny = {
    "netwrok.bind",            -- misspelt
    "network.bind.privprt",
    "network.*",               -- no globs
    "*",
    "generic", "cred.fork", "vnode.read_data",
    "process.cansee.kptr",     -- under a spin lock
    "system.debug",            -- never asked
    80,
  },
  allow = "process.cansee",    -- skips one under a spin lock
  grant = true,
}

policy "entries" {
  deny = { "network.bind", "network.bind" },
  allow = { "network.bind", "system.reboot" },
  on = {
    ["network.bind"] = function() end,
    ["system.reboot"] = "deny",
    ["system.mount"] = { deny },
    ["machdep"] = print,
    ["processs"] = function() end,
    function() end,
  },
}

policy "on" { on = function() end }

policy "twice" {
  default = "allow",
  mode = "audit",
  default = "deny",
  budget = { procs = 1, nofile = 2, procs = 3 },
  deny = { [1] = "machdep", "system" },
}

policy "words" { default = "denny", mode = "enforced" }
policy "words-of-other-kinds" { default = true, mode = 1 }

policy "budget" {
  budget = {
    procs = -1, nofile = 0, as = "2 GB", core = "1.5G", memory = "unlimited", cpu = 50,
    files = 5, 7,
  },
}
policy "budgets" { budget = { procs = 1.5, nofile = "many", as = -1, core = {}, memory = "9999999T", cpu = "0%" } }
policy "budget-of-a-string" { budget = "512M" }

policy "nothing" { deny = nothing, allow = { nothing }, budget = { procs = tonumber("x") } }
policy "inherits" (setmetatable({ deny = setmetatable({}, {}) }, { __index = {} }))
policy "twice" {}
policy("number", 5)
policy(5, {})

never("", { "network" })
never("no request", {})
never("keys", { "network", were = function() end, cells = "web-[1]" })
never("values", { 80, "netwrok", where = "r.port == 80" })
never("where", { "network.bind", where = print })

policy "begun"
