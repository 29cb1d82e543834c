-- ask web-1 network.bind.anyaddr euid=80
policy "web" {
  cells = { "web-1" },
  on = {
    ["network.bind"] = function(r)
      if not r.port then return deny, "any address" end
      if r.port == 80 or r.port == 443 then return grant, "web port" end
      return deny
    end,
  },
}

-- gives
rule of web, a condition: if not r.port and r.euid == 80 then return allow end
  denied at p.lua:5; lets through 1 where r.euid == 80
  with type=stream it would be 1 of 4294967296
--- p.lua
+++ p.lua
@@ -2,6 +2,7 @@
   cells = { "web-1" },
   on = {
     ["network.bind"] = function(r)
+      if not r.port and r.euid == 80 then return allow end
       if not r.port then return deny, "any address" end
       if r.port == 80 or r.port == 443 then return grant, "web port" end
       return deny
network.bind.anyaddr where r.euid == 80: allowed, was deny, in web-1
