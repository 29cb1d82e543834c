package celltest

import (
	"encoding/binary"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// AppendRequest writes a request down for testdata/frames.h: its number in the vocabulary, which fields have values, and the
// values in the order of the fields. Numbers are little-endian; addresses are in network order, as sockets have them.
func AppendRequest(b []byte, v *kauth.Vocabulary, q *policy.Request) []byte {
	le := binary.LittleEndian
	n, _ := v.Number(q.ID)
	b = le.AppendUint32(b, n.Key())
	b = le.AppendUint64(b, uint64(q.Given))
	for _, f := range q.Given.Fields() {
		switch f.Info().Kind {
		case kauth.KindString:
			s := q.Text(f)
			b = le.AppendUint16(b, uint16(len(s)))
			b = append(b, s...)
		case kauth.KindAddr:
			b = append(b, q.Addr.Version)
			b = binary.BigEndian.AppendUint64(b, q.Addr.Hi)
			b = binary.BigEndian.AppendUint64(b, q.Addr.Lo)
		case kauth.KindGroups:
			b = le.AppendUint16(b, uint16(len(q.Groups)))
			for _, g := range q.Groups {
				b = le.AppendUint32(b, g)
			}
		default:
			b = le.AppendUint64(b, uint64(q.Int[f]))
		}
	}
	return b
}
