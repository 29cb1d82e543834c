package celltest

import (
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// A kernel can't look at the same bytes again and again. Texts and ranges that overlap are refused as what has not its one
// form once that has cost a million bytes or ranges, whatever else is wrong: here the last leaf, or node.
func TestOverlap(t *testing.T) {
	const n = 600
	const length = 4096
	ask := askable[0]
	build := func(reason string, set interval.Set) []byte {
		var nodes []program.Node
		leaves := []policy.Decision{policy.Allowed}
		for i := range n {
			leaves = append(leaves, policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: reason, Source: policy.Source{Policy: strings.ToUpper(reason), Line: i}}})
			if i > 0 {
				set = interval.Single(0)
			}
			nodes = append(nodes, program.Node{Op: program.InSet, Field: kauth.FieldUID, Set: set, Yes: program.LeafRef(i + 1), No: program.Ref(i + 1)})
		}
		nodes[n-1].No = program.LeafRef(0)
		p, err := program.New([]program.Root{{Request: ask, Ref: 0}}, nodes, leaves)
		if err != nil {
			t.Fatal(err)
		}
		return p.Encode(vocabulary)
	}
	// Every even offset of the texts begins one of so many bytes, and each leaf has another.
	texts := build(strings.Repeat("x", 4000), interval.Between(1, 1))
	s, _ := sections(texts)
	for i := s[5] + 2; i < s[6]; i++ {
		texts[i] = byte(i-s[5]) % 2 * (length >> 8)
	}
	for i := range n + 1 {
		le.PutUint32(texts[s[4]+40*i+4:], uint32(2+2*i))
		le.PutUint32(texts[s[4]+40*i+8:], 0)
	}
	texts[s[4]+40*n] = 0 // no result
	sealed(texts, 8)
	// The first node has many ranges, and all others half of them.
	var set interval.Set
	for i := range int64(2 * length) {
		set = append(set, interval.Range{Lo: 2 * i, Hi: 2 * i})
	}
	ranges := build("", set)
	s, _ = sections(ranges)
	for i := 1; i < n; i++ {
		le.PutUint32(ranges[s[1]+24*i+12:], length)
		le.PutUint64(ranges[s[1]+24*i+16:], uint64(2*i))
	}
	ranges[s[1]+24*(n-1)+1] = 0xff // no field
	sealed(ranges, 8)
	forEach(t, func(t *testing.T, d *driver, _ int) {
		for what, text := range map[string][]byte{"texts": texts, "ranges": ranges} {
			if answer := d.ask(t, 'P', text); program.Fault(answer[0]) != program.FaultForm {
				t.Errorf("overlapping %s have fault %d, want %d", what, answer[0], program.FaultForm)
			}
			_, err := program.Decode(text, vocabulary)
			if f, _ := program.FaultOf(err); f != program.FaultResult && f != program.FaultField {
				t.Errorf("overlapping %s: %v", what, err)
			}
		}
	})
}
