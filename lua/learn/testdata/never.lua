-- ask db-1 network.bind.port euid=70 port=5432 addr=10.0.0.1
policy "db" {
  cells = "db-*",
  on = {
    ["network.bind.port"] = function(r)
      if not r.addr:within("127.0.0.0/8") then return deny, "local only" end
    end,
  },
}
never("the database is not reached from other machines", {
  cells = "db-*",
  "network.bind.port",
  where = function(r) return r.port == 5432 and not r.addr:within("127.0.0.0/8") end,
})

-- gives
left: db-1 network.bind.port euid=70: it must never be allowed: "the database is not reached from other machines" (p.lua:14:1) speaks of network.bind.port where r.addr not within 127.0.0.0/8 and r.euid == 70 and r.port == 5432; if the request was another one, say so: port=VALUE addr=VALUE
