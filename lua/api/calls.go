package api

// oneRoot begins examples with a process of root on the host.
const oneRoot = "local root = sim.process{}\n"

// callExamples show how system calls are made, each by a user's process in a cell or by root on the host.
var callExamples = map[string]string{
	"accept": oneProcess + `local server = p:socket()
p:bind{ fd = server, port = 8080 }
p:listen(server)
p:connect{ addr = "127.0.0.1", port = 8080 }
print(p:accept(server) ~= nil)
--> true`,
	"acct": oneRoot + `root:open{ path = "/tmp/acct", mode = "w", create = true }
print(root:acct("/tmp/acct"))
--> true`,
	"adjtime": oneProcess + `print(p:adjtime(500))
--> nil	EPERM	secmodel_cell denies it`,
	"ask": oneProcess + `print(p:ask("system.reboot"))
--> nil	EPERM	secmodel_cell denies it`,
	"autoload": oneProcess + `print(p:autoload("ppp"))
--> nil	EPERM	secmodel_cell denies it`,
	"bind": oneProcess + `print(p:bind{ port = 80 })
local fd = p:bind{ port = 8080 }
print(p:listen(fd))
--> nil	EACCES	no model allows it; suser does if the caller's effective user id is 0
--> true`,
	"bind_local": oneProcess + `local fd = p:socket{ domain = "local" }
print(p:bind_local(fd, "/tmp/sock"))
--> true`,
	"bluetooth": oneRoot + `local fd = root:socket{ domain = "bluetooth", type = "raw", protocol = 1 }
print(root:bluetooth{ fd = fd, op = "send" })
--> true`,
	"cell_enter": oneRoot + `cell.create{ name = "web-1", root = "/cells/web-1" }
root:chroot("/cells/web-1")
print(root:cell_enter(1), root.cell)
--> true	1`,
	"chdir": oneProcess + `print(p:chdir("/"))
--> true`,
	"chflags": oneRoot + `root:open{ path = "/tmp/log", mode = "w", create = true }
print(root:chflags("/tmp/log", 4))
--> true`,
	"chmod": oneRoot + `root:open{ path = "/tmp/log", mode = "w", create = true }
print(root:chmod("/tmp/log", 384))
--> true`,
	"chown": oneRoot + `root:open{ path = "/tmp/log", mode = "w", create = true }
print(root:chown{ path = "/tmp/log", uid = 80 })
--> true`,
	"chroot": oneProcess + `print(p:chroot("/"))
--> nil	EPERM	secmodel_cell denies it`,
	"clock_gettime": oneProcess + `print(p:clock_gettime())
--> 0`,
	"clock_settime": oneProcess + `print(p:clock_settime{ sec = 1800000000 })
--> nil	EPERM	secmodel_cell denies it`,
	"close": oneProcess + `local fd = p:socket()
print(p:close(fd))
--> true`,
	"connect": oneRoot + `local server = root:bind{ port = 80 }
root:listen(server)
print(root:connect{ addr = "127.0.0.1", port = 80 } ~= nil)
--> true`,
	"devmem": oneRoot + `local fd = root:open("/dev/mem")
print(root:devmem(fd))
--> true`,
	"exec": oneRoot + `print(root:exec("/bin/sh"))
--> true`,
	"exit": oneProcess + `p:exit(1)
print(p.alive)
--> false`,
	"extattr": oneRoot + `print(root:extattr{ path = "/tmp", namespace = "system" })
--> true`,
	"extattrctl": oneProcess + `print(p:extattrctl("/"))
--> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0`,
	"fchroot": oneRoot + `local fd = root:open("/cells")
print(root:fchroot(fd), root.root)
--> true	/cells`,
	"fhopen": oneRoot + `print(root:fhopen())
--> nil	ESTALE`,
	"fhstat": oneRoot + `print(root:fhstat())
--> nil	ESTALE`,
	"fhstatvfs": oneRoot + `print(root:fhstatvfs())
--> nil	ESTALE`,
	"files": oneProcess + `p:socket()
print(#p:files(p.pid))
--> 1`,
	"fork": oneProcess + `local child = p:fork()
child:exit()
print(p:wait() == child.pid)
--> true`,
	"getegid": oneProcess + `print(p:getegid())
--> 80`,
	"geteuid": oneProcess + `print(p:geteuid())
--> 80`,
	"getfh": oneProcess + `print(p:getfh("/"))
--> nil	EPERM	secmodel_cell denies it`,
	"getgid": oneProcess + `print(p:getgid())
--> 80`,
	"getgroups": oneProcess + `print(p:getgroups()[1])
--> 80`,
	"getlogin": oneProcess + `print(p:getlogin())
--> root`,
	"getpgid": oneProcess + `print(p:getpgid() == p.pid)
--> true`,
	"getpgrp": oneProcess + `print(p:getpgrp() == p.pid)
--> true`,
	"getpid": oneProcess + `print(p:getpid() == p.pid)
--> true`,
	"getppid": oneProcess + `print(p:getppid())
--> 1`,
	"getpriority": oneProcess + `print(p:getpriority())
--> 0`,
	"getrlimit": oneProcess + `print(p:getrlimit("nofile")[1])
--> 128`,
	"getsid": oneProcess + `print(p:getsid() == p.pid)
--> true`,
	"getuid": oneProcess + `print(p:getuid())
--> 80`,
	"ifconfig": oneProcess + `print(p:ifconfig{ command = "SIOCSIFFLAGS", ifname = "lo0" })
--> nil	EPERM	secmodel_cell denies it`,
	"ioctl": oneRoot + `local fd = root:open("/dev/random")
print(root:ioctl(fd, "RNDGETENTCNT"))
--> true`,
	"ipcctl": oneRoot + `local id = root:ipcget{ kind = "shm" }
print(root:ipcctl{ kind = "shm", cmd = "rmid", id = id })
--> true`,
	"ipcget": oneProcess + `print(p:ipcget{ kind = "sem", size = 1 } ~= nil)
--> true`,
	"ipcuse": oneRoot + `local id = root:ipcget{ kind = "msg", mode = 384 }
print(root:ipcuse{ kind = "msg", id = id, write = true })
--> true`,
	"issetugid": oneProcess + `print(p:issetugid())
--> 0`,
	"kevent_proc": oneProcess + `print(p:kevent_proc(p))
--> true`,
	"kill": oneProcess + `print(p:kill(p, 0))
--> true`,
	"ktrace": oneProcess + `print(p:ktrace{ pid = p, on = true })
--> true`,
	"lfs": oneRoot + `print(root:lfs("segwait"))
--> nil	ENOENT`,
	"listen": oneProcess + `local fd = p:bind{ port = 8080 }
print(p:listen(fd))
--> true`,
	"lwp_create": oneProcess + `print(p:lwp_create())
--> true`,
	"lwps": oneProcess + `print(p:lwps(p))
--> 1`,
	"mkdir": oneRoot + `print(root:mkdir("/tmp/new"))
--> true`,
	"mknod": oneProcess + `print(p:mknod{ path = "/dev/new", kind = "chr", major = 2 })
--> nil	EPERM	secmodel_cell denies it`,
	"modctl": oneRoot + `print(root:modctl("stat"))
--> true`,
	"mount": oneProcess + `print(p:mount{ type = "tmpfs", path = "/tmp" })
--> nil	EPERM	secmodel_cell denies it`,
	"mq_open": oneProcess + `print(p:mq_open{ name = "/jobs", create = true })
--> true`,
	"mq_unlink": oneRoot + `root:mq_open{ name = "/jobs", create = true }
print(root:mq_unlink("/jobs"))
--> true`,
	"nfssvc": oneProcess + `print(p:nfssvc())
--> nil	EPERM	secmodel_cell denies it`,
	"ntp_adjtime": oneProcess + `print(p:ntp_adjtime(), p:ntp_adjtime(1))
--> true	nil	EPERM	secmodel_cell denies it`,
	"open": oneRoot + `print(root:open("/dev/null") ~= nil)
--> true`,
	"passthru": oneRoot + `print(root:passthru(1))
--> true`,
	"posix_spawn": oneRoot + `print(root:posix_spawn("/bin/sh").alive)
--> true`,
	"proc_args": oneProcess + `print(p:proc_args{ pid = p, what = "cwd" })
--> /cells/web-1`,
	"procfs": oneRoot + `root:mount{ type = "procfs", path = "/proc" }
print(root:procfs{ pid = 1, node = "status" })
--> true`,
	"ps": oneProcess + `print(#p:ps())
--> 1`,
	"pset_assign": oneRoot + `local set = root:pset_create()
print(root:pset_assign(set, 1))
--> true`,
	"pset_bind": oneRoot + `local set = root:pset_create()
root:pset_assign(set, 1)
print(root:pset_bind(set))
--> true`,
	"pset_create": oneRoot + `print(root:pset_create())
--> 1`,
	"pset_destroy": oneRoot + `local set = root:pset_create()
print(root:pset_destroy(set))
--> true`,
	"ptrace": oneProcess + `local child = p:fork()
print(p:ptrace("attach", child))
--> true`,
	"quotactl": oneProcess + `print(p:quotactl{ path = "/", cmd = "get", id = 80 })
--> true`,
	"readdir": oneProcess + `print(#p:readdir("/"))
--> 4`,
	"reboot": oneProcess + `print(p:reboot())
--> nil	EPERM	secmodel_cell denies it`,
	"rename": oneRoot + `root:mkdir("/tmp/old")
print(root:rename("/tmp/old", "/tmp/new"))
--> true`,
	"rmdir": oneRoot + `root:mkdir("/tmp/old")
print(root:rmdir("/tmp/old"))
--> true`,
	"route": oneRoot + `local fd = root:socket{ domain = "route", type = "raw" }
print(root:route(fd, "add"))
--> true`,
	"sched_getaffinity": oneProcess + `print(#p:sched_getaffinity())
--> 0`,
	"sched_getparam": oneProcess + `print(p:sched_getparam()[1])
--> 0`,
	"sched_setaffinity": oneRoot + `print(root:sched_setaffinity{ cpus = { 0 } })
--> true`,
	"sched_setparam": oneRoot + `print(root:sched_setparam{ class = "fifo", priority = 10 })
--> true`,
	"sem_open": oneProcess + `print(p:sem_open{ name = "/lock", create = true } ~= nil)
--> true`,
	"sem_unlink": oneRoot + `root:sem_open{ name = "/lock", create = true }
print(root:sem_unlink("/lock"))
--> true`,
	"sendto": oneProcess + `local fd = p:socket{ type = "dgram" }
print(p:sendto{ fd = fd, addr = "10.0.0.1", port = 53 })
--> true`,
	"setegid": oneProcess + `print(p:setegid(0))
--> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0`,
	"seteuid": oneProcess + `print(p:seteuid(0))
--> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0`,
	"setgid": oneProcess + `print(p:setgid(80))
--> true`,
	"setgroups": oneProcess + `print(p:setgroups({ 80 }))
--> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0`,
	"setlogin": oneProcess + `print(p:setlogin("www"))
--> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0`,
	"setpgid": oneProcess + `print(p:setpgid())
--> true`,
	"setpriority": oneProcess + `print(p:setpriority{ value = 5 })
--> true`,
	"setregid": oneProcess + `print(p:setregid(80, 80))
--> true`,
	"setreuid": oneProcess + `print(p:setreuid(80, 80))
--> true`,
	"setrlimit": oneProcess + `print(p:setrlimit{ resource = "nofile", cur = 16 })
--> true`,
	"setsid": oneProcess + `local child = p:fork()
print(child:setsid() == child.pid)
--> true`,
	"setsockopt": oneProcess + `local fd = p:socket()
print(p:setsockopt(fd, "reuseaddr"))
--> true`,
	"settimeofday": oneProcess + `print(p:settimeofday(1800000000))
--> nil	EPERM	secmodel_cell denies it`,
	"setuid": oneRoot + `print(root:setuid(80), root.uid)
--> true	80`,
	"shmat": oneRoot + `local id = root:ipcget{ kind = "shm", mode = 384 }
print(root:shmat(id))
--> true`,
	"shmdt": oneRoot + `local id = root:ipcget{ kind = "shm", mode = 384 }
root:shmat(id)
print(root:shmdt(id))
--> true`,
	"sigaction": oneProcess + `print(p:sigaction("hup", true))
--> true`,
	"snapshot": oneRoot + `root:open{ path = "/tmp/snap", mode = "w", create = true }
print(root:snapshot("/tmp/snap"))
--> true`,
	"socket": oneProcess + `print(p:socket{ type = "dgram" } ~= nil)
print((p:socket{ type = "raw" }))
--> true
--> nil`,
	"socketpair": oneProcess + `print(#p:socketpair{ domain = "local" })
--> 2`,
	"sockets": oneProcess + `p:bind{ port = 8080 }
print(#p:sockets("tcp"))
--> 1`,
	"stat": oneRoot + `print(root:stat("/dev/null"))
--> chr 666 0 0 2,2`,
	"swapctl": oneProcess + `print(p:swapctl("nswap"))
--> true`,
	"symlink": oneRoot + `print(root:symlink("/bin/sh", "/tmp/sh"))
--> true`,
	"sysarch": oneProcess + `print(p:sysarch("iopl"))
--> nil	EPERM	secmodel_cell denies it`,
	"sysctl_create": oneRoot + `print(root:sysctl_create{ name = "site", value = 1 })
print(root:sysctl_read("site"))
--> true
--> 1`,
	"sysctl_delete": oneRoot + `root:sysctl_create{ name = "site", value = 1 }
print(root:sysctl_delete{ name = "site" })
--> true`,
	"sysctl_describe": oneRoot + `print(root:sysctl_describe{ parent = "kern", name = "ostype" })
--> Operating system type`,
	"sysctl_list": oneRoot + `print(#root:sysctl_list("security.models"))
--> 6`,
	"sysctl_read": oneProcess + `print(p:sysctl_read("kern.ostype"))
--> NetBSD`,
	"sysctl_write": oneProcess + `print(p:sysctl_write("kern.maxproc", 100))
--> nil	EPERM	secmodel_cell denies it`,
	"tcpdrop": oneRoot + `local server = root:bind{ port = 80 }
root:listen(server)
local fd = root:connect{ addr = "127.0.0.1", port = 80 }
print(root:tcpdrop(root, fd))
--> true`,
	"unlink": oneRoot + `root:open{ path = "/tmp/log", mode = "w", create = true }
print(root:unlink("/tmp/log"))
--> true`,
	"unmount": oneRoot + `root:mount{ type = "tmpfs", path = "/mnt" }
print(root:unmount("/mnt"))
--> true`,
	"utimes": oneRoot + `print(root:utimes("/tmp", true))
--> true`,
	"vfork": oneProcess + `print(p:vfork().cell)
--> 1`,
	"wait": oneProcess + `local child = p:fork()
child:exit()
print(p:wait() == child.pid)
--> true`,
	"write": oneRoot + `local fd = root:open{ path = "/tmp/log", mode = "w", create = true }
print(root:write(fd))
--> true`,
	"write_full": oneProcess + `print(p:write_full("reserve"))
--> nil	ENOSPC	no model allows it; suser does if the caller's effective user id is 0`,
}
