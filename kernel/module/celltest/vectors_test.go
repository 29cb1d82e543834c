package celltest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
)

// vectorFile is a file of policy/program/testdata/vectors.
type vectorFile struct {
	Vectors []struct {
		Name     string `json:"name"`
		Program  string `json:"program"`
		Cut      bool   `json:"cut"`
		Requests []struct {
			Request string                     `json:"request"`
			Fields  map[string]json.RawMessage `json:"fields"`
			Leaf    int                        `json:"leaf"`
			Result  string                     `json:"result"`
			Would   string                     `json:"would"`
			Record  bool                       `json:"record"`
		} `json:"requests"`
		Refused *struct {
			Fault program.Fault `json:"fault"`
		} `json:"refused"`
	} `json:"vectors"`
}

func readVectors(t *testing.T) map[string]vectorFile {
	t.Helper()
	files, err := filepath.Glob("../../../policy/program/testdata/vectors/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal("there must be vectors", err)
	}
	out := map[string]vectorFile{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file vectorFile
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(path, err)
		}
		out[filepath.Base(path)] = file
	}
	return out
}

// setField gives a request a field as the vectors have it.
func setField(q *policy.Request, f kauth.Field, raw json.RawMessage) error {
	switch f.Info().Kind {
	case kauth.KindString:
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		q.SetText(f, s)
	case kauth.KindAddr:
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		var a policy.Addr
		if s != "" {
			var err error
			if a, err = policy.ParseAddr(s); err != nil {
				return err
			}
		}
		q.SetAddr(a)
	case kauth.KindGroups:
		var gids []uint32
		if err := json.Unmarshal(raw, &gids); err != nil {
			return err
		}
		q.SetGroups(gids...)
	default:
		v, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return err
		}
		q.SetInt(f, v)
	}
	return nil
}

// The vectors of docs/format.md hold for C, read from the files alone: package program is not asked.
func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	forEach(t, func(t *testing.T, d *driver, _ int) {
		for _, file := range vectors {
			for _, v := range file.Vectors {
				code, err := hex.DecodeString(v.Program)
				if err != nil {
					t.Fatal(err)
				}
				answer := d.ask(t, 'P', code)
				if v.Refused != nil {
					if program.Fault(answer[0]) != v.Refused.Fault || len(answer) != 9 {
						t.Errorf("%s: fault %d, want %d", v.Name, answer[0], v.Refused.Fault)
					}
					continue
				}
				if answer[0] != 0 || len(answer) == 9 {
					t.Errorf("%s is refused with fault %d", v.Name, answer[0])
					continue
				}
				for _, r := range v.Requests {
					id, ok := kauth.Find(r.Request)
					if !ok {
						t.Fatalf("%s: no request %s", v.Name, r.Request)
					}
					q := &policy.Request{ID: id}
					for name, raw := range r.Fields {
						f, ok := kauth.FindField(name)
						if !ok {
							t.Fatalf("%s: no field %s", v.Name, name)
						}
						if err := setField(q, f, raw); err != nil {
							t.Fatalf("%s: %s: %v", v.Name, name, err)
						}
					}
					var want [8]byte
					le.PutUint32(want[:], uint32(int32(r.Leaf)))
					result, _ := policy.ParseResult(r.Result)
					would, _ := policy.ParseResult(r.Would)
					want[4], want[5] = byte(result), byte(would)
					if r.Record {
						want[6] = 1
					}
					if got := d.ask(t, 'R', AppendRequest(make([]byte, 4), vocabulary, q)); !bytes.Equal(got, want[:]) {
						t.Errorf("%s: %s %s: got %v, want %v", v.Name, r.Request, r.Fields, got, want)
					}
				}
				if v.Cut {
					for n := range code {
						if answer := d.ask(t, 'P', code[:n]); answer[0] == 0 {
							t.Fatalf("%s cut to %d bytes is taken", v.Name, n)
						}
					}
				}
			}
		}
	})
}

// Every fault comes up, with both verifiers: those of programs in the vectors, those of bundles here.
func TestFaults(t *testing.T) {
	r := newRandom(3)
	var b *program.Bundle
	for b = r.bundle(t, 8); len(b.Programs) != 2 || len(b.Cells) < 3; b = r.bundle(t, 8) {
	}
	for i := range b.Cells {
		b.Cells[i].Program = []int{0, 1, program.NameOnly}[min(i, 2)]
	}
	text := b.Encode()
	cells, all := len(text)-72*len(b.Cells), parts(text)
	vectors := readVectors(t)
	forEach(t, func(t *testing.T, d *driver, _ int) {
		met := map[program.Fault]bool{}
		for _, file := range vectors {
			for _, v := range file.Vectors {
				if v.Refused == nil {
					continue
				}
				// As the fallback of a bundle.
				code, err := hex.DecodeString(v.Program)
				if err != nil {
					t.Fatal(err)
				}
				damaged := slices.Concat(text[:64], code, text[all[0].at+all[0].length:])
				le.PutUint32(damaged[12:], uint32(len(damaged)))
				sealed(damaged, 36)
				_, fault := verdict(t, d, damaged)
				met[fault] = true
			}
		}
		for _, c := range []struct {
			want program.Fault
			at   int
			put  string
			// seal makes the checksum of the bundle fit.
			seal bool
		}{
			{program.FaultMagic, 0, "x", true},
			{program.FaultVersion, 8, "\x01", true},
			{program.FaultVersion, 8, "\x03", true},
			{program.FaultLength, 12, "\x00", true},
			{program.FaultChecksum, 70, "\xff\xff", false},
			{program.FaultVocabulary, 16, "\x00", true},
			{program.FaultFallbackScope, 40, "\x02", true},
			{program.FaultReserved, 63, "\x01", true},
			{program.FaultCounts, 44, "\xff\xff\xff\xff", true},
			{program.FaultCounts, 48, "\xff\xff\xff\xff", true},
			{program.FaultProgramStart, 44, "\x03", true},
			{program.FaultProgramEnd, all[1].at + 6, "\xff", true},
			{program.FaultCellsStart, 44, "\x01", true},
			{program.FaultProgramMagic, all[2].at, "x", true},
			{program.FaultCellName, cells + 8, "\x00", true},
			{program.FaultCellName, cells + 8 + 63, "x", true},
			{program.FaultCellOrder, cells + 72, "\x00\x00\x00\x00", true},
			{program.FaultCellOrder, cells + 72, string(text[cells : cells+4]), true},
			{program.FaultCellProgram, cells + 72 + 4, "\x02", true},
			{program.FaultProgramUnused, cells + 72 + 4, "\x00", true},
		} {
			damaged := bytes.Clone(text)
			copy(damaged[c.at:], c.put)
			if c.seal {
				sealed(damaged, 36)
			}
			_, fault := verdict(t, d, damaged)
			if fault != c.want {
				t.Errorf("%q at %d has fault %d, %s, want %d, %s", c.put, c.at, fault, fault, c.want, c.want)
			}
			met[fault] = true
		}
		for _, f := range program.Faults() {
			// A program within a bundle is as long as it says; of one alone the vectors have it.
			if !met[f] && f != program.FaultProgramLength {
				t.Errorf("nothing has fault %d, %s", f, f)
			}
		}
	})
}

