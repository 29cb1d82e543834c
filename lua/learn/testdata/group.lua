-- ask a process.setid euid=1000 egid=1000 groups=5
-- told groups=operator
policy "a" {
  cells = "a",
  on = {
    ["process.setid"] = function(r)
      if r:in_group("wheel") then return allow end
      return deny, "wheel only"
    end,
  },
}

-- gives
rule of a, a condition: if r.euid == 1000 and r:in_group("operator") then return allow end
  denied at p.lua:6; lets through 1 where not r:in_group(0) and r.euid == 1000 and r:in_group(5)
  with target.same_cell=true it would be 1 of 2
--- p.lua
+++ p.lua
@@ -3,6 +3,7 @@
   on = {
     ["process.setid"] = function(r)
       if r:in_group("wheel") then return allow end
+      if r.euid == 1000 and r:in_group("operator") then return allow end
       return deny, "wheel only"
     end,
   },
process.setid where not r:in_group(0) and r.euid == 1000 and r:in_group(5): allowed, was deny, in a
