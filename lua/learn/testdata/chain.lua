-- ask a system.mount.new euid=0 flags=0
policy "a" {
  cells = "a",
  on = {
    ["system.mount"] = function(r)
      if has(r.flags or 0, "MNT_RDONLY") then
        return allow
      elseif r.euid == 0 then
        return deny, "root mounts read-only"
      else
        return deny
      end
    end,
  },
}

-- gives
rule of a, an entry for the request: ["system.mount.new"] = function(r) if not has(r.flags, "MNT_RDONLY") and r.euid == 0 then return allow end end
  denied at p.lua:8; lets through 2147483648 where not has(r.flags, "MNT_RDONLY") and r.euid == 0
  with flags=0 it would be 1 of 2147483648
--- p.lua
+++ p.lua
@@ -10,6 +10,9 @@
         return deny
       end
     end,
+    ["system.mount.new"] = function(r)
+      if not has(r.flags, "MNT_RDONLY") and r.euid == 0 then return allow end
+    end,
   },
 }
 
system.mount.new where not has(r.flags, "MNT_RDONLY") and r.euid == 0: allowed, was deny, in a
