service "web" { cell = { root = "/cells/web" }, cmd = "x", requires = { "db", "dbb", "web" }, after = { "nobody", "db", "db" } }
service "db" { cell = { root = "/cells/db" }, cmd = "x", after = "cache" }
service "cache" { cell = { root = "/cells/cache" }, cmd = "x", requires = { "queue" } }
service "queue" { cell = { root = "/cells/queue" }, cmd = "x", requires = { "db" } }
service "web" { cell = { root = "/cells/web" }, cmd = "y" }
service "a" { cell = { name = "web", root = "/cells/other" }, cmd = "x", log = { file = "/var/log/one" } }
service "b" { cell = "web", cmd = "x", log = { file = "/var/log/one" } }
service "c" { cell = { root = "/cells/c" }, cmd = "x", cmd = "y", log = { file = "/cells/c/var/log/c" } }
