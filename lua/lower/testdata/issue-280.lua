--- a = a and b
local a, b = 1, 2
a = a and b
print(a, b)
--- a = b and a
local a, b = 1, nil
a = b and a
print(a, b)
--- a = a or b
local a, b = false, 2
a = a or b
print(a, b)
--- a = b or a
local a, b = 1, false
a = b or a
print(a, b)
--- a = not a and b
local a, b = nil, 2
a = not a and b
print(a, b)
a = not a and b
print(a, b)
--- a = (a and b) or c
local a, b, c = 1, false, 3
a = (a and b) or c
print(a)
--- a = a and (b or c)
local a, b, c = 1, false, 3
a = a and (b or c)
print(a)
--- a = b and (a or c) and a
local a, b, c = nil, 2, 3
a = b and (a or c) and a
print(a)
--- a = c and not b or a
local a, b, c = 1, 2, 3
a = c and not b or a
print(a)
--- through a table
local t = {}
local a = 1
a = t.x and a or t.y or a
print(a)
--- twice in one expression
local a, b = 1, 2
a = a and b and a or b and a
b = (a or b) and (b or a)
print(a, b)
--- in a closure
local a, b = 1, nil
local function f() a = b or a b = a and b or a return a, b end
print(f())
--- with calls
local function id(x) return x end
local a, b = 1, false
a = id(b) or id(a) and a
print(a)
a = id(a) and id(b) or a
print(a)
