-- NetBSD's own web server, bozohttpd, on port 8080. Its policy is policy.d/httpd.lua.
--
-- Beside what this script makes the root needs /usr/libexec/httpd with what it links to, and the pages.

local provision = require "provision"

provision.policies()

local httpd = provision.cell{ name = "httpd", root = "/var/cells/httpd", ports = { 8080 } }

provision.simulate(function(start, allowed, refused)
  local www = start(httpd, { name = "httpd", uid = 1001, gid = 1001 })
  allowed("httpd serves port 8080", www:bind{ port = 8080 })
  allowed("it forks for a visitor", www:fork())
  allowed("it opens /dev/null", www:open("/dev/null"))
  refused("it calls another server", www:connect{ addr = "192.0.2.1", port = 443 })
  refused("it serves a second port", www:bind{ port = 8081 })
  refused("it becomes root", www:setuid(0))

  local root = start(httpd, { name = "sh", uid = 0, gid = 0 })
  refused("a root shell in the cell reboots the host", root:reboot())
  refused("it reads the kernel's memory", root:open("/dev/mem"))
  refused("it kills a process of the host", root:kill(1, "term"))
end)

provision.finish()
