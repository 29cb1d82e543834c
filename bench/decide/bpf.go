package decide

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/net/bpf"

	"cellsh/bench/decide/tenant"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// The packet that the filter sees: words of 32 bits, big-endian.
const (
	wordRequest = 4 * iota
	wordUID
	wordEUID
	wordPort
	wordVersion
	wordAddr
	wordDomain
	wordType
	wordSignal
	wordInit
	wordSameCell
	wordNprocs
	wordResource
	wordMax
	wordNice
	wordIfname
	wordIfname4
	wordGroups // the effective group and the 16 that a process can have besides (NGROUPS_MAX)
	packetSize = wordGroups + 17*4
)

const noGroup = 1<<32 - 1

func packet(r *policy.Request) []byte {
	out := make([]byte, packetSize)
	put := func(at int, v int64) {
		binary.BigEndian.PutUint32(out[at:], uint32(min(v, 1<<32-1)))
	}
	put(wordRequest, int64(r.ID))
	put(wordVersion, int64(r.Addr.Version))
	put(wordAddr, int64(r.Addr.Hi>>32))
	for at, f := range map[int]kauth.Field{wordUID: kauth.FieldUID, wordEUID: kauth.FieldEUID, wordPort: kauth.FieldPort,
		wordDomain: kauth.FieldDomain, wordType: kauth.FieldType, wordSignal: kauth.FieldSignal, wordInit: kauth.FieldTargetIsInit,
		wordSameCell: kauth.FieldTargetSameCell, wordNprocs: kauth.FieldNprocs, wordResource: kauth.FieldResource, wordMax: kauth.FieldMax} {
		put(at, r.Int[f])
	}
	put(wordNice, r.Int[kauth.FieldNice]+20)
	copy(out[wordIfname:wordGroups], r.Ifname)
	groups := memberships(r)
	for i := range 17 {
		g := int64(noGroup)
		if i < len(groups) {
			g = groups[i]
		}
		put(wordGroups+4*i, g)
	}
	return out
}

// block is instructions that all end with a return.
type block []bpf.Instruction

var yes, no = block{bpf.RetConstant{Val: 1}}, block{bpf.RetConstant{Val: 0}}

// test loads a word and goes on with one of two blocks.
func test(word uint32, cond bpf.JumpTest, val uint32, then, otherwise block) block {
	return append(block{bpf.LoadAbsolute{Off: word, Size: 4}}, compare(cond, val, then, otherwise)...)
}

// compare is test for the word that was loaded last.
func compare(cond bpf.JumpTest, val uint32, then, otherwise block) block {
	var b block
	if len(otherwise) <= 255 {
		b = block{bpf.JumpIf{Cond: cond, Val: val, SkipTrue: uint8(len(otherwise))}}
	} else {
		// Conditional jumps reach 255 instructions, others as far as need be.
		b = block{bpf.JumpIf{Cond: cond, Val: val, SkipFalse: 1}, bpf.Jump{Skip: uint32(len(otherwise))}}
	}
	return slices.Concat(b, otherwise, then)
}

// search finds a value of the loaded word in a sorted list by halves.
func search(values []uint32, found func(i int) block, otherwise block) block {
	var half func(lo, hi int) block
	half = func(lo, hi int) block {
		switch {
		case hi-lo == 0:
			return otherwise
		case hi-lo <= 3:
			return compare(bpf.JumpEqual, values[lo], found(lo), half(lo+1, hi))
		}
		mid := (lo + hi) / 2
		return compare(bpf.JumpGreaterOrEqual, values[mid], half(mid, hi), half(lo, mid))
	}
	return half(0, len(values))
}

// BPF is a classic BPF filter in golang.org/x/net/bpf over a packet that holds the fields, with searches by halves
// where there are many numbers.
func BPF(c Case, stream []policy.Request) (*Contestant, error) {
	inGroup := no
	member := yes
	for i := range uint32(17) {
		member = test(wordGroups+4*i, bpf.JumpEqual, 33, no, member)
	}
	owner := test(wordUID, bpf.JumpEqual, 0, inGroup, member)
	ports := slices.Clone(c.Tenants)
	slices.SortFunc(ports, func(a, b tenant.Tenant) int { return int(a.Port - b.Port) })
	numbers := make([]uint32, len(ports))
	for i, t := range ports {
		numbers[i] = uint32(t.Port)
	}
	tenants := search(numbers, func(i int) block { return test(wordUID, bpf.JumpEqual, uint32(ports[i].UID), no, yes) }, no)
	lan := test(wordVersion, bpf.JumpEqual, 4, test(wordAddr, bpf.JumpGreaterOrEqual, 10<<24, compare(bpf.JumpGreaterThan, 11<<24-1, yes, no), yes), yes)
	bind := test(wordPort, bpf.JumpGreaterOrEqual, 1024,
		compare(bpf.JumpEqual, 8080, lan,
			compare(bpf.JumpGreaterThan, 6063, tenants, compare(bpf.JumpGreaterOrEqual, 6000, yes, no))),
		compare(bpf.JumpEqual, 80, owner, compare(bpf.JumpEqual, 443, owner, compare(bpf.JumpEqual, 0, no, yes))))
	blocks := map[kauth.RequestID]block{
		socketOpen: test(wordType, bpf.JumpEqual, 3, yes,
			test(wordDomain, bpf.JumpEqual, 2, no, compare(bpf.JumpEqual, 24, no, compare(bpf.JumpEqual, 1, no, yes)))),
		bindPort: bind, bindPrivport: bind, bindAnyaddr: yes,
		setpriv: test(wordIfname, bpf.JumpEqual, 'l'<<24|'o'<<16|'0'<<8, test(wordIfname4, bpf.JumpEqual, 0, no, yes), yes),
		signal: test(wordInit, bpf.JumpNotEqual, 0, yes,
			test(wordSignal, bpf.JumpEqual, 9, test(wordEUID, bpf.JumpEqual, 0, no, test(wordSameCell, bpf.JumpEqual, 0, yes, no)), no)),
		fork:      test(wordNprocs, bpf.JumpGreaterThan, 4000, yes, no),
		rlimitSet: test(wordResource, bpf.JumpEqual, 8, test(wordMax, bpf.JumpGreaterThan, 4096, yes, no), no),
		nice:      test(wordNice, bpf.JumpLessThan, 20, test(wordEUID, bpf.JumpEqual, 0, no, yes), no),
		ptrace:    test(wordSameCell, bpf.JumpEqual, 0, yes, no),
		module:    yes, reboot: yes, route: yes, firewall: yes,
	}
	for id := mountFirst; id <= mountLast; id++ {
		blocks[id] = yes
	}
	for id := passthruFirst; id <= passthruLast; id++ {
		blocks[id] = yes
	}
	var ids []uint32
	for id := range blocks {
		ids = append(ids, uint32(id))
	}
	slices.Sort(ids)
	dispatch := search(ids, func(i int) block { return blocks[kauth.RequestID(ids[i])] }, no)
	program := append([]bpf.Instruction{bpf.LoadAbsolute{Off: wordRequest, Size: 4}}, dispatch...)
	vm, err := bpf.NewVM(program)
	if err != nil {
		return nil, err
	}
	packets := make([][]byte, len(stream))
	for i := range stream {
		packets[i] = packet(&stream[i])
	}
	return passing(&Contestant{
		Name: "x/net/bpf",
		How:  fmt.Sprintf("a classic BPF filter of %d instructions, packets made beforehand", len(program)),
		Denies: func(i int) bool {
			n, err := vm.Run(packets[i])
			must(err, "bpf", i)
			return n != 0
		},
	}, stream), nil
}
