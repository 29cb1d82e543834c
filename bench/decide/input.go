package decide

import (
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// named gives a request as engines take their input: the fields that it carries, under the names that policies use,
// values with a name as strings. The groups include the effective one.
func named(r *policy.Request) map[string]any {
	in := map[string]any{"request": r.ID.String()}
	for _, f := range r.ID.Info().Fields.Fields() {
		info := f.Info()
		var v any
		switch info.Kind {
		case kauth.KindAddr:
			v = r.Addr.String()
		case kauth.KindGroups:
			v = memberships(r)
		case kauth.KindString:
			v = r.Text(f)
		case kauth.KindBool:
			v = r.Int[f] != 0
		default:
			v = r.Int[f]
			if info.Names != nil {
				if name, ok := info.Names.Name(r.Int[f]); ok {
					v = name
				} else {
					v = ""
				}
			}
		}
		in[f.String()] = v
	}
	return in
}

func memberships(r *policy.Request) []int64 {
	list := []int64{r.Int[kauth.FieldEGID]}
	for _, g := range r.Groups {
		list = append(list, int64(g))
	}
	return list
}
