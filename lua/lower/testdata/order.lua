--- an operand that a call changes
local x = 1
local function f() x = 10 return 1 end
print(x + f(), x)
--- to the right
local x = 1
local function f() x = 10 return 1 end
print(f() + x)
--- comparisons
local x = 1
local function f() x = 10 return 5 end
print(x < f(), x > f())
--- an index
local t = {1, 2}
local function f() t = {3, 4} return 2 end
print(t[f()])
--- a key
local i = 1
local t = {1, 2}
local function f() i = 2 return t end
print(f()[i])
--- arguments are read one after the other
local x = 1
local function f() x = x + 1 return x end
local function s(...) local r = "" for i = 1, select("#", ...) do r = r .. (select(i, ...)) .. " " end return r end
print(s(x, f(), x, f(), x))
--- elements too
local x = 1
local function f() x = x + 1 return x end
local t = {x, f(), x, f(), x}
print(t[1], t[2], t[3], t[4], t[5])
--- joining too
local x = 1
local function f() x = x + 1 return x end
print(x .. f() .. x .. f())
--- and, or
local x = 1
local function f() x = nil return true end
print(x and f(), x)
--- an assignment into a table that a call replaces
local t = {}
local u = t
local function f() t = {} return 1 end
t.x = f()
print(u.x, t.x)
--- an index that a call changes
local t, i = {}, 1
local function f() i = 2 return "v" end
t[i] = f()
print(t[1], t[2])
--- several assignments with calls
local a, b = 1, 2
local function f() a, b = 10, 20 return 3 end
a, b = f(), a
print(a, b)
--- variables of functions around
local x = 1
local function g() local function f() x = 10 return 1 end return x + f() end
print(g(), x)
--- a return list
local x = 1
local function f() x = x + 1 return x end
local function g() return x, f(), x end
print(g())
