local pgsql, fpm, nginx_user = 1001, 1001 + 1, 1001 + 2

cases("PostgreSQL listens", { cell = "mantis-db", request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "127.0.0.1", port = 5432, euid = pgsql, expect = allow,
  { name = "IPv4" },
  { name = "IPv6", family = "inet6", addr = "::1" },
  { name = "all addresses", addr = "0.0.0.0", expect = deny, reason = "PostgreSQL listens on the loopback address only" },
  { name = "all IPv6 addresses", family = "inet6", addr = "::", expect = deny, reason = "PostgreSQL listens on the loopback address only" },
  { name = "UDP", type = "dgram", expect = deny, reason = "PostgreSQL listens on port 5432 only" },
  { name = "another port", port = 5433, expect = deny, reason = "PostgreSQL listens on port 5432 only" },
  { name = "the statistics collector", type = "dgram", port = 0 },
  { name = "pg_isready", port = 49999, addr = "0.0.0.0" },
})

cases("System V IPC", { cell = "mantis-db", request = "system.sysvipc.bypass", mode = 384, euid = pgsql, expect = allow,
  { name = "PostgreSQL attaches" },
  { name = "PostgreSQL removes what a crash left", mode = 4096 },
  { name = "another user", euid = fpm, expect = deny, reason = "shared memory is for PostgreSQL only" },
  { name = "root", euid = 0, expect = deny, reason = "root would reach the shared memory of every cell" },
  { name = "the same number in the cell of PHP", cell = "mantis-php", expect = deny },
})

cases("PostgreSQL at work", { cell = "mantis-db", euid = pgsql, expect = allow,
  { request = "process.signal", signal = "usr1", target = { same_cell = true } },
  { request = "process.fork", members = 47 },
  { request = "process.fork", members = 48, expect = deny, reason = "budget procs = 48" },
  { request = "process.setid", euid = 0, expect = deny, reason = "PostgreSQL is started as its user" },
  { request = "system.semaphore", expect = deny },
  { request = "system.sysvipc.shm_lock", expect = deny },
  { request = "network.bind.privport", port = 1023, euid = 0, expect = deny },
})

cases("php-fpm listens", { cell = "mantis-php", request = "network.bind.port", family = "inet", type = "stream",
  protocol = "tcp", addr = "127.0.0.1", port = 9000, euid = 0, expect = allow,
  { name = "IPv4" },
  { name = "IPv6", family = "inet6", addr = "::1" },
  { name = "all addresses", addr = "0.0.0.0", expect = deny, reason = "php-fpm listens on the loopback address only" },
  { name = "UDP", type = "dgram", expect = deny, reason = "php-fpm listens on port 9000 only" },
  { name = "the database's port", port = 5432, expect = deny, reason = "php-fpm listens on port 9000 only" },
  { name = "connecting to the database", port = 0, euid = fpm },
  { name = "connecting to the mail server", port = 55555, addr = "0.0.0.0", euid = fpm },
})

cases("php-fpm at work", { cell = "mantis-php", expect = allow,
  { name = "the master makes a worker", request = "process.setid", euid = 0 },
  { name = "a worker wants to be root again", request = "process.setid", euid = fpm, expect = deny,
    reason = "a worker stays the user that it is" },
  { request = "process.signal", signal = "quit", euid = 0, target = { same_cell = true } },
  { request = "process.fork", members = 11, euid = 0 },
  { request = "process.fork", members = 24, euid = 0, expect = deny, reason = "budget procs = 24" },
  { request = "network.socket.open", domain = "local", type = "stream", protocol = 0 },
  { request = "process.procfs.read", expect = deny },
})

cases("nginx", { cell = "mantis-nginx", family = "inet", type = "stream", addr = "0.0.0.0", euid = nginx_user, expect = deny,
  { name = "port 80", request = "network.bind.privport", port = 80, expect = grant, reason = "nginx serves port 80 without root" },
  { name = "port 80 with UDP", request = "network.bind.privport", port = 80, type = "dgram" },
  { name = "port 81", request = "network.bind.privport", port = 81, reason = "nginx binds no other reserved port" },
  { name = "connecting to PHP", request = "network.bind.port", port = 0, expect = allow },
  { name = "from a port that the kernel chooses", request = "network.bind.port", port = 49152, expect = allow },
  { name = "the port of PHP", request = "network.bind.port", port = 9000, reason = "nginx listens on port 80 only" },
})

cases("nginx at work", { cell = "mantis-nginx", euid = nginx_user, expect = deny,
  { request = "process.fork", members = 1, expect = allow },
  { request = "process.fork", members = 8, reason = "budget procs = 8" },
  { request = "process.setid", euid = 0, reason = "nginx is started as its user" },
  { request = "system.sysvipc.bypass", mode = 256, euid = pgsql },
  { request = "process.signal", signal = "winch", target = { same_cell = true }, expect = allow },
})
