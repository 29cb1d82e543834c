---@meta

---@alias result "deny"|"allow"|"grant"

---@type result
deny = "deny"
---@type result
allow = "allow"
---@type result
grant = "grant"
---No limit, in budgets and limits, and where a request says that there is none.
---@type number
unlimited = 2 ^ 63 - 1


---Shows what something does, with an example.
---```lua
---help("cell.id")
-----> cell.id: number
----->   The kernel's number of the cell; it is never used again.
----->
----->   example:
----->     local c = cell.create{ name = "web-1", root = "/cells/web-1" }
----->     print(c.id)
----->     --> 1
---```
---@param name? string of a function, method, field, library or command; an overview without it
function help(name) end

---@class never.arguments
---@field cells? string|string[] globs over the names of cells; every cell without it
---@field [integer] string scopes, actions and requests
---@field where? function restricts it to the requests for which it returns true

---Asserts that requests are always denied. A load that would break it is refused, with a counter-example.
---```lua
---policy "db" { cells = "db-*", deny = { "network.route" } }
---never("db cells leave routes alone", { cells = "db-*", "network.route" })
---print(engine.load().generation)
-----> 1
---```
---@param title string
---@param declaration never.arguments
function never(title, declaration) end

---@class policy.arguments
---@field cells? string|string[] globs over the names of cells; every cell without it
---@field default? string the result where no entry gives one: allow without it
---@field deny? string[] scopes, actions and requests that are refused
---@field allow? string[] those that the policy does not object to
---@field grant? string[] those that are allowed even where the kernel's other models would refuse
---@field on? table functions that decide, by scope, action or request
---@field budget? table procs, nofile, as, core, memory and cpu
---@field mode? string "enforce", or "audit" to decide and record and refuse nothing

---Declares a policy. The most specific entry is asked first: request, action, scope, default. A function is given the
---request and returns deny, allow or grant and a reason, or nothing to pass the question on. Across policies deny wins, then
---grant, then allow. In a session or script the policy is pending until it is loaded; in policy files it is part of the load.
---```lua
---policy "web" {
---  cells = { "web-*" },
---  deny  = { "machdep" },
---  on = {
---    ["network.bind.privport"] = function(r)
---      if r.port == 80 then return grant, "web port" end
---      return deny, "only port 80"
---    end,
---  },
---}
---engine.load()
---print(engine.decide{ cell = "web-1", request = "network.bind.privport", port = 22 }.reason)
-----> only port 80
---```
---@param name string
---@return fun(declaration: policy.arguments)
function policy(name) end

---@class service.arguments
---@field cell table|string what its cell is made with where it is missing, as cell.create takes it, with the service's name where none is given; or the name of a cell that another service declares or that exists; its keys are name, root, yes, profile, ports, nofile, as, core
---@field cmd (string|number)[] the program and its arguments
---@field user? string USER or USER:GROUP of the cell, names or numbers; root without it
---@field groups? number[] ids of more groups, with USER:GROUP
---@field env? table variables of the environment, NAME = "VALUE"; no others are passed on
---@field restart? string "always", "on-failure" or "never": whether it is started again once it has ended; always without it
---@field backoff? table how long that waits; its keys are first, limit, reset, crashes
---@field stop_signal? string|number the signal that ends it, "HUP" say; TERM without it
---@field stop_timeout? string how long it may take then, until it is killed; 5s without it
---@field health? (string|number)[] a command in the cell that says by its exit code 0 that the service works
---@field health_every? string how often that is asked; 30s without it
---@field health_timeout? string how long it may take to answer; 10s without it
---@field health_failures? number failures in a row until it is unhealthy; 3 without it
---@field start_timeout? string how long it may take until health says yes for the first time; 1m without it
---@field log? table where its output goes; its keys are facility, stdout, stderr, tag, file, size, keep
---@field requires? string|string[] services that are started before it, and must run; they are stopped after it
---@field after? string|string[] services that are started before it, and stopped after it, if they are at all
---@field autostart? boolean true starts it with the machine

---Declares a service: a command that is run in a cell and watched over. All services are read together; loops, functions
---and modules beside the file may make them.
---Only in files of services; see check --services.
---```lua
---service "db" {
---  cell = { root = "/cells/db", profile = "medium", ports = { 5432 } },
---  cmd  = { "/usr/pkg/bin/postgres", "-D", "/var/db/pg" },
---  user = "pgsql",
---}
---service "web" {
---  cell     = { root = "/cells/web", ports = { 80 } },
---  cmd      = { "/usr/sbin/httpd", "-f" },
---  restart  = "on-failure",
---  health   = { "/usr/bin/ftp", "-o", "/dev/null", "http://127.0.0.1/" },
---  log      = { facility = "local3", size = "10M" },
---  requires = "db",
---}
---```
---@param name string
---@return fun(declaration: service.arguments)
function service(name) end

---@class cell
---@field id number The kernel's number of the cell; it is never used again.
---@field name string The name of the cell.
---@field root string The directory that members are chrooted to.
cell = {}

---Gives cells that other tools have made since the load the programs of the loaded policies. What must never be allowed is
---checked for them. Gives generation, cells, programs and bytes.
---```lua
---policy "web" { deny = { "system.reboot" } }
---engine.load()
---print(#cell.attach().cells)
-----> 0
---```
---@param name? string of a cell; all cells without it
---@return table
function cell.attach(name) end

---@class cell.create.arguments
---@field name string 1 to 63 characters of A-Z a-z 0-9 . _ -
---@field root string absolute path of the directory that members are chrooted to
---@field profile? string "low", "medium" or "high"; without it, if a loaded policy names the cell, low where the kernel asks programs, and elsewhere the one that fits the policies best; else the kernel's own, which is high
---@field ports? number[] ports that only this cell may bind, at most 32; without it, where the kernel asks no programs, those that the policies give it
---@field nofile? number|string limit of open files of what is started in the cell, or unlimited
---@field as? number|string limit of the address space in bytes, or a size like "512M", or unlimited
---@field core? number|string limit of core dumps in bytes, or a size, or unlimited
---@field yes? boolean true allows the root to be /, the host's own

