service "web" {
  cell = "web",
  command = { "/usr/sbin/httpd" },
  environment = { PORT = 80, HOME = true },
  depends_on = "db",
  restart = true,
  log = "/var/log/web.log",
  health = "curl -f http://localhost/",
  ports = { 80 },
}
service "db" { cell = { rot = "/cells/db" }, cmnd = "x", tag = "db" }
for i = 1, 2 do
  service("s" .. i, { cell = { root = "/cells/s" .. i }, cmd = { "x", i, {} }, log = { sise = 1 } })
end
