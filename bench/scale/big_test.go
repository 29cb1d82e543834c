package scale
import ("testing";"runtime")
func TestBig(t *testing.T){
 runtime.GOMAXPROCS(1)
 for _,n:=range []int{1000,10000} {
 x,err:=LoadOne(Ports(n)); t.Log("ports",n,x,err)
 x,err=LoadOne(Loop(n)); t.Log("loop",n,x,err)
 x,err=LoadOne(Chain(n)); t.Log("chain",n,x,err)
 }
}
