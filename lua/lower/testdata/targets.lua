--- not and itself
local ok = true
ok = not (1 == 2) and ok
print(ok)
--- and or with itself
local x = 5
x = x and x + 1 or x
print(x)
x = nil and x or x
print(x)
--- or of itself
local a, b = nil, 7
a = a or b
b = b and a
print(a, b)
--- nested
local a, b, c = 1, false, 3
a = (b or c) and (a and b or a)
print(a)
a = not a and b or not b and a
print(a)
--- a call into the last parameter
local function g(x) return x end
local function f(p) local q, r = 1, 2 p = g(p) p = (g(9)) return p, q, r end
print(f(4))
--- varargs into a variable
local function f(p, ...) local q, r = 1, 2 p = (...) return p, q, r end
print(f(4, 5, 6))
local function g(...) local a, b, c = 1, 2, 3 a = ... return a, b, c end
print(g(7, 8))
--- a constructor into a variable
local t, u, v = 1, 2, 3
t = {t, u, v}
print(t[1], t[2], t[3], u, v)
--- comparisons into a variable
local a, b = 1, 2
a = a < b
b = a == true
print(a, b)
a = not a
print(a)
--- a function of itself
local f = function(x) return x * 2 end
f = f and function(x) return x * 3 end or f
print(f(2))
--- conditions on fields and calls
local t = {n = 1}
local function id(...) return ... end
local x = false
x = t.n == 1 and not x
x = x and id(x, 2) or id(nil)
print(x)
x = id(false) or x and t.n
print(x)
--- the decision of the report
local function f(port, euid) local ok = port == 8080 ok = not (euid == 0) and ok if ok then return "allow" end return "deny" end
print(f(8080, 0), f(8080, 5), f(80, 5))
--- in a loop
local x = 0
for i = 1, 10 do x = i % 3 == 0 and x + i or x end
print(x)
--- many of one kind
local a = 1
a = a == 1 and 2 or a == 2 and 3 or a
a = a == 1 and 2 or a == 2 and 3 or a
a = a == 1 and 2 or a == 2 and 3 or a
print(a)
