#!/usr/bin/env python3
"""Random Lua policies + requests.  gen.py SEED NPOL NREQ OUTDIR
   OUTDIR/pol/pN.lua, OUTDIR/requests.jsonl, OUTDIR/requests.lua"""
import json, random, sys, os
TRUE,FALSE="true","false"
NUMS=[0,1,2,3,5,7,10,22,25,53,80,100,443,999,1000,1023,1024,1025,8080,65535]
SMALL=[0,1,2,3,4,5]
FIELDS={ # request -> (number fields, name fields, bool fields, string fields, addr)
 "network.bind.port":   (["port"],["family","type","protocol"],[],[],True),
 "network.bind.privport":(["port"],["family","type","protocol"],[],[],True),
 "network.bind.anyaddr":([],["family","type","protocol"],[],[],False),
 "network.socket.open": ([],["type","protocol","domain"],[],[],False),
 "process.signal":      (["target.pid","target.uid","target.euid"],["signal"],["target.is_self","target.is_init","target.same_cell"],["target.cell"],False),
 "process.rlimit.set":  (["cur","max","target.pid"],["resource"],["target.is_self","target.is_init","target.same_cell"],[],False),
 "process.nice":        (["nice","target.pid","target.uid","target.euid"],[],["target.is_self","target.is_init","target.same_cell"],["target.cell"],False),
 "process.fork":        (["nprocs","target.pid","target.uid"],[],["target.is_self"],[],False),
 "network.interface.setpriv":(["cmd"],[],[],["ifname"],False),
 "system.mount.update": (["flags"],[],[],["fstype"],False),
 "device.rawio_spec.read":(["major","minor"],["kind"],[],[],False),
 "system.module":       (["cmd"],[],["autoload"],[],False),
 "system.sysvipc.bypass":(["mode"],[],[],[],False),
 "device.rawio_passthru.read":(["bits"],[],[],[],False),
 "system.reboot":       ([],[],[],[],False),
}
IDS=["uid","euid","gid","egid"]
NAMES={"family":["inet","inet6","local","unspec"],"domain":["inet","inet6","local","route"],"type":["stream","dgram","raw"],"protocol":["tcp","udp","icmp","raw"],
 "signal":["kill","term","hup","usr1"],"resource":["nofile","core","as","stack"],"kind":["block","char"]}
