package program

import (
	"encoding/binary"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

const formatDoc = "../../docs/format.md"

// The tables of docs/format.md that are made of the code.
var formatTables = map[string]func() string{
	"sizes": func() string {
		var b strings.Builder
		b.WriteString("| what | value |\n| --- | ---: |\n")
		for _, row := range []struct {
			what  string
			value int64
		}{
			{"header of a program", programHeader}, {"request", rootSize}, {"node", nodeSize}, {"range", rangeSize},
			{"prefix", prefixSize}, {"leaf", leafSize}, {"header of a bundle", bundleHeader}, {"cell", CellSize}, {"name of a cell", nameSize},
			{"MaxNodes, of a program", MaxNodes}, {"MaxLeaves, of a program", MaxLeaves}, {"MaxText, bytes of a text", MaxText},
			{"MaxGlob, bytes of a pattern", policy.MaxGlob}, {"MaxModulus", MaxModulus}, {"MaxBundle, bytes of a bundle", MaxBundle}, {"ABIVersion", ABIVersion},
		} {
			fmt.Fprintf(&b, "| %s | %d |\n", row.what, row.value)
		}
		return b.String()
	},
	"operations": func() string {
		meaning := [numOps][3]string{
			Eq:       {"number, name, truth, text", "the field is the operand; of a text, the offset of a text in the texts"},
			Lt:       {"number, name, truth", "the field is less than the operand"},
			Le:       {"number, name, truth", "the field is at most the operand"},
			InSet:    {"number, name, truth", "the field is in one of count ranges, the first of which is the operand, an index"},
			InPrefix: {"address", "version and first bits of the address are those of the prefix with the operand as index"},
			Member:   {"groups", "one of the groups is the operand"},
			FieldEq:  {"number, name", "the field is equal to the other field"},
			FieldLt:  {"number, name", "the field is less than the other field"},
			FieldLe:  {"number, name", "the field is at most the other field"},
			Mask:     {"number with flags", "the field has the bit that the operand is"},
			Modulus:  {"number", "what is left of the field is in one of the ranges behind the first of count, which says what it is divided by; the operand is the index of that first"},
			Glob:     {"text", "the field matches the pattern at the operand, an offset in the texts"},
		}
		var b strings.Builder
		b.WriteString("| operation | mnemonic | kinds of field | yes if |\n| ---: | --- | --- | --- |\n")
		for op := range Op(numOps) {
			fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", op, op, meaning[op][0], meaning[op][1])
		}
		return b.String()
	},
	"faults": func() string {
		var b strings.Builder
		b.WriteString("| number | fault | of what is refused |\n| ---: | --- | --- |\n")
		for _, f := range Faults() {
			fmt.Fprintf(&b, "| %d | %s | %s |\n", f, f, f.Text())
		}
		return b.String()
	},
	"fields": func() string {
		kinds := [...]string{kauth.KindInt: "number", kauth.KindNamed: "name", kauth.KindBool: "truth", kauth.KindString: "text", kauth.KindAddr: "address", kauth.KindGroups: "groups"}
		var b strings.Builder
		b.WriteString("| number | field | kind | |\n| ---: | --- | --- | --- |\n")
		for f := range kauth.Field(kauth.NumFields) {
			doc, kind := f.Info().Doc, kinds[f.Info().Kind]
			if f.Info().Flags {
				kind += " with flags"
			}
			if f.Info().Nullable {
				doc += "; then it is the empty text"
			}
			fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", f, f, kind, doc)
		}
		return b.String()
	},
	"requests": func() string {
		var b strings.Builder
		fmt.Fprintf(&b, "The vocabulary is `%#016x`.\n\n| number | request | fields | asked |\n| --- | --- | --- | --- |\n", netbsd.ID)
		for id := range kauth.RequestID(kauth.NumRequests) {
			n, ok := netbsd.Number(id)
			if !ok {
				continue
			}
			asked := "yes"
			if !netbsd.Asks(id) {
				asked = "no"
			}
			fmt.Fprintf(&b, "| `%06x` | %s | `%010x` | %s |\n", n.Key(), id, uint64(id.Info().Fields), asked)
		}
		return b.String()
	},
}

// The tables in docs/format.md are those of the code; -update writes them.
func TestFormatTables(t *testing.T) {
	text, err := os.ReadFile(formatDoc)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for name, table := range formatTables {
		begin := "<!-- generated: " + name + " -->\n"
		_, rest, ok := strings.Cut(got, begin)
		old, _, ok2 := strings.Cut(rest, "<!-- end -->")
		if !ok || !ok2 {
			t.Fatalf("there is no place for table %s", name)
		}
		want := "\n" + table() + "\n"
		if old != want {
			if *update {
				got = strings.Replace(got, begin+old, begin+want, 1)
			} else {
				t.Errorf("table %s differs from the code: go test ./policy/program -update", name)
			}
		}
	}
	if *update {
		if err := os.WriteFile(formatDoc, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// layoutRow is a line of a table that says where a part is.
var layoutRow = regexp.MustCompile(`(?m)^\| (\d+) \| (\d+) \| ([^|]+) \| .* \|$`)

type place struct {
	offset, size int
	name         string
}

// layout reads the table below a heading.
func layout(t *testing.T, heading string) []place {
	t.Helper()
	text, err := os.ReadFile(formatDoc)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n### "+heading+"\n")
	if !ok {
		t.Fatalf("there is no heading %s", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n### ")
	var out []place
	for _, m := range layoutRow.FindAllStringSubmatch(rest, -1) {
		offset, _ := strconv.Atoi(m[1])
		size, _ := strconv.Atoi(m[2])
		out = append(out, place{offset, size, m[3]})
	}
	return out
}

// The places in the tables of the document are those of an encoded program, part by part.
func TestProgramLayout(t *testing.T) {
	p := everything(t)
	parts, err := Describe(p.Encode(netbsd), netbsd)
	if err != nil {
		t.Fatal(err)
	}
	for heading, section := range map[string]string{"Header": "header", "Request": "request 0", "Node": "node 0", "Range": "range 0", "Prefix": "prefix 0", "Leaf": "leaf 0"} {
		var want []place
		start := -1
		for _, x := range parts {
			if x.Section == section {
				if start < 0 {
					start = x.Offset
				}
				want = append(want, place{x.Offset - start, len(x.Bytes), x.Field})
			}
		}
		if got := layout(t, heading); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is described as\n%v\nbut is\n%v", heading, got, want)
		}
	}
}

// The places of a bundle's parts hold what they are said to hold.
func TestBundleLayout(t *testing.T) {
	b := &Bundle{Vocabulary: netbsd, Generation: 7, Attachment: 3, Fallback: everything(t), FallbackScope: FallbackAll,
		Programs: []*Program{ports(t, 9), ports(t, 5)}, Cells: []Cell{{ID: 4, Name: "a", Program: 1}, {ID: 9, Name: "bc", Program: 0}}}
	text := b.Encode()
	values := map[string]string{"magic": "cellshB\x00", "reserved": strings.Repeat("\x00", 12), "name": "bc" + strings.Repeat("\x00", 62)}
	numbers := map[string]uint64{"version": 2, "length": uint64(len(text)), "vocabulary": netbsd.ID, "generation": 7, "attachment": 3,
		"checksum": uint64(checksum(text, 36)), "fallback scope": 1, "programs": 2, "cells": 2, "id": 9, "program": 0}
	for heading, start := range map[string]int{"Bundle header": 0, "Cell": len(text) - CellSize} {
		at := 0
		for _, x := range layout(t, heading) {
			if x.offset != at {
				t.Errorf("%s: %s is at %d, want %d", heading, x.name, x.offset, at)
			}
			at += x.size
			part := text[start+x.offset : start+x.offset+x.size]
			got, want := string(part), values[x.name]
			if n, ok := numbers[x.name]; ok {
				want = string(binary.LittleEndian.AppendUint64(nil, n)[:x.size])
			}
			if got != want {
				t.Errorf("%s: %s is %x, want %x", heading, x.name, got, want)
			}
		}
	}
}

// everything is a program with every operation, on every kind of field that it is made for, every kind of leaf, and
// nodes that requests share.
func everything(t testing.TB) *Program {
	bind, rlimit, setpriv, signal := request(t, "network.bind.port"), request(t, "process.rlimit.set"), request(t, "network.interface.setpriv"), request(t, "process.signal")
	source := func(line int) policy.Source { return policy.Source{Policy: "web", File: "web.lua", Line: line} }
	leaves := []policy.Decision{
		policy.Allowed,
		{Answer: policy.Answer{Result: policy.Deny, Reason: "no", Source: source(3)}},
		{Answer: policy.Answer{Result: policy.Grant, Reason: "ja, natürlich", Source: source(1 << 30)}},
		{Answer: policy.Answer{Result: policy.Allow, Source: source(5)}, Would: policy.Answer{Result: policy.Deny, Reason: "would", Source: policy.Source{Policy: "audit", File: "a.lua", Line: 9}}},
		{Answer: policy.Answer{Result: policy.Allow, Reason: "seen", Record: true, Source: source(7)}},
	}
	deny, grant, would, seen := LeafRef(1), LeafRef(2), LeafRef(3), LeafRef(4)
	nodes := []Node{
		{Op: Lt, Field: kauth.FieldPort, K: 1024, Yes: 1, No: 4},
		{Op: InSet, Field: kauth.FieldPort, Set: ranges(80, 80, 443, 443, 1000, 1023), Yes: 2, No: deny},
		{Op: InPrefix, Field: kauth.FieldAddr, Prefix: prefix(t, "10.0.0.0/8"), Yes: grant, No: 3},
		{Op: InPrefix, Field: kauth.FieldAddr, Prefix: prefix(t, "2001:db8::/33"), Yes: would, No: 15},
		{Op: Eq, Field: kauth.FieldType, K: 3, Yes: 16, No: 15},
		{Op: Eq, Field: kauth.FieldResource, K: 8, Yes: 6, No: 7},
		{Op: Le, Field: kauth.FieldCur, K: kauth.Unlimited - 1, Yes: 8, No: deny},
		{Op: FieldEq, Field: kauth.FieldCur, Other: kauth.FieldMax, Yes: would, No: 8},
		{Op: FieldLt, Field: kauth.FieldUID, Other: kauth.FieldEUID, Yes: deny, No: 9},
		{Op: FieldLe, Field: kauth.FieldGID, Other: kauth.FieldEGID, Yes: 15, No: grant},
		{Op: Eq, Field: kauth.FieldIfname, Text: "wm0", Yes: 17, No: 11},
		{Op: Eq, Field: kauth.FieldIfname, Text: "", Yes: deny, No: 15},
		{Op: Eq, Field: kauth.FieldTargetSameCell, K: 1, Yes: 14, No: 13},
		{Op: Eq, Field: kauth.FieldTargetCell, Text: "db-1", Yes: deny, No: would},
		{Op: InSet, Field: kauth.FieldSignal, Set: ranges(0, 0, 9, 15), Yes: LeafRef(0), No: 15},
		{Op: Member, Field: kauth.FieldGroups, K: 5, Yes: LeafRef(0), No: deny},
		{Op: Modulus, Field: kauth.FieldPort, K: 10, Set: ranges(0, 2, 5, 5), Yes: seen, No: deny},
		{Op: Glob, Field: kauth.FieldIfname, Text: "w*0", Yes: deny, No: grant},
		{Op: Mask, Field: kauth.FieldBits, K: 2, Yes: deny, No: grant},
	}
	p, err := New([]Root{{rlimit, 5}, {signal, 12}, {bind, 0}, {setpriv, 10}, {request(t, "device.rawio_passthru"), 18}}, nodes, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
