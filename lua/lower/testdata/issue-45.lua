--- yield across pcall
print(coroutine.resume(coroutine.create(function() local ok = pcall(coroutine.yield, 1) return ok end)))
--- yield in a function under pcall
print(coroutine.resume(coroutine.create(function() local ok = pcall(function() coroutine.yield(1) end) return ok end)))
--- yield in the function of a loop
print((coroutine.resume(coroutine.create(function() for x in function() coroutine.yield(1) end do end end))))
--- yield in a metamethod
print((coroutine.resume(coroutine.create(function() return setmetatable({}, {__index = function() coroutine.yield(1) end}).x end))))
print((coroutine.resume(coroutine.create(function() return setmetatable({}, {__add = function() coroutine.yield(1) end}) + 1 end))))
--- yield in table.sort
print((coroutine.resume(coroutine.create(function() table.sort({3, 2, 1}, function(a, b) coroutine.yield(1) return a < b end) end))))
--- yield in string.gsub
print((coroutine.resume(coroutine.create(function() string.gsub("abc", "b", function() coroutine.yield(1) end) end))))
--- yield outside
print((pcall(coroutine.yield, 1)))
--- yield by a tail call
local co = coroutine.create(function(...) return coroutine.yield(...) end)
print(coroutine.resume(co, 1, 2)) print(coroutine.resume(co, 3)) print(coroutine.status(co))
--- yields and what they give
local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) local c, d = coroutine.yield(b + 1) return c, d end)
print(co(1), co(5)) print(co(7, 8))
--- a producer and a consumer
local function producer() return coroutine.create(function() for i = 1, 3 do coroutine.yield(i) end return "end" end) end
local p = producer()
while coroutine.status(p) ~= "dead" do print(coroutine.resume(p)) end
print((coroutine.resume(p)))
--- errors within
local co = coroutine.create(function() error({}) end)
local ok, e = coroutine.resume(co)
print(ok, type(e), coroutine.status(co))
--- goes on after a failed yield
local co = coroutine.create(function() pcall(coroutine.yield) coroutine.yield("a") return "b" end)
print(coroutine.resume(co)) print(coroutine.resume(co))
