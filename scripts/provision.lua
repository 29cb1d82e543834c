-- What the provisioning scripts beside this file share. They say how a host should be: what is missing is made, what is
-- right is left alone, and what differs and can't be changed is told. So a script may be run as often as one likes.

local provision = {}

-- The policies of all deployments are loaded together, because a load replaces everything that was loaded before.
local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
local policies = here .. "/policy.d"

local host = kernel.info()
-- Without the evaluation model a kernel asks no policies; they choose how cells are made there.
local asks_policies = host.capabilities.evaluation ~= nil

local differences = 0

local function say(what, form, ...) print(("%-22s "):format(what) .. form:format(...)) end

local function differs(what, form, ...)
  differences = differences + 1
  say(what, form, ...)
end

-- blame calls a function for the script that has called one of this file: what it raises is raised there, at the line that
-- can be mended.
local function blame(fn, ...)
  local ok, result = pcall(fn, ...)
  if ok then return result end
  error(type(result) == "string" and result:gsub("^[^\n]-provision%.lua:%d+: ", "") or result, 3)
end

-- policies loads the policies unless they are loaded and the same. Call it first: then every cell has its program from
-- its first moment.
function provision.policies()
  local generation = blame(engine.loaded, policies)
  if generation then
    say("policies", "unchanged, generation %d", generation)
  else
    say("policies", "loaded, generation %d", blame(engine.load, policies).generation)
  end
  if not asks_policies then
    say("policies", "kernel %s asks none: cells get the profile and the ports that fit them best",
      host.name)
  end
end

-- cell makes a cell as cell.create does, unless there is one of that name. Its profile is low where the kernel asks
-- policies, because these deny the rest, and elsewhere the one that fits them best.
--
-- Of a cell that exists the profile is known if cellsh has made it, and is compared then. The ports that it reserves are not.
function provision.cell(spec)
  local c = type(spec) == "table" and type(spec.name) == "string" and cell.get(spec.name)
  if not c then
    c = blame(cell.create, spec)
    say("cell " .. c.name, "made, id %d", c.id)
    return c
  end
  local what = "cell " .. c.name
  local stats, right = c:stats(), true
  if c.root ~= spec.root then
    right = false
    differs(what, "the root must be %s, but is %s: destroy the cell, and run this again", spec.root,
      c.root)
  end
  if spec.profile and stats.profile ~= "unknown" and stats.profile ~= spec.profile then
    right = false
    differs(what, "the profile must be %s, but is %s: destroy the cell, and run this again",
      spec.profile, stats.profile)
  end
  for _, limit in ipairs{ "nofile", "as", "core" } do
    -- Sizes like "512M" are compared by the kernel's own reading of them, which only cell.create knows.
    if type(spec[limit]) == "number" and stats[limit] ~= spec[limit] then
      right = false
      differs(what, "%s must be %s, but is %s: destroy the cell, and run this again", limit,
        spec[limit], stats[limit] or "not set")
    end
  end
  if asks_policies and not stats.covered then
    blame(cell.attach, spec.name)
    right = false
    say(what, "attached: another tool made it after the policies were loaded")
  end
  if right then say(what, "is right, id %d", c.id) end
  return c
end

-- simulate calls a function on the simulated kernel, and does nothing on others. It shows there what the policies mean.
--
--   provision.simulate(function(start, allowed, refused)
--     local httpd = start(c, { name = "httpd", uid = 1001, gid = 1001 })
--     allowed("serves port 8080", httpd:bind{ port = 8080 })
--     refused("serves port 80", httpd:bind{ port = 80 })
--   end)
--
-- start makes a process, which ends with the function. allowed and refused are given what a system call gave, and count
-- it as a difference if it is not what they say: refused means by a model, so that a mistake of the script is none.
function provision.simulate(fn)
  if not host.simulated or not asks_policies then return end
  local started = {}
  local function start(c, ids)
    local p = c:process(ids)
    started[#started + 1] = p
    return p
  end
  local function because(errno, why)
    local text = why and ("%s, %s"):format(errno, why) or errno
    -- Places in files are told from here.
    local from, to = text:find(here .. "/", 1, true)
    return from and text:sub(1, from - 1) .. text:sub(to + 1) or text
  end
  local function allowed(what, result, errno, why)
    if result == nil then
      return differs("  refused", "%s, but it must be allowed: %s", what, because(errno, why))
    end
    -- A call that makes a process gives it.
    if type(result) == "userdata" then started[#started + 1] = result end
    say("  allowed", "%s", what)
  end
  local function refused(what, result, errno, why)
    if result ~= nil then return differs("  allowed", "%s, but it must be refused", what) end
    if not why then
      return differs("  failed", "%s, but a model must refuse it: %s", what, errno)
    end
    say("  refused", "%s: %s", what, because(errno, why))
  end
  local ok, problem = pcall(fn, start, allowed, refused)
  for _, p in ipairs(started) do
    if p.alive then p:exit() end
  end
  sim.advance(1)
  if not ok then error(problem, 0) end
end

-- finish ends a script: with an error if something differs.
function provision.finish()
  if differences > 0 then
    local lines = differences == 1 and "the line" or ("the %d lines"):format(differences)
    error(("the host must be as this script says, but is not: see %s above with \"must\""):format(lines),
      2)
  end
end

return provision