---Makes a cell. If policies are loaded, limits that are not given are those of their budgets. Where the kernel asks programs
---the cell has its program from the start or is not made at all; elsewhere profile, ports and limits are all that holds the
---cell, and they stay as they are made. On the simulated kernel the root directory is made if it does not exist.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1", ports = { 443 } }
---print(c)
-----> cell web-1 (id 1)
---```
---@param arguments cell.create.arguments
---@return cell
function cell.create(arguments) end

---Gives the id of the cell that this program runs in; 0 is the host.
---```lua
---print(cell.current())
-----> 0
---```
---@return number
function cell.current() end

---Gives the cell of that name or id, or nil if there is none. A string is always a name, a number always an id.
---```lua
---cell.create{ name = "web-1", root = "/cells/web-1" }
---print(cell.get("web-1").id, cell.get(1).name, cell.get("web-2"))
-----> 1	web-1	nil
---```
---@param which string|number the name or the id of a cell
---@return cell|nil
function cell.get(which) end

---Lists the hooks that wait for events.
---```lua
---cell.on("deny", function() end)
---print(#cell.hooks(), cell.hooks()[1])
-----> 1	hook for deny
---```
---@return subscription[]
function cell.hooks() end

---Gives all cells, ordered by id.
---```lua
---cell.create{ name = "a", root = "/cells/a" }
---cell.create{ name = "b", root = "/cells/b" }
---for _, c in ipairs(cell.list()) do print(c.id, c.name) end
-----> 1	a
-----> 2	b
---```
---@return cell[]
function cell.list() end

---Calls a function whenever something happens to a cell of the kernel that cell belongs to, from now on until the session
---or script ends: create: a cell was made; deny: a request was denied; destroy: a cell was removed; grant: a request was granted; load: policies were loaded; near-budget: what a cell uses of a budget has reached the warning that the policy has; over-budget: a cell has used more than its budget for as long as the policy says; rollback: earlier policies are active again; under-budget: a cell that was over its budget has used at most nine tenths of it for as long. What happens to services only cellsh watch sees, as their monitors go on without
---it: crash-loop: a service has ended too often in a row, and is not started again by itself; exit: the command of a service has ended; healthy: a service runs, and its health command says that it works; start: the command of a service was started; unhealthy: the health command of a service has failed so often in a row that it counts, or was not good in time after the start.
---The table has event, and of what has to do with a cell, cell and id; for decisions also what kernel.events tells of them, and
---count, how many like it there were; for budgets also budget, use, limit and policy; for loads and rollbacks generation, from,
---which was active before, of, whose policies it repeats, and files; for services service, state, why, pid, restarts, and for exit
---code or signal. Each call may take a million instructions; a hook that takes more, or raises an error, is dropped and reported.
---cellsh watch keeps it and calls it again the next time. That a cell is made or destroyed is told at once; all else after each
---statement, and after sim.advance, cell:exec and os.execute. What hooks do is told after they have ended.
---```lua
---local s = cell.on("create", function(e) print("made", e.cell) end)
---cell.create{ name = "web-1", root = "/cells/web-1" }
---s:cancel()
---cell.create{ name = "web-2", root = "/cells/web-2" }
-----> made	web-1
---```
---@param event string "crash-loop", "create", "deny", "destroy", "exit", "grant", "healthy", "load", "near-budget", "over-budget", "rollback", "start", "under-budget" or "unhealthy"
---@param hook function is called with a table
---@return subscription
function cell.on(event, hook) end

---Removes the cell, which must have no members left.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---c:destroy()
---print(#cell.list())
-----> 0
---```
function cell:destroy() end

---@class cell.exec.arguments
---@field cmd? string[] the program and its arguments; without it a login shell
---@field user? string USER or USER:GROUP of the cell, names or numbers; root without it
---@field env? table variables in addition to PATH, HOME, USER, LOGNAME, SHELL and TERM

---Runs a command in the cell and gives its exit code: 128 and the signal if it died of one. With the simulated kernel it is
---an ordinary command of this machine, which nothing isolates; it says so.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---print(c:exec{ cmd = { "sh", "-c", "exit 3" } })
-----> 3
---```
---@param arguments cell.exec.arguments
---@return number
function cell:exec(arguments) end

---@class cell.process.arguments
---@field name? string name of the program, sh without it
---@field uid? number real user id, 0 without it
---@field euid? number effective user id, uid without it
---@field gid? number real group id, 0 without it
---@field egid? number effective group id, gid without it
---@field groups? number[] supplementary groups, gid alone without it

---Makes a simulated process in the cell, as if the host's administrator had started it. Its methods are system calls, with
---their arguments as a table or one after the other: p:kill{ pid = 1, signal = "term" } or p:kill(1, "term"). They give a
---value, or nil, the error's name, and who refused.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80 }
---print(p:setuid(0))
-----> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments cell.process.arguments
---@return process
function cell:process(arguments) end

---Gives what the kernel counts: processes, references (zombies included), memory in bytes of virtual size, cpu1s and cpu10s
---in percent of one processor, and age in seconds. With them come the stored limits nofile, as and core; the policies that
---apply, covered, which is true if their program answers for the cell, program (policies, fallback or none) and profile (low,
---medium, high or unknown), which say what does, and over, a list of budgets that it exceeds; and from
---the evaluation model decisions, denied, granted and would_deny. The kernel samples once a second.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---print(c:stats().processes, c:stats().denied)
-----> 0	0
---```
---@return table
function cell:stats() end

---@class engine
engine = {}

---Has the policies of these cells refuse nothing for a time: what they would deny is recorded, and what they grant stays granted.
---Gives what engine.load gives, with until, and audit, which has the assertions that do not hold there in nevers and what root in the
---cells could do to the host in left_to_root. It ends by itself, with engine.end_audit, and with any load. Without cells it gives the
---audit that runs, with generation, cells, since, until and back, or nil.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---engine.load()
---local p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{ uid = 0 }
---print(p:reboot())
---engine.audit("web-1", { seconds = 1800, yes = true })
---print(p:reboot(), engine.audit().cells[1])
---engine.end_audit()
---print(p:reboot(), engine.audit())
-----> nil	EPERM	policy web (session:1)
-----> true	web-1
-----> nil	nil
---```
---@param cells? string|string[] names of cells that live; without them it says what is audited
---@param options? table seconds: for how long, which must be given; yes = true: it is known that nothing is refused there, without which it is an error
---@return table|nil
function engine.audit(cells, options) end

---Says what a cell may do, in full: requests is a list with the cases of each request, where each has the requests that it
---is about in words, the answer of the policies, and what finally becomes of them for root and for other users. It is what
---the command can writes with --json.
---```lua
---policy "web" { on = { ["network.bind.privport"] = function(r)
---  if r.port == 80 then return grant, "web port" end
---  return deny
---end } }
---local can = engine.can("web-1", "network.bind.privport", { pending = true })
---for _, case in ipairs(can.requests[1].cases) do
---  print(case.where, case.result, case.user.final)
---end
-----> r.port ~= 80	deny	refused
-----> r.port == 80	grant	depends
---```
---@param cell string name of a cell, which need not exist
---@param request? string a scope, an action or a request; all without it
---@param options? table policy and pending as for engine.decide; what is supposed to answer in place of what does on this kernel: program (policies, fallback or none), profile (low, medium, high or unknown), revision (early, april, interim or current), and ports, a list of those that the cell reserves
---@return table
function engine.can(cell, request, options) end

---Checks policies and loads nothing: ok, diagnostics, policies, grants, left_to_root, cells, programs, nevers, broken and
---proof, which is what the command check writes with --json. What is wrong with policies is no error here.
---```lua
---policy "web" { cells = "web-*", deny = { "machdep" } }
---never("no reboot", { cells = "web-*", "system.reboot" })
---local c = engine.check()
---print(c.ok, c.broken[1].title, c.broken[1].explain)
-----> false	no reboot	web-1 system.reboot
---```
---@param paths? string|string[] files and folders of policies; without it what was declared here and is pending, together with what is loaded
---@param options? table cells: a list of names of cells to look at too; proof = false leaves the proof out
---@return table
function engine.check(paths, options) end

---Says how the policies answer a request of a cell: result, which is "allow", "grant" or "deny", reason, policy, file and line;
---the same with would_ in front for policies in audit mode. The cell need not exist, and the kernel need not ask: engine.explain
---says what it does.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---engine.load()
---print(engine.decide{ cell = "web-1", request = "system.reboot" }.result)
-----> deny
---```
---@param question table cell, request, and the fields as a line of the command decide has them, those of a target in a table: target = { pid = 7 }
---@param options? table policy: a path or a list of paths, whose policies are asked; pending = true: those that are declared and not loaded are asked too. Without it those that are loaded are
---@return table
function engine.decide(question, options) end

---Says exactly which requests change their answer between two sets of policies: changes, budgets and cells, which is what the
---command diff writes with --json.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---engine.load()
---policy "web" { cells = "web-*", deny = { "machdep.iopl" } }
---for _, change in ipairs(engine.diff(nil).changes) do
---  print(change.request, change.old.result, change.new.result)
---end
-----> system.reboot	deny	allow
-----> machdep.iopl	allow	deny
---```
---@param old string|string[]|number files and folders of policies, or a generation that is kept; nil for those that are loaded
---@param new? string|string[]|number files and folders of policies, or a generation; without it what was declared here and is pending, together with what is loaded
---@param options? table cells: a list of names of cells to look at too
---@return table
function engine.diff(old, new, options) end

---Ends the audit that runs: what was loaded before is loaded again. Gives what engine.load gives, or nil if none runs.
---```lua
---print(engine.end_audit())
-----> nil
---```
---@return table|nil
function engine.end_audit() end

---Says why a request of a cell is answered as it is: what engine.decide gives, and policies, a list with the tests that each
---policy has passed, their values and lines, and misses, the smallest change of each field that turns the result, the
---smallest first. What answers on the kernel at hand is in program (policies, fallback or none), profile, ports and revision,
---and whether it asks programs in asks_programs; exists is false for a cell that does not, and near the name of one that
---does. Where the policies are not asked, or do not deny it, final has what the kernel makes of the request in the end. It is
---what the command explain writes with --json.
---```lua
---policy "web" { on = { ["network.bind.privport"] = function(r)
---  if r.port ~= 80 then return deny, "only port 80" end
---end } }
---local why = engine.explain({ cell = "web-1", request = "network.bind.privport", port = 22 },
---  { pending = true })
---print(why.result, why.reason, why.policies[1].tests[1].test)
---print(why.misses[1].field, why.misses[1].to, why.misses[1].result)
-----> deny	only port 80	r.port == 80
-----> port	80	allow
---```
---@param question table cell, request, and the fields as a line of the command decide has them, those of a target in a table: target = { pid = 7 }
---@param options? table policy: a path or a list of paths, whose policies are asked; pending = true: those that are declared and not loaded are asked too. Without it those that are loaded are
---@return table
function engine.explain(question, options) end

---Drops what was declared here under that name and is pending; gives false if nothing was. What is loaded stays: engine.unload
---takes policies out of that.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---print(engine.forget("web"), engine.forget("web"), #engine.policies())
-----> true	false	0
---```
---@param name string name of a policy, or title of an assertion
---@return boolean
function engine.forget(name) end

---Finds the smallest change of policies that allows what was denied, and writes nothing: rules, each with who asked for it; files,
---with the texts that they would have; and difference, which is what engine.diff gives. allowed are requests that are not denied
---any more, left those for which there is no change, with why, and refused those that the kernel's other models refuse all the
---same. ok is true if nothing is left. It is what the command learn writes with --json.
---```lua
---local name = os.tmpname()
---local file = io.open(name, "w")
---file:write([[policy "web" { cells = "web-1", deny = { "system" } }]])
---file:close()
---engine.load(name)
---cell.create{ name = "web-1", root = "/cells/web-1" }:process{}:reboot()
---local lesson = engine.learn{ request = "system.reboot" }
---print(lesson.ok, lesson.rules[1].policy, lesson.rules[1].rule)
---os.remove(name)
-----> true	web	["system.reboot"] = function(r) if r.euid == 0 then return allow end end
---```
---@param filter? table which decisions to learn from, as for kernel.events; all that are kept without it
---@param options? table policy: a path or a list of paths, whose policies are to be changed; without it those that are loaded. told: a table of fields with what the requests had, as words of the command learn: { port = "8000-8099" }. any_euid and any_cell = true: changes may be for all users, and for all cells of a policy. grant = true: rules may grant
---@return table
function engine.learn(filter, options) end

---Checks policies and pushes their programs into the kernel, all or nothing. Gives generation, cells, programs and bytes, and
---losses, a list with policy and cells, if cells have lost any, and overruled, a list with cell, profile and requests, if the
---profiles of cells refuse what their policies allow. Where the kernel asks no programs stock is true; made says how
---cells are made from now on, and frozen which live and stay as they are. An error says everything that is wrong; nothing has changed then.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---print(engine.load().generation)
-----> 1
---```
---@param paths? string|string[] files and folders of policies; without it what was declared here and is pending, together with what is loaded
---@param options? table yes = true: load even if live cells lose policies that they have, or if there is nothing to load although something is loaded; without it that is an error. usable = true: where the kernel asks no programs, cells are made so that services run. only: the name of a policy, or a list of names: they alone are put in place of the loaded ones, all others stay. dry_run = true: load nothing, and say what would change
---@return table
function engine.load(paths, options) end

---Gives the number of the active generation if it was loaded from these files and they have not changed since, so that loading
---them again would change nothing; else nil.
---```lua
---local name = os.tmpname()
---local file = io.open(name, "w")
---file:write([[policy "web" { deny = { "system.reboot" } }]])
---file:flush()
---engine.load(name)
---print(engine.loaded(name))
---file:write("-- more")
---file:close()
---print(engine.loaded(name))
---os.remove(name)
-----> 1
-----> nil
---```
---@param paths string|string[] files and folders of policies
---@return number|nil
function engine.loaded(paths) end

---Lists the policies that are loaded, and those that were declared here and are pending: name, cells, mode, file, line, and
---pending.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---print(engine.policies()[1].name, engine.policies()[1].pending)
-----> web	true
---```
---@return table[]
function engine.policies() end

---Says which recorded decisions would have another result under policies; under those that are loaded as they come again after an
---audit, if one runs. Gives decisions, same, flipped and open, which are numbers, and the lists flips and undecided, with count, cell,
---euids, request, was, now, which is a list, and why. It is what the command replay writes with --json. A line that can't be read is
---an error.
---```lua
---policy "web" { deny = { "system.reboot" } }
---local log = '{"model":"secmodel_celleval","time":1,"cell":"a","euid":0,"request":"system.reboot","result":"allow"}'
---local r = engine.replay(log, { pending = true })
---print(r.flipped, r.flips[1].was.result, r.flips[1].now[1].result)
-----> 1	allow	deny
---```
---@param log string decisions as the command log writes them with --json: an object a line, or one with all
---@param options? table policy: a path or a list of paths, whose policies are asked; pending = true: those that are declared and not loaded are asked too. Without it those that are loaded are
---@return table
function engine.replay(log, options) end

---Loads an earlier generation again, as a new one. Gives what engine.load gives.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---engine.load()
---policy "web" { deny = { "machdep" } }
---engine.load()
---print(engine.rollback().generation)
-----> 3
---```
---@param generation? number the one to go back to; without it the last one before the active that needs no confirmation
---@return table
function engine.rollback(generation) end

---Takes single policies out of what is loaded; all others stay as they are loaded, and what must never be allowed stays. Gives
---what engine.load gives.
---```lua
---policy "web" { cells = "web-*", deny = { "system.reboot" } }
---policy "db" { cells = "db-*", deny = { "machdep" } }
---engine.load()
---print(engine.unload("db", { dry_run = true }).difference.changes[1].request)
---engine.unload("db")
---print(#engine.policies(), engine.policies()[1].name)
-----> machdep.cacheflush
-----> 1	web
---```
---@param names string|string[] names of policies
---@param options? table yes and dry_run as for engine.load
---@return table
function engine.unload(names, options) end

---@class kauth
kauth = {}

---Tells about a request: name, scope, fields, a list with the name, the kind and a line about each field that it carries;
---deny, what a system call fails with if it is denied; root and user, what the stock models answer; number, with scope,
---action and req as the kernel has them; and never_raised, probe and spin, which are true if the kernel never asks it, if a
---denial only picks a behaviour, and if it is asked under a spin lock, where policies are not asked.
---```lua
---local r = kauth.request("network.bind.privport")
---print(r.deny)
---for _, f in ipairs(r.fields) do
---  if f.name == "port" then print(f.doc) end
---end
-----> EACCES (EPERM for AppleTalk)
-----> port to bind, 0 for one that the kernel chooses
---```
---@param name string the full name of a request
---@return table
function kauth.request(name) end

---Lists the names of requests, in the order of the kernel's numbers.
---```lua
---for _, name in ipairs(kauth.requests("network.bind")) do print(name) end
-----> network.bind.port
-----> network.bind.privport
-----> network.bind.anyaddr
---```
---@param pattern? string a scope, an action, a request, or a glob over the names of requests; all without it
---@return string[]
function kauth.requests(pattern) end

---@class kernel
kernel = {}

---Gives the decisions that the kernel tells of afterwards, oldest first. The evaluation model keeps denials, grants, what
---policies in audit mode would have denied and what they record, and of these only the last. The second result is how many of
---them came after the given number and are not kept any more. Denials by secmodel_cell itself, by the profile of a cell, are
---taken from the kernel's log, which root of the host can read and which tells at most one a second of each kind. They have no
---numbers: after a number come those that are later than that decision, if it is kept, and else all.
---
---Each has model, which is secmodel_celleval or secmodel_cell; time, in seconds since the kernel's start; at, the time of day
---in UTC; cell, id, euid, request, result, reason; and unknown, a list of the fields of the request that the kernel does not
---keep. Those of secmodel_celleval have sequence, generation, pid, policy, file and line too, and those of secmodel_cell
---limited = true, log, which is the line of the kernel's log, and in place of request a list requests where the log does not
---tell which it was.
---```lua
---policy "web" { deny = { "system.reboot" } }
---engine.load()
---local p = cell.create{ name = "web-1", root = "/cells/web-1" }:process{}
---p:reboot()
---print(kernel.events()[1].request, kernel.events()[1].result)
---print(#kernel.events{ cell = "web-*", result = { "grant", "would-deny" } })
-----> system.reboot	deny
-----> 0
---```
---@param options? number|table a sequence number, after which to begin, or a table: after, such a number; cell, a string or a list of them: those of cells that match GLOB, which may be gone; request, a string or a list of them: those of PATTERN: a scope, an action, a request, or a glob over the names of requests; result, a string or a list of them: those with the RESULT: deny, grant, allow, would-deny, would-grant; policy, a string or a list of them: those that the policy NAME has decided, or would have; model, a string or a list of them: those of the MODEL secmodel_celleval, which asks policies, or secmodel_cell; since, a string or a list of them: those since TIME: a duration before now as 10m or 2d, one after the kernel's start as +90s, or a time as 14:05, 2026-06-01 or 2026-06-01T14:05:00Z
---@return table[]
---@return number
function kernel.events(options) end

---Says which kernel this is: name, version, revision of secmodel_cell, simulated, vocabulary, hz, and the capabilities that
---it has and those that are missing, each with how that was found.
---```lua
---local k = kernel.info()
---print(k.name, k.revision, k.capabilities.evaluation)
-----> sim	current	the evaluation model is built in
---```
---@return table
function kernel.info() end

---@class process
---@field alive boolean Whether the process still runs; zombies do not.
---@field cell number The id of the cell that the process is in, 0 for the host.
---@field egid number The effective group id.
---@field euid number The effective user id.
---@field gid number The real group id.
---@field groups number[] The supplementary groups.
---@field pid number The process id.
---@field root string The root directory as the host sees it.
---@field uid number The real user id.
local process = {}

---@class process.accept.arguments
---@field fd number descriptor

---Asks nobody. EAGAIN if no connection waits. Gives the descriptor.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local server = p:socket()
---p:bind{ fd = server, port = 8080 }
---p:listen(server)
---p:connect{ addr = "127.0.0.1", port = 8080 }
---print(p:accept(server) ~= nil)
-----> true
---```
---@param arguments process.accept.arguments
---@return any
function process:accept(arguments) end

---@class process.acct.arguments
---@field path? string path of the file

---Switches accounting to a file, or off without a path. Asks system.accounting first: EPERM.
---Asks: system.accounting.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:open{ path = "/tmp/acct", mode = "w", create = true }
---print(root:acct("/tmp/acct"))
-----> true
---```
---@param arguments process.acct.arguments
---@return any
function process:acct(arguments) end

---@class process.adjtime.arguments
---@field usec? number microseconds by which the clock is put forward, or back

---Asks system.time.adjtime even if it only reads: EPERM.
---Asks: system.time.adjtime.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:adjtime(500))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.adjtime.arguments
---@return any
function process:adjtime(arguments) end

---@class process.ask.arguments
---@field request string full name of the request
---@field pid? number target

---Asks a request by itself, for code that is not simulated: of other machines, or of drivers that are missing. Fields that are not given are 0; the target is a process. EPERM if it is denied.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:ask("system.reboot"))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.ask.arguments
---@return any
function process:ask(arguments) end

---@class process.autoload.arguments
---@field name string name of the module

---What the kernel does when a call needs a module that is missing: system.module with autoload, EPERM. Users are allowed it.
---Asks: system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:autoload("ppp"))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.autoload.arguments
---@return any
function process:autoload(arguments) end

---@class process.bind.arguments
---@field fd? number descriptor; without it a new stream socket
---@field addr? string address, any if left out
---@field port number port, 0 for one that the kernel chooses

---Binds an internet socket. EINVAL if it is bound, EAFNOSUPPORT and EADDRNOTAVAIL for the address; then network.bind.privport below 1024, else network.bind.port: EACCES; then EADDRINUSE. Port 0 asks with port 0, and again for every candidate, which comes with its bytes swapped; denied ones are passed over. Gives the descriptor.
---Asks: network.bind.port, network.bind.privport, network.socket.open.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:bind{ port = 80 })
---local fd = p:bind{ port = 8080 }
---print(p:listen(fd))
-----> nil	EACCES	no model allows it; suser does if the caller's effective user id is 0
-----> true
---```
---@param arguments process.bind.arguments
---@return any
function process:bind(arguments) end

---@class process.bind_local.arguments
---@field fd number descriptor
---@field path string path of the file, as the process sees it

---Binds a local socket to a path: it makes a file, so only the modes count.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local fd = p:socket{ domain = "local" }
---print(p:bind_local(fd, "/tmp/sock"))
-----> true
---```
---@param arguments process.bind_local.arguments
---@return any
function process:bind_local(arguments) end

---@class process.bluetooth.arguments
---@field fd number descriptor
---@field op "send"|"recv"|"setpriv" operation
---@field public? boolean the packet is unprivileged

---What raw Bluetooth sockets ask: device.bluetooth_send about the socket's creator (EPERM), device.bluetooth_recv, which only hides a packet, and device.bluetooth_setpriv for settings of the controller (EPERM). Gives whether the packet passed.
---Asks: device.bluetooth_send, device.bluetooth_recv, device.bluetooth_setpriv.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local fd = root:socket{ domain = "bluetooth", type = "raw", protocol = 1 }
---print(root:bluetooth{ fd = fd, op = "send" })
-----> true
---```
---@param arguments process.bluetooth.arguments
---@return any
function process:bluetooth(arguments) end

---@class process.cell_enter.arguments
---@field id number cell

---Enters a cell by writing security.models.cell.id, for root on the host: EPERM. On the current revision the caller must be chrooted to the cell's root; ENOENT without such a cell.
---Asks: system.sysctl.modify.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---cell.create{ name = "web-1", root = "/cells/web-1" }
---root:chroot("/cells/web-1")
---print(root:cell_enter(1), root.cell)
-----> true	1
---```
---@param arguments process.cell_enter.arguments
---@return any
function process:cell_enter(arguments) end

---@class process.chdir.arguments
---@field path string path of the file, as the process sees it

---Asks nobody.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:chdir("/"))
-----> true
---```
---@param arguments process.chdir.arguments
---@return any
function process:chdir(arguments) end

---@class process.chflags.arguments
---@field path string path of the file, as the process sees it
---@field flags number flags, as in sys/stat.h

---Changes file flags of an own file. Those of the upper half are root's, and with a securelevel above 0 can't be changed once any is set: EPERM.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:open{ path = "/tmp/log", mode = "w", create = true }
---print(root:chflags("/tmp/log", 4))
-----> true
---```
---@param arguments process.chflags.arguments
---@return any
function process:chflags(arguments) end

---@class process.chmod.arguments
---@field path string path of the file, as the process sees it
---@field mode number permissions

---Changes the mode of an own file: EPERM for others.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:open{ path = "/tmp/log", mode = "w", create = true }
---print(root:chmod("/tmp/log", 384))
-----> true
---```
---@param arguments process.chmod.arguments
---@return any
function process:chmod(arguments) end

---@class process.chown.arguments
---@field path string path of the file, as the process sees it
---@field uid? number user id
---@field gid? number group id

---Changes owner and group; -1 keeps one. Owners may change the group to one of theirs: else EPERM.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:open{ path = "/tmp/log", mode = "w", create = true }
---print(root:chown{ path = "/tmp/log", uid = 80 })
-----> true
---```
---@param arguments process.chown.arguments
---@return any
function process:chown(arguments) end

---@class process.chroot.arguments
---@field path string path of the file, as the process sees it

---Changes the root directory. Asks system.chroot.chroot before it looks at the path: EPERM. Marks the process as having changed its ids.
---Asks: system.chroot.chroot.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:chroot("/"))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.chroot.arguments
---@return any
function process:chroot(arguments) end

---@class process.clock_gettime.arguments
---@field pid? number process, 0 for the caller

---Processor time of a process in nanoseconds. Asks process.ptrace with op read_d, about the caller's own clock too: EPERM. Gives nanoseconds.
---Asks: process.ptrace.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:clock_gettime())
-----> 0
---```
---@param arguments process.clock_gettime.arguments
---@return any
function process:clock_gettime(arguments) end

---@class process.clock_settime.arguments
---@field clock? "realtime"|"monotonic" clock
---@field sec number seconds since 1970

---Sets the clock of the time of day; the others can't be set: EINVAL. Asks system.time.system: EPERM.
---Asks: system.time.system.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:clock_settime{ sec = 1800000000 })
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.clock_settime.arguments
---@return any
function process:clock_settime(arguments) end

---@class process.close.arguments
---@field fd number descriptor

---Asks nobody.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local fd = p:socket()
---print(p:close(fd))
-----> true
---```
---@param arguments process.close.arguments
---@return any
function process:close(arguments) end

---@class process.connect.arguments
---@field fd? number descriptor; without it a new stream socket
---@field addr? string address
---@field port number port

---An unbound internet socket is bound first, as by bind with port 0; the connection itself asks nobody. Gives the descriptor.
---Asks: network.bind.port, network.bind.privport, network.socket.open.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local server = root:bind{ port = 80 }
---root:listen(server)
---print(root:connect{ addr = "127.0.0.1", port = 80 } ~= nil)
-----> true
---```
---@param arguments process.connect.arguments
---@return any
function process:connect(arguments) end

---@class process.devmem.arguments
---@field fd number descriptor
---@field ram? boolean the address is RAM

---Reads, writes or maps physical memory through an open /dev/mem or /dev/kmem. Outside of RAM it asks machdep.unmanagedmem: EPERM.
---Asks: machdep.unmanagedmem.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local fd = root:open("/dev/mem")
---print(root:devmem(fd))
-----> true
---```
---@param arguments process.devmem.arguments
---@return any
function process:devmem(arguments) end

---@class process.exec.arguments
---@field path string path of the file, as the process sees it

---Runs a program. A set-id file changes the effective ids without a question; any other clears the mark of changed ids if real and effective ids are the same. A process with that mark is asked process.rlimit.bypass, and EAGAIN only if it is over the limit too.
---Asks: process.rlimit.bypass.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:exec("/bin/sh"))
-----> true
---```
---@param arguments process.exec.arguments
---@return any
function process:exec(arguments) end

---@class process.exit.arguments
---@field status? number exit status

---Ends the process; it stays a zombie, and a member of its cell, until the parent waits.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---p:exit(1)
---print(p.alive)
-----> false
---```
---@param arguments process.exit.arguments
---@return any
function process:exit(arguments) end

---@class process.extattr.arguments
---@field path string path of the file, as the process sees it
---@field namespace? "user"|"system" namespace
---@field write? boolean write it

---Reads or writes an extended attribute. The system namespace asks system.fs_extattr: EPERM, but root may go on nevertheless; the user namespace goes by the modes.
---Asks: system.fs_extattr.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:extattr{ path = "/tmp", namespace = "system" })
-----> true
---```
---@param arguments process.extattr.arguments
---@return any
function process:extattr(arguments) end

---@class process.extattrctl.arguments
---@field path string path of a file on it, as the process sees it

---Starts or stops extended attributes on the file system of a path. Asks system.fs_extattr: EPERM.
---Asks: system.fs_extattr.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:extattrctl("/"))
-----> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments process.extattrctl.arguments
---@return any
function process:extattrctl(arguments) end

---@class process.fchroot.arguments
---@field fd number descriptor

---Changes the root to an open directory. Asks system.chroot.fchroot first: EPERM.
---Asks: system.chroot.fchroot.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local fd = root:open("/cells")
---print(root:fchroot(fd), root.root)
-----> true	/cells
---```
---@param arguments process.fchroot.arguments
---@return any
function process:fchroot(arguments) end

---@class process.fhopen.arguments

---Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.
---Asks: system.filehandle.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:fhopen())
-----> nil	ESTALE
---```
---@return any
function process:fhopen() end

---@class process.fhstat.arguments

---Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.
---Asks: system.filehandle.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:fhstat())
-----> nil	ESTALE
---```
---@return any
function process:fhstat() end

---@class process.fhstatvfs.arguments

---Asks system.filehandle first: EPERM. Handles are not kept, so it ends with ESTALE.
---Asks: system.filehandle.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:fhstatvfs())
-----> nil	ESTALE
---```
---@return any
function process:fhstatvfs() end

