x = a and b or c and
d
x = a
and b
-- between
or c
local message = "the first part of a message " .. name .. " and the second part of it " .. other .. " and a third"
if first_condition_that_is_long(a) and second_condition_that_is_long(b) or third_condition_that_is_long(c) then x() end
x = a:b():c{ 1 }
  :d"e"
  .f
f(a, -- one
  b) -- two
call_with_a_long_name(first_argument_of_it, second_argument_of_it, third_argument_of_it, fourth_one)
f(
1,
2)
f(function() x() end, function()
x() end)
local f = function() return function() return { 1,
2 } end end
x = (a+b)*c^-2 .. 'd' .. [[e]] .. #f
x =
1
for _, case in ipairs(engine.can("web-1", "network.bind.privport", { pending = true }).requests[1].cases) do
print(case)
end
if f(a,
b) then x() end
if f(
a) and g{ 1,
2 } then
x() end
for i = 1, f(function()
x() end) do y() end
