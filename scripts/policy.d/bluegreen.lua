-- Two versions of one service, blue and green, and nginx that sends visitors to one of them.

local service = require "service"
local nginx = require "nginx"

-- Both versions are held alike, so that a switch changes nothing but the version.
local function version(color, port)
  policy("bluegreen-" .. color) {
    cells   = { "bluegreen-" .. color },
    default = "deny",
    allow   = service.needs("process.fork", "network.socket.open"),
    on = {
      ["process.setid"] = service.refuse("a version is started as its user"),
      ["network.bind.port"] = service.listens{
        name = color, port = port, type = "stream", loopback = true,
      },
    },
    budget = { procs = 32, nofile = 128, core = 0, memory = "256M", cpu = "50%" },
  }
end

version("blue", 8080)
version("green", 8081)

policy "bluegreen-nginx" {
  cells   = { "bluegreen-nginx" },
  default = "deny",
  allow   = nginx.needs,
  on      = nginx.rules(),
  budget  = nginx.budget,
}

never("one version does not take the other's port", {
  cells = "bluegreen-blue",
  "network.bind",
  where = function(r) return r.port == 8081 end,
})

never("one version does not take the other's port", {
  cells = "bluegreen-green",
  "network.bind",
  where = function(r) return r.port == 8080 end,
})