---@class process.files.arguments
---@field pid? number process, -1 for all

---Lists open files as the sysctl kern.file2 does. Asks process.cansee.openfiles about every process; hidden ones are left out. Gives lines with process id, descriptor and file.
---Asks: process.cansee.kptr, process.cansee.openfiles.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---p:socket()
---print(#p:files(p.pid))
-----> 1
---```
---@param arguments process.files.arguments
---@return any
function process:files(arguments) end

---@class process.fork.arguments

---Makes a child. A full process table is EAGAIN without a question; then process.fork, and process.rlimit.bypass beyond the limit on processes: EAGAIN, and a line about a full table in the log for the first. Who watches the parent with its children is asked process.kevent_filter about the child. Gives the child's process id.
---Asks: process.fork, process.rlimit.bypass, process.kevent_filter.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local child = p:fork()
---child:exit()
---print(p:wait() == child.pid)
-----> true
---```
---@return any
function process:fork() end

---@class process.getegid.arguments

---Asks nobody. Gives the effective group id.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getegid())
-----> 80
---```
---@return any
function process:getegid() end

---@class process.geteuid.arguments

---Asks nobody. Gives the effective user id.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:geteuid())
-----> 80
---```
---@return any
function process:geteuid() end

---@class process.getfh.arguments
---@field path string path of the file, as the process sees it

