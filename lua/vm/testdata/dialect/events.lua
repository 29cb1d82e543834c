--- metatables
local t, m = {}, {} print(getmetatable(t), setmetatable(t, m) == t, getmetatable(t) == m, getmetatable(5), getmetatable(nil)) print(setmetatable(t, nil) == t, getmetatable(t)) print((pcall(setmetatable, 5, {})), (pcall(setmetatable, {}, 5)), (pcall(setmetatable, {})), (pcall(getmetatable)))
local p = setmetatable({}, { __metatable = "hidden" }) print(getmetatable(p), (pcall(setmetatable, p, {}))) print(getmetatable(setmetatable({}, { __metatable = false })))
--- arithmetic
local log = {} local mt = {} for _, e in ipairs{ "add", "sub", "mul", "div", "mod", "pow", "unm", "concat" } do mt["__" .. e] = function(a, b) log[#log + 1] = e return e end end local a = setmetatable({}, mt) print(a + 1, 1 + a, a - a, a * 2, 2 / a, a % 3, a ^ 2, -a, a .. "x", "x" .. a, 1 .. a, a .. a, 2 ^ a) print(table.concat(log, " "))
print((pcall(function() return {} + 1 end)), (pcall(function() return -{} end)), (pcall(function() return {} .. "" end)))
local v = {} v.__index = v function v.new(x, y) return setmetatable({ x = x, y = y }, v) end v.__add = function(a, b) return v.new(a.x + b.x, a.y + b.y) end v.__eq = function(a, b) return a.x == b.x and a.y == b.y end v.__tostring = function(a) return "(" .. a.x .. "," .. a.y .. ")" end v.__unm = function(a) return v.new(-a.x, -a.y) end print(tostring(v.new(1, 2) + v.new(3, 4)), v.new(1, 2) == v.new(1, 2), v.new(1, 2) ~= v.new(1, 3), tostring(-v.new(1, 2)))
--- the first operand's event comes first
local one = setmetatable({}, { __add = function() return "one" end, __concat = function() return "c1" end }) local two = setmetatable({}, { __add = function() return "two" end, __concat = function() return "c2" end }) print(one + two, two + one, one + 5, 5 + two, one .. two, "s" .. two, two .. one)
--- results are cut to one value
local m = setmetatable({}, { __add = function() return 1, 2 end, __index = function() return 3, 4 end, __concat = function() return 5, 6 end, __unm = function() return end }) print(m + 1, (m + 1)) print(m.x, (m.x)) print(m .. "x") print(-m)
--- index
local t = setmetatable({ own = 1 }, { __index = { inherited = 2 } }) print(t.own, t.inherited, t.nothing) local calls = 0 local u = setmetatable({}, { __index = function(t, k) calls = calls + 1 return k .. "!" end }) print(u.x, u["y z"], u[1], calls) u.x = "set" print(u.x, calls)
local a = setmetatable({}, { __index = setmetatable({ y = 1 }, { __index = setmetatable({ z = 2 }, { __index = function(_, k) return k end }) }) }) print(a.y, a.z, a.w)
--- newindex
local log = {} local t = setmetatable({ old = 1 }, { __newindex = function(t, k, v) log[#log + 1] = k .. "=" .. tostring(v) end }) t.old = 2 t.new = 3 t.new = 4 t[1] = 5 print(t.old, t.new, t[1], table.concat(log, " ")) local store = {} local p = setmetatable({}, { __newindex = store }) p.x = 1 print(p.x, store.x) t.old = nil t.old = 7 print(t.old, log[#log])
--- eq, lt and le
local mt = {} local log = {} mt.__eq = function(a, b) log[#log + 1] = "eq" return a.v == b.v end mt.__lt = function(a, b) log[#log + 1] = "lt" return a.v < b.v end mt.__le = function(a, b) log[#log + 1] = "le" return a.v <= b.v end local function n(v) return setmetatable({ v = v }, mt) end local a, b = n(1), n(2)
print(a == b, a == n(1), a ~= b, a < b, a > b, a <= b, a >= b, a == a, a == 1) print(table.concat(log, " ")) print((pcall(function() return a < 1 end)), (pcall(function() return a < setmetatable({}, { __lt = function() return true end }) end)))
local mt2 = { __lt = function(a, b) return a.v < b.v end } local c, d = setmetatable({ v = 1 }, mt2), setmetatable({ v = 2 }, mt2) print(c <= d, d <= c, c >= d, c <= c) local mt3 = { __eq = function() return 1 end, __lt = function() return nil end } local e, f = setmetatable({}, mt3), setmetatable({}, mt3) print(e == f, e ~= f, e < f, e > f)
--- eq needs the same function
local e1 = setmetatable({}, { __eq = function() return true end }) local e2 = setmetatable({}, { __eq = function() return true end }) print(e1 == e2, e1 ~= e2)
--- call
local t = setmetatable({}, { __call = function(self, a, b) return a, b, self end }) local a, b, c = t(1, 2) print(a, b, c == t) local q = setmetatable({}, { __index = function(_, k) return function(_, x) return k .. x end end }) print(q:name("!"), q.other(nil, "?"))
--- tostring and concat of objects
local t = setmetatable({}, { __tostring = function() return "T" end, __concat = function(a, b) return tostring(a) .. "+" .. tostring(b) end }) print(t, t .. 1, 1 .. t, "a" .. "b" .. t, t .. "a" .. "b", t .. t .. t)
--- inheritance
local Base = {} Base.__index = Base function Base.new(n) return setmetatable({ n = n }, Base) end function Base:name() return "base " .. self.n end function Base:twice() return self:name() .. self:name() end local Sub = setmetatable({}, { __index = Base }) Sub.__index = Sub function Sub.new(n) return setmetatable(Base.new(n), Sub) end function Sub:name() return "sub " .. self.n end print(Base.new(1):name(), Sub.new(2):name(), Sub.new(3):twice())
--- errors in events go through
local t = setmetatable({}, { __index = function() error("idx", 0) end, __add = function() error({ 1 }) end, __call = function() error() end }) print(pcall(function() return t.x end)) local ok, e = pcall(function() return t + 1 end) print(ok, type(e), e[1]) print(pcall(t))
--- [session] length, proxies and raw access
local t = setmetatable({ 1, 2 }, { __len = function() return 99 end }) print(#t) local p = newproxy(true) getmetatable(p).__len = function() return 7 end getmetatable(p).__index = function(_, k) return k end print(#p, p.x, type(p)) print((pcall(function() return #newproxy() end)), getmetatable(newproxy(false)), getmetatable(newproxy(p)) == getmetatable(p), (pcall(newproxy, 5)), (pcall(newproxy, {})))
local t = setmetatable({}, { __index = function() return "meta" end, __eq = function() return true end }) print(rawget(t, "x"), t.x, rawequal(t, setmetatable({}, getmetatable(t))))
