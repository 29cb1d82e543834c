-- ask web-1 system.chroot.chroot euid=0
policy "base" { deny = { "system" } }
policy "web" {
  cells = "web-*",
  on = {
    ["system.chroot"] = function(r) return deny, "not here" end,
  },
}

-- gives
rule of base, an entry for the request: ["system.chroot.chroot"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end end
  denied at p.lua:1; lets through 1 where r.euid == 0
rule of web, an entry for the request: ["system.chroot.chroot"] = function(r) if r.cell.name == "web-1" and r.euid == 0 then return allow end end
  denied at p.lua:5; lets through 1 where r.euid == 0
--- p.lua
+++ p.lua
@@ -1,8 +1,17 @@
-policy "base" { deny = { "system" } }
+policy "base" { deny = { "system" },
+  on = {
+    ["system.chroot.chroot"] = function(r)
+      if r.cell.name == "web-1" and r.euid == 0 then return allow end
+    end,
+  },
+}
 policy "web" {
   cells = "web-*",
   on = {
     ["system.chroot"] = function(r) return deny, "not here" end,
+    ["system.chroot.chroot"] = function(r)
+      if r.cell.name == "web-1" and r.euid == 0 then return allow end
+    end,
   },
 }
 
system.chroot.chroot where r.euid == 0: allowed, was deny, in web-1
