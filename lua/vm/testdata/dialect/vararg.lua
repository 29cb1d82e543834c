--- varargs
local function f(a, ...) local t = { n = select("#", ...), ... } return a, t.n, t[1], t[2] end print(f()) print(f(1)) print(f(1, 2)) print(f(1, nil, 3)) print((function(...) return ... end)(1, 2, 3)) print(((function(...) return ... end)(1, 2, 3)))
local function g(...) return (...), select("#", ...) end print(g()) print(g(nil)) print(g(1, 2)) local function h(...) local a, b = ... return a, b end print(h(1), h(1, 2, 3)) local function c(...) return { ... }, ... end print(#c(1, 2, 3), select("#", c(1, 2)))
--- varargs are handed on
local function pack(...) return { n = select("#", ...), ... } end local function call(f, ...) return f(...) end print(call(function(...) return select("#", ...), ... end, 1, nil, nil)) local t = pack(call(pack, nil, nil)) print(t.n, t[1].n) print(math.max(unpack{ 3, 9, 4 })) local function oneless(a, ...) return ... end print(oneless(1, 2, 3)) print(select("#", oneless(1)))
--- varargs in closures
local function f(...) local a, b = ... return function() return a, b end end print(f(1, 2)()) local function sum(...) local s = 0 for i = 1, select("#", ...) do s = s + (select(i, ...)) end return s end print(sum(), sum(1), sum(1, 2, 3)) local function rec(n, ...) if n == 0 then return select("#", ...) end return rec(n - 1, n, ...) end print(rec(50))
--- the table arg of old
local function f(...) return arg.n, arg[1], arg[2] end print(f(1, 2)) print(f(nil, nil)) local function g(a, ...) return #arg, arg.n end print(g(1, 2, 3))
--- many
local t = {} for i = 1, 200 do t[i] = i end print(select("#", unpack(t)), (select(200, unpack(t)))) print(#{ unpack(t) }, #{ unpack(t), unpack(t) }, #{ 0, unpack(t) }) local function last(...) return (select(select("#", ...), ...)) end print(last(unpack(t)))
--- [session] the chunk has varargs
print(select("#", ...), ...) print(arg and #arg, arg and arg[1]) local function f(...) return select("#", ...) end print(f(...))
--- in a method and with names
local o = {} function o:m(x, ...) return self == o, x, select("#", ...) end print(o:m()) print(o:m(1, 2, 3)) print(pcall(o.m, o, 5, nil))
