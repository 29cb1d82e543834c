-- MantisBT: PostgreSQL, php-fpm and nginx, each in a cell of its own. The policies are in policy.d/mantisbt.lua.
--
-- Volumes, as lines of /etc/fstab:
--
--   /srv/mantis/db   /var/cells/mantis-db/var/pgsql   null rw     (mode 0700, of the user pgsql)
--   /srv/mantis/www  /var/cells/mantis-php/var/www    null rw
--   /srv/mantis/www  /var/cells/mantis-nginx/var/www  null ro
--
-- Start them in the order of the cells here, each when the one before answers.

local provision = require "provision"

provision.policies()

local db = provision.cell{ name = "mantis-db", root = "/var/cells/mantis-db", ports = { 5432 } }
local php = provision.cell{ name = "mantis-php", root = "/var/cells/mantis-php", ports = { 9000 } }
local nginx = provision.cell{
  name = "mantis-nginx", root = "/var/cells/mantis-nginx", ports = { 80 },
}

provision.simulate(function(start, allowed, refused)
  local postgres = start(db, { name = "postgres", uid = 1001, gid = 1001 })
  local fd, errno, why = postgres:bind{ addr = "127.0.0.1", port = 5432 }
  allowed("PostgreSQL serves the loopback address", fd, errno, why)
  postgres:listen(fd)
  refused("PostgreSQL serves other machines", postgres:bind{ addr = "0.0.0.0", port = 5432 })
  local id = postgres:ipcget{ kind = "shm", key = 5432, size = 4096, mode = 384, create = true }
  allowed("PostgreSQL uses its shared memory", postgres:shmat{ id = id })

  local master = start(php, { name = "php-fpm", uid = 0, gid = 0 })
  local worker, errno, why = master:fork()
  allowed("php-fpm makes a worker", worker, errno, why)
  allowed("the worker becomes the user of the pool", worker:setuid(1002))
  allowed("the worker calls the database", worker:connect{ addr = "127.0.0.1", port = 5432 })
  refused("the worker reads PostgreSQL's shared memory", worker:shmat{ id = id })
  refused("php-fpm, which is root, reads it", master:shmat{ id = id })
  postgres:ipcctl{ kind = "shm", cmd = "rmid", id = id }

  local web = start(nginx, { name = "nginx", uid = 1001, gid = 1001 })
  allowed("nginx serves port 80 without being root", web:bind{ port = 80 })
  refused("nginx serves the database's port", web:bind{ port = 5432 })
end)

provision.finish()
