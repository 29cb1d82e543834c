-- Two versions of one service, blue and green, and nginx on port 80 that hands visitors to one of them. The policies are
-- in policy.d/bluegreen.lua. To switch, change nginx's configuration and reload it; no cell changes.

local provision = require "provision"

provision.policies()

local versions = {}
for _, v in ipairs{ { color = "blue", port = 8080 }, { color = "green", port = 8081 } } do
  local name = "bluegreen-" .. v.color
  versions[v.color] = provision.cell{
    name = name, root = "/var/cells/" .. name, ports = { v.port },
  }
end
local nginx = provision.cell{
  name = "bluegreen-nginx", root = "/var/cells/bluegreen-nginx", ports = { 80 },
}

provision.simulate(function(start, allowed, refused)
  local blue = start(versions.blue, { name = "app", uid = 1010, gid = 1010 })
  local green = start(versions.green, { name = "app", uid = 1010, gid = 1010 })
  local fd, errno, why = green:bind{ addr = "127.0.0.1", port = 8081 }
  allowed("green serves port 8081", fd, errno, why)
  green:listen(fd)
  refused("blue takes green's port", blue:bind{ addr = "127.0.0.1", port = 8081 })
  allowed("blue serves port 8080", blue:bind{ addr = "127.0.0.1", port = 8080 })
  refused("blue stops green", blue:kill(green, "term"))

  local web = start(nginx, { name = "nginx", uid = 1001, gid = 1001 })
  allowed("nginx serves port 80 without being root", web:bind{ port = 80 })
  allowed("nginx calls green", web:connect{ addr = "127.0.0.1", port = 8081 })
  refused("nginx becomes root", web:setuid(0))
end)

provision.finish()
