-- What the policies beside this file share. It declares nothing by itself.

local service = {}

-- The kernel chooses ports from here upwards (net.inet.ip.anonportmin). Before it tries any it asks once with port 0.
local first_ephemeral = 49152

local loopback = { inet = "127.0.0.0/8", inet6 = "::1/128" }

-- refuse gives a decision function that always denies, with a reason that a log can show.
function service.refuse(why)
  return function() return deny, why end
end

-- needs lists what every service does, and the names that are given: for policies that deny by default. Of the scope
-- process it has what the base policy looks at.
function service.needs(...)
  local names = {
    "process.signal", "process.cansee.entry", "process.cansee.eproc", "process.cansee.args",
    "process.kevent_filter", "process.scheduler_getaffinity", "process.scheduler_getparam",
    "process.nice", "process.rlimit.set", "process.ptrace", "device.rawio_spec",
  }
  for _, name in ipairs{ ... } do names[#names + 1] = name end
  return names
end

-- within_cell has no objection to what a process does to another of its own cell, itself included.
function service.within_cell(r)
  if r.target.same_cell then return allow end
  return deny, "the process is not of this cell"
end

-- calls_out has no objection to ports that the kernel chooses: connect(2) and the first send of a socket take one.
-- The same ports can be bound on purpose, because the kernel asks alike.
function service.calls_out(r)
  if r.port == 0 or r.port >= first_ephemeral then return allow end
end

-- listens gives a decision function for network.bind.port: the port may be bound, by a socket of the type, and nothing
-- else. A cell that also calls others has chosen ports, and loopback keeps the port from other machines: cells have no
-- addresses of their own, so a wildcard address is that of the whole host.
--
--   service.listens{ port = 8080, type = "stream", loopback = true, calls_out = true }
function service.listens(o)
  return function(r)
    if o.calls_out and service.calls_out(r) then return allow end
    if r.port ~= o.port or r.type ~= o.type then
      return deny, o.name .. " listens on port " .. o.port .. " only"
    end
    if o.loopback and not r.addr:within(loopback.inet) and not r.addr:within(loopback.inet6) then
      return deny, o.name .. " listens on the loopback address only"
    end
    return allow
  end
end

return service
