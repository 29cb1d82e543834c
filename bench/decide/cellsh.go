package decide

import (
	"fmt"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/rules"
)

type groups struct{}

func (groups) Lookup(string) (uint32, bool) { return 0, false }
func (groups) Names() []string              { return nil }

// Program compiles the case as load does, and gives what a kernel decodes.
func Program(c Case) (*program.Program, error) {
	p := loader.Reader{Groups: groups{}}.Load([]rules.Source{{File: "web.lua", Text: c.Source()}})
	if err := p.Usable(Cell); err != nil {
		return nil, err
	}
	compiled, err := p.Program(Cell)
	if err != nil {
		return nil, err
	}
	return program.Decode(compiled.Encode(&kauth.NetBSD109912), &kauth.NetBSD109912)
}

// Cellsh is the compiled program.
func Cellsh(c Case, stream []policy.Request) (*Contestant, error) {
	p, err := Program(c)
	if err != nil {
		return nil, err
	}
	return &Contestant{
		Name:   "cellsh program",
		How:    fmt.Sprintf("compiled to %d nodes, decoded from bytes", len(p.Nodes())),
		Denies: func(i int) bool { return p.Decide(&stream[i]).Result == policy.Deny },
		Pass: func() int {
			denied := 0
			for i := range stream {
				if p.Decide(&stream[i]).Result == policy.Deny {
					denied++
				}
			}
			return denied
		},
	}, nil
}
