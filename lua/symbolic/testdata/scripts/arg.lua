-- arg of Lua 5.0 is a table of the varargs, but nil in a function that uses ... itself.
local function old(...) return arg.n, arg[1], arg[2] end
print(old(5, 6))
print(old())
local function new(...) return arg, select("#", ...) end
print(new(1, 2))
local function inner(...) return (function() return arg end)(), ... end
print(inner(7))
local function shared(...) local f = function() arg = arg or "none" return arg end return f(), ... end
print(shared(8))
local function upvalue(...) return function() return arg.n end end
print(upvalue(1, nil, nil)())
local function handedOn(...) return old(unpack(arg, 1, arg.n)) end
print(handedOn(nil, 2))
