--- the table
local function f(...) return arg.n, arg[1], arg[2] end
print(f(4, 5)) print(f())
--- with parameters
local function f(a, b, ...) return a, b, arg.n, arg[1] end
print(f(1, 2, 3)) print(f(1))
--- in a tail call
local function f(a, b, ...) return arg end
local function g() return f(1, 2, 3, 4) end
print(g().n, g()[2])
--- nil where varargs are used
local function f(...) local x = ... return arg end
print(f(1))
--- captured
local function f(...) return function() return arg.n end end
print(f(1, 2, 3)())
--- assigned
local function f(...) arg = 5 return arg end
print(f(1))
--- captured and assigned
local function f(...) local function g() arg = arg.n end g() return arg end
print(f(1, 2))
--- hidden
local function f(...) local arg = "mine" return arg end
print(f(1))
--- a parameter of that name
local function f(arg, ...) return arg, select("#", ...) end
print(f(1, 2, 3))
--- nil among them
local function f(...) return arg.n, arg[1], arg[2], arg[3] end
print(f(nil, nil, 3)) print(f(nil))
--- in a method
local t = {}
function t:m(...) return arg.n, self == t end
print(t:m(1, 2))
