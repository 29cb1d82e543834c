-- Reads calls, one a line: the name of a function and its arguments as Lua. Writes the results, one line for each call.

local function show(v)
  local t = type(v)
  if t == "string" then
    return '"' .. (v:gsub('.', function(c)
      local b = c:byte()
      if b < 32 or b > 126 or c == '"' or c == '\\' then return ("\\x%02x"):format(b) end
    end)) .. '"'
  elseif t == "number" then
    if v ~= v then return "nan" end
    return ("%.17g"):format(v)
  elseif t == "table" then
    local parts = {}
    for i = 1, #v do parts[i] = show(v[i]) end
    return "{" .. table.concat(parts, " ") .. "}"
  end
  return tostring(v)
end

local function date(form, when)
  local d = os.date(form, when)
  if type(d) == "table" then return d.sec, d.min, d.hour, d.day, d.month, d.year, d.wday, d.yday, d.isdst end
  return d
end

local function time(year, month, day, hour, min, sec, isdst)
  return os.time{ year = year, month = month, day = day, hour = hour, min = min, sec = sec, isdst = isdst }
end

local functions = {
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  div = function(a, b) return a / b end,
  mod = function(a, b) return a % b end,
  pow = function(a, b) return a ^ b end,
  less = function(a, b) return a < b end,
  lessequal = function(a, b) return a <= b end,
  equal = function(a, b) return a == b end,
  concat = function(a, b) return a .. b end,
  gmatch = function(s, p)
    local all, n = {}, 0
    for a, b, c, d in s:gmatch(p) do
      for _, v in ipairs{ a, b, c, d } do n = n + 1 all[n] = v end
      n = n + 1
      all[n] = "|"
    end
    return unpack(all, 1, n)
  end,
  gsubtable = function(s, p) return s:gsub(p, { ab = "x", a = false, b = 7, [1] = "one", x = true }) end,
  gsubfunction = function(s, p)
    return s:gsub(p, function(...)
      local s = ""
      for i = 1, select("#", ...) do s = s .. "[" .. select(i, ...) .. "]" end
      return s
    end)
  end,
  ["table.sort"] = function(t) table.sort(t) return t end,
  ["table.sortdown"] = function(t) table.sort(t, function(a, b) return a > b end) return t end,
  ["table.insert"] = function(t, ...) table.insert(t, ...) return t end,
  ["table.remove"] = function(t, ...) return t, table.remove(t, ...) end,
  ["plain.find"] = function(s, what, from) return s:find(what, from, true) end,
  date = date, dateberlin = date, time = time, timeberlin = time,
}

local function find(name)
  if functions[name] then return functions[name] end
  local library, field = name:match("^(%w+)%.(%w+)$")
  if library then return _G[library][field] end
  return _G[name]
end

local function line(ok, ...)
  if not ok then return "error" end
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = show((select(i, ...))) end
  return table.concat(parts, " ")
end

for call in io.lines() do
  local name, args = call:match("^(%S+) (.*)$")
  local f = assert(find(name), name)
  local arguments = assert(loadstring("return " .. args))
  print(line(pcall(f, arguments())))
end
