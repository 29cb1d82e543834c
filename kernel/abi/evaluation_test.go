package abi

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// The byte orders of machines.
var orders = []binary.ByteOrder{binary.LittleEndian, binary.BigEndian}

// TestHeader compares the structures with those that a C compiler makes of the module's header, member for member.
func TestHeader(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no cc to read the header with")
	}
	type member struct {
		name string
		at   int
	}
	structures := []struct {
		name    string
		size    int
		members []member
	}{
		{"celleval_command", CommandSize, []member{{"magic", 0}, {"version", 4}, {"operation", 6}, {"length", 8}, {"number", 16}, {"window", 24}, {"reserved", 28}}},
		{"celleval_status", EvalStatusSize, []member{{"abi", 0}, {"format", 4}, {"vocabulary", 8}, {"generation", 16}, {"attachment", 24}, {"flags", 28}, {"programs", 32},
			{"cells", 36}, {"bytes", 40}, {"highest", 48}, {"back", 56}, {"left", 64}, {"sequence", 72}, {"dropped", 80}}},
		{"celleval_cell", EvalCellSize, []member{{"id", 0}, {"answered", 4}, {"decisions", 8}, {"denied", 16}, {"granted", 24}, {"would_deny", 32}}},
		{"celleval_event", EvalEventSize, []member{{"length", 0}, {"flags", 4}, {"sequence", 8}, {"time", 16}, {"generation", 24}, {"cell", 32}, {"pid", 36}, {"euid", 40},
			{"request", 44}, {"line", 48}, {"would_line", 52}, {"result", 56}, {"would", 57}, {"name", 58}, {"policy", 60}, {"reason", 62}, {"file", 64},
			{"would_policy", 66}, {"would_reason", 68}, {"would_file", 70}}},
	}
	header, err := os.ReadFile("../module/celleval_abi.h")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("#include <stddef.h>\n#include \"celleval_abi.h\"\n")
	check := func(form string, args ...any) {
		condition := fmt.Sprintf(form, args...)
		fmt.Fprintf(&b, "_Static_assert(%s, %q);\n", condition, condition)
	}
	for _, s := range structures {
		check("sizeof(struct %s) == %d", s.name, s.size)
		for _, m := range s.members {
			check("offsetof(struct %s, %s) == %d", s.name, m.name, m.at)
		}
		// Each member is one that is compared: it ends with a semicolon.
		_, text, _ := strings.Cut(string(header), "struct "+s.name+" {")
		text, _, _ = strings.Cut(text+"\n", "};")
		if n := strings.Count(text, ";\n") + strings.Count(text, ";\t"); n != len(s.members) {
			t.Errorf("struct %s has %d members, of which %d are compared", s.name, n, len(s.members))
		}
	}
	for name, v := range map[string]any{
		"CELLEVAL_ABI": EvalVersion, "CELLEVAL_MAGIC": commandMagic, "CELLEVAL_LOAD": OpLoad, "CELLEVAL_ATTACH": OpAttach, "CELLEVAL_CONFIRM": OpConfirm,
		"CELLEVAL_REVERT": OpRevert, "CELLEVAL_AFTER": OpAfter, "CELLEVAL_DISABLED": statusDisabled, "CELLEVAL_WAITS": statusWaits, "CELLEVAL_ALL": statusAll,
		"CELLEVAL_BY_PROFILE": kernel.ByProfile, "CELLEVAL_BY_FALLBACK": kernel.ByFallback, "CELLEVAL_BY_PROGRAM": kernel.ByProgram, "CELLEVAL_NAMED": cellNamed,
		"CELLEVAL_EVENT_FALLBACK": eventFallback, "CELLEVAL_EVENT_PROBE": eventProbe, "CELLEVAL_EVENT_RECORD": eventRecord,
	} {
		check("%s == %d", name, v)
	}
	path := filepath.Join(t.TempDir(), "check.c")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wpadded", "-fsyntax-only", "-I../module", path).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", cc, err, out)
	}
}

