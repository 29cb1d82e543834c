// Package tenant knows the users of the large case, for the policy in all its languages and for the generator of the
// Go switch. It is a package of its own because the generator can't import what it writes.
package tenant

// Tenant is a user with a port that nobody else may bind.
type Tenant struct{ Port, UID int64 }

const count = 980

// List gives the tenants. Their ports are between 10000 and 48000 without a pattern, so that nobody can calculate
// them.
func List() []Tenant {
	list := make([]Tenant, count)
	taken := map[int64]bool{}
	x := uint32(12345)
	for i := range list {
		for {
			x = x*1664525 + 1013904223
			if port := 10000 + int64(x>>8)%38000; !taken[port] {
				taken[port] = true
				list[i] = Tenant{Port: port, UID: 2000 + int64(i)}
				break
			}
		}
	}
	return list
}
