-- A WebDAV server with TLS on port 8443. The policy is policy.d/webdavd.lua.
--
-- Its files are a folder of the host: put a line like "/data/sync /var/cells/webdavd/data null rw" into /etc/fstab. The
-- server is started as the user nfsuser of the host, whose files these are.

local provision = require "provision"

provision.policies()

local webdavd = provision.cell{ name = "webdavd", root = "/var/cells/webdavd", ports = { 8443 } }

provision.simulate(function(start, allowed, refused)
  local nfsuser = start(webdavd, { name = "webdavd", uid = 1005, gid = 1005 })
  allowed("webdavd serves port 8443", nfsuser:bind{ port = 8443 })
  refused("it serves port 8080 without TLS", nfsuser:bind{ port = 8080 })
  refused("it writes with another user's rights", nfsuser:seteuid(0))

  local root = start(webdavd, { name = "webdavd", uid = 0, gid = 0 })
  refused("webdavd started as root serves files", root:socket{ domain = "inet", type = "stream" })
  refused("root in the cell mounts a file system", root:mount{ type = "tmpfs", path = "/tmp" })
  refused("root in the cell leaves it by chroot", root:chroot("/"))
end)

provision.finish()
