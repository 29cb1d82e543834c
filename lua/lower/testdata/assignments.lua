--- swap
local lo, hi = 9000, 8000
if lo > hi then lo, hi = hi, lo end
print(lo, hi)
--- rotate
local a, b, c = 1, 2, 3
a, b, c = b, c, a
print(a, b, c)
--- sums
local a, b = 1, 2
a, b = a + 1, a + b
print(a, b)
--- fibonacci
local a, b = 0, 1
for i = 1, 10 do a, b = b, a + b end
print(a, b)
--- more values than variables
local a, b = 1, 2
a, b = b, a, print("third")
print(a, b)
--- fewer values than variables
local a, b, c = 1, 2, 3
a, b, c = c
print(a, b, c)
--- a call at the end
local function f() return 7, 8, 9 end
local a, b, c, d = 1, 2, 3, 4
a, b, c, d = d, f()
print(a, b, c, d)
a, b = f(), a
print(a, b)
--- varargs at the end
local function f(...) local a, b, c = 1, 2, 3 a, b, c = c, ... return a, b, c end
print(f(5, 6)) print(f())
--- into tables and variables
local t, i = {}, 1
i, t[i] = i + 1, 20
print(i, t[1], t[2])
t.x, t.y, i = i, t.x, t[1]
print(t.x, t.y, i)
--- the table that is assigned
local t = {n = 1}
local u = t
t.n, t = 2, {n = 3}
print(u.n, t.n)
--- the same target twice
local a
a, a = 1, 2
print(a)
local t = {}
t.x, t.x = 1, 2
print(t.x)
--- upvalues and globals
local a, b = 1, 2
local function swap() a, b = b, a g, a = a, g or 5 end
swap()
print(a, b, g)
--- with and, or, not
local a, b = true, false
a, b = not a, a and not b
print(a, b)
a, b = a or b, b or a
print(a, b)
--- parameters
local function f(a, b, c) a, b, c = c, a, b c, a = a, c return a, b, c end
print(f(1, 2, 3))
--- constructors and functions
local a, b = 1, 2
a, b = {b}, function() return a end
print(a[1], b() == a)
--- nested tables and calls as keys
local t = {{}, {}}
local n = 0
local function k() n = n + 1 return n end
t[k()].v, t[k()].v = k(), k()
print(t[1].v, t[2].v)
--- a field of what the same statement assigns
local a, t = 1, {}
a, t[a], a = 2, a, 3
print(a, t[1], t[2])
