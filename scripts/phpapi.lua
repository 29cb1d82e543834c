-- A web service in PHP: php-fpm on port 9000 of the loopback address, nginx on port 80. The policies are in
-- policy.d/phpapi.lua.
--
-- Volumes, as lines of /etc/fstab:
--
--   /srv/phpapi  /var/cells/phpapi-php/var/www    null rw
--   /srv/phpapi  /var/cells/phpapi-nginx/var/www  null ro

local provision = require "provision"

provision.policies()

local php = provision.cell{ name = "phpapi-php", root = "/var/cells/phpapi-php", ports = { 9000 } }
local nginx = provision.cell{
  name = "phpapi-nginx", root = "/var/cells/phpapi-nginx", ports = { 80 },
}

provision.simulate(function(start, allowed, refused)
  local master = start(php, { name = "php-fpm", uid = 0, gid = 0 })
  local fd, errno, why = master:bind{ addr = "127.0.0.1", port = 9000 }
  allowed("php-fpm serves the loopback address", fd, errno, why)
  master:listen(fd)
  local worker
  worker, errno, why = master:fork()
  allowed("it makes a worker", worker, errno, why)
  allowed("the worker becomes the user of the pool", worker:setuid(1002))
  refused("the worker becomes root again", worker:setuid(0))
  refused("code in the worker calls another machine",
    worker:connect{ addr = "192.0.2.1", port = 443 })

  local web = start(nginx, { name = "nginx", uid = 1001, gid = 1001 })
  allowed("nginx serves port 80 without being root", web:bind{ port = 80 })
  allowed("nginx calls php-fpm", web:connect{ addr = "127.0.0.1", port = 9000 })
  refused("nginx kills a worker", web:kill(worker, "kill"))
end)

provision.finish()
