--- length
print(#{}, #{ nil }, #{ 1, 2, 3 }, #{ n = 5 }, #"abc", #{ 1, 2, [3] = 3 }, #{ [1] = 1, [2] = 2 })
local a = {} for i = 1, 100 do a[i] = true end print(#a) for i = 100, 51, -1 do a[i] = nil end print(#a) a[51] = 1 print(#a) print((pcall(function() return #5 end)), (pcall(function() return #nil end)), (pcall(function() return #print end)))
--- next
print(next({})) print(next({ 10 })) print(next({ x = 1 })) print(next({ 10 }, 1)) print(next({ x = 1 }, "x")) print((pcall(next)), (pcall(next, 1)), (pcall(next, {}, "x")))
local n, s = 0, 0 for k, v in next, { 10, 20, 30, x = 40 } do n = n + 1 s = s + v end print(n, s)
local function find(t, name) for k, v in pairs(t) do if k == name then return v end end end print(find({ a = 1, b = 2 }, "b"), find({ 1, 2 }, 2), find({}, "x"))
--- pairs while fields are taken away or assigned
local t = {} for i = 1, 50 do t["k" .. i] = i t[i] = i end local n = 0 for k, v in pairs(t) do n = n + 1 t[k] = nil end print(n, next(t))
local t = { a = 1, b = 2, c = 3, 4, 5 } for k, v in pairs(t) do t[k] = v * 2 end print(t.a, t.b, t.c, t[1], t[2])
--- ipairs ends at the first nil
local n = 0 for i, v in ipairs{ 1, 2, nil, 4 } do n = n + 1 end print(n) for i, v in ipairs{} do print("never") end for i, v in ipairs{ [0] = "z", "a", "b" } do print(i, v) end
print((pcall(ipairs)), (pcall(ipairs, 1)), (pcall(pairs)), (pcall(pairs, nil)), select("#", ipairs{}), select("#", pairs{}))
local t = setmetatable({}, { __index = function(_, i) if i < 4 then return i end end }) local n = 0 for i in ipairs(t) do n = n + 1 end print(n)
--- keys
local t = {} t[1] = "n" t["1"] = "s" t[1.0] = "f" t[true] = "b" t[-1] = "m" t[1.5] = "h" t[2 ^ 53] = "big" print(t[1], t["1"], t[true], t[-1], t[1.5], t[2 ^ 53], t[false], t[nil]) local f = function() end t[f] = "fn" t[t] = "self" print(t[f], t[t], t[function() end])
print((pcall(function() t[nil] = 1 end)), (pcall(function() t[0 / 0] = 1 end)), t[0 / 0], (pcall(function() return { [nil] = 1 } end)), (pcall(function() local x x.y = 1 end)), (pcall(function() local x return x.y.z end)))
t[0] = "zero" print(t[0], t[-0], #t)
--- constructors
local function f() return 1, 2, 3 end
local t = { f(), f() } print(#t) t = { f(), (f()) } print(#t) t = { x = f(), f() } print(#t, t.x) t = { f(), x = 1 } print(#t) t = { [f()] = "a", "b" } print(t[1]) t = { 1, 2, nil } print(#t == 2) t = { nil, nil, 3 } print(t[3])
t = { 1; 2; x = 1; "y" } print(#t, t.x, t[3]) t = { f(), nil } print(t[1], t[2]) t = { {}, { {} } } print(#t, #t[2], #t[2][1]) t = { ["a b"] = 1, [1 + 1] = 2, [true] = 3 } print(t["a b"], t[2], t[true])
--- many keys
local t = {} for i = 1, 1000 do t["x" .. i] = i end local s = 0 for i = 1, 1000 do s = s + t["x" .. i] end print(s) for i = 1, 1000, 2 do t["x" .. i] = nil end local n = 0 for k in pairs(t) do n = n + 1 end print(n)
local t = {} for i = 100, 1, -1 do t[i] = i end print(#t, t[1], t[100]) local s = 0 for _, v in ipairs(t) do s = s + v end print(s)
local t = {} for i = -10, 10 do t[i] = i end local n = 0 for k, v in pairs(t) do n = n + (k == v and 1 or 0) end print(n, #t)
--- iterators of one's own
local function range(n) return function(s, i) i = i + 1 if i <= s then return i, i * i end end, n, 0 end for i, q in range(3) do print(i, q) end
local function chars(s) local i = 0 return function() i = i + 1 if i <= #s then return s:sub(i, i) end end end for c in chars("abc") do print(c) end
for a, b, c in function(_, x) if not x then return 1, 2 end end do print(a, b, c) end print((pcall(function() for x in 5 do end end)), (pcall(function() for x in nil do end end)))
local mt = setmetatable({}, { __call = function(self, s, c) c = (c or 0) + 1 if c < 3 then return c end end }) for i in mt do print(i) end
--- [session] getn, foreach and rawget
print(table.getn{ 1, 2, 3 }, rawget({ 5 }, 1), rawget(setmetatable({}, { __index = { x = 1 } }), "x"), rawequal("a", "a"), rawequal({}, {}), rawequal(1, 1.0))
local t = setmetatable({}, { __newindex = function() error("no") end }) rawset(t, "x", 5) print(t.x, rawset(t, "y", 1) == t) print((pcall(rawset, t, nil, 1)), (pcall(rawget, 1, 1)), (pcall(rawset, t, "x")), (pcall(rawequal, 1)), (pcall(rawset, 1, 2, 3)), (pcall(rawget, {})))
