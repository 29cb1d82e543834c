-- ask a process.signal euid=1002 signal=kill target.is_self=false target.is_init=false target.same_cell=true target.pid=7 target.uid=0 target.euid=0 target.cell=a
local admin = { [1001] = true, [1004] = true } -- see the list
policy "admins" {
  cells = "a",
  on = {
    ["process.signal"] = function(r)
      if r.signal == "kill" and not admin[r.euid] then return deny, "only admins kill" end
    end,
  },
}

-- gives
rule of admins, an element of a table: [1002] = true
  denied at p.lua:6; lets through 1 where r.signal == "kill" and r.euid == 1002
  with target.same_cell=true it would be 1 of 2
--- p.lua
+++ p.lua
@@ -1,4 +1,4 @@
-local admin = { [1001] = true, [1004] = true } -- see the list
+local admin = { [1001] = true, [1004] = true, [1002] = true } -- see the list
 policy "admins" {
   cells = "a",
   on = {
process.signal where r.signal == "kill" and r.euid == 1002: allowed, was deny, in a
