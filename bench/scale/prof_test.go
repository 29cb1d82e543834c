package scale

import "testing"

func TestLoop(t *testing.T) { x, err := Run(Loop(10000), []string{"a"}); t.Log(x, err) }
func TestFleet(t *testing.T) { f := Fleet{100, 100}; for range 10 { x, err := Run(f.Sources(), f.Names()); t.Log(x, err) } }
func TestChain1(t *testing.T) { x, err := Run(Chain(1000), []string{"a"}); t.Log(x, err) }
func TestPorts(t *testing.T) { for range 5 { x, err := Run(Ports(10000), []string{"a"}); t.Log(x, err) } }
func TestChain10(t *testing.T) { x, err := Run(Chain(10000), []string{"a"}); t.Log(x, err) }
