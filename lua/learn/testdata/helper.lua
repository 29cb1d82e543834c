-- ask web-1 network.bind.privport euid=80 port=81
-- told port=81
local function only(r, ports)
  if ports[r.port] then return allow end
  return deny, "not a port of yours"
end
policy "web" { cells = "web-1", on = { ["network.bind.privport"] = function(r) return only(r, { [80] = true }) end } }
policy "mail" { cells = "mail", on = { ["network.bind.privport"] = function(r) return only(r, { [25] = true }) end } }

-- gives
rule of web, a condition: if r.euid == 80 and r.port == 81 then return allow end
  denied at p.lua:3; lets through 1 where r.port == 81 and r.euid == 80
  with addr=10.0.0.1 it would be 1 of 340282366920938463463374607436063178753
--- p.lua
+++ p.lua
@@ -2,6 +2,6 @@
   if ports[r.port] then return allow end
   return deny, "not a port of yours"
 end
-policy "web" { cells = "web-1", on = { ["network.bind.privport"] = function(r) return only(r, { [80] = true }) end } }
+policy "web" { cells = "web-1", on = { ["network.bind.privport"] = function(r) if r.euid == 80 and r.port == 81 then return allow end return only(r, { [80] = true }) end } }
 policy "mail" { cells = "mail", on = { ["network.bind.privport"] = function(r) return only(r, { [25] = true }) end } }
 
network.bind.privport where r.port == 81 and r.euid == 80: allowed, was deny, in web-1