STR={"target.cell":["a","db-1","","p1"],"ifname":["wm0","lo0","x"],"fstype":["tmpfs","ffs","null"]}
RANGE={"port":(0,65535),"nice":(-20,20),"nprocs":(0,2**31-1),"major":(0,4095),"minor":(0,1048575),"mode":(0,65535),"target.pid":(0,2**31-1)}
PREF=["10.0.0.0/8","10.1.0.0/16","10.1.2.0/24","127.0.0.0/8","0.0.0.0/0","::/0","::1/128","fe80::/10","192.168.1.7/32"]
ADDRS=["10.0.0.1","10.1.0.0","10.1.2.255","10.1.3.0","127.0.0.1","192.168.1.7","192.168.1.8","9.255.255.255","11.0.0.0","::1","::","fe80::1","febf::1","fec0::1","::ffff:10.0.0.1"]
class Gen:
  def __init__(s,rng,req,level):
    s.r=rng; s.req=req; s.num,s.nam,s.boo,s.str,s.addr=FIELDS[req]; s.n=0; s.scopes=[[]]; s.budget=rng.choice([6,10,18,30]); s.top=[]; s.infn=0; s.fns=[]; s.level=level; s.loop=0; s.field_ok=True; s.mult=0
  def fresh(s,ty=None):
    if s.r.random()<0.12:  # shadow an outer name, now of another type
      vs=[n for sc in s.scopes for n,_ in sc]
      if vs:
        n=s.r.choice(vs); return n
    s.n+=1; return f"v{s.n}"
  def add(s,n,ty): s.scopes[-1]=[x for x in s.scopes[-1] if x[0]!=n]+[(n,ty)]
  def vars(s,*tys):
    seen={}
    for sc in s.scopes:
      for n,t in sc: seen[n]=t
    return [n for n,t in seen.items() if t in tys]
  def assignable(s,ty):
    return [v for v in s.vars(ty) if v not in s.protected and v[0]=="v"]
  protected=frozenset()
  def pick(s,*fs): return s.r.choice(fs)
  # --- expressions
  def field(s):
    fs=s.num+IDS[:2]+([s.r.choice(IDS)] if s.r.random()<.3 else [])
    return "r."+s.r.choice(fs) if s.r.random()<.7 or not s.num else "r."+s.r.choice(s.num)
  def C(s,d=0):
    r=s.r; x=r.random()
    vs=s.vars("C")
    if x<.35 or d>3: return str(r.choice(NUMS if r.random()<.7 else SMALL))
    if x<.6 and vs: return r.choice(vs)
    if x<.68: return f"({s.C(d+1)} {r.choice(['+','-'])} {s.C(d+1)})"
    if x<.72: return f"({s.C(d+1)} * {r.choice(SMALL)})"
    if x<.75: return f"({s.C(d+1)} % {r.choice([2,3,5,7,-3])})"
    if x<.79: return f"({s.B(d+2)} and {s.C(d+1)} or {s.C(d+1)})"
    if x<.82: 
      t=s.vars("T"); 
      if t: return f"#{r.choice(t)}"
    if x<.85: return f"#{s.S(d+1)}"
    if x<.87: return f"math.{r.choice(['max','min'])}({s.C(d+1)}, {s.C(d+1)})"
    if x<.885: return f"math.floor({s.C(d+1)} / {r.choice([2,3,4])})"
    if x<.90: return f"select('#', {', '.join(s.C(d+2) for _ in range(r.randint(0,3))) or 'nil'})"
    if x<.92: return f"(select({r.choice([1,2,-1])}, {s.C(d+2)}, {s.C(d+2)}))"
    if x<.94: return f"({s.Sn(d+1)}):byte()"
    if x<.955: return f"-({s.C(d+1)})"
    if x<.97:
      f=[g for g in s.vars("fC")]
      if f: return f"{r.choice(f)}({s.C(d+1)})"
    if x<.985:
      t=s.vars("T")
      if t: return f"({r.choice(t)}[{r.randint(1,3)}] or {s.C(d+1)})"
    return str(r.choice(SMALL))
  def Sn(s,d): return s.pick('"abc"','"Z"','("x" .. %s)'%s.C(d+2))
  def S(s,d=0):
    r=s.r; x=r.random(); vs=s.vars("S")
    if x<.3 or d>3: return json.dumps(r.choice(["a","bc","","Web","x y","p-%"]))
    if x<.55 and vs: return r.choice(vs)
    if x<.65: return f"({s.S(d+1)} .. {s.pick(s.S,s.C)(d+1)})"
    if x<.7: return f"tostring({s.pick(s.C,s.C,lambda d: s.pick('nil','true','false'))(d+1)})"
    if x<.75: return f"({s.S(d+1)}):{s.pick('upper()','lower()','reverse()','sub(2)','sub(-2)','sub(2, 3)','rep(2)')}"
    if x<.8: return f"({s.B(d+2)} and {s.S(d+1)} or {s.S(d+1)})"
    if x<.84: return f"string.format({s.pick(json.dumps('%d:%s'),json.dumps('%05d|%-4s'),json.dumps('%x%s'))}, math.max(0, {s.C(d+1)}), {s.S(d+1)})"
    if x<.88: return "r.cell.name"
    if x<.91: return f"type({s.pick(s.C,s.S,lambda d:'nil', lambda d:'{}', lambda d:'true', lambda d: 'r.'+s.r.choice(IDS))(d+1)})"
    if x<.94: return f"table.concat({{ {s.C(d+2)}, {s.S(d+2)} }}, {json.dumps(r.choice(['',',']))})"
    return json.dumps(r.choice(["a","b"]))
  def I(s,d=0):
    r=s.r; x=r.random(); vs=s.vars("I")
    if not s.field_ok: return s.C(d)
    if x<.5 or d>3: return s.field()
    if x<.65 and vs: return r.choice(vs)
    if x<.75: return f"({s.I(d+1)} {r.choice('+-')} {s.C(d+2)})"
    if x<.79: return f"({s.C(d+2)} {r.choice('+-')} {s.I(d+1)})"
    if x<.83: return f"({s.I(d+1)} * {r.choice([0,1,2,3,-1,-2,10])})"
    if x<.85: return f"-{s.field()}"
    if x<.875:
      f="r."+r.choice([q for q in s.num if q in RANGE] or ["uid"]); return f"({f} % {r.choice([1,2,3,7,10,-4])})"
    if x<.92: return f"({s.B(d+2)} and {s.I(d+1)} or {s.I(d+1)})"
    if x<.95:
      f=s.vars("fI")
      if f: return f"{r.choice(f)}({s.I(d+1)})"
    if x<.97: return f"(select({r.choice([1,2])}, {s.I(d+1)}, {s.I(d+1)}))"
    return s.field()
  def cmpc(s,d):
    r=s.r
    if r.random()<.07: return s.pick("80.5","0.5","-1","1e3","99.999","0x50","1e5","-0.5","2^10","443/1","1/0","-1/0")
    return s.C(d+1)
  def B(s,d=0):
    r=s.r; x=r.random(); vs=s.vars("B")
    if d>4: return s.pick(TRUE,FALSE) if not s.field_ok else f"{s.field()} {r.choice(['==','<','>='])} {r.choice(NUMS)}"
    if x<.26 and s.field_ok:
      a,b=s.I(d+1),s.cmpc(d)
      ops=['==','~=','<','<=','>','>=']
      if r.random()<.93:
        if r.random()<.4: a=s.field(); b=str(r.choice(NUMS)) if not a.endswith(("nice",)) else str(r.choice(SMALL))
        else: ops=ops[2:]
      if r.random()<.3: a,b=b,a
      return f"({a} {r.choice(ops)} {b})"
    if x<.30 and s.field_ok: return f"({s.field()} {r.choice(['==','~=','<','<=','>','>='])} {s.field()})"
    if x<.38 and s.field_ok and s.nam:
      n=r.choice(s.nam); return f"(r.{n} {r.choice(['==','~='])} {json.dumps(r.choice(NAMES[n]))})"
    if x<.43 and s.field_ok and s.boo: return "r."+r.choice(s.boo)
    if x<.48 and s.field_ok and s.str:
      n=r.choice(s.str); return f"(r.{n} {r.choice(['==','~='])} {json.dumps(r.choice(STR[n]))})"
    if x<.53 and s.field_ok and s.addr: return f"r.addr:within({json.dumps(r.choice(PREF))})"
    if x<.57 and s.field_ok: return f"r:in_group({r.choice([0,5,20,100])})"
    if x<.64 and vs: return r.choice(vs)
    if x<.70: return f"not {s.B(d+1)}"
    if x<.78: return f"({s.B(d+1)} {r.choice(['and','or'])} {s.B(d+1)})"
    if x<.81: return f"({s.B(d+1)} and {s.B(d+1)} or {s.B(d+1)})"
    if x<.84: return f"({s.B(d+1)} == {s.B(d+1)})" if r.random()<.5 else f"({s.C(d+1)} {r.choice(['==','<','>=','~='])} {s.C(d+1)})"
    if x<.86: return f"({s.S(d+1)} {r.choice(['==','~=','<','>='])} {s.S(d+1)})"
    if x<.90:
      f=s.vars("fB")
      if f: return f"{r.choice(f)}({s.I(d+1)})"
    if x<.93:
      m=s.vars("M")
      if m and s.field_ok:
        mm=r.choice(m); return s.pick(f"({mm}[{s.I(d+1)}] ~= nil)", f"({mm}[{s.I(d+1)}] == {s.S(d+2)})", f"not {mm}[{s.I(d+1)}]")
    if x<.95:
      t=s.vars("N")
      if t: return f"({r.choice(t)} {r.choice(['==','~='])} nil)"
    if x<.97: return s.pick(TRUE,FALSE)
    if s.field_ok and x<.985:
      f=r.choice(["r.sec"] if r.random()<.1 else [q for q in ["r.port","r.sec","r.nice","r.signal","r.ifname"] if q[2:] not in s.num+s.nam+s.str])
      return f"({f} {r.choice(['==','~='])} nil)" if r.random()<.7 else f"(not {f})"
    return "(%s ~= nil)"%s.S(d+1)
  def res(s):
    r=s.r; x=r.random()
    if x<.62: a=r.choice(["deny","deny","allow","grant","nil","nil"])
    elif x<.75: a=f"{s.B(2)} and {r.choice(['deny','grant'])} or {r.choice(['allow','nil','deny'])}"
    elif x<.82: a=f"(not ({s.B(2)})) and {r.choice(['deny','allow'])} or {s.B(2)} and {r.choice(['deny','grant'])} or nil"
    elif x<.88 and s.vars("R"): a=r.choice(s.vars("R"))
    elif x<.91: a=f"({{ {s.B(2)} and deny or allow, grant, nil, deny }})[{r.randint(1,4)}]"
    elif x<.95 and s.vars("fR"): 
      return f"{r.choice(s.vars('fR'))}({s.I(1)})"+("" if r.random()<.5 else ", "+s.S(1))
    else: a=r.choice(["deny","allow"])
    x=r.random()
    if x<.45 or ("nil" in a and x<.99) or a in s.vars("R"): return a
    return a+", "+s.S(1)
  def ret(s):
    if s.fns:
      k=s.fns[-1]
      if k=="fB": return "return "+s.B(1)
      if k=="fI": return "return "+s.I(1)
      if k=="fC": return "return "+s.C(1)
      if k=="f2": return "return "+s.I(1)+", "+s.B(1)+s.pick("",", "+s.C(1))
      if k=="fR": return "return "+s.res()
    if s.r.random()<.06: return "return"
    return "return "+s.res()
  # --- statements
  def block(s,ind,lo=1,hi=4,inner=()):
    s.scopes.append(list(inner)); out=[]
    for _ in range(s.r.randint(lo,hi)): out+=s.stmt(ind)
    s.scopes.pop(); return out
  def fdef(s,ind,kind,top=False):
    r=s.r; n=None; s.n+=1; n=f"f{s.n}"; p=f"x{s.n}"
    out=[]; old=(s.fns,s.loop); s.fns=s.fns+[kind]; s.loop=0
    ptype="C" if kind=="fC" or not s.field_ok else "I"
    oldp=s.protected; 
    s.scopes.append([(p,ptype)])
    body=[]
    for _ in range(r.randint(0,2)): body+=s.stmt(ind+1)
    body.append("  "*(ind+1)+s.ret())
    s.scopes.pop(); s.fns,s.loop=old; s.protected=oldp
    head=s.pick(f"local function {n}({p})",f"local {n} = function({p})",f"local function {n}({p}, ...)")
    out=["  "*ind+head]+body+["  "*ind+"end"]
    s.add(n,kind); return out
  def stmt(s,ind):
    r=s.r; P="  "*ind; x=r.random(); s.budget-=1
    if s.budget<=0:
      return [f"{P}if {s.B(2)} then {s.ret()} end"] if r.random()<.5 else []
    if x<.08: e=s.C(); v=s.fresh(); s.add(v,"C"); return [f"{P}local {v} = {e}"]
    if x<.14: e=s.I(); v=s.fresh(); s.add(v,"I"); return [f"{P}local {v} = {e}"]
    if x<.20: e=s.B(); v=s.fresh(); s.add(v,"B"); return [f"{P}local {v} = {e}"]
    if x<.23: e=s.S(); v=s.fresh(); s.add(v,"S"); return [f"{P}local {v} = {e}"]
    if x<.25: e=s.pick(f"{s.B(2)} and deny or allow",f"{s.B(2)} and grant or nil","deny"); v=s.fresh(); s.add(v,"R"); return [f"{P}local {v} = {e}"]
    if x<.31: # assignment
      ty=r.choice("CIBSR"); vs=s.assignable(ty)
      if len(vs)>=2 and r.random()<.4:
        a,b=r.sample(vs,2); return [f"{P}{a}, {b} = {b}, {a}"]
      if vs:
        v=r.choice(vs); e={"C":s.C,"I":s.I,"B":s.B,"S":s.S,"R":lambda:s.pick("deny","allow","nil")}[ty]()
        return [f"{P}{v} = {e}"]
    if x<.45: # if
      out=[f"{P}if {s.B()} then"]+s.block(ind+1,1,3)
      while r.random()<.25: out+=[f"{P}elseif {s.B()} then"]+s.block(ind+1,1,2)
      if r.random()<.35: out+=[f"{P}else"]+s.block(ind+1,1,3)
      return out+[P+"end"]
    if x<.55: return [f"{P}if {s.B(1)} then {s.ret()} end"]
    if x<.60 and s.loop<2: # numeric for
      s.n+=1; i=f"i{s.n}"; lo=r.choice([0,1,1,3,5]); st=r.choice(["","",", 2",", -1"]); hi=lo+r.randint(-1,4) if st!=", -1" else lo-r.randint(-1,3)
      hd=f"{P}for {i} = {lo}, {hi}{st} do"; s.loop+=1; b=s.block(ind+1,1,2,[(i,"C")]); s.loop-=1
      if r.random()<.4: b.append(f"{P}  if {s.B(2)} then break end")
      return [hd]+b+[P+"end"]
    if x<.64 and s.loop<2: # while
      s.n+=1; i=f"w{s.n}"; n=r.randint(1,4); s.add(i,"C"); s.loop+=1
      b=s.block(ind+1,1,2); s.loop-=1
      return [f"{P}local {i} = 0",f"{P}while {i} < {n}{s.pick('',' and '+s.B(2))} do",f"{P}  {i} = {i} + 1"]+b+([f"{P}  if {s.B(2)} then break end"] if r.random()<.3 else [])+[P+"end"]
    if x<.67 and s.loop<2: # repeat with scoped local
      s.n+=1; i=f"w{s.n}"; q=f"q{s.n}"; n=r.randint(1,3); s.add(i,"C"); s.loop+=1
      b=s.block(ind+1,0,2); e=s.B(2); s.loop-=1
      return [f"{P}local {i} = 0",f"{P}repeat",f"{P}  {i} = {i} + 1"]+b+[f"{P}  local {q} = {e}",f"{P}until {q} or {i} >= {n}"]
    if x<.72 and s.loop<2: # ipairs
      t=s.vars("T"); s.n+=1; v=f"e{s.n}"
      e=r.choice(t) if t and r.random()<.7 else "{ "+", ".join(s.C(2) for _ in range(r.randint(0,4)))+" }"
      s.loop+=1; b=s.block(ind+1,0,1,[(v,"C")]); c=s.pick(f"if {s.field() if s.field_ok else '5'} == {v} then {s.pick('break',s.ret())} end",f"if {s.B(2)} then break end"); s.loop-=1
      return [f"{P}for {s.pick('_','_','k')}, {v} in {s.pick('ipairs','ipairs','pairs')}({e}) do"]+b+[f"{P}  {c}",P+"end"]
    if x<.75: # table of consts/fields
      v=s.fresh(); n=r.randint(1,4); e="{ "+", ".join(s.C(1) for _ in range(n))+" }"; s.add(v,"T"); return [f"{P}local {v} = {e}"]
    if x<.78:
      t=[q for q in s.assignable("T")]
      if t:
        t=r.choice(t); return [P+s.pick(f"{t}[#{t} + 1] = {s.C(1)}",f"table.insert({t}, {s.C(1)})",f"table.insert({t}, 1, {s.C(1)})",f"table.remove({t})",f"table.remove({t}, 1)",f"{t}[1] = {s.C(1)}",f"{t}[#{t}] = nil",f"table.sort({t})",f"table.sort({t}, function(a, b) return a > b end)",f"{t} = {{ unpack({t}) }}",f"{t} = {{ {s.C(1)}, unpack({t}, 1, 2) }}",f"{t}.k = {s.C(1)}")]
    if x<.80: # map
      v=s.fresh(); keys=r.sample(NUMS,r.randint(1,5)); e="{ "+", ".join(f"[{k}] = {json.dumps(r.choice(['a','bc','x']))}" for k in keys)+" }"; s.add(v,"M"); return [f"{P}local {v} = {e}"]
    if x<.83: # nilable
      m=s.vars("M"); 
      e=f"{r.choice(m)}[{s.I(1)}]" if m and s.field_ok and r.random()<.7 else s.pick(f"{s.B(2)} and {s.C(2)} or nil","nil"); v=s.fresh(); s.add(v,"N"); return [f"{P}local {v} = {e}"]
    if x<.90 and len(s.fns)<2: return s.fdef(ind,r.choice(["fB","fI","fC","f2","fR","fB"]))
    if x<.92:
      f=s.vars("f2")
      if f:
        e=f"{r.choice(f)}({s.I(1)})"; k=s.pick(0,1,2,3)
        if k==0: a,b=s.fresh(),s.fresh(); s.add(a,"I"); s.add(b,"B"); return [f"{P}local {a}, {b} = {e}"] if a!=b else []
        if k==1: a=s.fresh(); s.add(a,"I"); return [f"{P}local {a} = ({e})"]
        if k==2: a=s.fresh(); s.add(a,"C"); return [f"{P}local {a} = select('#', {e})"]
        a=s.fresh(); s.add(a,"B"); return [f"{P}local {a} = select(2, {e})"]
    if x<.94: # recursion
      s.n+=1; f=f"f{s.n}"; b=s.B(3) if r.random()<.5 else f"x {r.choice(['==','>','<='])} {s.C(3)}"
      st=s.pick(f"return {f}(n - 1, x)",f"return {f}(n - 1, x + 1)",f"return x == n or {f}(n - 1, x)",f"return not {f}(n - 1, x)")
      v=s.fresh(); call=f"{f}({r.randint(0,5)}, {s.I(1)})"
      out=[f"{P}local function {f}(n, x)",f"{P}  if n == 0 then return {b} end",f"{P}  {st}",f"{P}end",f"{P}local {v} = {call}"]; s.add(v,"B"); return out
    if x<.96: # counter closure
      s.n+=1; c,f=f"c{s.n}",f"inc{s.n}"; s.add(c,"C")
      out=[f"{P}local {c} = {s.C(3)}",f"{P}local function {f}(k) {c} = {c} + (k or 1) return {c} end"]
      for _ in range(r.randint(1,3)): out.append(f"{P}if {s.B(2)} then {f}({s.pick('',s.C(3),'-1')}) end")
      return out
    if x<.975: # varargs
      s.n+=1; f=f"va{s.n}"; v=s.fresh()
      body=s.pick("local n = 0 for i = 1, select('#', ...) do if (select(i, ...)) then n = n + 1 end end return n","local t = { ... } return #t","return select('#', ...)","local a, b = ... return (a and 1 or 0) + (b and 2 or 0)")
      args=", ".join(s.pick(s.B,s.B,s.C,lambda d:FALSE,lambda d:TRUE)(2) for _ in range(r.randint(1,3)))
      s.add(v,"C"); return [f"{P}local function {f}(...) {body} end",f"{P}local {v} = {f}({args})"]
    if x<.985: return [f"{P}do"]+s.block(ind+1,1,3)+[P+"end"]
    # method object
    s.n+=1; o=f"o{s.n}"; v=s.fresh(); e=f"{o}:get({s.C(2)})"; a,b=s.C(3),s.B(2); s.add(v,"C")
    return [f"{P}local {o} = {{ n = {a} }}",f"{P}function {o}:get(k) if {b} then self.n = self.n + k end return self.n end",f"{P}local {v} = {e}"]
  def toplevel(s):
    out=[]; s.field_ok=False; s.mult=0; r=s.r
    for _ in range(r.randint(0,4)):
      x=r.random()
      if x<.2: v=s.fresh(); n=r.randint(1,5); out.append(f"local {v} = {{ "+", ".join(str(r.choice(NUMS)) for _ in range(n))+" }"); s.add(v,"T")
      elif x<.4: v=s.fresh(); keys=r.sample(NUMS,r.randint(1,8)); out.append(f"local {v} = {{ "+", ".join(f"[{k}] = {json.dumps(r.choice(['a','bc','x']))}" for k in keys)+" }"); s.add(v,"M")
      elif x<.5: v=s.fresh(); out.append(f"local {v} = {s.C()}"); s.add(v,"C")
      elif x<.6: v=s.fresh(); out.append(f"local {v} = {s.S()}"); s.add(v,"S")
      elif x<.62:
        v=s.fresh(); out.append(f"local {v} = setmetatable({{ [{r.choice(NUMS)}] = \"a\" }}, {{ __index = function(t, k) if {s.pick('k == 80','k > 100 and k < 1000','k % 2 == 1','k >= 1024')} then return \"x\" end end }})"); s.add(v,"M")
      elif x<.8:
        v=s.fresh(); out.append(f"local {v} = {{}}"); out.append(f"for i = {r.randint(0,5)}, {r.randint(5,40)}{s.pick('',', 3')} do {v}[i{s.pick('',' * 2',' + 75')}] = i % {r.randint(2,4)} == 0 and \"a\" or \"x\" end"); s.add(v,"M")
      elif x<.9:
        s.n+=1; f=f"f{s.n}"; lo=r.choice(NUMS); s.add(f,"fB")
        out.append(f"local function mk{s.n}(lo, hi) return function(x) return x >= lo and x {r.choice(['<','<='])} hi end end local {f} = mk{s.n}({lo}, {lo+r.randint(0,50)})")
      else:
        s.n+=1; f=f"f{s.n}"; s.add(f,"fB"); out.append(f"local {f} = setmetatable({{ lim = {r.choice(NUMS)} }}, {{ __call = function(self, x) return x {r.choice(['<','==','>='])} self.lim end }})")
    s.field_ok=True; return out
