--- a function sees what was there before its variable
local f = 1
local f = function() return f end
print(f())
--- a local function sees itself
local f = 1
local function f(n) if n == 0 then return "done" end return f(n - 1) end
print(f(3))
--- an own global is not the local
x = "global"
local x = function() return x end
print(x())
--- hiding in a block
local a = 1
do local a = a + 1 print(a) do local a = a + 1 print(a) end print(a) end
print(a)
--- a parameter hides
local v = 1
local function f(v) v = v + 1 return v end
print(f(5), v)
--- two of one name
local a, a = 1, 2
print(a)
local function f(a, a) return a end
print(f(1, 2))
--- a loop hides its bounds
local i = 3
for i = 1, i do io = i end
print(i, io)
--- a generic loop hides
local k = {4, 5}
for k, v in ipairs(k) do print(k, v) end
--- self and arg are names
local self, arg = 1, 2
local t = {}
function t:m(...) return self == t, select("#", ...) end
print(t:m(1, 2), self, arg)
--- an upvalue of an upvalue
local a = 1
local function f() local a = a + 1 return function() local a = a + 1 return a end end
print(f()(), a)
--- the same name in two branches
local function f(x) if x then local y = 1 return function() return y end else local y = 2 return function() return y end end end
print(f(true)(), f(false)())
