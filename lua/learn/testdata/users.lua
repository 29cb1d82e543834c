-- ask web-1 system.chroot.chroot euid=0
-- ask web-1 system.chroot.chroot euid=80
-- ask web-2 system.chroot.chroot euid=80
policy "web" {
  cells = "web-*",
  on = {
    ["system.chroot"] = function(r)
      return deny, "not here"
    end,
  },
}

-- gives
rule of web, an entry for the request: ["system.chroot.chroot"] = function(r) if r.cell.name == "web-1" and (r.euid == 0 or r.euid == 80) then return allow end if r.cell.name == "web-2" and r.euid == 80 then return allow end end
  denied at p.lua:5; lets through 3 where r.euid in 0, 80
--- p.lua
+++ p.lua
@@ -4,6 +4,10 @@
     ["system.chroot"] = function(r)
       return deny, "not here"
     end,
+    ["system.chroot.chroot"] = function(r)
+      if r.cell.name == "web-1" and (r.euid == 0 or r.euid == 80) then return allow end
+      if r.cell.name == "web-2" and r.euid == 80 then return allow end
+    end,
   },
 }
 
system.chroot.chroot where r.euid in 0, 80: allowed, was deny, in web-1
system.chroot.chroot where r.euid == 80: allowed, was deny, in web-2
