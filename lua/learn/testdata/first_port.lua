-- ask web-1 network.bind.privport euid=80 port=22
-- told port=22
policy "web" {
  cells = { "web-*" },
  on = {
    ["network.bind"] = function(r)
      if not r.port then return deny, "any address" end
      if r.port == 0 or r.port >= 1024 then return allow end
      if r.port == 80 or r.port == 443 then return grant, "web port" end
      return deny, "only 80 and 443 below 1024" -- as agreed
    end,
  },
}

-- gives
rule of web, a condition: if r.cell.name == "web-1" and r.euid == 80 and r.port == 22 then return allow end
  denied at p.lua:8; lets through 1 where r.port == 22 and r.euid == 80
  with addr=10.0.0.1 it would be 1 of 340282366920938463463374607436063178753
--- p.lua
+++ p.lua
@@ -5,6 +5,7 @@
       if not r.port then return deny, "any address" end
       if r.port == 0 or r.port >= 1024 then return allow end
       if r.port == 80 or r.port == 443 then return grant, "web port" end
+      if r.cell.name == "web-1" and r.euid == 80 and r.port == 22 then return allow end
       return deny, "only 80 and 443 below 1024" -- as agreed
     end,
   },
network.bind.port where r.port == 22 and r.euid == 80: allowed, was deny, in web-1
network.bind.privport where r.port == 22 and r.euid == 80: allowed, was deny, in web-1
