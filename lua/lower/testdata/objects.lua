--- a field of a string
print(pcall(function() ("x").y = 1 end) == false)
--- a field of a string among variables
local a, b, c = {}, {}, {}
print(pcall(function() ("x").y = 1 end) == false, a.y, b.y, c.y)
--- reading a field of a string
print(("x").y, ("x").len == string.len, ("abc").len("xy"))
--- a method of a string
print(("x"):rep(3), ("%d"):format(5), #("a"):rep(2))
--- an index of a number
print(pcall(function() return (1).x end) == false, pcall(function() (1).x = 2 end) == false)
--- fields of calls and constructors
local t = {}
local function f() return t end
f().x = 1
({}).y = 2
print(t.x, ({5, 6})[2], ({a = 7}).a)
--- assigning into what is nil
local n
print(pcall(function() n.x = 1 end) == false, pcall(function() n.x.y = 1 end) == false)
--- a chain
local t = {a = {b = {c = {}}}}
t.a.b.c.d = "deep"
t["a"].b["c"][1] = "index"
print(t.a.b.c.d, t.a.b.c[1])
--- parentheses
local t = {x = 1};
(t).x = 2;
((t)).y = (t).x
print(t.x, t.y)
--- by metamethods
local log = {}
local t = setmetatable({}, {__index = function(_, k) return k .. "!" end, __newindex = function(_, k, v) log[#log + 1] = k .. "=" .. v end})
t.a = 1 t["b"] = 2 t[3] = 3
print(t.a, t.b, t[4], log[1], log[2], log[3])
--- inherited
local base = {x = 1}
local t = setmetatable({}, {__index = setmetatable({y = 2}, {__index = base})})
print(t.x, t.y, t.z)
local u = setmetatable({}, {__newindex = base})
u.z = 3
print(base.z, u.z)
--- a field of a string is no field of a parameter
local function f(a) ("x").y = 1 return a.y end
print((pcall(f, {})))
