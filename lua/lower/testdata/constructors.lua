--- elements and keys
local t = {1, x = 2, 3, [10] = 4, 5}
print(t[1], t.x, t[2], t[10], t[3])
--- a call at the end
local function f() return 7, 8, 9 end
local t = {1, f()}
print(#t, t[4])
local t = {f(), f()}
print(#t, t[1], t[4])
local t = {(f())}
print(#t)
--- a call and a key
local function f() return 7, 8, 9 end
local t = {f(), n = 1}
print(#t, t[1])
local t = {n = 1, f()}
print(#t, t[3], t.n)
--- varargs
local function f(...) return {...}, {..., 1}, {1, ...} end
local a, b, c = f(4, 5, 6)
print(#a, #b, #c, a[3], b[1], b[2], c[4])
--- nothing
local t, u = {}, {(nil)}
print(#t, u[1])
--- fifty and a call
local function f() return "a", "b" end
local t = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,f()}
print(#t, t[1], t[50], t[51], t[52])
--- fifty and a key
local x = 1
local t = {x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,50,y="k",51,z="l"}
print(#t, t[49], t[50], t[51], t.y, t.z)
--- fifty, a key and a call
local function f() return "a", "b" end
local t = {f(),2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,y=f(),f()}
print(#t, t[1], t[2], t[50], t[51], t[52], t.y)
--- calls in between keep their order
local n = 0
local function k() n = n + 1 return n end
local t = {k(), a = k(), k(), b = k(), [k()] = k(), k()}
print(t[1], t.a, t[2], t.b, t[3], t[5])
--- nested
local t = {{1, {2}}, {a = {b = {3}}}}
print(t[1][1], t[1][2][1], t[2].a.b[1])
--- keys of all kinds
local t = {[true] = 1, [1.5] = 2, ["a b"] = 3, [print] = 4, [-1] = 5}
print(t[true], t[1.5], t["a b"], t[print], t[-1])
--- nil as key
print(pcall(function() return {[nil] = 1} end) == false, pcall(function() local x = 0/0 return {[x] = 1} end) == false)
--- semicolons
local t = {1; 2, x = 3; 4}
print(#t, t.x)
