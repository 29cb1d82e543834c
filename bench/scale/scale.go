package scale

import (
	"fmt"
	"time"

	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/rules"
)

type groups struct{}

func (groups) Lookup(string) (uint32, bool) { return 0, false }
func (groups) Names() []string              { return nil }

type Times struct {
	Read, Compile, Encode, Decode time.Duration
	Programs, Nodes, Bytes        int
	Parts int
}

func Run(sources []rules.Source, names []string) (Times, error) {
	var t Times
	start := time.Now()
	lap := func(d *time.Duration) {
		now := time.Now()
		*d = now.Sub(start)
		start = now
	}
	set, problems := loader.LoadSources(sources, loader.Options{Groups: groups{}})
	if problems.Failed() {
		return t, problems
	}
	lap(&t.Read)
	c := rules.NewCompiler(set, rules.Options{})
	b := &program.Bundle{Vocabulary: &kauth.NetBSD109912, Generation: 1}
	b.Fallback, _ = program.New(nil, nil, nil)
	index := map[*program.Program]int{}
	for i, name := range names {
		p, err := c.Program(name)
		if err != nil {
			return t, err
		}
		t.Parts = max(t.Parts, p.Stats.Parts)
		k, ok := index[p.Program]
		if !ok {
			k = len(b.Programs)
			index[p.Program] = k
			b.Programs = append(b.Programs, p.Program)
			t.Nodes += len(p.Nodes())
		}
		b.Cells = append(b.Cells, program.Cell{ID: program.CellID(i + 1), Name: name, Program: k})
	}
	if problems := c.Problems(); problems.Failed() {
		return t, problems
	}
	lap(&t.Compile)
	text := b.Encode()
	lap(&t.Encode)
	if _, err := program.DecodeBundle(text); err != nil {
		return t, err
	}
	lap(&t.Decode)
	t.Programs, t.Bytes = len(b.Programs), len(text)
	return t, nil
}

func (t Times) String() string {
	return fmt.Sprintf("read %v compile %v encode %v decode %v: %d programs, %d nodes, %d bytes, parts %v", t.Read, t.Compile, t.Encode, t.Decode, t.Programs, t.Nodes, t.Bytes, t.Parts)
}

var _ = policy.Allow
