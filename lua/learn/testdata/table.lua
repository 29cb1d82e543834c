-- ask web-1 system.reboot euid=0
local function host(names)
  local t = { "system" }
  for _, n in ipairs(names) do t[#t + 1] = n end
  return { cells = "web-*", deny = t }
end
policy("web", host{ "machdep" })

-- gives
left: web-1 system.reboot euid=0: the rule that denies it (p.lua:6) is written in a way that can't be changed safely
  by hand: in on of policy web: ["system.reboot"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end end
