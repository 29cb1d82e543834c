-- ask web-1 system.reboot euid=0
-- any euid
-- any cell
policy "web" {
  cells = "web-*",
  deny = { "machdep", "system.reboot" },
}

-- gives
rule of web, an entry for the request: allow = { "system.reboot" }
  denied at p.lua:3; lets through 2 where any request
--- p.lua
+++ p.lua
@@ -1,5 +1,6 @@
 policy "web" {
   cells = "web-*",
-  deny = { "machdep", "system.reboot" },
+  deny = { "machdep" },
+  allow = { "system.reboot" },
 }
 
system.reboot where any request: allowed, was deny, in web-1 web-2
