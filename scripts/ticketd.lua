-- ticketd on port 8080, with its tickets in /var/ticketd. The policy is policy.d/ticketd.lua.
--
-- The tickets are a folder of the host: put a line like "/srv/ticketd /var/cells/ticketd/var/ticketd null rw" into
-- /etc/fstab.

local provision = require "provision"

provision.policies()

local ticketd = provision.cell{ name = "ticketd", root = "/var/cells/ticketd", ports = { 8080 } }

provision.simulate(function(start, allowed, refused)
  local d = start(ticketd, { name = "ticketd", uid = 1007, gid = 1007 })
  local fd, errno, why = d:bind{ port = 8080 }
  allowed("ticketd serves port 8080", fd, errno, why)
  d:listen(fd)
  local sh
  sh, errno, why = d:fork()
  allowed("it runs a shell script", sh, errno, why)
  allowed("the script calls a server", sh:connect{ addr = "127.0.0.1", port = 8080 })
  refused("the script becomes root", sh:setuid(0))
  refused("the script raises its priority", sh:setpriority{ value = -5 })

  -- The budget allows 16 processes.
  local children, last, refusal = {}, nil, nil
  for _ = 1, 16 do
    last, errno, refusal = d:fork()
    if not last then break end
    children[#children + 1] = last
  end
  refused("a fork bomb goes on", last, errno, refusal)
  for _, child in ipairs(children) do child:exit() end
end)

provision.finish()
