--- varargs in the middle
local function f(...) return ..., "x", ... end
print(f(1, 2)) print(f())
local function g(...) return (...), select("#", ...) end
print(g(nil, nil))
--- one value of many
local function f() return 1, 2, 3 end
print((f())) print(f(), f()) print((f()), (f()))
local t = {f(), (f())}
print(#t)
--- returns
local function a() return end
local function b() return nil end
local function c() return a() end
local function d() return (a()) end
print(select("#", a()), select("#", b()), select("#", c()), select("#", d()))
--- tail calls
local function loop(n) if n == 0 then return "end" end return loop(n - 1) end
print(loop(5000))
local function f(...) return select("#", ...), ... end
local function g(...) return f(...) end
print(g(1, nil, 3))
print((function(...) return tostring(...) end)(5))
print((function(...) return pcall(...) end)(function(x) return x end, 7))
--- functions of each round
local fs = {}
for i = 1, 3 do fs[i] = function() return i end end
local j = 0
while j < 3 do j = j + 1 local k = j fs[3 + j] = function() k = k + 1 return k end end
print(fs[1](), fs[3](), fs[4](), fs[4](), fs[6]())
--- nested functions
local function f(a) return function(b) return function(c) a = a + 1 return a + b + c end end end
local g = f(1)(10)
print(g(100), g(100))
--- recursion
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(15))
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(10), odd(7))
--- calls without brackets
local function f(x) return type(x) end
print(f"x", f{}, f[[y]], f'z')
--- long strings
print([[
first
second]], [==[a]]b]==], #[[

]])
--- escapes
print("a\tb\065\10c\"d\'e\\f\
g")
--- comments
--[[ one
two ]] print(1) --[==[ three ]] ]==] print(2) -- four
--- what P and xpcall give
print(xpcall(function() return 1, 2 end, print))
print(xpcall(function() error("x", 0) end, function(e) return e .. "!", 2 end))
print(pcall(function() error() end))
print(pcall(function() error(nil) end))
print(pcall(function() error({}) end) == false)
print(select("#", pcall(error)))
--- assert
print(pcall(assert, false, "m")) print(pcall(assert, nil)) print(assert(1, 2, 3))
--- levels of errors
local function f() error("x", 0) end
print(pcall(f))
local function g() error("y", 2) end
print((pcall(g)))
