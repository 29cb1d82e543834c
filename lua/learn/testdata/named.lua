-- ask web-1 network.bind.privport euid=80 port=81
-- told port=81
local function refuse() return deny, "no" end
policy "web" {
  cells = "web-1",
  on = { ["network.bind.privport"] = refuse },
}
policy "mail" {
  cells = "mail",
  on = { ["network.bind.privport"] = refuse },
}

-- gives
rule of web, a function around another: ["network.bind.privport"] = function(r) if r.euid == 80 and r.port == 81 then return allow end return refuse(r) end
  denied at p.lua:1; lets through 1 where r.euid == 80 and r.port == 81
  with addr=10.0.0.1 it would be 1 of 340282366920938463463374607436063178753
--- p.lua
+++ p.lua
@@ -1,7 +1,7 @@
 local function refuse() return deny, "no" end
 policy "web" {
   cells = "web-1",
-  on = { ["network.bind.privport"] = refuse },
+  on = { ["network.bind.privport"] = function(r) if r.euid == 80 and r.port == 81 then return allow end return refuse(r) end },
 }
 policy "mail" {
   cells = "mail",
network.bind.privport where r.euid == 80 and r.port == 81: allowed, was deny, in web-1