func TestCommand(t *testing.T) {
	for _, order := range orders {
		for _, c := range []Command{
			{Operation: OpLoad, Bundle: []byte("bundle"), Window: 30 * time.Second},
			{Operation: OpLoad, Bundle: []byte{}},
			{Operation: OpAttach, Bundle: []byte("bundle")},
			{Operation: OpConfirm, Number: 1<<63 + 7, Bundle: []byte{}},
			{Operation: OpRevert, Number: 7, Bundle: []byte{}},
			{Operation: OpAfter, Bundle: []byte{}},
		} {
			text, err := c.Encode(order)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := DecodeCommand(order, text); err != nil || !reflect.DeepEqual(back, c) {
				t.Errorf("%+v becomes %+v, %v", c, back, err)
			}
		}
		good, err := (&Command{Operation: OpConfirm, Number: 3}).Encode(order)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			change func([]byte) []byte
			want   kauth.Errno
		}{
			"nothing":            {func(b []byte) []byte { return nil }, kauth.EINVAL},
			"half a header":      {func(b []byte) []byte { return b[:31] }, kauth.EINVAL},
			"another magic":      {func(b []byte) []byte { b[0] ^= 1; return b }, kauth.EINVAL},
			"another version":    {func(b []byte) []byte { order.PutUint16(b[4:], 2); return b }, kauth.EOPNOTSUPP},
			"no operation":       {func(b []byte) []byte { order.PutUint16(b[6:], 0); return b }, kauth.EOPNOTSUPP},
			"an operation later": {func(b []byte) []byte { order.PutUint16(b[6:], 6); return b }, kauth.EOPNOTSUPP},
			"another length":     {func(b []byte) []byte { order.PutUint64(b[8:], 33); return b }, kauth.EINVAL},
			"a reserved bit":     {func(b []byte) []byte { b[31] = 1; return b }, kauth.EINVAL},
			"a window":           {func(b []byte) []byte { order.PutUint32(b[24:], 5); return b }, kauth.EINVAL},
			"bytes behind it": {func(b []byte) []byte {
				order.PutUint64(b[8:], 40)
				return append(b, make([]byte, 8)...)
			}, kauth.EINVAL},
			"a number with a load": {func(b []byte) []byte { order.PutUint16(b[6:], uint16(OpLoad)); return b }, kauth.EINVAL},
		} {
			if _, err := DecodeCommand(order, c.change(append([]byte(nil), good...))); err != c.want {
				t.Errorf("%s: %v, want %v", what, err, c.want)
			}
		}
	}
	for _, window := range []time.Duration{time.Microsecond, -time.Second, 1 << 32 * time.Millisecond} {
		if _, err := (&Command{Operation: OpLoad, Window: window}).Encode(binary.LittleEndian); err == nil {
			t.Errorf("a window of %s can be written", window)
		}
	}
}

// TestEvaluationRecords: what is written is read again as it was.
func TestEvaluationRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.SampledFrom(orders).Draw(t, "order")
		number := rapid.Uint64Range(0, 1<<62)
		small := rapid.IntRange(0, 1<<30)
		s := EvaluationStatus{Status: kernel.Status{
			Generation: number.Draw(t, "generation"), Attachment: rapid.Uint32().Draw(t, "attachment"), Programs: small.Draw(t, "programs"), Cells: small.Draw(t, "cells"),
			Bytes: small.Draw(t, "bytes"), Highest: number.Draw(t, "highest"), Waits: rapid.Bool().Draw(t, "waits"), Back: number.Draw(t, "back"),
			Left: time.Duration(number.Draw(t, "left")), Disabled: rapid.Bool().Draw(t, "disabled"), Sequence: number.Draw(t, "sequence"), Dropped: number.Draw(t, "dropped"),
		}, Format: rapid.Uint32().Draw(t, "format"), Vocabulary: rapid.Uint64().Draw(t, "vocabulary"), All: rapid.Bool().Draw(t, "all")}
		if back, err := DecodeEvaluationStatus(order, s.Encode(order)); err != nil || back != s {
			t.Fatalf("%+v becomes %+v, %v", s, back, err)
		}

		var cells []kernel.CellStatus
		for id := range rapid.IntRange(0, 5).Draw(t, "cells") {
			cells = append(cells, kernel.CellStatus{Cell: kernel.CellID(3*id + 1), Answered: kernel.Answered(rapid.IntRange(0, 2).Draw(t, "answered")), Named: rapid.Bool().Draw(t, "named"),
				Counts: kernel.Counts{Decisions: number.Draw(t, "decisions"), Denied: number.Draw(t, "denied"), Granted: number.Draw(t, "granted"), WouldDeny: number.Draw(t, "would deny")}})
		}
		if back, err := DecodeEvaluationCells(order, EncodeEvaluationCells(order, cells)); err != nil || len(back) != len(cells) || len(cells) > 0 && !reflect.DeepEqual(back, cells) {
			t.Fatalf("%+v become %+v, %v", cells, back, err)
		}

		var events []kernel.Event
		var text []byte
		word := rapid.StringN(0, 20, 60)
		for range rapid.IntRange(0, 3).Draw(t, "events") {
			e := kernel.Event{
				Sequence: number.Draw(t, "sequence"), Time: time.Duration(number.Draw(t, "time")), Generation: number.Draw(t, "generation"),
				Cell: kernel.CellID(rapid.Uint32().Draw(t, "cell")), Name: word.Draw(t, "name"), PID: small.Draw(t, "pid"), EUID: rapid.Uint32().Draw(t, "euid"),
				Request: rapid.SampledFrom(kauth.NetBSD109912.Requests()).Draw(t, "request"), Fallback: rapid.Bool().Draw(t, "fallback"), Probe: rapid.Bool().Draw(t, "probe"),
			}
			answer := func(least policy.Result) policy.Answer {
				r := policy.Result(rapid.IntRange(int(least), int(policy.Deny)).Draw(t, "result"))
				return policy.Answer{Result: r, Reason: word.Draw(t, "reason"), Source: policy.Source{Policy: word.Draw(t, "policy"), File: word.Draw(t, "file"), Line: small.Draw(t, "line")}}
			}
			e.Answer, e.Would = answer(policy.Allow), answer(policy.Pass)
			e.Record = rapid.Bool().Draw(t, "record")
			events, text = append(events, e), append(text, EncodeEvent(order, &kauth.NetBSD109912, &e)...)
		}
		if back, err := DecodeEvents(order, &kauth.NetBSD109912, text); err != nil || !reflect.DeepEqual(back, events) {
			t.Fatalf("%+v become %+v, %v", events, back, err)
		}
	})
}

