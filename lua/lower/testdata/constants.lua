--- if
if true then print(1) else print(2) end
if false then print(3) else print(4) end
if nil then print(5) end
if 0 then print(6) end
if "" then print(7) end
if not nil then print(8) end
--- elseif
if false then print(1) elseif nil then print(2) elseif 1 then print(3) elseif true then print(4) else print(5) end
local x = 3
if x == 1 then print(1) elseif true then print(2) elseif x == 3 then print(3) end
if x == 1 then print(1) elseif false then print(2) elseif x == 3 then print(3) end
--- and
print(true and 1, false and 1, nil and 1, 1 and nil, 1 and false, "a" and "b")
--- or
print(true or 1, false or 1, nil or false, 1 or nil, nil or nil, "a" or "b")
--- not
print(not nil, not 1, not "", not not nil, not (1 == 1), not {})
--- mixed
local x = 5
print(true and x, x and true, false or x, x or false, nil and x, x and nil)
print((true and x) or 1, (false and x) or 1, not (true and false) and x)
--- with calls
local n = 0
local function f() n = n + 1 return n end
print(true or f(), false and f(), n)
print(true and f(), false or f(), n)
--- in conditions
local x = false
if true and x then print(1) elseif x or true then print(2) end
if not (true and x) then print(3) end
if x and false then print(4) else print(5) end
if (x or true) and not (x and true) then print(6) end
--- functions and tables are true
if function() end then print(1) end
if {} then print(2) end
while {} do break end
print(not function() end)
--- many values
local function f() return 1, 2 end
print((true and f()), (nil or f()))
print(true and f(), nil or f())
--- comparisons of constants
print(1 == 1, 1 == 2, "a" < "b", 1 ~= 1, nil == false, 1 == "1")
if 1 == 2 then print(1) elseif 2 > 1 then print(2) end
--- constants to the right
local x = 1
print(x and nil, x or nil, (x and false) or 2, (x or false) and nil, x and 1 and false)
if x and nil then print(1) else print(2) end
local y = x and false
local z = y or nil
print(y, z)
