-- A web service in PHP: php-fpm on port 9000 of the loopback address, and nginx in front of it.

local service = require "service"
local nginx = require "nginx"

policy "phpapi-php" {
  cells   = { "phpapi-php" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    ["process.setid"] = function(r)
      if r.euid == 0 then return allow end
      return deny, "a worker stays the user that it is"
    end,
    -- The service keeps all it needs in files: no database, no other service.
    ["network.bind.port"] = service.listens{
      name = "php-fpm", port = 9000, type = "stream", loopback = true,
    },
  },
  budget = { procs = 24, nofile = 512, core = 0, memory = "512M", cpu = "100%" },
}

policy "phpapi-nginx" {
  cells   = { "phpapi-nginx" },
  default = "deny",
  allow   = nginx.needs,
  on      = nginx.rules(),
  budget  = nginx.budget,
}

never("code that comes in by PHP calls nobody", {
  cells = "phpapi-php",
  "network.bind.port",
  where = function(r) return r.port == 0 end,
})
