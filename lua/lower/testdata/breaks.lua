--- from a block
local fs = {}
for i = 1, 2 do do local y = i fs[i] = function() return y end break end end
local z, w, v, u = 7, 8, 9, 10
print(fs[1](), z, w, v, u)
--- from a block in while
local f
while true do do local y = 5 f = function() y = y + 1 return y end break end end
local a, b, c = 1, 2, 3
print(f(), f(), a, b, c)
--- from an if
local f
for _, x in ipairs{1, 2} do if x then local y = x * 10 f = function() return y end break end end
local a, b, c, d, e = 1, 2, 3, 4, 5
print(f(), a, b, c, d, e)
--- before the function is made
local fs = {}
for i = 1, 5 do local v = i if i == 3 then break end fs[i] = function() return v end end
local a, b, c, d, e = "a", "b", "c", "d", "e"
print(#fs, fs[1](), fs[2](), a, e)
--- the loop's variable
local f
for i = 1, 5 do f = function() return i end if i == 3 then break end end
local a, b, c, d, e = "a", "b", "c", "d", "e"
print(f(), a, e)
--- out of the inner of two loops
local fs = {}
for i = 1, 3 do for j = 1, 3 do local v = i * 10 + j fs[#fs + 1] = function() return v end if j == 2 then break end end end
print(#fs, fs[1](), fs[2](), fs[6]())
--- from nested blocks
local f
while true do local a = 1 do local b = 2 do local c = 3 f = function() return a, b, c end break end end end
local x, y, z, w = 9, 9, 9, 9
print(f())
--- several breaks
local fs = {}
for i = 1, 9 do
  do local v = i fs[#fs + 1] = function() return v end if i == 4 then break end end
  if i % 2 == 0 then local w = -i fs[#fs + 1] = function() return w end if i == 8 then break end end
end
local p, q, r = 0, 0, 0
local s = ""
for _, f in ipairs(fs) do s = s .. f() .. " " end
print(s)
--- a function that assigns
local f, g
repeat local n = 0 do local m = 0 f = function() n = n + 1 m = m + 2 return n, m end g = function() return n, m end break end until true
local a, b, c, d = 1, 2, 3, 4
print(f()) print(g()) print(a, b, c, d)
--- after pcall
local f
for i = 1, 3 do do local v = i f = function() v = v + 1 return v end pcall(error) v = v * 2 break end end
local a, b, c, d = 1, 2, 3, 4
print(f(), f())
