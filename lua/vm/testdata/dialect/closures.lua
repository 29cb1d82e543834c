--- each turn of a loop has its own variables
local a = {} for i = 1, 5 do a[i] = { set = function(x) i = x end, get = function() return i end } end print(a[3].get()) a[3].set(10) print(a[3].get(), a[2].get(), a[4].get())
local b = {} for k, v in ipairs{ "a", "b" } do b[k] = function() local old = v v = v .. "!" return old end end print(b[1](), b[1](), b[2]())
local c = {} local i = 1 while i <= 3 do local x = i c[i] = function() x = x + 1 return x end i = i + 1 end print(c[1](), c[1](), c[2](), c[3]())
local d = {} local n = 0 repeat local x = n d[#d + 1] = function() return x end n = n + 1 until x >= 2 print(d[1](), d[2](), d[3](), #d)
--- shared variables
local function pair() local n = 0 return function() n = n + 1 return n end, function() return n end end local inc, get = pair() inc() inc() print(get()) local inc2, get2 = pair() inc2() print(get(), get2())
local function outer(x) return function(y) return function(z) return x + y + z end end end print(outer(1)(2)(3))
--- upvalues live on after errors and breaks
local fs = {} pcall(function() local x = 5 fs[1] = function() x = x + 1 return x end error("out") end) print(fs[1](), fs[1]())
for i = 1, 10 do fs[i] = function() return i end if i == 3 then break end end print(fs[1](), fs[2](), fs[3](), fs[4])
--- recursion
local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end print(fact(10)) local fib fib = function(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(15))
local even, odd function even(n) if n == 0 then return true end return odd(n - 1) end function odd(n) if n == 0 then return false end return even(n - 1) end print(even(100), odd(7), even(7))
local function y(f) local function g(x) return f(function(...) return x(x)(...) end) end return g(g) end print(y(function(self) return function(n) if n == 0 then return 1 end return n * self(n - 1) end end)(6))
--- functions are values
local t = { f = function(self, x) return self.k + x end, k = 10 } print(t:f(5), t.f({ k = 1 }, 2)) function t.g(x) return x * 2 end function t:h(x) return self.k * x end print(t.g(4), t:h(3)) t.sub = {} function t.sub.deep(x) return x end function t.sub:m() return self == t.sub end print(t.sub.deep(9), t.sub:m())
print((function(...) return select("#", ...) end)(nil, nil), (function() end)() == nil, type(function() end), (function(a, b) return b end)(1, 2))
--- a local function sees itself, a local variable does not
local f = 5 do local f = function() return f end print(f()) end do local function f() return f end print(f() == f) end local x = 1 local x = x + 1 print(x)