def policy(rng,name,cells):
  req=rng.choice(list(FIELDS)); parts=req.split("."); lv=[".".join(parts[:k]) for k in range(len(parts),0,-1)]
  g=Gen(rng,req,0); top=g.toplevel(); base=list(g.scopes[-1]); ents=[]
  k=rng.choice([1,1,1,2])
  for name_ in rng.sample(lv,min(k,len(lv))):
    g.scopes=[list(base)]; g.budget=rng.choice([5,8,12,20]); g.fns=[]; g.loop=0
    g.protected=frozenset(n for n,_ in base)
    if name_!=req:  # a broader entry: fields may be missing: only ids
      sv=(g.num,g.nam,g.boo,g.str,g.addr); g.num,g.nam,g.boo,g.str,g.addr=[],[],[],[],False
    body=[]
    for _ in range(rng.randint(2,6)): body+=g.stmt(3)
    if rng.random()<.8: body.append("      "+g.ret())
    if name_!=req: g.num,g.nam,g.boo,g.str,g.addr=sv
    ents.append(f'    ["{name_}"] = function(r)\n'+"\n".join(body)+"\n    end,")
  used=[e.split('"')[1] for e in ents]
  static=""
  rest=[x for x in lv if x not in used]
  if rest and rng.random()<.4: static=f"  {rng.choice(['deny','allow','grant'])} = {{ \"{rng.choice(rest)}\" }},\n"
  dflt=f"  default = \"{rng.choice(['deny','allow','grant'])}\",\n" if rng.random()<.35 else ""
  src="\n".join(top)+f'\npolicy "{name}" {{\n  cells = "{cells}",\n{dflt}{static}  on = {{\n'+"\n".join(ents)+"\n  },\n}\n"
  return req,src
