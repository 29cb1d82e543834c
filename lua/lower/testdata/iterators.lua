--- one value
local i = 0
for k in function() i = i + 1 if i < 4 then return i end end do print(k) end
--- two values
local function step(n, c) if c < n then return c + 1 end end
local s = ""
for k in step, 3, 0 do s = s .. k end
print(s)
--- state without control
local function step(s, c) c = (c or 0) + 1 if c <= s then return c end end
for k in step, 2 do print(k) end
--- a call as the third
local function zero() return 0 end
local function step(n, c) if c < n then return c + 1 end end
for k in step, 3, zero() do print(k) end
--- a call as the second
local function bounds() return 2, 0 end
local function step(n, c) if c < n then return c + 1 end end
for k in step, bounds() do print(k) end
--- a call in parentheses
local function three() return next, {5}, nil end
print((pcall(function() for k in (three()) do print(k) end end)))
--- what was there before
for i = 1, 5 do local x, y, z = i, i, i end
local s = ""
for k, v in next, {1, 2, 3} do s = s .. v end
print(s)
--- many variables
local function step(_, c) c = (c or 0) + 1 if c < 3 then return c, c * 2, c * 3, c * 4, c * 5 end end
for a, b, c, d, e, f in step do print(a, b, c, d, e, f) end
--- the control variable changes
local s = ""
for k, v in ipairs{4, 5, 6} do k = k * 10 s = s .. k .. v .. " " end
print(s)
--- a callable table
local c = setmetatable({n = 0}, {__call = function(t) t.n = t.n + 1 if t.n < 3 then return t.n end end})
for x in c do print(x) end
--- nil at once
for k in function() end do print("never") end
for k, v in ipairs{} do print("never") end
for k, v in pairs{} do print("never") end
print("done")
--- ipairs stops at nil
local s = ""
for i, v in ipairs{1, 2, nil, 4} do s = s .. i end
print(s)
--- functions of each round
local fs = {}
for k, v in ipairs{7, 8, 9} do fs[k] = function() return k, v end end
print(fs[1]()) print(fs[3]())
--- false goes on
local n = 0
for v in function() n = n + 1 if n == 1 then return false elseif n < 4 then return n end end do print(v) end
