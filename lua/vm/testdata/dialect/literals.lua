--- escapes
print(("\a\b\f\n\r\t\v\\\"\'"):byte(1, -1)) print(("\0\00\000\1\12\123\255"):byte(1, -1)) print("\65\066\0677", '\z' == 'z', "a\
b" == "a\nb", #"\
\
")
--- long brackets
print([[a]], [[
a]], #[[

a]], [=[a]]b]=], [==[
]=]]==], #[[\n]], [[a\]], [===[[[]]]===], [[a
b]] == "a\nb", [==[[=[x]=]]==])
--- numbers
print(0, 00, 007, 1., .1, 0.1e1, 1e0, 1E5, 1e+2, 1e-2, 0x0, 0xff, 0XAB, 3.14159265358979, 123456789012345678, 1e308, 0xffffffff, 0.1, 1e15, 1e16, 12345.678e-3)
print(1 ..2, 2 ..'', - 1, -1.5, - -1, 5%3, 2^10, 1e2^2, .5+.5)
--- names
local _, __, _1, a1, A, a = 1, 2, 3, 4, 5, 6 print(_, __, _1, a1, A, a) local andy, orr, nott, endd, ifx, function1, nilx, truex = 1, 2, 3, 4, 5, 6, 7, 8 print(andy, orr, nott, endd, ifx, function1, nilx, truex) local t = { ["end"] = 1, ["and"] = 2, self = 3 } print(t["end"], t["and"], t.self)
--- goto is a name
local goto = 5 print(goto) goto = goto + 1 print(goto) local t = { goto = 1 } t.goto = t.goto + 1 print(t.goto, t["goto"]) local function f(goto) return goto end print(f(7)) function t:goto() return "called" end print(t:goto()) goto = function(x) return x end print(goto(3))
--- comments
--a
--[a
--[=a
--[==[ a ]] ]=]
]==] print(1) --[[ b ]] print(2) --[[
c]] print(3) ---[[ d
print(4) --]]
print(5) --[=[ --[[ nested ]] ]=] print(6)
--- blanks and semicolons
local   a=1;local b	=	2;print(a,b)do print(3)end;if a==1 then print(4)end for i=1,2 do print(i)end while false do end repeat until true print((a)) print(
5)
--- one line, many statements
local x = 1 x = x + 1 local y = x * 2 x, y = y, x print(x, y) local function f() return 1 end local z = f() print(z) do local z = 2 print(z) end print(z)
--- [session] sources that end early or oddly
print(type(loadstring(""))) print(type(loadstring("-- only a comment"))) print(loadstring("return")()) print(loadstring("return;")()) print(loadstring("return 1;")())  print(loadstring("return 1 --")()) print(type(loadstring("x = [[\n]]")))
