-- ask a system.reboot euid=0
policy "strict" {
  cells = "a",
  mode = "audit",
  default = "deny",
}

-- gives
rule of strict, an entry for the request: ["system.reboot"] = function(r) if r.euid == 0 then return allow end end
  denied at p.lua:4; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -2,5 +2,10 @@
   cells = "a",
   mode = "audit",
   default = "deny",
+  on = {
+    ["system.reboot"] = function(r)
+      if r.euid == 0 then return allow end
+    end,
+  },
 }
 
system.reboot where r.euid == 0: audit, was allow, in a