def request(rng,cell,req,src):
  num,nam,boo,st,addr=FIELDS[req]; q={"cell":cell,"request":req}
  pool=NUMS
  import re
  lits=[int(x) for x in re.findall(r"(?<![\w.])\d{1,5}(?![\w.])",src)]
  def val(f):
    lo,hi=RANGE.get(f,(0,2**31))
    v=rng.choice(lits or [0])+rng.choice([-1,0,0,0,1]) if rng.random()<.6 else rng.choice(pool)+rng.choice([-1,0,0,1])
    if f=="bits": v=1
    if f=="nice": v=rng.choice(SMALL+[-1,-20,20,10]) if rng.random()<.6 else rng.randint(-20,20)
    return max(lo,min(hi,v))
  ids={k:val(k) for k in IDS}
  if rng.random()<.4: ids["euid"]=ids["uid"]
  q.update(ids); q["groups"]=rng.choice([[],[100],[20],[5,20],[0]])
  def setf(f,v):
    if f.startswith("target."): q.setdefault("target",{})[f[7:]]=v
    else: q[f]=v
  for f in num: setf(f,val(f))
  for f in nam:
    setf(f,rng.choice(NAMES[f]))
  for f in boo: setf(f,rng.random()<.5)
  for f in st: setf(f,rng.choice(STR[f]))
  # The kernel asks privport of the ports 1 to 1023, and port of the others.
  if req=="network.bind.privport": q["port"]=1+q["port"]%1023
  if req=="network.bind.port" and 0<q["port"]<1024: q["port"]=rng.choice([0,1024,1025,8080,65535])
  if addr:
    q["addr"]=rng.choice(ADDRS); q["family"]="inet6" if ":" in q["addr"] else "inet"
  return q
