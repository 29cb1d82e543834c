package system

import (
	"math"
	"math/rand/v2"

	"cellsh/lua/library"
	"cellsh/lua/value"
)

func (s *System) seed(n int) { s.random = rand.New(rand.NewPCG(uint64(n), 0)) }

func (s *System) numbers() map[string]body {
	return map[string]body{
		"math.randomseed": func(a *library.Args, _ library.Meter) []value.Value {
			if n := a.Integer(1); a.Err() == nil {
				s.seed(n)
			}
			return nil
		},
		"math.random": func(a *library.Args, _ library.Meter) []value.Value {
			low, high, at := 1, 1, 1
			switch a.Len() {
			case 0:
				return one(value.Number(s.random.Float64()))
			case 1:
				high = a.Integer(1)
			case 2:
				low, high, at = a.Integer(1), a.Integer(2), 2
			default:
				a.Fail("math.random must have at most 2 arguments, but has %d", a.Len())
			}
			if a.Err() != nil {
				return nil
			}
			if high < low {
				a.Wrong(at, "at least "+value.Format(value.Number(low)), "is "+value.Format(value.Number(high)))
				return nil
			}
			width := float64(high) - float64(low) + 1
			return one(value.Number(float64(low) + math.Floor(s.random.Float64()*width)))
		},
	}
}
