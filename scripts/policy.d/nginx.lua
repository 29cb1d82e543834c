-- nginx in front of other cells, as its own user from the start (run_as cell:nginx:nginx).

local service = require "service"

local http = 80

local nginx = {}

-- rules gives the decision functions of a cell in which nginx serves port 80 and hands requests on to other cells.
function nginx.rules()
  return {
    -- The workers are what the master is.
    ["process.setid"] = service.refuse("nginx is started as its user"),
    -- The kernel has no objection to a user's reserved port only if the user is root: that the cell reserves port 80 no
    -- longer lifts this (it did in April 2026). So that nginx need not be root, the policy grants the one port.
    ["network.bind.privport"] = function(r)
      if r.port == http and r.type == "stream" then
        return grant, "nginx serves port 80 without root"
      end
      return deny, "nginx binds no other reserved port"
    end,
    -- Connections to the cells behind it.
    ["network.bind.port"] = function(r)
      if service.calls_out(r) then return allow end
      return deny, "nginx listens on port 80 only"
    end,
  }
end

-- needs is what nginx does beside that.
nginx.needs = service.needs("process.fork", "network.socket.open")

-- One worker and its master; the connections of one worker, twice as many when each is handed on.
nginx.budget = { procs = 8, nofile = 2048, core = 0, memory = "256M", cpu = "100%" }

return nginx
