-- Static sites, each a cell site-NAME with a server of its own on one of the ports 8090 to 8099. The policy is
-- policy.d/site.lua: it is for all of them, and need not be changed for a new one. Add a line here.

local provision = require "provision"

local sites = {
  { name = "www", port = 8090 },
  { name = "docs", port = 8091 },
}

provision.policies()

local cells = {}
for _, site in ipairs(sites) do
  local name = "site-" .. site.name
  cells[site.name] = provision.cell{
    name = name, root = "/var/cells/" .. name, ports = { site.port },
  }
end

provision.simulate(function(start, allowed, refused)
  local servers = {}
  for _, site in ipairs(sites) do
    local server = start(cells[site.name], { name = "httpd", uid = 1006, gid = 1006 })
    allowed(site.name .. " serves port " .. site.port, server:bind{ port = site.port })
    servers[site.name] = server
  end
  local www = servers.www
  refused("www takes the port of docs", www:bind{ port = 8091 })
  refused("www serves port 80", www:bind{ port = 80 })
  refused("www opens an IPv6 socket", www:socket{ domain = "inet6", type = "stream" })
  refused("www sees the server of docs", www:proc_args{ pid = servers.docs.pid, what = "args" })
end)

provision.finish()
