-- Forgejo on port 3000, with git and a database in SQLite. The policy is policy.d/forgejo.lua; the limits of the cell are
-- those of its budget.
--
-- The data is a folder of the host: put a line like "/srv/forgejo /var/cells/forgejo/data null rw" into /etc/fstab.

local provision = require "provision"

provision.policies()

local forgejo = provision.cell{ name = "forgejo", root = "/var/cells/forgejo", ports = { 3000 } }

provision.simulate(function(start, allowed, refused)
  local git = start(forgejo, { name = "forgejo", uid = 1004, gid = 1004 })
  local fd, errno, why = git:bind{ port = 3000 }
  allowed("forgejo serves port 3000", fd, errno, why)
  git:listen(fd)
  local child
  child, errno, why = git:fork()
  allowed("it forks for git", child, errno, why)
  allowed("git lowers its priority", child:setpriority{ value = 10 })
  allowed("a web hook is called", child:connect{ addr = "127.0.0.1", port = 3000 })
  refused("it serves SSH", git:bind{ port = 2222 })
  refused("git becomes another user", child:setuid(0))
  refused("a hook traces forgejo", child:ptrace{ op = "attach", pid = git })
end)

provision.finish()
