-- ask web-1 network.bind.privport euid=80 port=23
-- ask web-1 network.bind.privport euid=81 port=23
-- told port=22
policy "web" {
  cells = { "web-*" },
  on = {
    ["network.bind.privport"] = function(r)
      if r.cell.name == "web-1" and r.euid == 80 and r.port == 22 then return allow end
      return deny, "no port"
    end,
  },
}

-- gives
rule of web, a condition: if r.cell.name == "web-1" and r.euid == 81 and r.port == 22 then return allow end
  denied at p.lua:6; lets through 1 where r.euid == 81 and r.port == 22
  with addr=10.0.0.1 it would be 1 of 340282366920938463463374607436063178753
allowed now: web-1 network.bind.privport euid=80 port=22
--- p.lua
+++ p.lua
@@ -3,6 +3,7 @@
   on = {
     ["network.bind.privport"] = function(r)
       if r.cell.name == "web-1" and r.euid == 80 and r.port == 22 then return allow end
+      if r.cell.name == "web-1" and r.euid == 81 and r.port == 22 then return allow end
       return deny, "no port"
     end,
   },
network.bind.privport where r.euid == 81 and r.port == 22: allowed, was deny, in web-1
