--- values of errors
print(pcall(error, "text", 0)) print(pcall(error, 5)) local ok, e = pcall(error, 5) print(type(e)) print(pcall(error)) print(pcall(error, nil)) local t = {} local ok, e = pcall(error, t) print(ok, e == t) print(pcall(error, true)) print(select("#", pcall(error)))
--- pcall
print(pcall(function(...) return select("#", ...), ... end, 1, nil, 3)) print(pcall(function() end)) print(pcall(pcall, error, "x")) print((pcall(nil))) print((pcall(5))) print(pcall(pcall, pcall, error)) print(select("#", pcall(function() return end)))
--- nested
local function f(n) if n == 0 then error("deep", 0) end local ok, e = pcall(f, n - 1) error(e .. n, 0) end print(pcall(f, 5)) local ok, e = pcall(function() local ok, e = pcall(error, "in", 0) error(e .. " out", 0) end) print(ok, e)
--- xpcall
print(xpcall(function() error("e", 0) end, function(e) return e .. " handled", "second" end)) print(xpcall(function() return 1, 2 end, print)) print(xpcall(function() local x = nil return x.y end, function(e) return type(e) end)) print((xpcall(error, function() error("again") end))) print(xpcall(error, function(e) return e == nil end)) print((pcall(xpcall)), (pcall(xpcall, print)))
--- assert
print(assert(1, 2, 3)) print(pcall(assert, false, "text")) print((pcall(assert, nil))) print((pcall(assert))) print((pcall(assert, false))) print(select("#", assert(5))) local ok, e = pcall(assert, false, "msg") print(e)
--- what raises errors
for i, f in ipairs{ function() return nil + 1 end, function() return {} < {} end, function() return 1 < "x" end, function() local a a() end, function() local a a.x = 1 end, function() return #5 end, function() return -{} end, function() return {} .. "x" end, function() for i = 1, "x" do end end, function() for i in 5 do end end, function() return nil .. "" end, function() return ("x").y.z end, function() return math.floor({}) end, function() return setmetatable(1, {}) end, function() local t = {} t[nil] = 1 end, function() return 2 ^ {} end, function() return true < false end, function() return {} <= 1 end, function() return nil > 1 end, function() string.rep() end, function() ("x"):bad() end } do print(i, (pcall(f))) end
--- the program goes on after errors
local n = 0 for i = 1, 100 do local ok = pcall(function() local t = { i } if i % 2 == 0 then error(t) end n = n + t[1] end) end print(n) local function cleanup(f) local log = {} local ok, e = pcall(f, log) log[#log + 1] = ok and "ok" or e return table.concat(log, ",") end print(cleanup(function(l) l[1] = "a" error("b", 0) end), cleanup(function(l) l[1] = "a" end))
--- errors with levels
local function f() error("x", 1) end local function g() error("x", 2) end local function place(s) return s:find(":", 1, true) ~= nil end print(place(select(2, pcall(f))), place(select(2, pcall(function() g() end))), select(2, pcall(error, "x", 0)))
--- errors in the middle of expressions leave nothing behind
local x = 1 local t = { 1, 2 } pcall(function() x, t[1] = 2, error() end) print(x, t[1]) pcall(function() t[error()] = 5 end) print(#t) local function f() x = x + 1 error() end pcall(function() return f() + f() end) print(x)
--- [session] lines of errors
local function line(f) local ok, e = pcall(f) return (tostring(e):match(":(%d+):")) end
print(line(function()
  local x
  x()
end), line(function() error("a") end), line(function()

  error("b") end), line(function() local t = nil
  return t.x end), line(loadstring("\n\n\nerror('x')")))
--- [session] traceback and getinfo
print(type(debug.traceback()), debug.traceback("msg"):match("^msg\n") ~= nil, debug.traceback(5 > 3) == true, type(debug.traceback({}))) local function f() return debug.getinfo(1, "l").currentline, debug.getinfo(1, "S").what, type(debug.getinfo(1, "f").func) end print(f()) print(debug.getinfo(print).what, debug.getinfo(1000), (pcall(debug.getinfo)), (pcall(debug.getinfo, "x")), debug.getinfo(f, "S").linedefined)
