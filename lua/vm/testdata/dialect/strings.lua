--- order of strings is that of bytes
print("alo" < "alo1", "" < "a", "alo\0alo" < "alo\0b", "alo\0alo\0\0" > "alo\0alo\0", "alo" < "alo\0", "alo\0" > "alo", "\0" < "\1", "\0\0" < "\0\1", "\1\0a\0a" <= "\1\0a\0b", not ("\1\0a\0b" <= "\1\0a\0a"))
print("\0" == "\0", "a\0b" == "a\0c", #"a\0b\0", "\200" > "\100", "Z" < "a", "a" < "\195\164")
--- sub
local s = "123456789"
for _, r in ipairs{ { 2, 4 }, { 7 }, { 7, 6 }, { 7, 7 }, { 0, 0 }, { -10, 10 }, { 1, 9 }, { -10, -20 }, { -1 }, { -4 }, { -6, -4 }, { 2 ^ 31, -4 }, { -2 ^ 31, -4 }, { -2 ^ 31, 2 ^ 31 }, { 3, -3 }, { 9, 20 }, { 10, 20 }, { 2.7, 4.2 } } do
  print(r[1], r[2], s:sub(unpack(r)))
end
print(("\0\0\0\0\0"):sub(3, 4) == "\0\0", #("\0x\0"):sub(2), ("x"):sub("1", "1"))
--- byte and char
print(("a"):byte(), ("\228"):byte() > 127, string.byte(string.char(255)), string.byte("\0"), string.byte("\0\0alo\0x", -1), string.byte("ba", 2), string.byte("\n\n", 2, -1), string.byte("\n\n", 2, 2))
print(string.byte("") == nil, select("#", string.byte("")), string.byte("hi", -3), select("#", string.byte("hi", -3)), string.byte("hi", 3), string.byte("hi", 9, 10), string.byte("hi", 2, 1))
print(string.char(), #string.char(0, 255, 0), string.byte("\228", 1, -1))
print(string.char(string.byte("\228l\0\243u", 1, -1)) == "\228l\0\243u", string.char(string.byte("\228l\0\243u", 1, 0)) == "", string.char(string.byte("\228l\0\243u", -10, 100)) == "\228l\0\243u")
print(pcall(string.char, 256) == false, pcall(string.char, -1) == false, (pcall(string.char, "x")), string.char("65", 66.9))
--- upper, lower, rep, reverse, len
print(("ab\0c"):upper() == "AB\0C", ("\0ABCc%$"):lower() == "\0abcc%$", ("\228\196"):upper() == "\228\196")
print(("teste"):rep(0), ("t\233s\00t\234"):rep(2) == "t\233s\0t\234t\233s\000t\234", ("x"):rep(-1), ("x"):rep(2.9), (""):rep(1000000000), ("ab"):rep("3"))
print(("\0\0\0"):reverse() == "\0\0\0", ("\0001234"):reverse() == "4321\0", (""):reverse(), #("\0\0\0"), (""):len(), ("\0\0\0"):len())
--- tostring
print(tostring(12), tostring(1234567890123), tostring(-1203), tostring(1203.125), tostring(-0.5), tostring(-32767), #tostring("\0"), tostring(true), tostring(nil), type(tostring(print)))
print(tostring(setmetatable({}, { __tostring = function() return "mine" end })), (pcall(tostring)), (pcall(tostring, setmetatable({}, { __tostring = function() error("x") end }))))
print(tostring(1e15), tostring(1e14), tostring(123456789012345), tostring(0.1), tostring(1 / 3), tostring(1e100), tostring(-1e-7), tostring(2 ^ 53), tostring(1 / 0), tostring(-1 / 0))
--- concatenation
print("a" .. 1, 1 .. 2, 1.5 .. "", -1 .. "x", "a" .. "b" .. "c", ("a" .. "b") .. ("c" .. "d"), 2 ^ 53 .. "", 1e15 .. "")
local t = {} for i = 1, 20 do t[i] = "" .. i end print(table.concat(t, "-"))
print((pcall(function() return "a" .. nil end)), (pcall(function() return {} .. "a" end)), (pcall(function() return true .. "" end)))
--- formats
print(string.format("%-10s|%10s|%.3s|%10.3s|%-10.3s|%s", "abc", "abc", "abcdef", "abcdef", "abcdef", 12))
print(string.format("%5d|%-5d|%05d|%+d|% d|%.3d|%x|%X|%#x|%o|%u|%c%c", 42, 42, 42, 42, 42, 5, 255, 255, 255, 8, 7, 65, 66))
print(string.format("%e|%.2e|%E|%f|%.0f|%10.2f|%-10.2f|%g|%g|%g|%G", 12345.678, 12345.678, 1e-10, 1.5, 2.5, 3.14159, 3.14159, 1e20, 0.0001, 100000, 1e-10))
print(string.format("%q", 'a "quoted"\nline\\ and \0 zero\r'), string.format("%%%d %010d", 10, 23), string.format("\0%s\0", "x") == "\0x\0")
print(string.format("%d", "10"), string.format("%s", 1.5), string.format("%.14g", 1e15), string.format("%5s", "toolong"))
print((pcall(string.format, "%d")), (pcall(string.format, "%d", "x")), (pcall(string.format, "%t", 10)), (pcall(string.format, "%0123d", 10)), (pcall(string.format, "%.123d", 10)), (pcall(string.format, "%", 10)), (pcall(string.format)))
print(string.format("%x", 2 ^ 32), string.format("%d", -2 ^ 31), string.format("%d", 2 ^ 31), string.format("%d", 3.99), string.format("%d", -3.99), string.format("%s", "x", "surplus"))
--- tonumber
for _, s in ipairs{ "0x10", "  10  ", "1e3", "1E+3", ".5", "5.", "0x", "", " ", "-", "- 1", "+1", "1 2", "e1", "0xg", "1e", "99", "0Xff", "-0x10", "1e1.5", "\t1\n", "1_0", "0x.8" } do
  print(("%q"):format(s), tonumber(s))
end
print(tonumber("10", 2), tonumber("ff", 16), tonumber("FF", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("11", 10), tonumber(" 11 ", 2), tonumber("1.5", 10), tonumber("1e1", 16))
print(tonumber(12), tonumber({}), tonumber(nil), tonumber(true), (pcall(tonumber)), (pcall(tonumber, "1", 1)), (pcall(tonumber, "1", 37)), tonumber("0x10", 16))
print("10" + 1, "0x10" * 2, " 3 " ^ 2, -"2", "10" / "4", "7" % "4", 10 == "10", (pcall(function() return "x" + 1 end)), (pcall(function() return 1 < "2" end)))
--- find for plain text
print(("hello world"):find("wor", 1, true), ("hello"):find("l"), ("hello"):find("l", 4), ("hello"):find("l", 5), ("hello"):find("xyz"), ("a\0b"):find("\0", 1, true), ("a\0b"):find("b"))
print((""):find(""), ("alo"):find(""), ("alo"):find("", 3), ("alo"):find("", 4), (""):find("", 1), (""):find("aaa", 1), ("alo"):find("", -1), ("alo123alo"):find("12"), ("alo"):find("o", -1), ("alo"):find("a", -2), ("a.b"):find(".", 2, true))
print(string.find("123456789", "345"), string.find("1234567890123456789", "345", 3), string.find("1234567890123456789", "345", 4), string.find("1234567890123456789", "346", 4), string.find("1234567890123456789", "789", -9))
--- [session] find behind the end
print(("alo"):find("", 5), ("alo"):find("", 10), (""):find("", 10), ("alo"):find("o", 10), ("alo"):find("$", 10), ("alo"):match("", 10), ("alo"):find("", -10))
--- methods of strings
print(("x"):rep(3), #("abc"):upper(), ("%d"):format(5), ("a,b"):len(), (5 .. ""):rep(2))
local s = "abc" print(type(s.len), s.nothing) print(s:len(), s["len"](s)) print((pcall(function() return s:nothing() end)), (pcall(function() s.x = 1 end)), (pcall(function() return (5):len() end)))
--- escapes and long strings
print("\65\066\10\t|\\\"\'" == 'AB\n\t|\\"\'', #"\0\00\000", "a\
b", [[
first newline is left out]], [==[]]]==], #[[

x]], "\q" == "q")
--- long strings grow
local a, b = "", "" for i = 1, 200 do a = a .. "x" b = "x" .. b end print(#a, a == b, a == ("x"):rep(200))
local t = { ("x"):rep(100), ("y"):rep(50) } print(#table.concat(t), #table.concat(t, "--"), table.concat({}), table.concat({ "a" }, "x"), table.concat({ 1, 2, 3 }, ",", 2), table.concat({ 1, 2, 3 }, ",", 2, 2), table.concat({ 1, 2, 3 }, ",", 3, 2))
