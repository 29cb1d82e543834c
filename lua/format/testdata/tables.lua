t = {}
t = { }
t = {1,2;3}
t = {
a=1,bcd=2,
a = 1;
bcd = 2; -- two
cdefg = {
1 },
x = 3, -- three
y = 4, ['z']=5, [ [[w]] ] = 6 }
t = { a = 1,
b = 2 }
policy "web" {
cells={"web-*"},
default='deny',
on={
["network.bind"]=function(r) if r.port==22 then return deny,"no ssh" end end,
process=f,

-- about x

["x"]=function(r)
return allow end
}}
x = { "a long string that takes up room", "another long string that takes up room", "a third one", "a fourth" }
cases("within", { cell = cell, expect = allow,
{ request = "process.signal", signal = "term", target = { same_cell = true }, euid = 0, uid = 1000 },
{},
})
t = { --[[ empty ]] }
t = { -- empty
}
t = { f() }
