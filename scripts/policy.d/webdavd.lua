-- A WebDAV server with TLS on port 8443. Its files are a folder of the host, mounted into the cell: whoever is root here
-- writes there as root. So only its user may serve anything, and one started as root by mistake does nothing.

local service = require "service"

-- The user nfsuser on the host, whose files these are (run_as host:nfsuser).
local nfsuser = 1005

policy "webdavd" {
  cells   = { "webdavd" },
  default = "deny",
  allow   = service.needs("process.fork"),
  on = {
    ["process.setid"] = service.refuse("webdavd is started as nfsuser"),
    ["network.socket.open"] = function(r)
      if r.euid ~= nfsuser and r.domain ~= "local" then
        return deny, "webdavd must run as nfsuser"
      end
      return allow
    end,
    ["network.bind.port"] = service.listens{ name = "webdavd", port = 8443, type = "stream" },
  },
  budget = { procs = 16, nofile = 1024, core = 0, memory = "256M", cpu = "50%" },
}

never("root serves no files of the host", {
  cells = "webdavd",
  "network.socket.open",
  where = function(r) return r.euid == 0 and r.domain ~= "local" end,
})