---Asks system.filehandle before it looks at the path: EPERM.
---Asks: system.filehandle.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getfh("/"))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.getfh.arguments
---@return any
function process:getfh(arguments) end

---@class process.getgid.arguments

---Asks nobody. Gives the real group id.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getgid())
-----> 80
---```
---@return any
function process:getgid() end

---@class process.getgroups.arguments

---Asks nobody. Gives the supplementary groups.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getgroups()[1])
-----> 80
---```
---@return any
function process:getgroups() end

---@class process.getlogin.arguments

---Asks nobody. Gives the login name of the session.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getlogin())
-----> root
---```
---@return any
function process:getlogin() end

---@class process.getpgid.arguments
---@field pid? number id of the process, 0 for the caller

---Process group of a process. Asks nobody, so it also finds processes of other cells; ESRCH if there is none. Gives the process group.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getpgid() == p.pid)
-----> true
---```
---@param arguments process.getpgid.arguments
---@return any
function process:getpgid(arguments) end

---@class process.getpgrp.arguments

---Asks nobody. Gives the process group of the caller.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getpgrp() == p.pid)
-----> true
---```
---@return any
function process:getpgrp() end

---@class process.getpid.arguments

---Asks nobody. Gives the process id of the caller.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getpid() == p.pid)
-----> true
---```
---@return any
function process:getpid() end

---@class process.getppid.arguments

---Asks nobody. Gives the process id of the parent.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getppid())
-----> 1
---```
---@return any
function process:getppid() end

---@class process.getpriority.arguments
---@field pid? number process, 0 for the caller

---Nice value of a process. Asks nobody. Gives the nice value.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getpriority())
-----> 0
---```
---@param arguments process.getpriority.arguments
---@return any
function process:getpriority(arguments) end

---@class process.getrlimit.arguments
---@field resource string|number resource

---Soft and hard limit of a resource. Asks nobody. Gives the soft and the hard limit.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getrlimit("nofile")[1])
-----> 128
---```
---@param arguments process.getrlimit.arguments
---@return any
function process:getrlimit(arguments) end

---@class process.getsid.arguments
---@field pid? number id of the process, 0 for the caller

---Session of a process. Asks nobody; ESRCH if there is none. Gives the session.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getsid() == p.pid)
-----> true
---```
---@param arguments process.getsid.arguments
---@return any
function process:getsid(arguments) end

---@class process.getuid.arguments

---Asks nobody. Gives the real user id.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:getuid())
-----> 80
---```
---@return any
function process:getuid() end

---@class process.ifconfig.arguments
---@field command "SIOCADDMULTI"|"SIOCAIFADDR"|"SIOCAIFADDR_IN6"|"SIOCDELMULTI"|"SIOCDIFADDR"|"SIOCDIFADDR_IN6"|"SIOCGDRVSPEC bridge"|"SIOCGDRVSPEC wireguard"|"SIOCGIFADDR"|"SIOCGIFFLAGS"|"SIOCGIFMEDIA"|"SIOCGIFMTU"|"SIOCIFCREATE"|"SIOCIFDESTROY"|"SIOCSDRVSPEC bridge"|"SIOCSDRVSPEC wireguard"|"SIOCSIFADDR"|"SIOCSIFBRDADDR"|"SIOCSIFFLAGS"|"SIOCSIFINFO_IN6"|"SIOCSIFMEDIA"|"SIOCSIFMETRIC"|"SIOCSIFMTU"|"SIOCSIFNETMASK" command
---@field ifname string name of the interface
---@field addr? string address that is set, added or deleted

---An ioctl(2) on an interface, on a socket made for it. Commands that set something ask network.interface.setpriv, or network.socket.setpriv for IPv6 addresses: EPERM; bridges and WireGuard ask their own actions after it. Commands that get something ask nobody. That an IPv4 address is not there (EADDRNOTAVAIL), or of another family (EAFNOSUPPORT), comes before the question, for IPv6 after it; a command that the driver does not know is ENOTTY after it.
---Asks: network.interface.setpriv, network.socket.setpriv, network.interface_bridge, network.interface_wg, network.socket.open.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:ifconfig{ command = "SIOCSIFFLAGS", ifname = "lo0" })
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.ifconfig.arguments
---@return any
function process:ifconfig(arguments) end

---@class process.ioctl.arguments
---@field fd number descriptor
---@field command string name of the command
---@field number? number pin, processor or time

---An ioctl(2) on an open device, by the name of the command: terminals (TIOCSTI asks device.tty_sti, TIOCSFLAGS of a serial line device.tty_privset, TIOCCONS device.tty_virtual, line disciplines their own), bio and mfi (device.rawio_passthru), random (device.rnd_*), gpio, cpuctl, wskbd, device-mapper, veriexec, npf, altq (the name of the discipline is the command) and clockctl, which asks nobody. A command that a device does not know is ENOTTY, but EOPNOTSUPP for /dev/null and the other devices of memory.
---Asks: device, system.cpu.setstate, system.devmapper, system.veriexec.modify, machdep.cpu_ucode_apply, network.altq, network.firewall.fw, network.interface_ppp.add, network.interface_slip.add.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local fd = root:open("/dev/random")
---print(root:ioctl(fd, "RNDGETENTCNT"))
-----> true
---```
---@param arguments process.ioctl.arguments
---@return any
function process:ioctl(arguments) end

