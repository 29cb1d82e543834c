-- ask web-1 system.reboot euid=0
-- ask web-1 machdep.iopl euid=0
local rules = {} -- filled below
rules["network.bind.port"] = function(q)
  if q.port == 8080 then return allow end
  return deny, "ports"
end
local host = { "machdep.iopl", "device" } -- the host's
local web = { cells = { "web-*" }, on = rules, deny = host, default = "deny" }
policy("web", web)

-- gives
rule of web, an entry for the request: ["system.reboot"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end end
  denied at p.lua:8; lets through 1 where r.euid == 0
rule of web, an entry for the request: ["machdep.iopl"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end return deny end
  denied at p.lua:8; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -1,9 +1,17 @@
-local rules = {} -- filled below
+local rules = {
+  ["system.reboot"] = function(r)
+    if r.cell.name == "web-1" and r.euid == 0 then return allow end
+  end,
+  ["machdep.iopl"] = function(r)
+    if r.cell.name == "web-1" and r.euid == 0 then return allow end
+    return deny
+  end,
+} -- filled below
 rules["network.bind.port"] = function(q)
   if q.port == 8080 then return allow end
   return deny, "ports"
 end
-local host = { "machdep.iopl", "device" } -- the host's
+local host = { "device" } -- the host's
 local web = { cells = { "web-*" }, on = rules, deny = host, default = "deny" }
 policy("web", web)
 
system.reboot where r.euid == 0: allowed, was deny, in web-1
machdep.iopl where r.euid == 0: allowed, was deny, in web-1