// What C calls things is what package program calls them.
func TestNames(t *testing.T) {
	text, err := os.ReadFile("../celleval.h")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(?:#define\s+|\t)(CELLEVAL_[A-Z0-9_]+)(?:\s+|\s*=\s*)([0-9]+)u?,?$`).FindAllStringSubmatch(string(text), -1) {
		have[m[1]] = m[2]
	}
	want := map[string]string{
		"CELLEVAL_SOUND": "0", "CELLEVAL_FAULT_MEMORY": "64",
		"CELLEVAL_ABI_VERSION": fmt.Sprint(program.ABIVersion), "CELLEVAL_MAX_BUNDLE": fmt.Sprint(program.MaxBundle), "CELLEVAL_MAX_TEXT": fmt.Sprint(program.MaxText),
		"CELLEVAL_MAX_NODES": fmt.Sprint(program.MaxNodes), "CELLEVAL_MAX_LEAVES": fmt.Sprint(program.MaxLeaves),
	}
	for _, f := range program.Faults() {
		want["CELLEVAL_FAULT_"+macro(strings.ReplaceAll(f.String(), " ", "."))] = fmt.Sprint(int(f))
	}
	if !maps.Equal(have, want) {
		for name := range want {
			if have[name] != want[name] {
				t.Errorf("%s is %q, want %q", name, have[name], want[name])
			}
			delete(have, name)
		}
		t.Errorf("unknown to Go: %v", have)
	}
	d := start(t, targets[0])
	answer := d.ask(t, 'F', nil)
	for f := range 256 {
		n := int(le.Uint16(answer))
		got := string(answer[2 : 2+n])
		answer = answer[2+n:]
		want := program.Fault(f).Text()
		switch {
		case f == 64:
			want = "too little memory was given to verify it"
		case f > 0 && want == program.Fault(0).Text():
			want = "unknown"
		}
		if got != want {
			t.Errorf("fault %d is %q, want %q", f, got, want)
		}
	}
}

// Questions are found by the numbers of kauth(9) as the vocabulary finds them.
func TestQuestions(t *testing.T) {
	type number struct {
		scope           uint32
		action, request uint64
	}
	actions := []uint64{255, 256, 257, 1<<32 + 1, 1<<64 - 1}
	for a := range uint64(40) {
		actions = append(actions, a)
	}
	requests := []uint64{255, 256, 1 << 32, 1<<64 - 1}
	for r := range uint64(64) {
		requests = append(requests, r)
	}
	var numbers []number
	for scope := range uint32(8) {
		for _, action := range actions {
			for _, request := range requests {
				numbers = append(numbers, number{scope, action, request})
			}
		}
	}
	var frame []byte
	for _, n := range numbers {
		frame = le.AppendUint32(frame, n.scope)
		frame = le.AppendUint64(le.AppendUint64(frame, n.action), n.request)
	}
	forEach(t, func(t *testing.T, d *driver, _ int) {
		answer := d.ask(t, 'Q', frame)
		found := 0
		for i, n := range numbers {
			var want [14]byte
			want[0] = 0xff
			if n.action < 256 {
				// A number of more than a byte is only one of a bit mask.
				asked := kauth.Number{Scope: kauth.Scope(n.scope), Action: uint8(n.action), Req: uint8(min(n.request, 255))}
				id, ok := vocabulary.Request(asked)
				if ok {
					found++
					want[0] = byte(id)
					if vocabulary.Asks(id) {
						want[1] = 1
					}
					le.PutUint64(want[2:], uint64(id.Info().Fields))
					number, _ := vocabulary.Number(id)
					le.PutUint32(want[10:], number.Key())
				}
			}
			if got := answer[14*i : 14*i+14]; !bytes.Equal(got, want[:]) {
				t.Errorf("%v is %v, want %v", n, got, want)
			}
		}
		if found < kauth.NumRequests {
			t.Errorf("%d questions are found of %d", found, kauth.NumRequests)
		}
	})
}
