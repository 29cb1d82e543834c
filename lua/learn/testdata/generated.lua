-- ask web-1 system.reboot euid=0
-- ask web-2 machdep.iopl euid=0
for _, name in ipairs{ "web-1", "web-2" } do
  policy(name) {
    cells = name,
    deny = { "system", "machdep" },
  }
end

-- gives
left: web-1 system.reboot euid=0: no small change of policy web-1 lifts it and nothing else: policy web-2 shares what would be changed
  by hand: in on of policy web-1: ["system.reboot"] = function(r) if r.euid == 0 then return allow end end
left: web-2 machdep.iopl euid=0: no small change of policy web-2 lifts it and nothing else: policy web-1 shares what would be changed
  by hand: in on of policy web-2: ["machdep.iopl"] = function(r) if r.euid == 0 then return allow end end
