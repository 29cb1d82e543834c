local a = 1 -- one
local bcd = 2 -- two

local e = 3   --   three  
local f = --[[ in ]] 4
f(--[[ first ]] a --[[ second ]], b)
--[[ a block
   that goes on ]]
x = 1 --[[ behind
  it ]] y = 2
if a then -- why
-- because
b() -- c
else -- otherwise
end -- done
return -- nothing
