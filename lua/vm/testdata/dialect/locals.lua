--- shadowing
local x = 10 do local x = x + 1 print(x) local x = x + 1 print(x) end print(x) local function f(x, x) return x end print(f(1, 2)) for x = 1, 2 do local x = x * 10 print(x) end local a = 1 local a, b = 2, a print(a, b)
--- nil at first
local a, b, c print(a, b, c) for i = 1, 2 do local v if i == 1 then v = "set" end print(v) end while true do local z print(z) z = 1 break end local t = {} for i = 1, 3 do local u t[i] = function() u = (u or 0) + i return u end end print(t[1](), t[1](), t[2](), t[3]())
--- many
local v = 0 local a1, a2, a3, a4, a5, a6, a7, a8, a9, a10 = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 local b1, b2, b3, b4, b5, b6, b7, b8, b9, b10 = a1, a2, a3, a4, a5, a6, a7, a8, a9, a10 print(a1 + a10, b5 * b6, b1 - b10)
--- a loop variable can be assigned
for i = 1, 3 do local k = i i = i * 10 print(k, i) end for k, v in ipairs{ 5, 6 } do v = v + 1 k = 0 print(k, v) end
--- functions and blocks
local function counter() local c = 0 return { inc = function() c = c + 1 end, get = function() return c end } end local c1, c2 = counter(), counter() c1.inc() c1.inc() c2.inc() print(c1.get(), c2.get()) do local hidden = 1 function visible() return hidden end end print(visible(), hidden) local p = { q = function() local r = 5 return function() r = r + 1 return r end end } local s = p.q() s() print(s())
--- repeat sees the locals of its body
local i = 0 repeat local j = i i = i + 1 until j == 3 print(i) local n = 0 repeat n = n + 1 local stop = n > 4 if n == 2 then local stop = false end until stop print(n)
