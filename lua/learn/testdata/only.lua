-- ask web-1 network.bind.privport euid=0 port=22 addr=10.0.0.1
-- ask web-2 system.reboot euid=0
policy "base" { deny = { "network.bind.privport" } }
policy "host" {
  deny = "system.reboot",
  on = {
    ["machdep"] = function() return deny end,
  },
}

-- gives
rule of base, an entry for the request: ["network.bind.privport"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end return deny end
  denied at p.lua:1; lets through 1 where r.euid == 0
  with port=1023 it would be 1 of 1023
rule of host, an entry for the request: ["system.reboot"] = function(r) if r.cell.name == "web-2" and r.euid == 0 then return allow end return deny end
  denied at p.lua:3; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -1,8 +1,11 @@
-policy "base" { deny = { "network.bind.privport" } }
+policy "base" { on = { ["network.bind.privport"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end return deny end } }
 policy "host" {
-  deny = "system.reboot",
   on = {
     ["machdep"] = function() return deny end,
+    ["system.reboot"] = function(r)
+      if r.cell.name == "web-2" and r.euid == 0 then return allow end
+      return deny
+    end,
   },
 }
 
system.reboot where r.euid == 0: allowed, was deny, in web-2
network.bind.privport where r.euid == 0: allowed, was deny, in web-1
