-- ask web-1 system.reboot euid=0
-- ask web-2 machdep.iopl euid=0
for _, name in ipairs{ "web-1", "web-2" } do
  policy(name) {
    cells = name,
    deny = { "system", "machdep" },
  }
end

-- gives
rule of web-1, an entry for the request: ["system.reboot"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end return deny end
  denied at p.lua:4; lets through 1 where r.euid == 0
rule of web-2, an entry for the request: ["machdep.iopl"] = function(r) if r.cell.name == "web-2" and r.euid == 0 then return allow end return deny end
  denied at p.lua:4; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -2,6 +2,16 @@
   policy(name) {
     cells = name,
     deny = { "system", "machdep" },
+    on = {
+      ["system.reboot"] = function(r)
+        if r.cell.name == "web-1" and r.euid == 0 then return allow end
+        return deny
+      end,
+      ["machdep.iopl"] = function(r)
+        if r.cell.name == "web-2" and r.euid == 0 then return allow end
+        return deny
+      end,
+    },
   }
 end
 
system.reboot where r.euid == 0: allowed, was deny, in web-1
machdep.iopl where r.euid == 0: allowed, was deny, in web-2
