-- ask a process.fork euid=0 members=9
policy "a" { cells = "a", budget = { procs = 8 } }

-- gives
left: a process.fork euid=0: the budget denied it (p.lua:1:38): no rule lifts that; raise procs, which is 8
