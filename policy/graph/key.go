package graph

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
)

// Key is equal only for regions, of any spaces, that leave the same values to every variable. Unlike [Region.String] it
// leaves nothing out, and is not for people. Regions for which different patterns say the same of texts may have different
// keys.
func (r Region) Key() string {
	var parts []string
	for i, atoms := range r.allowed {
		if atoms == nil {
			continue
		}
		v := &r.space.vars[i]
		var b strings.Builder
		fmt.Fprintf(&b, "%d %d %d %d %d %d:", v.kind, v.field, v.other, v.gid, v.bit, v.mod)
		switch v.kind {
		case policy.In, policy.Modulus:
			b.WriteString(r.numbers(i).String())
		case policy.Is:
			b.WriteString(v.texts.key(atoms))
		case policy.Within:
			for _, a := range atoms {
				end := "end"
				if a.hi < v.atoms {
					end = v.addrs[a.hi].String()
				}
				fmt.Fprintf(&b, " %s-%s", v.addrs[a.lo], end)
			}
		default:
			for a := range v.atoms {
				fmt.Fprintf(&b, " %t", hasAtom(atoms, a))
			}
		}
		parts = append(parts, b.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n")
}
