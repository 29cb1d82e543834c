--- precedence
print(2 ^ 3 ^ 2 == 2 ^ 9, 2 ^ 3 * 4 == 32, 2 ^ -2 == 1 / 4, -2 ^ 2 == -4, not nil == true, not nil and 2, -3 - 1 - 5 == -9, -3 + 1 < 0 or "x", "a" .. "b" == "ab", 1 .. 2 == "12", not 1 == 2, 1 + 1 == 2 and "y", 2 * 2 ^ 2, -2 ^ -2 == -0.25, "x" .. 1 + 2, #"abc" + 1, -#"ab", not #"" == 0)
print(nil and 1, false and 1, 1 and 2, nil or 1, false or nil, 1 or 2, 1 and nil or 3, nil and 1 or 2, (nil or false) == false, 1 and 2 and 3, nil or false or 4, not not 1, 5 and false == false, 1 == 1 and 2 == 2)
print(1 > 2 == false, "a" < "b" == true, 1 + 2 < 4 and 5 > 3, 2 < 3 == true, not (1 > 2) and "ok")
--- and, or give values
local function f(x) return x and x.y or "none" end print(f{ y = 1 }, f{}, f(nil), f{ y = false }) local n = 0 local function side() n = n + 1 return true end local _ = false and side() _ = true or side() print(n) _ = true and side() _ = false or side() print(n)
--- if
local function grade(n) if n > 90 then return "A" elseif n > 80 then return "B" elseif n > 70 then return "C" else return "F" end end print(grade(95), grade(85), grade(75), grade(5)) if nil then print("no") elseif 0 then print("0 is true") end if "" then print("so is the empty string") end
--- while, repeat, break
local i = 0 while true do i = i + 1 if i == 5 then break end end print(i) repeat local done = i == 8 i = i + 1 until done print(i) for a = 1, 3 do for b = 1, 3 do if b == 2 then break end print(a, b) end end local n = 0 while n < 3 do n = n + 1 if n == 2 then break end end print(n)
--- assignments
local a, b, c = 1, 2 print(a, b, c) a, b = b, a print(a, b) local t = {} t.x, t.y = 1, 2 print(t.x, t.y) local i = 1 i, t[i] = i + 1, 20 print(i, t[1], t[2]) a, b, c = (function() return 1, 2, 3 end)() print(a, b, c) a, b, c = 0, (function() return 1, 2 end)() print(a, b, c) local x, y = 1 print(x, y) do local a = { 1 } a[1], a = 5, { 2 } print(a[1]) end
--- scopes
local x = 1 do local x = 2 do local x = 3 print(x) end print(x) end print(x) for x = 5, 5 do print(x) end print(x) local function f(x) x = 10 return x end print(f(7), x) if true then local x = 9 end print(x)
--- comments and spaces
--[[ a long
comment ]] print(1) --[==[ x ]] ]==] print(2) -- to the end
print --[[ within ]] (3) print(4) --[ no long comment
print(5);print(6)
local function f() return end print(f()) do return print("last") end
--- nested functions and long chains
local t = { a = { b = { c = function() return { d = "deep" } end } } } print(t.a.b.c().d, t["a"]["b"].c()["d"]) print((("x"):rep(3)):upper():len()) local s = 0 for i = 1, 3 do for j = 1, 3 do for k = 1, 3 do s = s + i * j * k end end end print(s)
--- all operators on constants fold right
print(1 + 1, 7 - 10, 3 * 4, 9 / 3, 10 % 4, 2 ^ 4, -5, not true, not nil, "a" .. "b", 1 < 2, 1 == 2, 1 ~= 2, #"four", 0 / 1, 1e300 * 1e10, -(0 / 0) ~= 0 / 0)
--- returns
local function f(n) if n == 1 then return end if n == 2 then return nil end if n == 3 then return 1, nil end return end print(select("#", f(1)), select("#", f(2)), select("#", f(3)), select("#", f(4)))
--- [session] what is no Lua
for _, s in ipairs{ "x = = 1", "for i = 1 do end", "if x then", "return return", "local function end", "a.b:c = 1", "break", "x = }", "f(", "'open", "[[open", "goto", "1 = x", "local 1", "x ==", "and", "function f( end", "for in x do end", "a, b", "f() = 1", "local x.y = 1", "\\", "x = 1e", "x = 0xg", "x = 5x", "--[[ open" } do print(s, loadstring(s) == nil) end
