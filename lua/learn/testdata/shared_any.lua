-- ask web-1 network.bind.port euid=70 port=8080 addr=10.0.0.1
-- any euid
local function shared(q)
  if q.port == 80 then return allow end
  return deny
end
policy "a" {
  cells = "web-*",
  on = { ["network.bind"] = shared },
}
policy "b" {
  cells = "web-1",
  default = "deny",
  on = {
    ["network.bind.port"] = shared,
  },
}

-- gives
rule of a, an entry for the request: ["network.bind.port"] = function(r) if r.cell.name == "web-1" then return allow end end
  denied at p.lua:3; lets through 64513 where r.port ~= 80
  with port=8080 it would be 1 of 64513
rule of b, a function around another: ["network.bind.port"] = function(r) return allow end
  denied at p.lua:3; lets through 64513 where r.port ~= 80
  with port=8080 it would be 1 of 64513
--- p.lua
+++ p.lua
@@ -4,13 +4,19 @@
 end
 policy "a" {
   cells = "web-*",
-  on = { ["network.bind"] = shared },
+  on = { ["network.bind"] = shared,
+    ["network.bind.port"] = function(r)
+      if r.cell.name == "web-1" then return allow end
+    end,
+  },
 }
 policy "b" {
   cells = "web-1",
   default = "deny",
   on = {
-    ["network.bind.port"] = shared,
+    ["network.bind.port"] = function(r)
+      return allow
+    end,
   },
 }
 
network.bind.port where r.port ~= 80: allowed, was deny, in web-1
