-- An API gateway: nginx on port 80 in front of three applications, each a cell of its own.

local service = require "service"
local nginx = require "nginx"

-- One port for each application.
local ports = { ["gateway-app-a"] = 8080, ["gateway-app-b"] = 8081, ["gateway-app-c"] = 8082 }

policy "gateway-apps" {
  cells   = { "gateway-app-a", "gateway-app-b", "gateway-app-c" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    ["process.setid"] = service.refuse("applications are started as their users"),
    ["network.bind.port"] = function(r)
      if r.port ~= ports[r.cell.name] or r.type ~= "stream" then
        return deny, "each application has one port"
      end
      -- nginx is on the same host. Nobody goes around it.
      if r.addr:within("127.0.0.0/8") then return allow end
      return deny, "applications are reached through nginx"
    end,
  },
  budget = { procs = 32, nofile = 128, core = 0, memory = "256M", cpu = "50%" },
}

policy "gateway-nginx" {
  cells   = { "gateway-nginx" },
  default = "deny",
  allow   = nginx.needs,
  on      = nginx.rules(),
  budget  = nginx.budget,
}

never("applications call nobody", {
  cells = { "gateway-app-a", "gateway-app-b", "gateway-app-c" },
  "network.bind.port",
  where = function(r) return r.port == 0 end,
})
