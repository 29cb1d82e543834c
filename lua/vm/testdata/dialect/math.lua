--- arithmetic
print(1 + 2 * 3, (1 + 2) * 3, 2 ^ 3 ^ 2, -2 ^ 2, 7 % 3, -7 % 3, 7 % -3, -7 % -3, 5.5 % 2, 1 / 2, 10 / 2, -1 / 3, 2 ^ -1, 2 ^ 0.5, 3 - -2, - -2, 1e2, .5, 3e-2, 0x1F)
print(5 % 0 ~= 5 % 0, 0 / 0 ~= 0 / 0, 1 / 0, -1 / 0, 1 / 0 > 1e308, 0 == -0, 5 % (1 / 0) == 5 or "nan", -6 % 2.5, 1e15 + 1, 2 ^ 53 == 2 ^ 53 + 1)
--- comparisons
print(1 < 1, 1 < 2, 2 < 1, "a" < "a", "a" < "b", "b" < "a", 1 <= 1, 1 <= 2, 2 <= 1, 1 > 1, 1 > 2, 2 > 1, 1 >= 1, "a" >= "b", 1 == 1.0, "1" == 1, nil == false, 0 == false)
local nan = 0 / 0 print(nan == nan, nan < nan, nan <= nan, nan > 1, nan < 1, nan ~= nan, not (nan < 1), math.huge == 1 / 0, -math.huge == -1 / 0)
--- functions
print(math.abs(-3), math.abs(3.5), math.ceil(1.2), math.ceil(-1.2), math.floor(1.8), math.floor(-1.8), math.floor("3.7"), math.sqrt(16), math.pow(2, 10), math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.mod and math.mod(7, 3))
print(math.max(1, 3, 2), math.min(1, 3, -2), math.max(5), math.min("2", 3), math.modf(3.7), math.modf(-3.7), math.modf(5), math.frexp(8), math.ldexp(0.5, 4), math.deg(math.pi), math.rad(180) == math.pi)
print(math.modf(1 / 0), math.modf(-1 / 0), math.frexp(0), math.ldexp(1, -1074) > 0, math.floor(1e300) == 1e300, math.floor(-0.5), math.ceil(-0.5))
print(("%.10f"):format(math.sin(1)), ("%.10f"):format(math.cos(1)), ("%.10f"):format(math.tan(1)), ("%.10f"):format(math.atan2(1, -1)), ("%.10f"):format(math.exp(1)), ("%.10f"):format(math.log(10)), math.log10(1000), ("%.10f"):format(math.asin(1)), ("%.10f"):format(math.acos(0)), ("%.10f"):format(math.sinh(1)), ("%.10f"):format(math.tanh(1)), ("%.10f"):format(math.cosh(1)), ("%.10f"):format(math.atan(1)))
print((pcall(math.abs)), (pcall(math.abs, "x")), (pcall(math.max)), (pcall(math.floor, {})), (pcall(math.floor, nil)), (pcall(math.sqrt)), math.sqrt(-1) ~= math.sqrt(-1), math.log(0) == -math.huge)
--- numbers and strings
print("2" + 1, "2 " + 1, " -2 " + 1, " -0xa " + 1, "10" * "3", "3" ^ 2, -"5", 10 .. 20, tostring(-0) == "0" or tostring(-0) == "-0", 1e1, 0xa, 0xA, 1E2, 0x7fffffff, 12 == 12.0)
print(1e308 * 10 == math.huge, -1e308 * 10 == -math.huge, 1e-308 / 1e10 > 0, 4.9e-324 > 0, 4.9e-324 / 2 == 0, 0.1 + 0.2 == 0.3, 0.1 + 0.2, 100 * 1.1, 3 * 0.1)
--- loops over numbers
local function list(a, b, c) local t = {} for i = a, b, c or 1 do t[#t + 1] = i end return #t .. ":" .. table.concat(t, ",") end
print(list(1, 3), list(3, 1), list(3, 1, -1), list(1, 2, 0.5), list(0, 1, 0.25), list(-1, -3, -1), list(1, 1), list(1, 0), list(10, 1, -4), list("1", "3"), list(1, 3.9), list(5, 6, 10), list(0.1, 0.35, 0.1))
print((pcall(list, 1, "x")), (pcall(list, {}, 1)), (pcall(list, nil, 1)), (pcall(list, 1, 2, "x")))
--- [session] random numbers
math.randomseed(42) local a = { math.random(), math.random(10), math.random(-5, 5), math.random(1) } math.randomseed(42) local b = { math.random(), math.random(10), math.random(-5, 5), math.random(1) }
for i = 1, 4 do print(a[i] == b[i]) end
for i = 1, 1000 do local x, y, z = math.random(), math.random(6), math.random(-3, 3) if not (x >= 0 and x < 1 and y >= 1 and y <= 6 and y == math.floor(y) and z >= -3 and z <= 3 and z == math.floor(z)) then print("wrong", x, y, z) end end
local seen = {} for i = 1, 1000 do seen[math.random(3)] = true end print(seen[1], seen[2], seen[3], seen[0], seen[4])
print((pcall(math.random, 0)), (pcall(math.random, 2, 1)), (pcall(math.random, 1, 2, 3)), (pcall(math.random, "x")), (pcall(math.randomseed)), math.random(7, 7), math.random(3, 3.9), (pcall(math.random, 0.5)), math.random(-2, -2))
print(math.random("3") <= 3, pcall(math.randomseed, "5"))
