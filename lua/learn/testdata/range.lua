-- ask a network.bind.port euid=1000 port=8080
-- told port=8000-8099
policy "a" {
  cells = "a",
  on = {
    ["network.bind"] = function(r)
      if not r.port or r.port > 2000 then return deny end
    end,
  },
}

-- gives
rule of a, a condition: if r.euid == 1000 and r.port and r.port >= 8000 and r.port <= 8099 then return allow end
  denied at p.lua:5; lets through 100 where r.port in 8000..8099 and r.euid == 1000
  with addr=10.0.0.1 it would be 100 of 34028236692093846346337460743606317875300
--- p.lua
+++ p.lua
@@ -2,6 +2,7 @@
   cells = "a",
   on = {
     ["network.bind"] = function(r)
+      if r.euid == 1000 and r.port and r.port >= 8000 and r.port <= 8099 then return allow end
       if not r.port or r.port > 2000 then return deny end
     end,
   },
network.bind.port where r.port in 8000..8099 and r.euid == 1000: allowed, was deny, in a
network.bind.privport where r.port in 8000..8099 and r.euid == 1000: allowed, was deny, in a
