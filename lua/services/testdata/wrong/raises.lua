service "web" { cell = { root = "/cells/web" }, cmd = "x" }
local function port(n) return n + nil end
service("db", { cell = { root = "/cells/db", ports = { port(1) } }, cmd = "x" })
