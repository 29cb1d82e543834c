local fs = {}
for i = 1, 3 do fs[#fs + 1] = function() i = i + 10 return i end end
print(fs[1](), fs[1](), fs[2](), fs[3]())
local function counter() local n = 0 return function() n = n + 1 return n end, function() return n end end
local inc, get = counter() inc() inc() print(get())
local i = 0
repeat local k = i fs[i] = function() return k end i = i + 1 until k == 2
print(fs[0](), fs[1](), fs[2]())
while i > 0 do local k = i i = i - 1 fs[k] = function() k = k * 2 return k end end
print(fs[1](), fs[1](), fs[2](), fs[3]())
local function rec(n) local f = function() return n end if n == 0 then return f end return rec(n - 1) end
print(rec(5)())
local limit = 1
local check = function(n) return n <= limit end
print(pcall(error, "x"))
limit = 5 print(check(3))
print(pcall(function() limit = 9 error("y", 0) end)) print(check(8))
local s = ""
for _, p in ipairs{1} do if false then local q = 1 end end
for k, v in next, {5, 6} do s = s .. k .. v end print(s)
local f = function(n) if f then return "global" end return "none" end print(f(1))
local function f2(n) if n == 0 then return "self" end return f2(n - 1) end print(f2(3))
