-- ask db network.socket.open euid=70 type=stream protocol=tcp domain=inet
-- told domain=inet
policy "db" {
  cells   = "db",
  default = "deny",
  allow   = { "process" },
}

-- gives
rule of db, an entry for the request: ["network.socket.open"] = function(r) if r.euid == 70 and r.domain == "inet" then return allow end end
  denied at p.lua:3; lets through 1 where r.euid == 70 and r.domain == "inet"
  with type=stream it would be 1 of 4294967296
--- p.lua
+++ p.lua
@@ -2,5 +2,10 @@
   cells   = "db",
   default = "deny",
   allow   = { "process" },
+  on = {
+    ["network.socket.open"] = function(r)
+      if r.euid == 70 and r.domain == "inet" then return allow end
+    end,
+  },
 }
 
network.socket.open where r.euid == 70 and r.domain == "inet": allowed, was deny, in db
