--- [session] classes
local function f(s, p) local i, e = string.find(s, p) if i then return string.sub(s, i, e) end end
print(f("aloALO", "%l*"), f("aLo_ALO", "%a*"), f("aaab", "a*"), f("aaa", "^.*$"), f("aaa", "b*"), f("aaa", "ab*a"), f("aba", "ab*a"), f("aaab", "a+"), f("aaab", "^.+$"), f("aaa", "b+"), f("aaa", "ab+a"), f("aba", "ab+a"))
print(f("a$a", ".$"), f("a$a", ".%$"), f("a$a", ".$."), f("a$a", "$$"), f("a$b", "a$"), f("a$a", "$"), f("", "b*"), f("aaa", "bb*"), f("aaab", "a-"), f("aaa", "^.-$"), f("aabaaabaaabaaaba", "b.*b"), f("aabaaabaaabaaaba", "b.-b"))
print(f("alo xo", ".o$"), f(" \n isto \233 assim", "%S%S*"), f(" \n isto \233 assim", "%S*$"), f(" \n isto assim", "[a-z]*$"), f("um caracter ? extra", "[^%sa-z]"), f("", "a?"), f("\225", "\225?"), f("\225bl", "\225?b?l?"), f("  \225bl", "\225?b?l?"), f("aa", "^aa?a?a"), f("]]]\225b", "[^]]"), f("0alo alo", "%x*"), f("alo alo", "%C+"))
--- [session] find with captures and positions
print(string.find("", ""), string.find("alo", ""), string.find("a\0o a\0o a\0o", "a", 1), string.find("a\0o a\0o a\0o", "a\0o", 2), string.find("a\0o a\0o a\0o", "a\0o", 9), string.find("a\0a\0a\0a\0\0ab", "\0ab", 2), string.find("a\0a\0a\0a\0\0ab", "b"))
print(string.find("abc", "()b()"), string.find("alo alx 123 b\0o b\0o", "(..*) %1"), string.find("0123456789", "(.+(.?)())"), string.match("alo xyzK", "(%w+)K"), string.match("254 K", "(%d*)K"), string.match("alo ", "(%w*)$"), string.match("alo wo", "(%w+)$"))
print(string.find("(\225lo)", "%(\225"), string.match("aaab", ".*b"), string.match("aaa", ".*a"), string.match("aaa", ".-b"), string.match("aaab", ".-b"))
print(string.match("  key = value  ", "^%s*(%S+)%s*=%s*(%S+)%s*$"), string.match("2024-02-29", "(%d+)-(%d+)-(%d+)"), string.match("x", "(y?)(x)"), string.match("abc", "b", -2), string.match("abc", "^b", 2), string.match("hello", ".", 10))
--- [session] gsub
print(string.gsub("\252lo \252lo", "\252", "x"), string.gsub("alo \250lo  ", " +$", ""), string.gsub("  alo alo  ", "^%s*(.-)%s*$", "%1"), string.gsub("alo  alo  \n 123\n ", "%s+", " "), string.gsub("abc=xyz", "(%w*)(%p)(%w+)", "%3%2%1-%0"), string.gsub("abc", "%w", "%1%0"), string.gsub("abc", "%w+", "%0%1"))
print(string.gsub("\225\233\237", "$", "\0\243\250") == "\225\233\237\0\243\250", string.gsub("", "^", "r"), string.gsub("", "$", "r"), string.gsub("um (dois) tres (quatro)", "(%(%w+%))", string.upper), string.gsub("first second word", "%w+", "%0 %0", 1), string.gsub("hello", "", "-"), string.gsub("hello", "x*", "-"), string.gsub("abc", ".", { a = 1, b = "two" }))
print(string.gsub("trocar tudo em |teste|b| e |beleza|al|", "|([^|]*)|([^|]*)|", function(a, b) return a .. "<" .. b .. ">" end), string.gsub("abc d", "%w", function(c) if c == "b" then return false end end), string.gsub("a b c", "%w", "%%%0"), string.gsub("x^y", "%^", "**"))
print(string.gsub("abc", "b", "%%1"), (pcall(string.gsub, "alo", "(.", print)), (pcall(string.gsub, "alo", ".)", print)), (pcall(string.gsub, "alo", "(.", {})), (pcall(string.gsub, "alo", "(.)", "%2")), (pcall(string.gsub, "alo", "(%1)", "a")), (pcall(string.gsub, "alo", "(%0)", "a")), (pcall(string.gsub, "x", "x", function() return {} end)), (pcall(string.gsub, "x", "x")))
print(string.gsub("$name is $age", "%$(%w+)", { name = "Ada", age = 36 }), string.gsub("a,b,,c", ",", ";", 2), string.gsub("abc", "", "", 2), string.gsub("x", "x", "%0%0", 0), string.gsub("x", "x", "y", -1))
local t = setmetatable({}, { __index = function(_, k) return k .. k end }) print(string.gsub("ab", ".", t))
--- [session] gsub sees positions, nested captures and anchors
local s = "" string.gsub("a b cd", "()(%w)()", function(a, b, c) s = s .. a .. b .. c .. ";" end) print(s)
print(string.gsub("alo alo", "()[al]", "%1"), string.gsub("abcabc", "^a", "x"), string.gsub("aaa", "^a", "b"), string.gsub("xuxx uu ppar r", "()(.)%2", function(i, c) return i .. c end))
local function rev(s) return (string.gsub(s, "(.)(.+)", function(c, s1) return rev and (string.gsub(s1, "^(.*)$", "%1")) .. c end)) end print(rev("0123"))
--- [session] gmatch in a loop and by hand
local t = {} for k, v in string.gmatch("13 14 10 = 11, 15= 16, 22=23", "(%d+)%s*=%s*(%d+)") do t[#t + 1] = k .. ">" .. v end print(table.concat(t, " "))
local n = 0 for w in string.gmatch("xuxx uu ppar r", "()(.)") do n = n + w end print(n)
local g = string.gmatch("one two", "%a+") print(g(), g(), g(), g())
local h = string.gmatch("abc", "") print(h(), h(), h(), h(), h())
for p in string.gmatch("abcde", "()") do io.write(p, " ") end print()
for a in string.gmatch("a.b.c", "[^.]*") do io.write("<", a, ">") end print()
for a, b in ("k=v, x=y"):gmatch("(%w)=(%w)") do io.write(a, b, ";") end print() print(pcall(string.gmatch, "x", "(") and pcall(string.gmatch("x", "(")))
--- [session] balance, frontier and sets
local function isbalanced(s) return string.find(string.gsub(s, "%b()", ""), "[()]") == nil end
print(isbalanced("(9 ((8))(\0) 7) \0\0 a b ()(c)() a"), isbalanced("(9 ((8) 7) a b (\0 c) a"), isbalanced("alo 'oi' alo\""), string.gsub("alo 'oi' alo", "%b''", '"'))
print(string.gsub("aaa aa a aaa a", "%f[%w]%a", "x"), string.gsub("[[]] [][] [[[[", "%f[[].", "x"), string.gsub("01abc45de3", "%f[%d]", "."), string.gsub("01abc45 de3x", "%f[%D]%w", "."), ("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), ("function"):match("%f[\1-\255].*%f[%z]"))
print(("abc]de-f^"):gsub("[]]", "#"), ("a-z"):gsub("[a-]", "#"), ("a^b"):gsub("[b^]", "#"), ("x%y"):gsub("[%%]", "#"), ("é"):len(), ("[a]"):match("%[(.-)%]"), ("a-b"):gsub("[+--]", "#"))
--- [session] what is no pattern is an error
for _, p in ipairs{ "(.", ".)", "[a", "[]", "[^]", "[a%]", "[a%", "%b", "%ba", "%", "%f", "(", "x(", "%1", "(()" } do print(p, (pcall(string.find, "a", p))) end
--- [session] long subjects and many captures
local a = ("a"):rep(3000) print(a:match(".-b"), #a:match("a*"), (a:gsub("a", "b")) == ("b"):rep(3000), a:find("b"), #(a .. "b"):match(".-b"))