def lua(v):
  if isinstance(v,bool): return "true" if v else "false"
  if isinstance(v,(int,float)): return repr(v)
  if isinstance(v,str): return json.dumps(v)
  if isinstance(v,list): return "{"+",".join(map(lua,v))+"}"
  return "{"+",".join(f"[{json.dumps(k)}]={lua(x)}" for k,x in v.items())+"}"
def main(seed,npol,nreq,out):
  rng=random.Random(seed); os.makedirs(out+"/pol",exist_ok=True); qs=[]
  i=0
  while i<npol:
    cell=f"p{i}"; two=rng.random()<.12
    req,src=policy(rng,f"p{i}",cell)
    if two:
      req2,src2=policy(rng,rng.choice([f"a{i}",f"z{i}"]),cell)
      open(f"{out}/pol/p{i}b.lua","w").write(src2)
    open(f"{out}/pol/p{i}.lua","w").write(src)
    for _ in range(nreq): qs.append(request(rng,cell,req,src))
    if two:
      for _ in range(nreq): qs.append(request(rng,cell,req2,src2))
    i+=1
  with open(out+"/requests.jsonl","w") as f: f.writelines(json.dumps(q)+"\n" for q in qs)
  with open(out+"/requests.lua","w") as f: f.write("local t={}\n"+"".join(f"t[#t+1]={lua(q)}\n" for q in qs)+"return t\n")
  return qs
if __name__=="__main__": main(int(sys.argv[1]),int(sys.argv[2]),int(sys.argv[3]),sys.argv[4])
