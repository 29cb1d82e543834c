-- ask web-1 system.reboot euid=0
policy "web" {
  cells = "web-1",
  deny = {
    "machdep",
    "system.reboot", -- never
  },
}

-- gives
rule of web, an entry for the request: ["system.reboot"] = function(r) if r.euid == 0 then return allow end return deny end
  denied at p.lua:5; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -2,7 +2,13 @@
   cells = "web-1",
   deny = {
     "machdep",
-    "system.reboot", -- never
+    -- never
+  },
+  on = {
+    ["system.reboot"] = function(r)
+      if r.euid == 0 then return allow end
+      return deny
+    end,
   },
 }
 
system.reboot where r.euid == 0: allowed, was deny, in web-1
