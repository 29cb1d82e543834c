#!/usr/bin/env cellsh
--first
local   a,b=1,'x'; local c
a=b;
(f)(); a.b["c"]=-  -1 c=not  -1
if a then return end


if a then x() y() else z() end
if a then b() end
if a then
  b() end
while a do break end
repeat
x()
until a
for i=1,10 do f(i) end
for k,v in pairs(t) do
-- inside

f(k)

-- last

end
function a.b.c:d(x,...) end
local function g() -- why
end
do local x=1 end
goto x ::x:: y "s" z{1} w [[
 long ]] v'"'
function f()


x()

end
return a,
b