---@class process.ipcctl.arguments
---@field kind "shm"|"sem"|"msg" shared memory, semaphores or messages
---@field cmd "stat"|"set"|"rmid"|"lock"|"unlock"|"getval"|"setval" command
---@field id number object
---@field uid? number new owner
---@field gid? number new group
---@field mode? number new permissions
---@field size? number new limit of a queue's bytes, 0 to keep it

---shmctl(2), semctl(2) or msgctl(2). Asks system.sysvipc.bypass: EACCES, but EPERM for set and rmid, which are for the owner. lock and unlock ask system.sysvipc.shm_lock and .shm_unlock, a queue's larger size .msgq_oversize: EPERM.
---Asks: system.sysvipc, system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local id = root:ipcget{ kind = "shm" }
---print(root:ipcctl{ kind = "shm", cmd = "rmid", id = id })
-----> true
---```
---@param arguments process.ipcctl.arguments
---@return any
function process:ipcctl(arguments) end

---@class process.ipcget.arguments
---@field kind "shm"|"sem"|"msg" shared memory, semaphores or messages
---@field key? number key, 0 for a private object
---@field size? number bytes or number of semaphores
---@field mode? number permissions
---@field create? boolean make it if it is missing
---@field exclusive? boolean fail if it exists

---shmget(2), semget(2) or msgget(2). Making an object asks nobody; getting an existing one asks system.sysvipc.bypass: EACCES. Gives the object's id.
---Asks: system.sysvipc.bypass, system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:ipcget{ kind = "sem", size = 1 } ~= nil)
-----> true
---```
---@param arguments process.ipcget.arguments
---@return any
function process:ipcget(arguments) end

---@class process.ipcuse.arguments
---@field kind "sem"|"msg" semaphores or messages
---@field id number object
---@field write? boolean send a message, instead of receiving one

---semop(2), msgsnd(2) or msgrcv(2). Asks system.sysvipc.bypass: EACCES. semop always asks for writing.
---Asks: system.sysvipc.bypass, system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local id = root:ipcget{ kind = "msg", mode = 384 }
---print(root:ipcuse{ kind = "msg", id = id, write = true })
-----> true
---```
---@param arguments process.ipcuse.arguments
---@return any
function process:ipcuse(arguments) end

---@class process.issetugid.arguments

---Asks nobody. Gives 1 if ids or root were changed since the last exec.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:issetugid())
-----> 0
---```
---@return any
function process:issetugid() end

---@class process.kevent_proc.arguments
---@field pid number id of the process
---@field track? boolean watch its children too, which asks again at every fork

---Watches a process with EVFILT_PROC. Asks process.kevent_filter: EACCES.
---Asks: process.kevent_filter.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:kevent_proc(p))
-----> true
---```
---@param arguments process.kevent_proc.arguments
---@return any
function process:kevent_proc(arguments) end

---@class process.kill.arguments
---@field pid number process, or minus a process group
---@field signal string|number signal, 0 to only ask

---Sends a signal to a process, to a process group (0 or negative), or to everybody (-1). Asks process.signal: EPERM; in groups who may not be signalled is passed over, and ESRCH if nobody is left. A zombie is success without a question. Signal 0 only asks.
---Asks: process.signal.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:kill(p, 0))
-----> true
---```
---@param arguments process.kill.arguments
---@return any
function process:kill(arguments) end

---@class process.ktrace.arguments
---@field pid number id of the process
---@field on? boolean switch on
---@field inherit? boolean in children too

---Switches system call tracing of a process on or off. Asks process.ktrace, and when it is switched on process.ktrace.persistent, whether tracing outlives set-id programs. The call succeeds even if it was denied; the value tells. Gives whether the process is traced now.
---Asks: process.ktrace, process.ktrace.persistent.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:ktrace{ pid = p, on = true })
-----> true
---```
---@param arguments process.ktrace.arguments
---@return any
function process:ktrace(arguments) end

---@class process.lfs.arguments
---@field op "markv"|"bmapv"|"segclean"|"segwait"|"fcntl" call

---A system call of LFS. Asks system.lfs.markv, .bmapv, .segclean, .segwait or .fcntl first: EPERM; then ENOENT, because there is no LFS.
---Asks: system.lfs.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:lfs("segwait"))
-----> nil	ENOENT
---```
---@param arguments process.lfs.arguments
---@return any
function process:lfs(arguments) end

---@class process.listen.arguments
---@field fd number descriptor

---An unbound internet socket is bound first, as by bind with port 0. EINVAL for connected sockets, among them those of routes and keys from birth; EOPNOTSUPP for others than streams and sequenced packets.
---Asks: network.bind.port, network.bind.privport.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local fd = p:bind{ port = 8080 }
---print(p:listen(fd))
-----> true
---```
---@param arguments process.listen.arguments
---@return any
function process:listen(arguments) end

---@class process.lwp_create.arguments

---Makes another thread. Asks process.rlimit.bypass beyond the limit on threads: EAGAIN.
---Asks: process.rlimit.bypass.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:lwp_create())
-----> true
---```
---@return any
function process:lwp_create() end

---@class process.lwps.arguments
---@field pid number id of the process

---Number of a process's threads, as the sysctl kern.lwp tells it: nobody is asked whether the process may be seen, only process.cansee.kptr for every thread. Gives the number of threads.
---Asks: process.cansee.kptr.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:lwps(p))
-----> 1
---```
---@param arguments process.lwps.arguments
---@return any
function process:lwps(arguments) end

---@class process.mkdir.arguments
---@field path string path of the file, as the process sees it
---@field mode? number permissions

---Asks nobody beyond the modes.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:mkdir("/tmp/new"))
-----> true
---```
---@param arguments process.mkdir.arguments
---@return any
function process:mkdir(arguments) end

---@class process.mknod.arguments
---@field path string path of the file, as the process sees it
---@field kind? "chr"|"blk"|"reg"|"fifo" kind of node
---@field mode? number permissions
---@field major? number major number
---@field minor? number minor number

---Makes a device node or a file. Asks system.mknod before it looks at the path: EPERM; a fifo with device number 0 asks nobody.
---Asks: system.mknod.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:mknod{ path = "/dev/new", kind = "chr", major = 2 })
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.mknod.arguments
---@return any
function process:mknod(arguments) end

---@class process.modctl.arguments
---@field cmd "load"|"unload"|"exists"|"stat" command
---@field name? string name of the module
---@field autoload? boolean for exists: as if the kernel wanted it
---@field force? boolean for load: a built-in module too that was unloaded

---Loads, unloads or asks for kernel modules. load of one that is there is EEXIST without a question; else system.module: EPERM. unload asks first: EPERM; then EBUSY while another module requires it, EPERM for a security model that is built in, and EBUSY while it is used; any other built-in module goes, and comes back only with force. stat only asks process.cansee.kptr.
---Asks: system.module, process.cansee.kptr.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:modctl("stat"))
-----> true
---```
---@param arguments process.modctl.arguments
---@return any
function process:modctl(arguments) end

---@class process.mount.arguments
---@field type string type of the file system
---@field path string path of the file, as the process sees it
---@field from? string directory, device or word that is mounted
---@field flags? number MNT_* flags, as in sys/fstypes.h

---Mounts a file system. An unknown type asks system.module for autoloading, and is ENODEV if that does not help. Then system.mount.new: EPERM; disk file systems system.mount.device, umap system.mount.umap. With getargs or update in the flags it asks system.mount.get or system.mount.update of the mounted one instead.
---Asks: system.mount, system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:mount{ type = "tmpfs", path = "/tmp" })
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.mount.arguments
---@return any
function process:mount(arguments) end

---@class process.mq_open.arguments
---@field name string name
---@field create? boolean make it if it is missing
---@field mode? number permissions

---Opens a POSIX message queue. Asks nobody: the mode alone counts, less the umask, for root too.
---Asks: system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:mq_open{ name = "/jobs", create = true })
-----> true
---```
---@param arguments process.mq_open.arguments
---@return any
function process:mq_open(arguments) end

---@class process.mq_unlink.arguments
---@field name string name

---ENOENT if it does not exist; else asks system.mqueue: EACCES.
---Asks: system.mqueue, system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:mq_open{ name = "/jobs", create = true }
---print(root:mq_unlink("/jobs"))
-----> true
---```
---@param arguments process.mq_unlink.arguments
---@return any
function process:mq_unlink(arguments) end

---@class process.nfssvc.arguments
---@field cmd? "addsock"|"nfsd"|"exports" command

---Asks network.nfs.svc: EPERM; setting exports asks network.nfs.export too.
---Asks: network.nfs, system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:nfssvc())
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.nfssvc.arguments
---@return any
function process:nfssvc(arguments) end

---@class process.ntp_adjtime.arguments
---@field modes? number what to set

---Without modes it only reads and asks nobody; else system.time.ntpadjtime: EPERM.
---Asks: system.time.ntpadjtime.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:ntp_adjtime(), p:ntp_adjtime(1))
-----> true	nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.ntp_adjtime.arguments
---@return any
function process:ntp_adjtime(arguments) end

---@class process.open.arguments
---@field path string path of the file, as the process sees it
---@field mode? "r"|"w"|"rw" access
---@field create? boolean make the file if it is missing

---Opens a file. Owner and mode first: EACCES. A device is asked device.rawio_spec.read, .write or .rw, /dev/null and terminals included: EPERM; on a nodev mount ENXIO before that. Then the driver: terminals device.tty_open (EBUSY), tun network.interface_tun.add, npf network.firewall.fw, veriexec system.veriexec.access; a driver that is missing is loaded, which asks system.module. A block device is open once: EBUSY. /dev/ptmx needs a ptyfs that is mounted below the caller's root, else EOPNOTSUPP; /dev/tty a controlling terminal, else ENXIO. Gives the descriptor.
---Asks: device.rawio_spec, device.tty_open, network.interface_tun.add, network.firewall.fw, system.veriexec.access, system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:open("/dev/null") ~= nil)
-----> true
---```
---@param arguments process.open.arguments
---@return any
function process:open(arguments) end

