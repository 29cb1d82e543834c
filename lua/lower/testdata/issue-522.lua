--- nils one after the other
local a, b, c
local d
local e, f
print(a, b, c, d, e, f)
--- nils after jumps
local function f(x) if x then local y = 1 end local a local b local c return a, b, c end
print(f(true)) print(f(false))
--- nils in a loop
local s = ""
for i = 1, 3 do local a local b s = s .. tostring(a) .. tostring(b) a, b = i, i end
print(s)
--- nils after and, or
local x = 1
local a = x and nil
local b = x or nil
local c
print(a, b, c)
--- nil at the end of branches
local function f(x) local r if x == 1 then r = nil else r = nil end local q = nil return r, q end
print(f(1), f(2))
--- nils over used places
do local a, b, c = 1, 2, 3 end
local a, b, c
print(a, b, c)
--- nils in a repeat
local n = 0
repeat local a local b n = n + 1 a = n until a == 3 and b == nil
print(n)
--- nils as values
local function f() return nil, nil, nil end
local a, b, c, d = f()
print(a, b, c, d, select("#", f()))
--- nils in assignments
local a, b, c = 1, 2, 3
a, b = nil
print(a, b, c)
a, b, c = nil, nil, nil
print(a, b, c)
--- nils in constructors
local t = {nil, nil, 3}
print(t[1], t[2], t[3])
local u = {x = nil, nil}
print(u.x, u[1])
--- while with nil first
local n = 0
while n < 2 do local a local b = a n = n + 1 print(a, b) a, b = 1, 2 end
