package scale

import "testing"

func TestX(t *testing.T) {
	f := Fleet{100, 100}
	x, err := Run(f.Sources(), f.Names())
	if err != nil { t.Error(err) }
	t.Log("fleet", x)
	for _, n := range []int{1000, 10000} {
		x, err := Run(Ports(n), []string{"a"})
		if err != nil { t.Error(err) }
		t.Log("ports", n, x)
		x, err = Run(Loop(n), []string{"a"})
		if err != nil { t.Error(err) }
		t.Log("loop", n, x)
		x, err = Run(Chain(n), []string{"a"})
		if err != nil { t.Error(err) }
		t.Log("chain", n, x)
	}
}