---@class process.passthru.arguments
---@field bits number 1 read, 2 write, 4 read and 8 write configuration, added

---A pass-through command of a RAID controller. Asks device.rawio_passthru with the bits: EPERM.
---Asks: device.rawio_passthru.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:passthru(1))
-----> true
---```
---@param arguments process.passthru.arguments
---@return any
function process:passthru(arguments) end

---@class process.posix_spawn.arguments
---@field path string path of the file, as the process sees it

---Makes a child that runs a program. Asks as fork does, but process.rlimit.bypass always. Gives the child's process id.
---Asks: process.fork, process.rlimit.bypass, process.kevent_filter.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:posix_spawn("/bin/sh").alive)
-----> true
---```
---@param arguments process.posix_spawn.arguments
---@return any
function process:posix_spawn(arguments) end

---@class process.proc_args.arguments
---@field pid number id of the process
---@field what? "args"|"env"|"path"|"cwd" what to read

---Arguments or environment of a process, or the path of its program or working directory. Asks process.cansee.args, .env or .entry: EPERM. Gives the text.
---Asks: process.cansee.args, process.cansee.env, process.cansee.entry.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:proc_args{ pid = p, what = "cwd" })
-----> /cells/web-1
---```
---@param arguments process.proc_args.arguments
---@return any
function process:proc_args(arguments) end

---@class process.procfs.arguments
---@field pid number id of the process
---@field node "auxv"|"cmdline"|"environ"|"fd"|"fpregs"|"limit"|"limits"|"map"|"maps"|"mem"|"note"|"notepg"|"regs"|"stat"|"statm"|"status"|"task" file
---@field mode? "r"|"w"|"rw" access

---Opens a file below /proc/PID where a procfs is mounted, and reads or writes it. Asks process.cansee.entry: ENOENT; then owner and mode: EACCES; then process.procfs, once to open and once to transfer: EPERM; then EOPNOTSUPP for writing what can only be read, and for notes. The directory fd asks process.cansee.openfiles instead: ESRCH.
---Asks: process.cansee.entry, process.cansee.openfiles, process.procfs.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:mount{ type = "procfs", path = "/proc" }
---print(root:procfs{ pid = 1, node = "status" })
-----> true
---```
---@param arguments process.procfs.arguments
---@return any
function process:procfs(arguments) end

---@class process.ps.arguments

---Lists processes as the sysctl kern.proc2 does. Asks process.cansee.kptr once, and process.cansee.eproc about every process; hidden ones are left out. Gives lines with process id, parent, real and effective user id, and name.
---Asks: process.cansee.kptr, process.cansee.eproc.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(#p:ps())
-----> 1
---```
---@return any
function process:ps() end

---@class process.pset_assign.arguments
---@field set number set of processors
---@field cpu number number of the processor

---Moves a processor into a set, -2 to ask for its set. Asks system.pset.assign: EPERM. The last processor of the default set stays (EBUSY), and one that a process is tied to (EPERM).
---Asks: system.pset.assign.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local set = root:pset_create()
---print(root:pset_assign(set, 1))
-----> true
---```
---@param arguments process.pset_assign.arguments
---@return any
function process:pset_assign(arguments) end

---@class process.pset_bind.arguments
---@field set number set of processors

---Moves the caller into a set of processors, -2 to ask for its set. Asks system.pset.bind: EPERM.
---Asks: system.pset.bind.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local set = root:pset_create()
---root:pset_assign(set, 1)
---print(root:pset_bind(set))
-----> true
---```
---@param arguments process.pset_bind.arguments
---@return any
function process:pset_bind(arguments) end

---@class process.pset_create.arguments

---Makes a set of processors. Asks system.pset.create: EPERM. Gives the set's id.
---Asks: system.pset.create.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:pset_create())
-----> 1
---```
---@return any
function process:pset_create() end

---@class process.pset_destroy.arguments
---@field set number set of processors

---Removes a set of processors. Asks system.pset.destroy: EPERM.
---Asks: system.pset.destroy.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local set = root:pset_create()
---print(root:pset_destroy(set))
-----> true
---```
---@param arguments process.pset_destroy.arguments
---@return any
function process:pset_destroy(arguments) end

---@class process.ptrace.arguments
---@field op string|number ptrace request
---@field pid? number process

---Asks process.cansee.entry about the target: ESRCH. Then ptrace's own rules: EBUSY, EPERM, EINVAL; a tracer in a chroot must not be below the target's root. Then process.ptrace: EPERM. trace_me has no target.
---Asks: process.cansee.entry, process.ptrace, system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local child = p:fork()
---print(p:ptrace("attach", child))
-----> true
---```
---@param arguments process.ptrace.arguments
---@return any
function process:ptrace(arguments) end

---@class process.quotactl.arguments
---@field path string path of the file, as the process sees it
---@field cmd "get"|"put"|"delete"|"on"|"off" command
---@field id? number id of a user or a group; the kernel makes no difference

---Asks system.fs_quota.get, .manage or .onoff: EPERM. The own quota may be read by everybody.
---Asks: system.fs_quota.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:quotactl{ path = "/", cmd = "get", id = 80 })
-----> true
---```
---@param arguments process.quotactl.arguments
---@return any
function process:quotactl(arguments) end

---@class process.readdir.arguments
---@field path string path of the file, as the process sees it

---Asks nobody beyond the modes. Gives the names in the directory.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(#p:readdir("/"))
-----> 4
---```
---@param arguments process.readdir.arguments
---@return any
function process:readdir(arguments) end

---@class process.reboot.arguments

---Asks system.reboot before it looks at the argument: EPERM. Where it is allowed the machine has rebooted: that is noted, and the simulation goes on.
---Asks: system.reboot.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:reboot())
-----> nil	EPERM	secmodel_cell denies it
---```
---@return any
function process:reboot() end

---@class process.rename.arguments
---@field from string path of the file
---@field to string new path

---Asks nobody beyond the modes.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:mkdir("/tmp/old")
---print(root:rename("/tmp/old", "/tmp/new"))
-----> true
---```
---@param arguments process.rename.arguments
---@return any
function process:rename(arguments) end

---@class process.rmdir.arguments
---@field path string path of the file, as the process sees it

---Asks nobody beyond the modes.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:mkdir("/tmp/old")
---print(root:rmdir("/tmp/old"))
-----> true
---```
---@param arguments process.rmdir.arguments
---@return any
function process:rmdir(arguments) end

---@class process.route.arguments
---@field fd number descriptor
---@field message? "get"|"add"|"delete"|"change" kind of message

---Writes a message to a routing socket. Asks network.route about the socket's creator: EACCES.
---Asks: network.route.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local fd = root:socket{ domain = "route", type = "raw" }
---print(root:route(fd, "add"))
-----> true
---```
---@param arguments process.route.arguments
---@return any
function process:route(arguments) end

---@class process.sched_getaffinity.arguments
---@field pid? number process, 0 for the caller

---Processors that a process is tied to. Asks process.scheduler_getaffinity: EPERM. Gives the numbers of processors.
---Asks: process.scheduler_getaffinity.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(#p:sched_getaffinity())
-----> 0
---```
---@param arguments process.sched_getaffinity.arguments
---@return any
function process:sched_getaffinity(arguments) end

---@class process.sched_getparam.arguments
---@field pid? number process, 0 for the caller

---Scheduling class and priority of a process. Asks process.scheduler_getparam: EPERM. Gives the class (0 other, 1 fifo, 2 rr) and the priority.
---Asks: process.scheduler_getparam.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:sched_getparam()[1])
-----> 0
---```
---@param arguments process.sched_getparam.arguments
---@return any
function process:sched_getparam(arguments) end

---@class process.sched_setaffinity.arguments
---@field pid? number process, 0 for the caller
---@field cpus number[] numbers of processors

---Ties a process to processors; a list without any that exist frees it. One in a set of processors is EPERM. Asks process.scheduler_setaffinity: EPERM.
---Asks: process.scheduler_setaffinity.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:sched_setaffinity{ cpus = { 0 } })
-----> true
---```
---@param arguments process.sched_setaffinity.arguments
---@return any
function process:sched_setaffinity(arguments) end

---@class process.sched_setparam.arguments
---@field pid? number process, 0 for the caller
---@field class? "keep"|"other"|"fifo"|"rr" scheduling class
---@field priority? number priority 0 to 63, -1 to keep it

---Sets scheduling class and priority. With neither it asks nobody. Else process.scheduler_setparam, under a spin lock: EPERM.
---Asks: process.scheduler_setparam.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:sched_setparam{ class = "fifo", priority = 10 })
-----> true
---```
---@param arguments process.sched_setparam.arguments
---@return any
function process:sched_setparam(arguments) end

---@class process.sem_open.arguments
---@field name string name
---@field create? boolean make it if it is missing
---@field exclusive? boolean EEXIST if it exists
---@field mode? number permissions

---Opens a POSIX semaphore. Making one asks nobody, and the umask does not count; opening an existing one asks system.semaphore: EACCES. Gives the descriptor.
---Asks: system.semaphore, system.module.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:sem_open{ name = "/lock", create = true } ~= nil)
-----> true
---```
---@param arguments process.sem_open.arguments
---@return any
function process:sem_open(arguments) end

---@class process.sem_unlink.arguments
---@field name string name

---ENOENT if it does not exist; else asks system.semaphore: EACCES.
---Asks: system.semaphore, system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:sem_open{ name = "/lock", create = true }
---print(root:sem_unlink("/lock"))
-----> true
---```
---@param arguments process.sem_unlink.arguments
---@return any
function process:sem_unlink(arguments) end

---@class process.sendto.arguments
---@field fd number descriptor
---@field addr? string address
---@field port number port

