--- an error under pcall leaves a variable shared
local limit = 1
local f = function() return limit end
pcall(error, "x")
limit = 2
print(f())
--- the function assigns after an error
local n = 0
local function inc() n = n + 1 end
pcall(function() inc() error("x") end)
inc()
print(n)
--- two functions share after an error
local v = 1
local function get() return v end
local function set(x) v = x end
pcall(function() local y = nil; return y.z end)
set(5)
print(get(), v)
--- xpcall
local v = 1
local function get() return v end
xpcall(function() error("x") end, function() return 1 end)
v = 2
print(get())
--- an error deep below
local v = 1
local function get() return v end
local function deep(n) if n == 0 then error("x") end return deep(n - 1) + 1 end
pcall(deep, 10)
v = v + 1
print(get())
--- variables of the function that failed
local f
pcall(function() local v = 1 f = function() v = v + 1 return v end error("x") end)
print(f(), f())
--- parameters
local function make(a, b) pcall(error, 1) local function get() return a, b end a, b = b, a return get end
print(make(1, 2)())
--- in a loop
local fs = {}
for i = 1, 3 do
  local v = i
  fs[i] = function() v = v + 1 return v end
  pcall(error, i)
  v = v * 10
end
print(fs[1](), fs[2](), fs[3](), fs[1]())
--- a shared counter of a loop
local n = 0
local function get() return n end
while n < 5 do n = n + 1 if n == 3 then pcall(error) end end
print(get())
--- nested pcall
local v = 0
local function add(x) v = v + x end
pcall(function() add(1) pcall(function() add(10) error("a") end) add(100) error("b") end)
add(1000)
print(v)
--- the loop variable itself
local fs = {}
for i = 1, 3 do fs[#fs + 1] = function() i = i + 1 return i end i = i * 2 end
print(fs[1](), fs[2](), fs[3](), fs[3]())
--- the variables of a generic loop
local fs = {}
for k, v in ipairs{7, 8} do fs[k] = function() k, v = v, k return k, v end v = v + 1 end
print(fs[1]()) print(fs[2]()) print(fs[1]())
--- varargs and shared parameters
local function f(a, ...) local g = function() a = a + 1 return a end pcall(error) a = a + select("#", ...) return g() end
print(f(1, nil, nil))
--- recursion through a shared variable
local f
f = function(n) if n == 0 then return 0 end return n + f(n - 1) end
local g = f
pcall(error)
f = function() return 100 end
print(g(3))
--- nil in a shared variable
local v
local function get() return v end
print(get()) v = 1 pcall(error) v = nil print(get()) v = false print(get())
