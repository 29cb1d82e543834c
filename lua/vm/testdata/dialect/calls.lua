--- numbers of arguments and results
local function f(a, b, c) return a, b, c end print(f(1)) print(f(1, 2, 3, 4)) print((f(1, 2))) print(f(f(1, 2), 5)) print(f(5, f(1, 2))) local t = { f(1, 2, 3) } print(#t) print(select("#", f()))
local function none() end print(none()) print((none())) print(select("#", none())) local a, b = none() print(a, b) local function two() return 1, 2 end local a, b, c = two(), two() print(a, b, c) a, b, c = two() print(a, b, c)
--- tail calls
local function loop(n) if n > 0 then return loop(n - 1) end return "done" end print(loop(100000)) local function sum(n, acc) if n == 0 then return acc end return sum(n - 1, acc + n) end print(sum(1000, 0))
local t = setmetatable({}, { __call = function(self, n) if n == 0 then return "end" end return self(n - 1) end }) print(t(100))
--- methods
local a = { i = 10 } function a:x(x) return x + self.i end function a.y(x) return x + self end self = 20 print(a:x(1) + 10, a.y(1)) a.t = { i = -100 } a["t"].x = function(self, a, b) return self.i + a + b end print(a.t:x(2, 3)) do local a = { x = 0 } function a:add(x) self.x, a.y = self.x + x, 20 return self end print(a:add(10):add(20):add(30).x, a.y) end
--- calls without parentheses
local function id(x) return x end print(id "x", id [[y]], id { 5 }[1], id { x = 1 }.x, ("%s"):format "z", #id "abc") print(type { }, type "x")
--- __call
local m = setmetatable({}, { __call = function(self, ...) return select("#", ...), ... end }) print(m()) print(m(1, nil)) print(pcall(m, 5)) print((pcall(setmetatable({}, {})))) print((pcall(function() local x = {} x() end)), (pcall(function() undefined() end)), (pcall(function() ("x")() end)))
--- select
print(select(1, "a", "b", "c")) print(select(2, "a", "b", "c")) print(select(4, "a", "b", "c")) print(select(-1, "a", "b", "c")) print(select(-2, "a", "b", "c")) print(select("#")) print(select("#", nil, nil)) print((pcall(select, 0)), (pcall(select, -4, 1, 2, 3)), (pcall(select)), (pcall(select, {})))
--- [session] deep recursion is an error that can be caught
local function deep(n) return 1 + deep(n + 1) end print((pcall(deep, 1)))
--- recursion
local function ok(n) if n == 0 then return 0 end return 1 + ok(n - 1) end print(ok(150))
--- [session] load
print(loadstring("return 1 + 1")()) print(loadstring("return ...", "name")(5, 6)) print(loadstring("x =") == nil, type(select(2, loadstring("x =")))) local parts, i = { "return ", "'a'", " .. ", "'b'" }, 0 print(load(function() i = i + 1 return parts[i] end)()) print((load(function() return nil end)) ~= nil) print((pcall(load, 5)), (pcall(loadstring)))
g1 = 5 print(loadstring("g1 = g1 + 1 return g1")(), g1) local l = 1 print(loadstring("return l")()) print(loadfile("/nonexistent") == nil, (pcall(dofile, "/nonexistent")))
local i = 0 print((pcall(load, function() i = i + 1 if i < 3 then return "x" end error("in the reader") end)))
--- [session] environments
local f = loadstring("x = 1 y = x return y") local e = {} setfenv(f, e) print(f(), e.x, e.y, x, y) print(getfenv(f) == e, getfenv(print) == _G, getfenv() == _G, getfenv(1) == _G) local function g() return z end setfenv(g, { z = "inner" }) print(g(), z)
local function h() setfenv(1, { print = print }) v = 5 return v end print(h(), v) print((pcall(setfenv, print, {})), (pcall(setfenv, 1)), (pcall(setfenv, "x", {})), (pcall(getfenv, -1)), (pcall(getfenv, 1000)), (pcall(setfenv, 1, 5)))
local env = setmetatable({}, { __index = _G }) local k = setfenv(loadstring("a = 1 return function() return a, type(print) end"), env) print(k()()) print(rawget(_G, "a")) print(setfenv(k, _G) == k)
--- [session] globals
x1 = 1 print(_G.x1, _G["x1"]) _G.x2 = 2 print(x2) x1 = nil print(x1, rawget(_G, "x1")) print(_G._G == _G, type(_VERSION)) setmetatable(_G, { __index = function(_, k) return "undefined " .. k end }) print(nothing) setmetatable(_G, nil)
