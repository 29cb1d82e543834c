-- NetBSD's own web server, bozohttpd: /usr/libexec/httpd -I 8080 -n -f -s /var/www/httpd

local service = require "service"

policy "httpd" {
  cells   = { "httpd" },
  default = "deny",
  allow   = service.needs("process.fork", "network.socket.open"),
  on = {
    ["process.setid"] = service.refuse("httpd is started as its user"),
    -- It answers and never asks: -n leaves out the names of clients. Without chosen ports nothing can be connected to.
    ["network.bind.port"] = service.listens{ name = "httpd", port = 8080, type = "stream" },
  },
  -- One process for each connection.
  budget = { procs = 64, nofile = 128, core = 0, memory = "256M", cpu = "50%" },
}