---Sends a datagram. An unbound internet socket is bound first, as by bind with port 0; the sending itself asks nobody.
---Asks: network.bind.port, network.bind.privport.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local fd = p:socket{ type = "dgram" }
---print(p:sendto{ fd = fd, addr = "10.0.0.1", port = 53 })
-----> true
---```
---@param arguments process.sendto.arguments
---@return any
function process:sendto(arguments) end

---@class process.setegid.arguments
---@field egid number effective group id

---Sets the effective group id. Asks process.setid if the new one is neither the real nor the saved one: EPERM.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setegid(0))
-----> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments process.setegid.arguments
---@return any
function process:setegid(arguments) end

---@class process.seteuid.arguments
---@field euid number effective user id

---Sets the effective user id. Asks process.setid if the new one is neither the real nor the saved one: EPERM.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:seteuid(0))
-----> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments process.seteuid.arguments
---@return any
function process:seteuid(arguments) end

---@class process.setgid.arguments
---@field gid number group id

---Sets all three group ids. Asks process.setid if the new one is not the real one: EPERM. The wanted id is not visible to models.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setgid(80))
-----> true
---```
---@param arguments process.setgid.arguments
---@return any
function process:setgid(arguments) end

---@class process.setgroups.arguments
---@field groups number[] group ids

---Sets the supplementary groups, at most 16. Always asks process.setid: EPERM.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setgroups({ 80 }))
-----> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments process.setgroups.arguments
---@return any
function process:setgroups(arguments) end

---@class process.setlogin.arguments
---@field name string login name of at most 16 bytes

---Sets the login name of the session. Always asks process.setid: EPERM.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setlogin("www"))
-----> nil	EPERM	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments process.setlogin.arguments
---@return any
function process:setlogin(arguments) end

---@class process.setpgid.arguments
---@field pid? number process, 0 for the caller
---@field pgid? number process group, 0 for one of its own

---Moves the caller or a child into a process group. Asks nobody.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setpgid())
-----> true
---```
---@param arguments process.setpgid.arguments
---@return any
function process:setpgid(arguments) end

---@class process.setpriority.arguments
---@field which? "process"|"group"|"user" of whom
---@field who? number process or group, 0 for the caller's, or user
---@field value number nice value

---Sets the nice value of a process, a group or a user's processes; user 0 is root, not the caller's. Who is neither root nor of the target's effective user id gets EPERM without a question; then process.nice: EACCES.
---Asks: process.nice.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setpriority{ value = 5 })
-----> true
---```
---@param arguments process.setpriority.arguments
---@return any
function process:setpriority(arguments) end

---@class process.setregid.arguments
---@field rgid? number real group id
---@field egid? number effective group id

---Sets real and effective group id; -1 keeps one. Asks process.setid if one is none of the present ones: EPERM.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setregid(80, 80))
-----> true
---```
---@param arguments process.setregid.arguments
---@return any
function process:setregid(arguments) end

---@class process.setreuid.arguments
---@field ruid? number real user id
---@field euid? number effective user id

---Sets real and effective user id; -1 keeps one. Asks process.setid if one is none of the present ones: EPERM.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setreuid(80, 80))
-----> true
---```
---@param arguments process.setreuid.arguments
---@return any
function process:setreuid(arguments) end

---@class process.setrlimit.arguments
---@field resource string|number resource
---@field cur number soft limit
---@field max? number hard limit, the present one if left out

---Sets a resource limit. What changes nothing is not asked; else process.rlimit.set: EPERM. Then limits are cut to the system's own.
---Asks: process.rlimit.set.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:setrlimit{ resource = "nofile", cur = 16 })
-----> true
---```
---@param arguments process.setrlimit.arguments
---@return any
function process:setrlimit(arguments) end

---@class process.setsid.arguments

---Begins a session without a terminal. Asks nobody; EPERM for the leader of a process group. Gives the session.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local child = p:fork()
---print(child:setsid() == child.pid)
-----> true
---```
---@return any
function process:setsid() end

---@class process.setsockopt.arguments
---@field fd number descriptor
---@field option "reuseaddr"|"reuseport"|"portrange_low"|"bindany"|"recvhopopts"|"recvdstopts"|"hopopts"|"join_group"|"ipsec_policy_bypass"|"v6only" option
---@field on? boolean switch on
---@field group? string group to join
---@field ifname? string interface on which to join, that of the route to the group if left out

---bindany asks network.bind.anyaddr, for clearing too (EPERM); the IPv6 options recvhopopts, recvdstopts and hopopts network.ipv6.hopbyhop (EPERM); joining the unspecified IPv6 group network.ipv6.join_multicast (EACCES); where no interface is named and no route leads to the group it is EADDRNOTAVAIL after that; an IPsec policy of bypass network.ipsec.bypass (EPERM). The others ask nobody; with portrange_low port 0 is a port from 600 to 1023, and without v6only, which is on at first, an IPv6 socket takes IPv4-mapped addresses.
---Asks: network.bind.anyaddr, network.ipv6, network.ipsec.bypass.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local fd = p:socket()
---print(p:setsockopt(fd, "reuseaddr"))
-----> true
---```
---@param arguments process.setsockopt.arguments
---@return any
function process:setsockopt(arguments) end

---@class process.settimeofday.arguments
---@field sec number seconds since 1970

---EINVAL for a time out of range; then system.time.system: EPERM.
---Asks: system.time.system.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:settimeofday(1800000000))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.settimeofday.arguments
---@return any
function process:settimeofday(arguments) end

---@class process.setuid.arguments
---@field uid number user id

---Sets all three user ids. Asks process.setid if the new one is not the real one: EPERM. The wanted id is not visible to models.
---Asks: process.setid.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:setuid(80), root.uid)
-----> true	80
---```
---@param arguments process.setuid.arguments
---@return any
function process:setuid(arguments) end

---@class process.shmat.arguments
---@field id number object
---@field readonly? boolean only for reading

---Attaches a segment. Asks system.sysvipc.bypass with mode 256 or 384: EACCES.
---Asks: system.sysvipc.bypass, system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local id = root:ipcget{ kind = "shm", mode = 384 }
---print(root:shmat(id))
-----> true
---```
---@param arguments process.shmat.arguments
---@return any
function process:shmat(arguments) end

---@class process.shmdt.arguments
---@field id number object

---Detaches a segment. Asks nobody.
---Asks: system.module.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local id = root:ipcget{ kind = "shm", mode = 384 }
---root:shmat(id)
---print(root:shmdt(id))
-----> true
---```
---@param arguments process.shmdt.arguments
---@return any
function process:shmdt(arguments) end

---@class process.sigaction.arguments
---@field signal string|number signal
---@field ignore? boolean ignore it

---Ignores a signal, or takes its default action again. Asks nobody.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:sigaction("hup", true))
-----> true
---```
---@param arguments process.sigaction.arguments
---@return any
function process:sigaction(arguments) end

---@class process.snapshot.arguments
---@field path string path of the file, as the process sees it

---Makes a snapshot of a file system in a file. Asks system.fs_snapshot: EACCES.
---Asks: system.fs_snapshot.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:open{ path = "/tmp/snap", mode = "w", create = true }
---print(root:snapshot("/tmp/snap"))
-----> true
---```
---@param arguments process.snapshot.arguments
---@return any
function process:snapshot(arguments) end

---@class process.socket.arguments
---@field domain? string|number protocol family
---@field type? string|number type
---@field protocol? string|number protocol, 0 for the default

---Asks network.socket.open before it looks at the numbers: EPERM. Then EAFNOSUPPORT for a family that the kernel does not have, EPROTOTYPE for a type that the family does not have, and EPROTONOSUPPORT for a protocol. A raw IPv6 socket asks network.socket.rawsock too. Gives the descriptor.
---Asks: network.socket.open, network.socket.rawsock.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:socket{ type = "dgram" } ~= nil)
---print((p:socket{ type = "raw" }))
-----> true
-----> nil
---```
---@param arguments process.socket.arguments
---@return any
function process:socket(arguments) end

---@class process.socketpair.arguments
---@field domain? string|number protocol family
---@field type? string|number type
---@field protocol? string|number protocol, 0 for the default

---Makes two connected sockets; asks network.socket.open for each: EPERM. Gives both descriptors.
---Asks: network.socket.open.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(#p:socketpair{ domain = "local" })
-----> 2
---```
---@param arguments process.socketpair.arguments
---@return any
function process:socketpair(arguments) end

---@class process.sockets.arguments
---@field which? "tcp"|"udp"|"tcp6"|"udp6"|"local" which sockets

---Lists sockets as the sysctls net.inet.tcp.pcblist and its kin do. Asks network.socket.cansee about every one; hidden ones are left out. Gives lines with family, type and address.
---Asks: network.socket.cansee.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---p:bind{ port = 8080 }
---print(#p:sockets("tcp"))
-----> 1
---```
---@param arguments process.sockets.arguments
---@return any
function process:sockets(arguments) end

---@class process.stat.arguments
---@field path string path of the file, as the process sees it

---Asks nobody beyond the modes of the directories. Gives kind, mode, owner and group, and the device number.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:stat("/dev/null"))
-----> chr 666 0 0 2,2
---```
---@param arguments process.stat.arguments
---@return any
function process:stat(arguments) end

---@class process.swapctl.arguments
---@field cmd "stats"|"nswap"|"getdumpdev"|"on"|"off"|"ctl"|"dumpdev"|"dumpoff" command
---@field path? string path of the device or file

---Statistics ask nobody; all else asks system.swapctl before it looks at the path: EPERM. Adding a device opens it, which asks device.rawio_spec.rw.
---Asks: system.swapctl, device.rawio_spec.rw.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:swapctl("nswap"))
-----> true
---```
---@param arguments process.swapctl.arguments
---@return any
function process:swapctl(arguments) end

---@class process.symlink.arguments
---@field target string what the link says
---@field path string path of the file, as the process sees it

---Asks nobody beyond the modes.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:symlink("/bin/sh", "/tmp/sh"))
-----> true
---```
---@param arguments process.symlink.arguments
---@return any
function process:symlink(arguments) end

---@class process.sysarch.arguments
---@field op "ioperm_get"|"ioperm_set"|"iopl"|"ldt_get"|"ldt_set"|"mtrr_get"|"mtrr_set" operation

---Machine-dependent calls of amd64: iopl, mtrr_get and mtrr_set ask machdep.* of their name first: EPERM. The others, of i386, are EINVAL.
---Asks: machdep.iopl, machdep.mtrr_get, machdep.mtrr_set.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:sysarch("iopl"))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.sysarch.arguments
---@return any
function process:sysarch(arguments) end