// writtenEvent is written by hand after celleval_abi.h, as a little-endian machine has it.
const writtenEvent = `
	80000000 00000000 2600000000000000 4d3ae4d601000000 2e00000000000000
	43000000 bb030000 e8030000 0e020300 07000000 00000000
	03 00 1100 0a00 0b00 0e00 0000 0000 0000`

// TestWrittenEvent: numbers of requests are the kernel's, no index of ours.
func TestWrittenEvent(t *testing.T) {
	text, err := hex.DecodeString(strings.Join(strings.Fields(writtenEvent), ""))
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "kerneltest-probeskerneltestas foretoldkerneltest.lua"...)
	text = append(text, make([]byte, 0x80-len(text))...)
	events, err := DecodeEvents(binary.LittleEndian, &kauth.NetBSD109912, text)
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	privport, _ := kauth.Find("network.bind.privport")
	want := kernel.Event{Sequence: 38, Time: 7900248653, Generation: 46, Cell: 67, Name: "kerneltest-probes", PID: 955, EUID: 1000, Request: privport,
		Decision: policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: "as foretold", Source: policy.Source{Policy: "kerneltest", File: "kerneltest.lua", Line: 7}}}}
	if events[0] != want {
		t.Errorf("it is %+v, want %+v", events[0], want)
	}
	binary.LittleEndian.PutUint32(text[44:], 0x0302ff)
	if _, err := DecodeEvents(binary.LittleEndian, &kauth.NetBSD109912, text); err == nil || !strings.Contains(err.Error(), "is 0302ff") {
		t.Errorf("an unknown request: %v", err)
	}
}

// FuzzEvaluation: what a kernel says is refused or understood, whatever it is, and what is understood is written as it was.
func FuzzEvaluation(f *testing.F) {
	order := binary.LittleEndian
	f.Add((&EvaluationStatus{}).Encode(order))
	f.Add(EncodeEvaluationCells(order, []kernel.CellStatus{{Cell: 1, Answered: kernel.ByProgram, Named: true}}))
	f.Add(EncodeEvent(order, &kauth.NetBSD109912, &kernel.Event{Sequence: 1, Name: "web-1", Request: kauth.NetBSD109912.Requests()[0], Decision: policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: "no"}}}))
	command, err := (&Command{Operation: OpLoad, Bundle: []byte("bundle")}).Encode(order)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(command)
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := DecodeCommand(order, text); err == nil {
			if again, err := c.Encode(order); err != nil || string(again) != string(text) {
				t.Errorf("a command becomes %q, %v", again, err)
			}
		}
		if cells, err := DecodeEvaluationCells(order, text); err == nil && string(EncodeEvaluationCells(order, cells)) != string(text) {
			t.Errorf("cells become %+v", cells)
		}
		if s, err := DecodeEvaluationStatus(order, text); err == nil {
			if again, err := DecodeEvaluationStatus(order, s.Encode(order)); err != nil || again != s {
				t.Errorf("a status becomes %+v, %v", again, err)
			}
		}
		events, err := DecodeEvents(order, &kauth.NetBSD109912, text)
		if err != nil {
			return
		}
		var again []byte
		for i := range events {
			again = append(again, EncodeEvent(order, &kauth.NetBSD109912, &events[i])...)
		}
		if back, err := DecodeEvents(order, &kauth.NetBSD109912, again); err != nil || !reflect.DeepEqual(back, events) {
			t.Errorf("events become %+v, %v", back, err)
		}
	})
}
