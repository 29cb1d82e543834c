-- What policies mean, in plain Lua that versions 5.1 and 5.4 read alike.
-- It gives two functions: load(text, name) runs a file, and gives what went wrong; ask(request) gives the answer, the
-- reason, and whether a policy says so.

local policies = {}

local within = {}

-- Some flags; the others are given as numbers.
local flags = { MNT_RDONLY = 1, MNT_NOSUID = 8, MNT_SOFTDEP = 2^31, IPC_W = 128, IPC_R = 256, KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_WRITE = 2 }

local function has(n, mask)
  mask = flags[mask] or mask
  while mask > 0 do
    if mask % 2 == 1 and n % 2 ~= 1 then return false end
    n, mask = math.floor(n / 2), math.floor(mask / 2)
  end
  return true
end

-- Whether a text matches a pattern from some places on, in which * stands for any characters.
local function glob(text, pattern, i, j)
  i, j = i or 1, j or 1
  local c = pattern:sub(j, j)
  if c == "" then return i > #text end
  if c == "*" then return glob(text, pattern, i, j + 1) or i <= #text and glob(text, pattern, i + 1, j) end
  return i <= #text and text:sub(i, i) == c and glob(text, pattern, i + 1, j + 1)
end

string.glob = function(text, pattern) return glob(text, pattern) end

local function environment()
  local function words(group)
    local copy = {}
    for name, value in pairs(group) do copy[name] = value end
    return copy
  end
  return {
    assert = assert, error = error, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = pairs,
    pcall = pcall, print = print, select = select, setmetatable = setmetatable, tonumber = tonumber,
    tostring = tostring, type = type, unpack = unpack or table.unpack, xpcall = xpcall,
    string = words(string), table = words(table), math = words(math),
    deny = "deny", allow = "allow", grant = "grant", record = "record", unlimited = 2^63, has = has,
    never = function() end,
    policy = function(name)
      return function(rules)
        policies[#policies + 1] = { name = name, rules = rules }
      end
    end,
  }
end

local function load_file(text, name)
  local run, problem
  if setfenv then
    run, problem = loadstring(text, name)
    if run then setfenv(run, environment()) end
  else
    run, problem = load(text, name, "t", environment())
  end
  if not run then return "syntax: " .. tostring(problem) end
  local ok, value = pcall(run)
  if not ok then return "error: " .. tostring(value) end
  table.sort(policies, function(a, b) return a.name < b.name end)
end

-- The bits of an address, as a list of 0 and 1. An address of IPv6 may end as one of IPv4 does.
local function bits(text)
  local bytes = {}
  if text:find(":", 1, true) then
    text = text:gsub("(%d+)%.(%d+)%.(%d+)%.(%d+)$", function(a, b, c, d)
      return string.format("%02x%02x:%02x%02x", a, b, c, d)
    end)
    local function groups(part)
      local list = {}
      for digits in part:gmatch("%x+") do list[#list + 1] = tonumber(digits, 16) end
      return list
    end
    local head, tail = text:match("^(.-)::(.*)$")
    local all = groups(head or text)
    if head then
      local rest = groups(tail)
      while #all + #rest < 8 do all[#all + 1] = 0 end
      for _, group in ipairs(rest) do all[#all + 1] = group end
    end
    for _, group in ipairs(all) do
      bytes[#bytes + 1] = math.floor(group / 256)
      bytes[#bytes + 1] = group % 256
    end
  else
    for digits in text:gmatch("%d+") do bytes[#bytes + 1] = tonumber(digits) end
  end
  local list = {}
  for _, byte in ipairs(bytes) do
    for k = 7, 0, -1 do list[#list + 1] = math.floor(byte / 2 ^ k) % 2 end
  end
  return list
end

-- Whether a list of bits comes before another, or is it.
local function upTo(a, b)
  for i = 1, #a do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return true
end

function within.within(address, prefix)
  local first, last = prefix:match("^(.*)%-(.*)$")
  if first then
    local here, low, high = bits(address.text), bits(first), bits(last)
    return #here == #low and upTo(low, here) and upTo(here, high)
  end
  local net, length = prefix:match("^(.*)/(%d+)$")
  local here, there = bits(address.text), bits(net)
  if #here ~= #there then return false end
  for i = 1, tonumber(length) do
    if here[i] ~= there[i] then return false end
  end
  return true
end

local function holds(pattern, name)
  if pattern == nil then return true end
  if type(pattern) == "string" then pattern = { pattern } end
  for _, glob in ipairs(pattern) do
    local head, tail = glob:match("^([^*]*)%*([^*]*)$")
    if glob == name then return true end
    if head and #name >= #head + #tail and name:sub(1, #head) == head and (tail == "" or name:sub(-#tail) == tail) then
      return true
    end
  end
  return false
end

local function listed(names, name)
  for _, other in ipairs(names or {}) do
    if other == name then return true end
  end
  return false
end

-- The most specific entry is asked first; one without an answer passes the question on.
local function decide(rules, r, name)
  while name do
    local fn = rules.on and rules.on[name]
    if fn then
      local answer, reason = fn(r)
      if answer == false then error("an answer is false", 0) end
      if answer ~= nil then return answer, reason or "", true end
    end
    for _, word in ipairs({ "deny", "grant", "allow" }) do
      if listed(rules[word], name) then return word, "", true end
    end
    name = name:match("^(.*)%.[^.]+$")
  end
  return rules.default or "allow", "", rules.default ~= nil
end

local rank = { allow = 1, grant = 2, deny = 3 }

local function ask(q)
  local r = {}
  for name, value in pairs(q) do r[name] = value end
  r.request, r.groups = nil, nil
  r.cell = { name = q.cell }
  if q.addr then r.addr = setmetatable({ text = q.addr }, { __index = within }) end
  function r:in_group(group)
    return self.egid == group or listed(q.groups, group)
  end
  local best, why, said
  for _, policy in ipairs(policies) do
    if holds(policy.rules.cells, q.cell) then
      local ok, answer, reason, explicit = pcall(decide, policy.rules, r, q.request)
      if not ok then return "error", tostring(answer), false end
      if not rank[answer] then return "error", "the answer is " .. tostring(answer), false end
      if not best or rank[answer] > rank[best] then
        best, why, said = answer, reason, explicit
      elseif answer == best and explicit and not said then
        why, said = reason, true
      end
    end
  end
  return best or "allow", why or "", said or false
end

return load_file, ask