---@class process.sysctl_create.arguments
---@field parent? string name of the parent, empty for the root
---@field name string name of the node
---@field value? string|number integer or string, nothing for a node with children

---Makes a node. Asks system.sysctl.add: EPERM; then EPERM unless the parent is the root or a node that a process made.
---Asks: system.sysctl.add, system.sysctl.prvt, system.intr.affinity, system.cpu.setstate.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:sysctl_create{ name = "site", value = 1 })
---print(root:sysctl_read("site"))
-----> true
-----> 1
---```
---@param arguments process.sysctl_create.arguments
---@return any
function process:sysctl_create(arguments) end

---@class process.sysctl_delete.arguments
---@field parent? string name of the parent, empty for the root
---@field name string name of the node

---Removes a node that a process made. Asks system.sysctl.delete: EPERM.
---Asks: system.sysctl.delete, system.sysctl.prvt, system.intr.affinity, system.cpu.setstate.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:sysctl_create{ name = "site", value = 1 }
---print(root:sysctl_delete{ name = "site" })
-----> true
---```
---@param arguments process.sysctl_delete.arguments
---@return any
function process:sysctl_delete(arguments) end

---@class process.sysctl_describe.arguments
---@field parent? string name of the parent, empty for the root
---@field name string name of the node
---@field text? string description to set, empty to read

---Description of a node. Setting one asks system.sysctl.desc: EPERM. Private nodes ask system.sysctl.prvt, and the answer is used the wrong way round. Gives the description.
---Asks: system.sysctl.desc, system.sysctl.prvt, system.intr.affinity, system.cpu.setstate.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:sysctl_describe{ parent = "kern", name = "ostype" })
-----> Operating system type
---```
---@param arguments process.sysctl_describe.arguments
---@return any
function process:sysctl_describe(arguments) end

---@class process.sysctl_list.arguments
---@field name? string name of the node, empty for the root

---Names of the nodes below a node. One that can have none gives the operation to its handler, which takes it for a part of the name and ends with EINVAL, or with EPERM where it can't be written; ENOTDIR without a handler. Gives the names.
---Asks: system.sysctl.prvt, system.intr.affinity, system.cpu.setstate.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(#root:sysctl_list("security.models"))
-----> 6
---```
---@param arguments process.sysctl_list.arguments
---@return any
function process:sysctl_list(arguments) end

---@class process.sysctl_read.arguments
---@field name string name of the node, with dots

---Reads a node. Private nodes ask system.sysctl.prvt: EPERM. Some nodes ask more: docs/simulator.md lists them. Gives an integer or a string.
---Asks: system.sysctl.prvt, system.intr.affinity, system.cpu.setstate, network.interface.getpriv, process.cansee.entry, process.corename.get, process.rlimit.get.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:sysctl_read("kern.ostype"))
-----> NetBSD
---```
---@param arguments process.sysctl_read.arguments
---@return any
function process:sysctl_read(arguments) end

---@class process.sysctl_write.arguments
---@field name string name of the node, with dots
---@field value? string|number integer or string
---@field size? number bytes of an integer, 0 for those that the node has

---Writes a node. Asks system.sysctl.modify, and only then is a read-only node EPERM; many nodes ask a second question.
---Asks: system.sysctl, system.setidcore, system.kernaddr, system.time, system.map_va_zero, system.intr.affinity, system.cpu.setstate, network.forwsrcrt, network.interface.getpriv, process.cansee.entry, process.corename, process.rlimit.set, process.stopflag.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:sysctl_write("kern.maxproc", 100))
-----> nil	EPERM	secmodel_cell denies it
---```
---@param arguments process.sysctl_write.arguments
---@return any
function process:sysctl_write(arguments) end

---@class process.tcpdrop.arguments
---@field pid number id of the process
---@field fd number descriptor

---Ends a TCP connection of a process, by the sysctl net.inet.tcp.drop. Asks network.socket.drop: EPERM; ESRCH if there is no such connection.
---Asks: network.socket.drop.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local server = root:bind{ port = 80 }
---root:listen(server)
---local fd = root:connect{ addr = "127.0.0.1", port = 80 }
---print(root:tcpdrop(root, fd))
-----> true
---```
---@param arguments process.tcpdrop.arguments
---@return any
function process:tcpdrop(arguments) end

---@class process.unlink.arguments
---@field path string path of the file, as the process sees it

---Asks nobody beyond the modes; in a sticky directory only for own files.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:open{ path = "/tmp/log", mode = "w", create = true }
---print(root:unlink("/tmp/log"))
-----> true
---```
---@param arguments process.unlink.arguments
---@return any
function process:unlink(arguments) end

---@class process.unmount.arguments
---@field path string path of the file, as the process sees it
---@field force? boolean MNT_FORCE

---Asks system.mount.unmount: EPERM. Then EINVAL for the root file system and where nothing is mounted, EBUSY while it is used; on the current revision the root of a cell uses it.
---Asks: system.mount.unmount.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---root:mount{ type = "tmpfs", path = "/mnt" }
---print(root:unmount("/mnt"))
-----> true
---```
---@param arguments process.unmount.arguments
---@return any
function process:unmount(arguments) end

---@class process.utimes.arguments
---@field path string path of the file, as the process sees it
---@field now? boolean to now

---Changes the times of an own file, or of a writable one to now.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---print(root:utimes("/tmp", true))
-----> true
---```
---@param arguments process.utimes.arguments
---@return any
function process:utimes(arguments) end

---@class process.vfork.arguments

---As fork. Gives the child's process id.
---Asks: process.fork, process.rlimit.bypass, process.kevent_filter.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:vfork().cell)
-----> 1
---```
---@return any
function process:vfork() end

---@class process.wait.arguments
---@field pid? number id of the child, 0 for any

---Reaps a child that has ended. Never blocks: 0 if the children still run; ECHILD without any. Gives the child's process id, or 0.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---local child = p:fork()
---child:exit()
---print(p:wait() == child.pid)
-----> true
---```
---@param arguments process.wait.arguments
---@return any
function process:wait(arguments) end

---@class process.write.arguments
---@field fd number descriptor

---Writes to an open file. Only /dev/random and /dev/urandom ask: device.rnd_adddata (EPERM), then device.rnd_adddata_estimate, which only decides whether the data counts.
---Asks: device.rnd_adddata, device.rnd_adddata_estimate.
---Only with the simulated kernel.
---```lua
---local root = sim.process{}
---local fd = root:open{ path = "/tmp/log", mode = "w", create = true }
---print(root:write(fd))
-----> true
---```
---@param arguments process.write.arguments
---@return any
function process:write(arguments) end

---@class process.write_full.arguments
---@field limit? "reserve"|"quota" what is exhausted

---Stands for write(2) where little room is left: system.fs_reservedspace for the last blocks (ENOSPC), or system.fs_quota.nolimit beyond a quota (EDQUOT).
---Asks: system.fs_reservedspace, system.fs_quota.nolimit.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{ uid = 80, gid = 80 }
---print(p:write_full("reserve"))
-----> nil	ENOSPC	no model allows it; suser does if the caller's effective user id is 0
---```
---@param arguments process.write_full.arguments
---@return any
function process:write_full(arguments) end

---@class sim
sim = {}

---Moves the clock of the simulated kernel. Cells are sampled at every full second.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---c:process{}
---sim.advance(1)
---print(c:stats().processes)
-----> 1
---```
---@param seconds number how far, more than 0
function sim.advance(seconds) end

---@class sim.kernel.arguments
---@field revision? string of secmodel_cell: early, april, interim or current
---@field evaluation? boolean false leaves the evaluation model out
---@field securelevel? number -1 to 2
---@field hz? number clock ticks a second
---@field can? boolean built with option CAN, which GENERIC leaves out
---@field sctp? boolean built with option SCTP, which GENERIC leaves out

---Makes another simulated kernel, for tests. Gives a table with cell, kernel, kauth, engine and sim for it: hooks of its
---cell.on are told of what happens there. Policies that were declared and are pending are those of the session or script, and can
---be loaded into any.
---```lua
---local april = sim.kernel{ revision = "april" }
---print(april.kernel.info().revision, #april.cell.list())
-----> april	0
---```
---@param arguments sim.kernel.arguments
---@return table
function sim.kernel(arguments) end

---Gives the lines of the simulated kernel's message buffer, as dmesg(8) does, and how many earlier ones are not kept any more.
---Only with the simulated kernel.
---```lua
---cell.create{ name = "web-1", root = "/cells/web-1" }
---local lines, lost = sim.log()
---print(#lines > 0, lost)
-----> true	0
---```
---@return string[]
---@return number
function sim.log() end

---@class sim.process.arguments
---@field name? string name of the program, sh without it
---@field uid? number real user id, 0 without it
---@field euid? number effective user id, uid without it
---@field gid? number real group id, 0 without it
---@field egid? number effective group id, gid without it
---@field groups? number[] supplementary groups, gid alone without it

---Makes a simulated process on the host, with the ids of the table.
---Only with the simulated kernel.
---```lua
---print(sim.process{ uid = 0 }:sysctl_read("kern.securelevel"))
-----> -1
---```
---@param arguments sim.process.arguments
---@return process
function sim.process(arguments) end

---Gives what the stock models look at, after changing what is given: securelevel (-1 to 2), curtain, usermount, user_set_cpu_affinity, user_set_dbregs, expose_address (0 to 2), user_ldt, pf, ipf, veriexec (0 to 3). Nobody is asked: it is
---as if the machine had started that way.
---Only with the simulated kernel.
---```lua
---sim.settings{ securelevel = 1 }
---print(sim.settings().securelevel)
-----> 1
---```
---@param changes? table settings to change
---@return table
function sim.settings(changes) end

---Calls a function and gives the kauth questions that were asked meanwhile: request, pid, allowed, why, and answers, a list of
---what each model said: model, result and reason, and for policies policy, file and line.
---Only with the simulated kernel.
---```lua
---local c = cell.create{ name = "web-1", root = "/cells/web-1" }
---local p = c:process{}
---for _, q in ipairs(sim.trace(function() p:setuid(80) end)) do print(q.request, q.allowed) end
-----> process.setid	true
---```
---@param fn function makes system calls
---@return table[]
function sim.trace(fn) end

---@class subscription
local subscription = {}

---Ends the subscription; the hook is not called any more.
---```lua
---local s = cell.on("deny", print)
---s:cancel()
---print(#cell.hooks())
-----> 0
---```
function subscription:cancel() end
