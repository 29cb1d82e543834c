local fpm, nginx_user = 1002, 1001

cases("php-fpm listens", { cell = "phpapi-php", request = "network.bind.port", family = "inet",
  type = "stream", protocol = "tcp", addr = "127.0.0.1", port = 9000, euid = 0, expect = allow,
  { name = "IPv4" },
  { name = "IPv6", family = "inet6", addr = "::1" },
  { name = "all addresses", addr = "0.0.0.0", expect = deny,
    reason = "php-fpm listens on the loopback address only" },
  { name = "UDP", type = "dgram", expect = deny, reason = "php-fpm listens on port 9000 only" },
  { name = "a second port", port = 9001, expect = deny,
    reason = "php-fpm listens on port 9000 only" },
  { name = "connecting to anybody", port = 0, euid = fpm, expect = deny,
    reason = "php-fpm listens on port 9000 only" },
})

cases("php-fpm at work", { cell = "phpapi-php", expect = allow,
  { name = "the master makes a worker", request = "process.setid", euid = 0 },
  { name = "a worker wants to be root again", request = "process.setid", euid = fpm, expect = deny,
    reason = "a worker stays the user that it is" },
  { request = "process.fork", members = 11, euid = 0 },
  { request = "process.fork", members = 24, euid = 0, expect = deny, reason = "budget procs = 24" },
  { request = "device.rawio_spec.write", kind = "char", major = 22, minor = 2,
    name = "error_log = /dev/stderr" },
  { request = "process.ktrace", expect = deny },
})

cases("nginx", { cell = "phpapi-nginx", family = "inet", type = "stream", addr = "0.0.0.0",
  euid = nginx_user, expect = deny,
  { name = "port 80", request = "network.bind.privport", port = 80, expect = grant,
    reason = "nginx serves port 80 without root" },
  { name = "port 80 with UDP", request = "network.bind.privport", port = 80, type = "dgram" },
  { name = "port 443", request = "network.bind.privport", port = 443,
    reason = "nginx binds no other reserved port" },
  { name = "connecting to PHP", request = "network.bind.port", port = 0, expect = allow },
  { name = "from a port that the kernel chooses", request = "network.bind.port", port = 65535,
    expect = allow },
  { name = "a port of its own", request = "network.bind.port", port = 8080,
    reason = "nginx listens on port 80 only" },
})

cases("nginx at work", { cell = "phpapi-nginx", euid = nginx_user, expect = deny,
  { request = "process.fork", members = 2, expect = allow },
  { request = "process.fork", members = 8, reason = "budget procs = 8" },
  { request = "process.setid", euid = 0, reason = "nginx is started as its user" },
  { request = "network.interface.setpriv", ifname = "wm0", euid = 0 },
  { request = "network.socket.open", domain = "inet", type = "stream", protocol = "tcp",
    expect = allow },
})
