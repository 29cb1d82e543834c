-- ask web-1 system.reboot euid=0
policy "web" {
  cells = { "web-*" },
  -- Nothing of the host.
  deny = { "system", "machdep" },
}

-- gives
rule of web, an entry for the request: ["system.reboot"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end end
  denied at p.lua:4; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -2,5 +2,10 @@
   cells = { "web-*" },
   -- Nothing of the host.
   deny = { "system", "machdep" },
+  on = {
+    ["system.reboot"] = function(r)
+      if r.cell.name == "web-1" and r.euid == 0 then return allow end
+    end,
+  },
 }
 
system.reboot where r.euid == 0: allowed, was deny, in web-1
