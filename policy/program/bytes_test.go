package program

import (
	"encoding/binary"
	"errors"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// decideBytes answers a request from the bytes of a program, which must be sound, and nothing else: the evaluator that
// docs/format.md describes, written after it and not after the package.
func decideBytes(text []byte, q *policy.Request) (policy.Decision, error) {
	le := binary.LittleEndian
	u32 := func(at uint64) uint64 { return uint64(le.Uint32(text[at:])) }
	u64 := func(at uint64) uint64 { return le.Uint64(text[at:]) }
	requests := uint64(40)
	nodes := requests + 16*u32(12)
	ranges := nodes + 24*u32(16)
	prefixes := ranges + 16*u32(20)
	leaves := prefixes + 24*u32(24)
	texts := leaves + 40*u32(28)
	read := func(at uint64) string {
		at += texts
		return string(text[at+2 : at+2+uint64(le.Uint16(text[at:]))])
	}
	number, _ := kauth.NetBSD109912.Number(q.ID)
	key := uint64(number.Scope)<<16 | uint64(number.Action)<<8 | uint64(number.Req)
	at, found := uint64(0), false
	for lo, hi := uint64(0), u32(12); lo < hi; {
		mid := (lo + hi) / 2
		switch have := u32(requests + 16*mid); {
		case have == key:
			at, found = u32(requests+16*mid+4), true
			lo = hi
		case have < key:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	if !found {
		return policy.Decision{Answer: policy.Answer{Result: policy.Allow}}, nil
	}
	for at>>31 == 0 {
		n := nodes + 24*at
		op, field, other := text[n], text[n+1], text[n+2]
		count, k := u32(n+12), u64(n+16)
		v := q.Int[field]
		yes := false
		switch op {
		case 0:
			switch field {
			case 18:
				yes = q.TargetCell == read(k)
			case 25:
				yes = q.Ifname == read(k)
			case 28:
				yes = q.Fstype == read(k)
			default:
				yes = v == int64(k)
			}
		case 1:
			yes = v < int64(k)
		case 2:
			yes = v <= int64(k)
		case 3:
			for i := range count {
				r := ranges + 16*(k+i)
				yes = yes || int64(u64(r)) <= v && v <= int64(u64(r+8))
			}
		case 4:
			p := prefixes + 24*k
			bits := uint64(text[p+1])
			hi, lo := u64(p+8)^q.Addr.Hi, u64(p+16)^q.Addr.Lo
			yes = text[p] == q.Addr.Version
			for i := range bits {
				if i < 64 {
					yes = yes && hi>>(63-i)&1 == 0
				} else {
					yes = yes && lo>>(127-i)&1 == 0
				}
			}
		case 5:
			yes = uint64(q.Int[3]) == k
			for _, g := range q.Groups {
				yes = yes || uint64(g) == k
			}
		case 6:
			yes = v == q.Int[other]
		case 7:
			yes = v < q.Int[other]
		case 8:
			yes = v <= q.Int[other]
		case 9:
			yes = uint64(v)&k != 0
		case 10:
			// The first range says what is divided by.
			divisor := int64(u64(ranges+16*k+8)) + 1
			left := v % divisor
			if left < 0 {
				left += divisor
			}
			for i := range count - 1 {
				r := ranges + 16*(k+1+i)
				yes = yes || int64(u64(r)) <= left && left <= int64(u64(r+8))
			}
		case 11:
			s := map[byte]string{18: q.TargetCell, 25: q.Ifname, 28: q.Fstype}[field]
			// Each byte of the pattern leads from some places of the text to others.
			at := make([]bool, len(s)+1)
			at[0] = true
			for _, b := range []byte(read(k)) {
				next := make([]bool, len(s)+1)
				for i := range at {
					switch {
					case b == '*':
						next[i] = at[i] || i > 0 && next[i-1]
					case i > 0:
						next[i] = at[i-1] && s[i-1] == b
					}
				}
				at = next
			}
			yes = at[len(s)]
		default:
			return policy.Decision{}, errors.New("no such operation")
		}
		if at = u32(n + 8); yes {
			at = u32(n + 4)
		}
	}
	l := leaves + 40*(at&^(1<<31))
	answer := func(result byte, at uint64) policy.Answer {
		return policy.Answer{Result: policy.Result(result), Reason: read(u32(at)),
			Source: policy.Source{Policy: read(u32(at + 4)), File: read(u32(at + 8)), Line: int(u32(at + 12))}}
	}
	d := policy.Decision{Answer: answer(text[l], l+4), Would: answer(text[l+1], l+20)}
	d.Record = text[l+2] == 1
	return d, nil
}
