package scale
import ("testing";"runtime")
func TestBig(t *testing.T){
 runtime.GOMAXPROCS(1)
 f:=Fleet{20,20}
 h,err:=Host(f.Names()); if err!=nil{t.Fatal(err)}
 x,err:=Load(h,f.Sources()); t.Log(x,err)
 x,err=LoadOne(Ports(1000)); t.Log("ports",x,err)
 x,err=LoadOne(Chain(300)); t.Log("chain",x,err)
}
