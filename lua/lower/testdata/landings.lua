--- the policy of the report
local function f() for _, p in ipairs{1} do if false then local x = 1 end end return "deny" end
print(f())
--- a constant condition in while
local n = 0
while n < 3 do if nil then n = 100 end n = n + 1 end
print(n)
--- in repeat
local n = 0
repeat if false then n = 100 end n = n + 1 until n > 3
print(n)
--- a loop that never runs, first in a loop
for i = 1, 2 do while false do print("never") end print(i) end
for _, i in ipairs{1, 2} do while false do print("never") end print(i) end
--- break first
for _, i in ipairs{1, 2} do do break end end
while true do do break end end
repeat do break end until false
print("out")
--- a logical constant first
for _, i in ipairs{1, 2} do local a = false and i local b = nil and i print(a, b) end
--- a loop in a loop in a loop
for _, i in ipairs{1, 2} do for _, j in ipairs{1, 2} do while true do if j then break end end print(i, j) end end
--- a repeat of a repeat
local a, b = 0, 0
repeat repeat b = b + 1 until b % 3 == 0 a = a + 1 until a == 3
print(a, b)
--- if true first
local s = ""
for k, v in ipairs{"a", "b"} do if true then s = s .. v else s = s .. "-" end end
print(s)
--- an empty loop
for _ in ipairs{1, 2, 3} do end
for i = 1, 3 do end
local n = 0
while (function() n = n + 1 return n < 3 end)() do end
repeat n = n + 1 until n > 10
print(n)
--- what follows a loop
local function f(x) for _ in ipairs{1} do if false then return 1 end end if x then return 2 end return 3 end
print(f(true), f(false))
--- a condition that begins with a constant
local n = 0
while true and n < 3 do n = n + 1 end
while not false and n < 6 do n = n + 1 end
while (false or n < 9) do n = n + 1 end
while nil or n < 12 do n = n + 1 end
print(n)
--- until a constant
local n = 0
repeat n = n + 1 until true
repeat n = n + 1 if n > 5 then break end until false
repeat n = n + 1 if n > 9 then break end until nil
print(n)
--- a while of an if of an else
local n, s = 0, ""
while n < 4 do if false then s = s .. "x" elseif nil then s = s .. "y" else s = s .. n end n = n + 1 end
print(s)
