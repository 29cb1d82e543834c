--- and of comparisons into a variable
local a, b = 1, 2
local r = false
r = a < b and b < 3
print(r)
--- or of comparisons
local a, b = 1, 2
local r = true
r = a > b or b > 3
print(r)
--- both
local a, b, r = 1, 2
r = a < b and b > 3 or a == 1
print(r)
r = (a > b or a == 1) and b ~= 2
print(r)
--- with not
local a, r = 1, nil
r = not (a == 1) or a < 2
print(r)
r = not (a == 1 and a < 2)
print(r)
--- in a parameter
local function f(r, a) r = a == 1 or a == 2 return r end
print(f(5, 1), f(5, 2), f(5, 3))
--- values and comparisons
local a, r = 1, 5
r = a == 1 and r
print(r)
r = a == 2 or r
print(r)
r = r == 5 and a or r
print(r)
--- chains
local r, x = nil, 7
r = x == 1 or x == 2 or x == 7 or x == 9
print(r)
r = x > 1 and x > 2 and x < 7
print(r)
--- strings
local r, s = 1, "b"
r = s > "a" and s < "c" and s
print(r)
--- in conditions
local a, b, c = 1, 2, 3
if a < b and b < c or c < a then print(1) end
if not (a < b and b < c) then print(2) else print(3) end
if (a > b or b < c) and (c > a or a > c) then print(4) end
--- of nil
local r, t = 1, {}
r = t.x == nil and t.y == nil
print(r)
r = t.x ~= nil or r
print(r)
