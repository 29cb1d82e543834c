--- a local without a value after a loop
for i = 1, 2 do local x = i end
local y
print(y)
--- after a generic loop
for k, v in ipairs{5, 6} do local z = k end
local a, b, c, d, e
print(a, b, c, d, e)
--- after while
local n = 0
while n < 2 do local q = n n = n + 1 end
local r, s
print(r, s)
--- after if
if true then local a, b = 1, 2 end
local c, d
print(c, d)
--- after a function
local function f() local x = 1 return x end
local v = f()
local w
print(v, w)
--- a jump over nils
local function f(x) local a if x then a = 1 end local b, c if not x then b = 2 end return a, b, c end
print(f(true)) print(f(false))
--- between conditions
local function f(x) if x == 1 then return "one" end local a if x == 2 then a = "two" end local b return a, b end
print(f(1)) print(f(2)) print(f(3))
--- at the begin of a loop's body
local out = ""
for i = 1, 3 do local a if i == 2 then a = "two" end out = out .. tostring(a) .. " " end
print(out)
--- nil conditions
local a
if a then print("never") elseif not a then print("nil") end
local b
print(a == b, a == nil)
--- nested blocks
local a = 1
do local b do local c print(a, b, c) end local d print(d) end
local e
print(e)
--- many
local a, b, c, d, e, f, g, h, i, j
local k = 1
local l, m, n
print(a, j, k, l, n)
