-- ask web-1 network.bind.privport euid=80 port=22
policy "web" {
  cells = { "web-*" },
  deny  = { "system", "machdep" },
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
rule of web, a condition: if r.cell.name == "web-1" and r.euid == 80 then return allow end
  denied at p.lua:9; lets through 1021 where r.port in 1..79, 81..442, 444..1023 and r.euid == 80
  with port=1023 it would be 1 of 1021
--- p.lua
+++ p.lua
@@ -6,6 +6,7 @@
       if not r.port then return deny, "any address" end
       if r.port == 0 or r.port >= 1024 then return allow end
       if r.port == 80 or r.port == 443 then return grant, "web port" end
+      if r.cell.name == "web-1" and r.euid == 80 then return allow end
       return deny, "only 80 and 443 below 1024" -- as agreed
     end,
   },
network.bind.port where r.port in 1..79, 81..442, 444..1023 and r.euid == 80: allowed, was deny, in web-1
network.bind.privport where r.port in 1..79, 81..442, 444..1023 and r.euid == 80: allowed, was deny, in web-1
