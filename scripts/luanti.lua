-- A Luanti game server on UDP port 30000. The policy is policy.d/luanti.lua; the limits of the cell are those of its
-- budget.
--
-- The world is a folder of the host: put a line like "/srv/luanti /var/cells/luanti/world null rw" into /etc/fstab.

local provision = require "provision"

provision.policies()

local luanti = provision.cell{ name = "luanti", root = "/var/cells/luanti", ports = { 30000 } }

provision.simulate(function(start, allowed, refused)
  local game = start(luanti, { name = "luantiserver", uid = 1008, gid = 1008 })
  local udp, errno, why = game:socket{ domain = "inet", type = "dgram" }
  allowed("luanti opens a UDP socket", udp, errno, why)
  allowed("it plays on port 30000", game:bind{ fd = udp, port = 30000 })
  allowed("it has another thread", game:lwp_create())
  refused("a mod calls a web server", game:socket{ domain = "inet", type = "stream" })
  refused("a mod starts a program", game:fork())
  refused("it becomes another user", game:setuid(0))
end)

provision.finish()
