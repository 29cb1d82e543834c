--- variables stay shared across yields
local n = 0
local co = coroutine.wrap(function() while true do n = n + 1 coroutine.yield(n) end end)
co() co() n = 10
print(co(), n)
--- a function that a coroutine leaves behind
local f
local co = coroutine.create(function() local v = 1 f = function() v = v + 1 return v end coroutine.yield() v = 100 end)
coroutine.resume(co)
print(f()) coroutine.resume(co) print(f())
--- an error within wrap
local v = 1
local function get() return v end
local co = coroutine.wrap(function() error("x") end)
print((pcall(co))) v = 2
print(get())
--- functions of the frames that an error in wrap ends
local f
pcall(function() local v = 5 f = function() return v end coroutine.wrap(function() error("x") end)() end)
local a, b, c, d, e = 1, 2, 3, 4, 5
print(f())
--- coroutines in coroutines
local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local s = ""
for x in gen(3) do for y in gen(x) do s = s .. x .. y .. " " end end
print(s)
--- running and status
local co
co = coroutine.create(function() return coroutine.running() == co, coroutine.status(co) end)
print(coroutine.running(), coroutine.status(co)) print(coroutine.resume(co)) print(coroutine.status(co))
--- a coroutine that resumes its own
local co co = coroutine.wrap(function() return pcall(co) end)
print((co()))
--- the state of one that resumed another
local outer
local inner = coroutine.create(function() return coroutine.status(outer) end)
outer = coroutine.create(function() return coroutine.resume(inner) end)
print(coroutine.resume(outer))
--- varargs
local co = coroutine.create(function(...) print(select("#", ...)) print(select("#", coroutine.yield())) return ... end)
print(coroutine.resume(co, nil, nil)) print(coroutine.resume(co, nil, nil, nil))
--- errors that are caught within
local co = coroutine.wrap(function() local ok = pcall(error, "x") coroutine.yield(ok) return pcall(function() local t = nil return t.x end) end)
print(co()) print((co()))
--- recursion in a coroutine
local function walk(t) if type(t) == "table" then for _, x in ipairs(t) do walk(x) end else coroutine.yield(t) end end
local s = ""
for x in coroutine.wrap(function() walk{1, {2, {3, 4}}, 5} end) do s = s .. x end
print(s)
