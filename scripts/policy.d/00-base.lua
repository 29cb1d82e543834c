-- What every cell may do at most. A deny wins over all other policies, so nothing in this folder can give back what is
-- refused here, and a cell without a policy of its own is held by this one.
--
-- Cells under a policy have the kernel's profile low, which keeps processes of different cells apart and does nothing
-- else: it would let a cell's root reboot the host. All the rest is refused here.

local service = require "service"

-- Device numbers of NetBSD/amd64 (sys/arch/amd64/conf/majors.amd64): other machines have other ones.
local char = { ctty = 1, mem = 2, filedesc = 22, rnd = 46 }
local mem_minor = { mem = 0, kmem = 1, null = 2, full = 11, zero = 12 }
local harmless_mem = { [mem_minor.null] = true, [mem_minor.full] = true, [mem_minor.zero] = true }

-- System V semaphores and shared memory have one name space for the whole host. Only these cells may use them, each
-- as a user of its own.
local sysv_cells = { ["mantis-db"] = true }

local transport = { stream = "tcp", dgram = "udp" }

policy "base" {
  allow = {
    "process.fork",          -- as many as the budget says
    "process.setid",         -- the kernel wants root; the deployments refuse it where no program drops root by itself
    "network.bind.port",     -- which ports: the policies of the deployments
    "network.bind.privport", -- the kernel wants root, or a grant
  },
  on = {
    process = service.refuse("no service needs this"),
    ["process.signal"] = service.within_cell,
    ["process.cansee"] = service.within_cell,
    ["process.kevent_filter"] = service.within_cell,
    ["process.scheduler_getaffinity"] = service.within_cell,
    ["process.scheduler_getparam"] = service.within_cell,
    ["process.nice"] = function(r)
      if r.nice < 0 then return deny, "no cell runs before the host" end
      return service.within_cell(r)
    end,
    ["process.rlimit.set"] = function(r)
      -- cellsh sets the limits of the budget before the cell is entered.
      if r.euid == 0 then return deny, "root could lift the limits of its budget" end
      return service.within_cell(r)
    end,
    ["process.rlimit.bypass"] = service.refuse("limits hold for root too"),
    ["process.ptrace"] = function(r)
      -- clock_gettime(2) of a process's own CPU clock asks this.
      if r.op == "read_d" and r.target.is_self then return allow end
      return deny, "nothing is traced here"
    end,

    network = service.refuse("the network stack is the host's"),
    ["network.socket.open"] = function(r)
      if r.type == "raw" then return deny, "no raw sockets" end
      if r.domain == "local" then return allow end
      if r.domain ~= "inet" and r.domain ~= "inet6" then
        return deny, "only local and internet sockets"
      end
      if r.protocol == 0 or r.protocol == transport[r.type] then return allow end
      return deny, "only TCP and UDP"
    end,

    system = service.refuse("system administration is the host's"),
    ["system.sysvipc.bypass"] = function(r)
      if not sysv_cells[r.cell.name] then return deny, "System V IPC is shared with other cells" end
      if r.euid == 0 then return deny, "root would reach the shared memory of every cell" end
      return allow
    end,

    machdep = service.refuse("the machine is the host's"),

    device = service.refuse("devices are the host's"),
    ["device.rawio_spec"] = function(r)
      if r.kind == "char" then
        if r.major == char.mem and harmless_mem[r.minor] then return allow end
        if r.major == char.rnd then return allow end      -- /dev/random, /dev/urandom
        if r.major == char.ctty then return allow end     -- /dev/tty, the caller's own terminal
        if r.major == char.filedesc then return allow end -- /dev/stderr and so on, the caller's own descriptors
      end
      return deny, "only null, zero, full, random, urandom, tty and own descriptors"
    end,
  },
}

never("cells do not administer the host", {
  "system.reboot", "system.module", "system.mount", "system.mknod", "system.chroot",
  "system.swapctl", "system.time", "system.sysctl", "system.accounting", "system.filehandle",
  "machdep",
})

never("cells do not touch the network stack's controls", {
  "network.interface", "network.route", "network.firewall", "network.altq",
  "network.socket.rawsock",
})

never("no packet is made by hand", {
  "network.socket.open",
  where = function(r) return r.type == "raw" end,
})

never("no cell opens a disk or the memory", {
  "device.rawio_spec",
  where = function(r)
    return r.kind == "block" or r.major == char.mem and r.minor <= mem_minor.kmem
  end,
})

never("no process is reached from another cell", {
  "process.signal", "process.cansee.entry", "process.cansee.eproc", "process.cansee.args",
  "process.cansee.env", "process.cansee.openfiles", "process.ptrace", "process.nice",
  "process.kevent_filter",
  where = function(r) return not r.target.same_cell and not r.target.is_self end,
})

never("no cell's root uses System V IPC", {
  "system.sysvipc.bypass",
  where = function(r) return r.euid == 0 end,
})
