--- remainders
print(5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, -5.5 % 2)
--- remainders of infinities
local inf = 1/0
local function s(x) return x ~= x and "nan" or tostring(x) end
print(s(1 % inf), s(-1 % inf), s(1 % -inf), s(inf % 1), s(5 % 0))
--- large remainders
print(2^53 % 3, -2^53 % 3, 1e15 % 7, 1e300 % 3 == 1e300 % 3)
--- remainders of strings
print("7" % 4, 7 % "4", "7" % "4")
--- powers
print(2^10, 2^0.5, 2^-1, (-2)^2, -2^2, 2^3^2, 10^15, "2"^"3")
--- lengths
print(#"", #"abc", #{}, #{1, 2, 3}, #{n = 1}, #"a\0b")
--- lengths ask no metamethod of tables
local t = setmetatable({1, 2}, {__len = function() return 42 end})
print(#t)
--- joining
print("a" .. "b", 1 .. 2, "a" .. 1.5, 0.1 .. "", 1e15 .. "", 2^53 .. "", -1 .. "")
--- joining many
local a, b = "x", 1
print(a .. b .. a .. b .. a .. "y" .. 2 .. 3)
--- joining from the right
local mt = {__concat = function(x, y) return (type(x) == "table" and "t" or x) .. "+" .. (type(y) == "table" and "t" or y) end}
local t = setmetatable({}, mt)
print("a" .. t, t .. "b", "a" .. "b" .. t, t .. "a" .. "b", "a" .. t .. "b", 1 .. t)
--- loops with strings
local s = ""
for i = "1", "3" do s = s .. i + 1 .. " " end
for i = 10, "4", "-3" do s = s .. i .. " " end
print(s)
--- loops with fractions
local s = ""
for i = 0, 1, 0.25 do s = s .. i .. " " end
for i = 1, 0, -0.5 do s = s .. i .. " " end
for i = 0.1, 0.5, 0.1 do s = s .. i .. " " end
print(s)
--- loops that do not run
for i = 1, 0 do print("never") end
for i = 0, 1, -1 do print("never") end
local nan = 0/0
for i = nan, 1 do print("never") end
for i = 1, nan do print("never") end
print("done")
--- loops with bad bounds
print(pcall(function() for i = "a", 2 do end end) == false, pcall(function() for i = 1, nil do end end) == false, pcall(function() for i = 1, 2, {} do end end) == false)
--- comparisons by metamethods
local lt = {__lt = function(a, b) return a.n < b.n end}
local a, b = setmetatable({n = 1}, lt), setmetatable({n = 2}, lt)
print(a < b, a > b, a <= b, a >= b, a <= a)
local le = {__le = function(a, b) return a.n <= b.n end}
local a, b = setmetatable({n = 1}, le), setmetatable({n = 2}, le)
print(a <= b, a >= b)
--- equality by metamethods
local mt = {__eq = function() return true end}
local a, b, c = setmetatable({}, mt), setmetatable({}, mt), setmetatable({}, {__eq = function() return true end})
print(a == b, a ~= b, a == c, a == 1, a == nil)
--- comparing strings
print("a" < "b", "a" < "B", "" < "a", "ab" < "abc", "Z" < "a", "a\0b" < "a\0c")
print(pcall(function() return 1 < "2" end) == false, pcall(function() return {} < {} end) == false, pcall(function() return nil < 1 end) == false)
--- arithmetic by metamethods
local mt = {__add = function(a, b) return "add" end, __mod = function() return "mod" end, __unm = function() return "unm" end, __pow = function() return "pow" end}
local t = setmetatable({}, mt)
print(t + 1, 1 + t, t % 2, 2 % t, -t, t ^ 2, t + "1", "1" + t, "x" + t)
--- the sign of zero
local function call(...) return ... end
local z, m, tiny = call(0, -1, 1e-300)
local function s(x) return x .. " " .. 1 / x end
print(s(z * m), s(m * z), s(z / m), s(-z), s(-z - z), s(-z + -z), s(-tiny * tiny), s(-tiny / 1e300))
print(s(-(-z)), s(z - z), s(-z + z), s(m + 1), s(z % m), s(-z % 5), s((-z) ^ 2), s((-z) ^ 3), s("-0" * 1))
local t = {m}
t[1] = t[1] * z
local n = z
for i = t[1], 1 do n = n * m print(s(i), s(n)) end
local function add(a, b) return s(a + b) end
print(add(-z, -z), add(z, -z), add(t[1], t[1]))
--- metamethods that are callable tables
local f = setmetatable({}, {__call = function(_, a, b) return 7 end})
local t = setmetatable({}, {__add = f, __sub = f, __mul = f, __div = f, __mod = f, __pow = f, __unm = f, __concat = f})
print(t + 1, 1 - t, t * t, t / 2, "1" % t, t ^ 2, -t, t .. "")
--- sums that are long
local a, b, c = 1, 2, 3
local function f(x) a = a + x return a end
print(a + b * c - a * b + c / b - (a + b) * (c - a) + b ^ c % 7 - -a + f(1) - f(2) * f(3) + (a - (b + (c - (a + (b - (c + (a - (b + (c - a))))))))) - a + b - c + a - b + c * a)
print(a - (f(1) + (a - (f(1) + (a - (f(1) + (a - (f(1) + (a - (f(1) + (a - f(1))))))))))))
print((a + b + c + a + b + c + a + b + c + a) * (a - b - c - a - b - c - a - b - c - a) + (b or c) + (a + b + c + a + b + c + a + b + c > 5 and a + b + c + a + b + c + a + b + c + a or 1))
