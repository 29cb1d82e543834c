-- What cellsh does, in one minute, on a simulated kernel: nothing here touches this machine.

if not kernel.info().simulated then
  error("the demonstration must run on the simulated kernel: cellsh -k sim demo.lua", 0)
end

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."

-- Places are told from the folder of this file.
local function short(path)
  return path:sub(1, #here + 1) == here .. "/" and path:sub(#here + 2) or path
end

local function title(text) print("\n== " .. text) end

title("Load the policies in policy.d")
local loaded = engine.load(here .. "/policy.d")
print(("generation %d: %d policies"):format(loaded.generation, #engine.policies()))

title("Create cells: each has its program from its first moment")
local root = "/var/cells/"
local site = cell.create{ name = "site-www", root = root .. "site-www", ports = { 8090 } }
local nginx = cell.create{ name = "mantis-nginx", root = root .. "mantis-nginx", ports = { 80 } }
local db = cell.create{ name = "mantis-db", root = root .. "mantis-db", ports = { 5432 } }
for _, c in ipairs(cell.list()) do
  local limits = c:stats()
  print(("%-13s id %d, at most %s open files"):format(c.name, c.id,
    limits.nofile or "as many as the host allows"))
end

-- How a system call ended, and everybody who was asked about it and had something to say.
local function try(what, call)
  local value, errno
  local asked = sim.trace(function() value, errno = call() end)
  print(("%-52s %s"):format(what, value ~= nil and "ok" or errno))
  for _, question in ipairs(asked) do
    for _, answer in ipairs(question.answers) do
      if answer.policy and (answer.result ~= "allow" or answer.reason ~= "") then
        print(("    %s: %s by policy %s, %s"):format(question.request, answer.result, answer.policy,
          answer.reason ~= "" and answer.reason or "without a reason"))
        print(("    %s:%d"):format(short(answer.file), answer.line))
      elseif answer.model == "secmodel_cell" and answer.result == "deny" then
        print(("    %s: deny by secmodel_cell, %s"):format(question.request, answer.reason))
      end
    end
  end
end

title("A static site: one port, no calls, no IPv6")
local www = site:process{ name = "httpd", uid = 1006, gid = 1006 }
try("www serves port 8090", function() return www:bind{ port = 8090 } end)
try("www serves port 8100", function() return www:bind{ port = 8100 } end)
try("www calls another machine",
  function() return www:connect{ addr = "192.0.2.1", port = 443 } end)
try("www opens a raw socket to listen to the wire",
  function() return www:socket{ domain = "inet", type = "raw" } end)

title("nginx: port 80 without root, by a grant")
local web = nginx:process{ name = "nginx", uid = 1001, gid = 1001 }
try("nginx serves port 80 as its user", function() return web:bind{ port = 80 } end)
try("nginx serves port 443 as its user", function() return web:bind{ port = 443 } end)

title("PostgreSQL: shared memory for one user, and nobody else")
local postgres = db:process{ name = "postgres", uid = 1001, gid = 1001 }
local shm = postgres:ipcget{ kind = "shm", key = 5432, size = 4096, mode = 384, create = true }
try("postgres attaches its memory", function() return postgres:shmat{ id = shm } end)
try("nginx, of the same number, attaches it", function() return web:shmat{ id = shm } end)

title("Root in a cell is not root on the host")
local root_shell = site:process{ name = "sh", uid = 0 }
try("root in site-www reboots the host", function() return root_shell:reboot() end)
try("root in site-www loads a kernel module",
  function() return root_shell:modctl{ cmd = "load", name = "nvmm" } end)
try("root in site-www opens /dev/mem", function() return root_shell:open("/dev/mem") end)
try("root in site-www kills PostgreSQL", function() return root_shell:kill(postgres, "kill") end)
try("root in site-www opens /dev/null", function() return root_shell:open("/dev/null") end)

title("A fork bomb ends at the budget of its cell")
while www:fork() do end
sim.advance(1)
try(("site-www has %d processes and makes one more"):format(site:stats().processes),
  function() return www:fork() end)

title("What the kernel recorded")
local count = {}
for _, event in ipairs(kernel.events{ model = "secmodel_celleval" }) do
  count[event.result] = (count[event.result] or 0) + 1
end
print(("denials: %d, grants: %d"):format(count.deny or 0, count.grant or 0))
print("\ntry the same by hand: cellsh starts a session on a simulated kernel")
