package graph

import (
	"fmt"
	"slices"
	"strings"

	"cellsh/policy"
)

// Key is equal for regions of any spaces exactly if they leave the same values to every variable. Unlike
// [Region.String] it leaves nothing out, and is not for people.
func (r Region) Key() string {
	var parts []string
	for i, atoms := range r.allowed {
		if atoms == nil {
			continue
		}
		v := &r.space.vars[i]
		var b strings.Builder
		fmt.Fprintf(&b, "%d %d %d %d:", v.kind, v.field, v.other, v.gid)
		switch v.kind {
		case policy.In:
			b.WriteString(r.numbers(i).String())
		case policy.Is:
			// Any other text stands for those that are not listed.
			others := hasAtom(atoms, v.atoms-1)
			fmt.Fprintf(&b, "%t", others)
			for k, text := range v.texts {
				if hasAtom(atoms, int32(k)) != others {
					fmt.Fprintf(&b, " %q", text)
				}
			}
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
