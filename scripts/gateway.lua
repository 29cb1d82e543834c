-- An API gateway: three applications on the loopback address, and nginx on port 80 in front of them. The policies are in
-- policy.d/gateway.lua.
--
-- Every cell has a user nginx or app of its own; nginx is started as its user, never as root.

local provision = require "provision"

provision.policies()

local ports = { a = 8080, b = 8081, c = 8082 }
local apps = {}
for _, name in ipairs{ "a", "b", "c" } do
  apps[name] = provision.cell{
    name = "gateway-app-" .. name, root = "/var/cells/gateway-app-" .. name,
    ports = { ports[name] },
  }
end
local nginx = provision.cell{
  name = "gateway-nginx", root = "/var/cells/gateway-nginx", ports = { 80 },
}

provision.simulate(function(start, allowed, refused)
  for _, name in ipairs{ "a", "b", "c" } do
    local app = start(apps[name], { name = "app", uid = 1010, gid = 1010 })
    local fd, errno, why = app:bind{ addr = "127.0.0.1", port = ports[name] }
    allowed("application " .. name .. " serves port " .. ports[name] .. " of the loopback address",
      fd, errno, why)
    app:listen(fd)
    refused("application " .. name .. " serves other machines",
      app:bind{ addr = "0.0.0.0", port = ports[name] })
  end
  local thief = start(apps.b, { name = "app", uid = 1010, gid = 1010 })
  refused("application b takes the port of application c",
    thief:bind{ addr = "127.0.0.1", port = ports.c })
  refused("application b calls another machine", thief:connect{ addr = "192.0.2.1", port = 443 })

  local web = start(nginx, { name = "nginx", uid = 1001, gid = 1001 })
  allowed("nginx serves port 80 without being root", web:bind{ port = 80 })
  allowed("nginx calls application a", web:connect{ addr = "127.0.0.1", port = ports.a })
  refused("nginx serves port 443 too", web:bind{ port = 443 })
  refused("nginx opens a raw socket",
    web:socket{ domain = "inet", type = "raw", protocol = "icmp" })
end)

provision.finish()
