service "web" {}
service "db" { cell = { }, cmd = { "" } }
service "nginx"
service(5, {})
service "a/b" { cell = { root = "/x" }, cmd = "x" }
service("c", 5)
service "d" { cell = nil_cell, cmd = "x" }
service "e" { cell = { root = "/cells/e" }, cmd = "x", health_every = "5s", backoff = { first = "1m", limit = "1s" }, groups = { 5 } }
