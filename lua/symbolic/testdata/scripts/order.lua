-- What is evaluated when: operands that are locals are read when the operation is made.
local a = 1
local function f(v) a = v return 1 end
print(a + f(10), a)
print(f(20) + a, a)
print(a < f(30), a)
print(a .. f(40), a)
print(f(5) == a, a)
local t, u = {10, 20, 30}, {"x", "y", "z"}
local i = 1
local function g(v) i = v return 3 end
print(t[i] + g(2), i)
t[i] = g(3) print(t[1], t[2], t[3])
local keep = t
local function h() t = u return "new" end
t[1] = h() print(keep[1], u[1])
i, t[i] = i + 1, "w" print(i, u[3])
t[i], i = "v", 1 print(u[4], i)
local x, y, z = 1, 2
x, y, z = y, x print(x, y, z)
local function three() return 1, 2, 3 end
x, y = three() print(x, y)
x, y, z = 0, three() print(x, y, z)
x, y = (three()) print(x, y)
