--- large
print(1e400, -1e400, 1e400 == 1e500, 1e308 * 10)
--- hexadecimal
print(0xff, 0XFF, 0xffffffff, 0xffffffffffffffff, 0x7fffffffffffffff)
--- leading zeros
print(010, 0010, 08, 09.5, 00)
--- fractions
print(.5, 5., 0.1, 0.1 + 0.2, 1/3, 100/3)
--- exponents
print(1e1, 1E+2, 1e-3, 12e0, 1e15, 1e14, 123456789012345)
--- the text of numbers
print(2^53, 2^63, 1e100, 1e-7, 123456.789e3, 3.14159265358979)
--- in keys
local t = {[1e1] = "ten", [0x10] = "sixteen", [010] = "ten again"}
print(t[10], t[16], t[1e1])
--- not a number
local nan = 0/0
print(nan == nan, nan ~= nan, nan < 1, nan > 1)
--- negative ones
print(-1, - 1, -(-1), -0x10, -1e2, 2 - -1)
--- large integers
print(9007199254740993, 18446744073709551615, 4294967296)
--- small ones
print(5e-324, 1e-400, 2.2250738585072014e-308)
--- strings that are numbers
print("10" + 5, "0x10" + 0, " 5 " * 2, "1e1" + 1, -"2", "10" / "4")
print(pcall(function() return "abc" + 1 end) == false, pcall(function() return "" + 1 end) == false)
--- infinities
local inf = 1/0
print(inf, -inf, inf == 1e400, inf > 1e308, -inf < 0)
