package host

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/report"
)

// What was written as a report is read as the decision that it was, as far as a report has it.
func TestReadRecorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		request := func() kauth.RequestID {
			return kauth.RequestID(rapid.IntRange(0, kauth.NumRequests-1).Draw(t, "request"))
		}
		answer := func() policy.Answer {
			a := policy.Answer{Result: policy.Result(rapid.IntRange(int(policy.Allow), int(policy.Deny)).Draw(t, "result")), Reason: rapid.SampledFrom([]string{"", "no", "\"ü\""}).Draw(t, "reason")}
			if rapid.Bool().Draw(t, "explicit") {
				a.Source = policy.Source{Policy: "web", File: "web.lua", Line: rapid.IntRange(1, 9).Draw(t, "line")}
			}
			return a
		}
		started := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
		var list []Recorded
		for range rapid.IntRange(0, 4).Draw(t, "decisions") {
			r := Recorded{Name: rapid.SampledFrom([]string{"web-1", "db"}).Draw(t, "cell"), Started: started}
			since := time.Duration(rapid.IntRange(0, 1e6).Draw(t, "time")) * time.Millisecond
			if rapid.Bool().Draw(t, "denial") {
				r.Denial = &kernel.Denial{Time: since, Cell: 7, EUID: 80, Text: "secmodel_cell: deny"}
				for range rapid.IntRange(0, 3).Draw(t, "requests") {
					r.Denial.Requests = append(r.Denial.Requests, request())
				}
			} else {
				e := &kernel.Event{Sequence: uint64(len(list) + 1), Time: since, Generation: 2, Cell: 7, Name: r.Name, PID: 3, EUID: 80, Request: request(), Fallback: rapid.Bool().Draw(t, "fallback"), Probe: rapid.Bool().Draw(t, "probe")}
				e.Answer = answer()
				e.Record = rapid.Bool().Draw(t, "record")
				if rapid.Bool().Draw(t, "would") {
					e.Would = answer()
				}
				r.Event = e
			}
			list = append(list, r)
		}
		var text bytes.Buffer
		if rapid.Bool().Draw(t, "together") {
			reports := []RecordedReport{}
			for i := range list {
				reports = append(reports, list[i].Report())
			}
			if err := report.Write(&text, map[string]any{"lost": 3, "events": reports}); err != nil {
				t.Fatal(err)
			}
		} else {
			text.WriteString("{\"lost\":3,\"why\":\"the kernel keeps only so many decisions\"}\n\n")
			for i := range list {
				if err := report.Write(&text, list[i].Report()); err != nil {
					t.Fatal(err)
				}
			}
		}
		r, err := ReadRecorded("x.log", &text)
		if err != nil || len(r.Damaged) > 0 || r.Lost != 3 || r.Gaps {
			t.Fatalf("%+v %v", r, err)
		}
		if len(r.List) != len(list) {
			t.Fatalf("%d decisions, want %d", len(r.List), len(list))
		}
		for i := range list {
			got, want := r.List[i].Report(), list[i].Report()
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v\nwant\n%+v", got, want)
			}
		}
	})
}

func TestReadDamaged(t *testing.T) {
	good := `{"model":"secmodel_celleval","time":1,"at":"2026-11-27T12:00:00Z","cell":"a","id":1,"euid":0,"request":"system.reboot","result":"deny"}`
	for line, want := range map[string]string{
		"junk":           "is no object of JSON",
		"[1]":            "is no object of JSON",
		good[:60]:        "is no object of JSON",
		good + good:      "is no object of JSON",
		"{}":             "has no model",
		`{"model":"x"}`:  `has the model "x"`,
		`{"model":7}`:    "is no object of JSON",
		`{"lost":"few"}`: "is no object of JSON",
		strings.Replace(good, "system.reboot", "system.rebot", 1):                         `has the request "system.rebot", which no kernel asks`,
		strings.Replace(good, `"deny"`, `"dney"`, 1):                                      `has the result "dney"`,
		strings.Replace(good, `"result":"deny"`, `"result":"deny","would_result":"x"`, 1): `has the result "x"`,
		strings.Replace(good, `"time":1`, `"time":-1`, 1):                                 "has the time -1",
		strings.Replace(good, `"time":1`, `"time":1e300`, 1):                              "has the time 1e+300",
		strings.Replace(good, `"euid":0`, `"euid":-1`, 1):                                 "has a member euid of a wrong kind",
		strings.Replace(good, `"request":"system.reboot",`, "", 1):                        "has no request",
		`{"lost":0,"events":[{"model":"x"}]}`:                                             `has an event that has the model "x"`,
		`{"model":"` + strings.Repeat("x", maxRecorded) + `"}`:                            "is longer than 1 MB",
	} {
		r, err := ReadRecorded("x.log", strings.NewReader(good+"\r\n"+line+"\n\n"+good))
		if err != nil || len(r.List) != 2 || len(r.Damaged) != 1 {
			t.Errorf("%.80s: %+v %v", line, r, err)
			continue
		}
		d := r.Damaged[0]
		if d.Line != 2 || !strings.HasSuffix(d.Message, "but "+want) {
			t.Errorf("%.80s: line %d: %s, want %s", line, d.Line, d.Message, want)
		}
	}
}

func FuzzReadRecorded(f *testing.F) {
	f.Add([]byte(`{"model":"secmodel_cell","time":1.5,"at":"2026-11-27T12:00:00Z","cell":"a","id":1,"euid":0,"requests":["system.reboot","machdep.nvram"],"result":"deny","log":"x"}` + "\n"))
	f.Add([]byte(`{"lost":1,"events":[]}` + "\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ReadRecorded("x", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.List {
			x := &r.List[i]
			x.Report()
			x.Requests()
		}
	})
}
