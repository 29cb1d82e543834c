--- [session] what is used stays
local t = {} for i = 1, 1000 do t[i] = { i } end collectgarbage() local s = 0 for i = 1, 1000 do s = s + t[i][1] end print(s) local w = setmetatable({}, { __mode = "v" }) local keep = {} w[1] = keep w.x = "string" w.n = 5 collectgarbage() print(w[1] == keep, w.x, w.n) local k = setmetatable({}, { __mode = "k" }) k[keep] = 1 k["s"] = 2 collectgarbage() print(k[keep], k.s)
--- [session] closures and coroutines stay
local fs = {} for i = 1, 100 do local x = {} x.i = i fs[i] = function() return x.i end end collectgarbage() local s = 0 for i = 1, 100 do s = s + fs[i]() end print(s) local cs = {} for i = 1, 100 do cs[i] = coroutine.wrap(function() local x = { i } coroutine.yield() return x[1] end) cs[i]() end collectgarbage() s = 0 for i = 1, 100 do s = s + cs[i]() end print(s)
--- [session] much garbage
local s = "" for i = 1, 2000 do s = s .. "x" local t = { s, { s } } end print(#s) local n = 0 for i = 1, 20000 do local t = { i } n = n + #t end print(n) print(collectgarbage("count") > 0)
