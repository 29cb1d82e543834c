--- the condition sees the body's variables
local n = 0
repeat local done = n == 3 n = n + 1 until done
print(n)
--- a function of the body
local fs, n = {}, 0
repeat local v = n fs[#fs + 1] = function() return v end n = n + 1 until v == 2
print(fs[1](), fs[2](), fs[3]())
--- a function in the condition
local n = 0
repeat local v = n n = n + 1 until (function() return v == 4 end)()
print(n)
--- break
local n = 0
repeat n = n + 1 if n == 5 then break end until n > 10
print(n)
--- break with a shared variable
local f
repeat local v = 1 f = function() v = v + 1 return v end if v then break end until false
local a, b, c = 7, 8, 9
print(f(), f(), a, b, c)
--- return from within
local function f(n) repeat local x = n n = n + 1 if x == 3 then return "three", n end until n > 10 return "none" end
print(f(1), f(5))
--- nested
local s = ""
local i = 0
repeat i = i + 1 local j = 0 repeat j = j + 1 s = s .. i .. j .. " " until j == i until i == 3
print(s)
--- hiding the condition's variable
local x = true
local n = 0
repeat local x = n > 2 n = n + 1 until x
print(n, x)
--- a shared variable that changes
local fs, n = {}, 0
repeat local v = 0 local function add() v = v + 1 return v end fs[#fs + 1] = add add() n = n + 1 until add() + n > 5
print(#fs, fs[1](), fs[#fs]())
--- constant conditions
local n = 0
repeat n = n + 1 until true
repeat n = n + 1 until not nil
repeat n = n + 1 if n > 7 then break end until false
print(n)
--- and and or in the condition
local a, b = 0, 0
repeat a = a + 1 local odd = a % 2 == 1 b = odd and b + 1 or b until a > 5 and not odd or b > 9
print(a, b)
--- ends with return
local function f() repeat return 1 until nil end
print(f())
