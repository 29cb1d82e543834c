--- of numbers and strings
local function show(t, f) table.sort(t, f) return table.concat(t, " ") end
print(show{ 3, 1, 2 }, show{}, show{ 1 }, show{ 2, 1 }, show{ "b", "a", "C", "" }, show({ 3, 1, 2, 2, 1, 3 }, function(a, b) return a > b end), show{ -1, -0.5, 1e10, -1e10, 1 / 0, -1 / 0 })
print(show{ "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" })
--- many, sorted, reversed and equal
local function check(t, f) f = f or function(x, y) return x < y end for i = #t, 2, -1 do if f(t[i], t[i - 1]) then return false end end return true end
for _, n in ipairs{ 0, 1, 2, 3, 10, 100, 1000 } do
  local up, down, same, mixed, x = {}, {}, {}, {}, 1
  for i = 1, n do x = (x * 1103515245 + 12345) % 2147483648 up[i], down[i], same[i], mixed[i] = i, n - i, 7, x end
  table.sort(up) table.sort(down) table.sort(same) table.sort(mixed) print(n, check(up), check(down), check(same), check(mixed), #mixed)
  table.sort(mixed, function(a, b) return a > b end) print(check(mixed, function(a, b) return a > b end))
end
--- with a function that looks at fields
local t = { { k = 3 }, { k = 1 }, { k = 2 } } table.sort(t, function(a, b) return a.k < b.k end) print(t[1].k, t[2].k, t[3].k)
--- with __lt
local mt = { __lt = function(a, b) return a.v < b.v end } local t = {} for i, v in ipairs{ 5, 3, 9, 1 } do t[i] = setmetatable({ v = v }, mt) end table.sort(t) for _, x in ipairs(t) do print(x.v) end
--- errors
print((pcall(table.sort, { 1, "x" })), (pcall(table.sort, { {}, {} })), (pcall(table.sort)), (pcall(table.sort, { 2, 1 }, 5)), (pcall(table.sort, { 2, 1 }, function() error("x") end)), (pcall(table.sort, { true, false })))
--- insert and remove
local t = {} table.insert(t, "a") table.insert(t, 1, "b") table.insert(t, 2, "c") print(table.concat(t, " "), table.remove(t), table.remove(t, 1), table.remove(t), table.remove(t), #t)
print(table.remove({}), table.remove({ 1 }, 5), table.remove({}, 1), table.remove({ n = 1 }))
local a = { 1, 2, 3 } table.insert(a, 4, "x") print(table.concat(a, " ")) table.insert(a, 1, "y") print(table.concat(a, " ")) print(table.remove(a, 2), table.concat(a, " "))
print((pcall(table.insert, {}, 1, 2, 3)), (pcall(table.insert, {})), (pcall(table.insert)), (pcall(table.insert, 1, 2)), (pcall(table.insert, {}, "x", 1)), (pcall(table.remove)), (pcall(table.insert, {}, 1, 2, 3, 4)))
local q = {} for i = 1, 100 do table.insert(q, 1, i) end local s = 0 for i = 1, 100 do s = s + i * table.remove(q) end print(s, #q)
--- concat
print(table.concat({ 1, "a", 2.5 }, ", "), (pcall(table.concat, { {} })), (pcall(table.concat, { 1, nil, 3 }, ",", 1, 3)), table.concat({ "x", "y", "z" }, "", 2, 3), table.concat({ [0] = "z", "a" }, ",", 0, 1), table.concat({}, "x", 1, 0))
--- unpack and maxn
print(unpack{ 1, 2, 3 }) print(unpack({ 1, 2, 3 }, 2)) print(unpack({ 1, 2 }, 1, 4)) print(unpack({}, 1, 0)) print(unpack({ 1, 2, 3 }, -1, 1)) print((unpack{ 5, 6 })) print(select("#", unpack({}, 1, 3)))
print(table.maxn{}, table.maxn{ 1, 2, 3 }, table.maxn{ [1] = 1, [10] = 1, [2.5] = 1 }, table.maxn{ x = 1, [-5] = 1 }, table.maxn{ [1e300] = true })
local a, b, c = unpack({ 1 }) print(a, b, c) local function f(...) return select("#", ...), ... end print(f(unpack({ 1, nil, 3 }, 1, 3)))
