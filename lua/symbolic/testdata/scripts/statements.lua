local function f(...) local a, b = ... return select('#', ...), a, b, ... end
print(f(1, nil, 3))
print((f(1, 2)))
local t = {f(1, 2), f(3)}
print(#t, t[1], t[2], t[3], t[4])
local function g(...) return arg.n, arg[1] end
print(g(5, 6))
for i = 0.1, 1, 0.3 do print(i) end
for i = "1", "3" do print(i) end
for i = 3, 1, -1 do print(i) end
for i = 1, 0 do print("never") end
local fs = {}
for i = 1, 3 do local j = i fs[i] = function() j = j + 1 return j + i end end
print(fs[1](), fs[1](), fs[2](), fs[3]())
local i = 1
repeat local k = i i = i + 1 until k >= 3
print(i)
local a, b, c = 1, 2, 3
a, b, c = c, a, b
print(a, b, c)
local x = {1, 2}
local n = 1
n, x[n] = 2, "z"
print(n, x[1], x[2])
print(select(2, pcall(error, "m", 0)))
print(pcall(function() error("lvl1") end))
local function lvl() error("lvl2", 2) end
print(pcall(function() lvl() end))
print("10" + 5, "0x10" * 2, "1e1" + 1, 10 .. 20)
print(#"abc", #{1, 2, nil, 4})
print(not nil, nil == false, "a" < "b", "Z" < "a", "" < "a")
local mt = {__index = function(t, k) return k .. "!" end, __call = function(self, q) return q * 2 end, __eq = function() return true end,
  __lt = function(a, b) return a.v < b.v end, __concat = function(a, b) return "cat" end, __unm = function() return "neg" end, __len = function() return 99 end,
  __newindex = function(t, k, v) rawset_seen = k end, __tostring = function() return "obj" end, __add = function(a, b) return "add" end}
local o, p = setmetatable({v = 1}, mt), setmetatable({v = 2}, mt)
print(o.foo, o(21), o == p, o < p, o <= p, o > p, o .. "x", "x" .. o, 1 .. o, -o, #o, o + 1, 1 + o, tostring(o))
o.newkey = 5 print(rawset_seen)
print(string.format("%5.2f|%d|%s|%q|%x", 3.14159, 42, "hi", "a\nb", 255))
print(tostring(nil), tostring(true), tonumber("  12  "), tonumber("z", 36), tonumber("8", 8))
print(unpack({1, 2, 3}, 2))
print(table.concat({1, 2, 3}, ","), table.remove({}))
local s = {5, 3, 1} table.sort(s) print(s[1], s[2], s[3])
table.sort(s, function(a, b) return a > b end) print(s[1], s[2], s[3])
local q = {10, 20, 30} table.insert(q, 2, 15) print(table.concat(q, " ")) print(table.remove(q, 1), table.concat(q, " "))
print(("x"):rep(3), ("abc"):upper(), ("abc"):sub(-2))
local function fact(n) if n == 0 then return 1 end return n * fact(n - 1) end
print(fact(20))
local function loop(n) if n == 0 then return "done" end return loop(n - 1) end
print(loop(5000))
print(xpcall(function() error("E") end, function(m) return "handled " .. m end))
local y1 = true and nil or "else" print(y1)
local z = nil z = z and z.x print(z)
print(type(print), type(nil), type({}), type("x"), type(2), type(print) == "function")
while true do if i then break end end
local u = 1 local function inc() u = u + 10 return 1 end
print(u + inc(), u)
local tt = {} tt[u] = inc() print(tt[11], tt[21])
print(next({}), next({5}))
for k, v in pairs({10, 20, x = 1}) do print(k, v) end
for k, v in ipairs({1, 2, nil, 4}) do print(k, v) end
print(("%s"):format(1e15), 100000000000000, 123456789012345678)
print(math.floor(-3.5), math.ceil(3.2), math.max(1, 5, 3), math.fmod(-5, 3), math.huge)
print({} == {}, "1" == 1)
