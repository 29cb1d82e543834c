-- MantisBT: PostgreSQL, php-fpm and nginx, each in a cell of its own. All cells have the host's addresses, so the two
-- in the back listen on the loopback address only: listen_addresses = 'localhost', listen = 127.0.0.1:9000.

local service = require "service"
local nginx = require "nginx"

-- The user pgsql in the passwd file of cell mantis-db. No other cell may have a user of this number, because System V
-- IPC knows numbers only.
local pgsql = 1001

policy "mantis-db" {
  cells   = { "mantis-db" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    ["process.setid"] = service.refuse("PostgreSQL is started as its user"),
    -- The lock on the data folder is a piece of System V shared memory, and backends wait on System V semaphores.
    ["system.sysvipc.bypass"] = function(r)
      if r.euid == pgsql then return allow end
      return deny, "shared memory is for PostgreSQL only"
    end,
    -- Up to release 14 the statistics collector is a UDP socket that is connected to itself; psql and pg_isready
    -- may use TCP.
    ["network.bind.port"] = service.listens{
      name = "PostgreSQL", port = 5432, type = "stream", loopback = true, calls_out = true,
    },
  },
  -- max_connections = 20, and PostgreSQL's own.
  budget = { procs = 48, nofile = 1024, core = 0, memory = "1G", cpu = "100%" },
}

policy "mantis-php" {
  cells   = { "mantis-php" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    -- The master stays root, and its workers become the user of the pool.
    ["process.setid"] = function(r)
      if r.euid == 0 then return allow end
      return deny, "a worker stays the user that it is"
    end,
    -- It calls the database, and the mail server.
    ["network.bind.port"] = service.listens{
      name = "php-fpm", port = 9000, type = "stream", loopback = true, calls_out = true,
    },
  },
  -- pm.max_children = 10, and what they run.
  budget = { procs = 24, nofile = 512, core = 0, memory = "1G", cpu = "100%" },
}

policy "mantis-nginx" {
  cells   = { "mantis-nginx" },
  default = "deny",
  allow   = nginx.needs,
  on      = nginx.rules(),
  budget  = nginx.budget,
}

never("the database and PHP are not reached from other machines", {
  cells = { "mantis-db", "mantis-php", "mantis-nginx" },
  "network.bind",
  where = function(r)
    return (r.port == 5432 or r.port == 9000) and not r.addr:within("127.0.0.0/8")
      and not r.addr:within("::1/128")
  end,
})

never("nobody but PostgreSQL uses System V IPC", {
  cells = { "mantis-db", "mantis-php", "mantis-nginx" },
  "system.sysvipc",
  where = function(r) return r.cell.name ~= "mantis-db" or r.euid ~= pgsql end,
})
