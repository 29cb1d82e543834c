-- ask web-1 network.bind.privport euid=80 port=22
-- ask web-1 network.bind.port euid=80 port=8080
-- told port=8080
policy "web" {
  cells = { "web-*" },
  on = {
    ["network.bind"] = function(r)
      if r.port == 80 then return grant, "web port" end
      return deny, "only 80"
    end,
  },
}

-- gives
rule of web, a condition: if r.cell.name == "web-1" and r.euid == 80 and r.port == 8080 then return allow end
  denied at p.lua:6; lets through 1 where r.port == 8080 and r.euid == 80
  with addr=10.0.0.1 it would be 1 of 340282366920938463463374607436063178753
left: web-1 network.bind.privport euid=80: the kernel does not ask it so as it is told: port=8080
--- p.lua
+++ p.lua
@@ -3,6 +3,7 @@
   on = {
     ["network.bind"] = function(r)
       if r.port == 80 then return grant, "web port" end
+      if r.cell.name == "web-1" and r.euid == 80 and r.port == 8080 then return allow end
       return deny, "only 80"
     end,
   },
network.bind.port where r.port == 8080 and r.euid == 80: allowed, was deny, in web-1
network.bind.privport where r.port == 8080 and r.euid == 80: allowed, was deny, in web-1
