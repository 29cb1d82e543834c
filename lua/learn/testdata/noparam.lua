-- ask web-1 machdep.iopl euid=0
-- ask web-2 machdep.iopl euid=0
policy "host" {
  on = {
    ["machdep.iopl"] = function() return deny end,
  },
}

-- gives
rule of host, a condition: if (r.cell.name == "web-1" or r.cell.name == "web-2") and r.euid == 0 then return allow end
  denied at p.lua:3; lets through 2 where r.euid == 0
--- p.lua
+++ p.lua
@@ -1,6 +1,6 @@
 policy "host" {
   on = {
-    ["machdep.iopl"] = function() return deny end,
+    ["machdep.iopl"] = function(r) if (r.cell.name == "web-1" or r.cell.name == "web-2") and r.euid == 0 then return allow end return deny end,
   },
 }
 
machdep.iopl where r.euid == 0: allowed, was deny, in web-1 web-2
