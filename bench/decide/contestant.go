package decide

import (
	"fmt"

	"cellsh/policy"
)

// Contestant answers the requests of a stream, by their index.
type Contestant struct {
	// Name of the engine, and How it is used.
	Name, How string
	// Denies tells whether the request is denied.
	Denies func(i int) bool
	// Pass answers all requests and counts those that are denied. It is what is timed.
	Pass func() int
}

// New makes a contestant ready for a stream.
type New func(c Case, stream []policy.Request) (*Contestant, error)

// Contestants are all, cellsh first and what it is compared with after it.
var Contestants = []New{Cellsh, Go, GopherLua, BPF, CEL, Cedar, OPA, Casbin}

// passing makes a pass of single answers. The two contestants that take nanoseconds have loops of their own, where
// no call through a pointer is counted.
func passing(c *Contestant, stream []policy.Request) *Contestant {
	c.Pass = func() int {
		denied := 0
		for i := range stream {
			if c.Denies(i) {
				denied++
			}
		}
		return denied
	}
	return c
}

// must is for what can only fail if an engine's own text is wrong, which the test finds.
func must(err error, engine string, i int) {
	if err != nil {
		panic(fmt.Sprintf("decide: %s on request %d: %v", engine, i, err))
	}
}
