--- a method
local t = {n = 1}
function t:add(x) self.n = self.n + x return self end
print(t:add(2):add(3).n)
--- a function in a table
local t = {a = {b = {}}}
function t.a.b.f(x) return x * 2 end
function t.a.b:g(x) return self == t.a.b, x end
print(t.a.b.f(4)) print(t.a.b:g(5))
--- a global
function g(x) return x + 1 end
print(g(1))
--- a local that exists
local f = 1
function f(x) return f, x end
print(f(2) == f)
--- an upvalue
local f
local function set() function f() return "set" end end
set()
print(f())
--- varargs in a method
local t = {}
function t:m(...) return select("#", ...), (...) end
print(t:m(7, 8))
--- methods of calls
local function make() return {get = function(self, x) return x end} end
print(make():get(1), (make()):get(2))
--- the object is worked out once
local n = 0
local t = {m = function(self) return self.v end, v = "v"}
local function get() n = n + 1 return t end
print(get():m(), n)
--- a method that is missing
print(pcall(function() local t = {} t:m() end) == false, pcall(function() local t t:m() end) == false)
--- a method by a metatable
local class = {} class.__index = class
function class.new(v) return setmetatable({v = v}, class) end
function class:get() return self.v end
print(class.new(5):get())
--- shared variables in methods
local count = 0
local t = {}
function t:inc() count = count + 1 return count end
function t:get() return count end
t:inc() t:inc()
print(t:get(), count)
