package decide
import ("testing";"fmt";"cellsh/policy/program")
func TestDump(t *testing.T) {
	p, _ := Program(Web)
	for _, r := range p.Roots() { fmt.Println(r.Request, r.Ref) }
	for i, n := range p.Nodes() { fmt.Println(i, n.Op, n.Field, n.Other, n.K, n.Set, n.Text, n.Prefix, n.Yes, n.No) }
	for i, l := range p.Leaves() { fmt.Println(^i, l) }
	for _, c := range []Case{Web, Large} {
	p, _ := Program(c)
	total := 0
	ops := map[program.Op]int{}
	st := Stream()
	for i := range st {
		at, ok := p.Root(st[i].ID)
		for ok && at >= 0 {
			n := p.Nodes()[at]; tt := n.Test(); total++; ops[n.Op]++
			if tt.Eval(&st[i]) { at = n.Yes } else { at = n.No }
		}
	}
	fmt.Println(float64(total)/float64(len(st)), ops, len(p.Nodes()))
	}
}
