package graph

import "cellsh/policy/kauth"

// equalGraphs reports whether two graphs give the same outcome for every request whose fields are in range. It is
// exact; the error is ErrTooLarge where it can't be worked out.
func equalGraphs[L comparable](request kauth.RequestID, a, b *Graph[L]) (bool, error) {
	d := NewDiagrams[L](NewSpace(request, a, b))
	x, err := Reduce(d, a)
	if err != nil {
		return false, err
	}
	y, err := Reduce(d, b)
	if err != nil || x == y {
		return err == nil, err
	}
	// They may still differ only where no request can be.
	same := NewDiagrams[bool](d.Space)
	r, err := Apply(same, d, x, d, y, func(p, q L) bool { return p == q })
	if err != nil {
		return false, err
	}
	equal := true
	same.RegionsOf(r, func(same bool) bool { return !same }, func(Region, bool) bool {
		equal = false
		return false
	})
	return equal, nil
}
