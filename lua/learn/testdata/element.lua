-- ask web-1 network.bind.port euid=80 port=8080 addr=192.0.2.1
-- told addr=192.0.2.0/24
-- any euid
-- any cell
local private = { "10.0.0.0/8", "172.16.0.0/12" }
policy "web" {
  cells = "web-*",
  on = {
    ["network.bind.port"] = function(r)
      for _, prefix in ipairs(private) do
        if r.addr:within(prefix) then return allow end
      end
      return deny, "private addresses only"
    end,
  },
}

-- gives
rule of web, an element of a table: "192.0.2.0/24"
  denied at p.lua:9; lets through 512 where r.addr within 192.0.2.0/24
  with port=8080 it would be 512 of 33030656
--- p.lua
+++ p.lua
@@ -1,4 +1,4 @@
-local private = { "10.0.0.0/8", "172.16.0.0/12" }
+local private = { "10.0.0.0/8", "172.16.0.0/12", "192.0.2.0/24" }
 policy "web" {
   cells = "web-*",
   on = {
network.bind.port where r.addr within 192.0.2.0/24: allowed, was deny, in web-1 web-2
