--- a, b = b, a
local a, b = 1, 2
a, b = b, a
print(a, b)
--- a, b = b, a + b
local a, b = 1, 2
a, b = b, a + b
print(a, b)
--- a, b, c = c, a, b
local a, b, c = 1, 2, 3
a, b, c = c, a, b
print(a, b, c)
--- a, b = a + b, a - b
local a, b = 5, 3
a, b = a + b, a - b
print(a, b)
--- a, b = {a}, {b}
local a, b = 1, 2
a, b = {b}, {a}
print(a[1], b[1])
--- a, b = not b, not a
local a, b = true, false
a, b = not b, not a
print(a, b)
--- a, b = b and 1, a and 2
local a, b = nil, true
a, b = b and 1, a and 2
print(a, b)
--- a, b = #b, #a
local a, b = "one", "three"
a, b = #b, #a
print(a, b)
--- a, b = -b, -a
local a, b = 1, 2
a, b = -b, -a
print(a, b)
--- a, b = b .. "", a .. ""
local a, b = 1, 2
a, b = b .. "x", a .. "y"
print(a, b)
--- a, b = f(b), f(a)
local function f(x) return x * 10 end
local a, b = 1, 2
a, b = f(b), f(a)
print(a, b)
--- a, b = t[b], t[a]
local t = {"x", "y"}
local a, b = 1, 2
a, b = t[b], t[a]
print(a, b)
--- parameters and varargs
local function f(a, b, ...) a, b = b, a a, b = ..., a return a, b end
print(f(1, 2, 3, 4))
