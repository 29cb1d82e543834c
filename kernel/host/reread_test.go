package host

import (
	"bytes"
	"fmt"
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

// What is written of decisions is read again as it was.
func TestRecordedIsReadAgain(t *testing.T) {
	id, _ := kauth.Find("system.reboot")
	other, _ := kauth.Find("device.rnd_setpriv")
	started := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	at := policy.Source{Policy: "web", File: "web.lua", Line: 3}
	list := []Recorded{
		{Name: "web-1", Started: started, Event: &kernel.Event{Sequence: 7, Time: 1500 * time.Millisecond, Generation: 2, Cell: 1, Name: "web-1", PID: 9, EUID: 100, Request: id,
			Decision: policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: "no", Record: true, Source: at}}, Probe: true}},
		{Name: "web-1", Started: started, Event: &kernel.Event{Sequence: 8, Time: 2 * time.Second, Generation: 2, Cell: 1, Name: "web-1", Request: id,
			Decision: policy.Decision{Answer: policy.Answer{Result: policy.Allow}, Would: policy.Answer{Result: policy.Deny, Source: at}}, Fallback: true}},
		{Name: "db", Started: started, Denial: &kernel.Denial{Time: 3 * time.Second, Cell: 2, EUID: 5, Requests: []kauth.RequestID{id, other}, Text: "a line"}},
	}
	var b, whole bytes.Buffer
	var reports []RecordedReport
	for i := range list {
		reports = append(reports, list[i].Report())
		ok(t, report.Write(&b, reports[i]))
	}
	ok(t, report.Write(&whole, map[string]any{"lost": 4, "events": reports}))
	fmt.Fprint(&b, `{"lost":4,"why":"x"}`+"\n\n"+`{"lost":0,"why":"x"}`)
	for _, text := range []string{b.String(), whole.String()} {
		r, err := ReadRecorded("log", strings.NewReader(text))
		ok(t, err)
		if len(r.Damaged) > 0 || r.Lost != 4 || len(r.Nobody) > 0 || r.Gaps != (text == b.String()) {
			t.Errorf("%+v", r)
		}
		if !reflect.DeepEqual(r.List, list) {
			t.Errorf("read is\n%+v, want\n%+v", r.List, list)
		}
	}
}

// All that is wrong is told, each with its place.
func TestDamagedRecords(t *testing.T) {
	const good = `{"model":"secmodel_celleval","time":1,"euid":0,"cell":"a","request":"system.reboot","result":"deny"}`
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for i, x := range []struct {
		text string
		want string // line:column and words, of each
	}{
		{good, ""},
		{"", ""},
		{"{}", "1:1 has no model"},
		{"[]", "1:1 is no object of JSON"},
		{"x", "1:1 is no object of JSON"},
		{good + "\n" + good[:40], "2:40 is no object of JSON"},
		{with("deny", "dny") + "\n\n" + with("reboot", "rebot"), `1:85 has the result "dny"; 3:69 has the request "system.rebot", which no kernel asks`},
		{with("celleval", "eval"), `1:2 has the model "secmodel_eval"`},
		{with(`"request":"system.reboot",`, ""), "1:1 has no request"},
		{with(`"time":1`, `"time":-1`), "1:30 has the time -1"},
		{with(`"euid":0`, `"euid":"x"`), "1:39 has a member euid of a wrong kind"},
		{`{"lost":1,"events":[` + good + `,` + with("deny", "x") + `,` + with("reboot", "y") + `]}`, `1:206 has an event that has the result "x"; 1:288 has an event that has the request "system.y", which no kernel asks`},
		{strings.Repeat(" ", maxRecorded+1) + "\n" + good, "1:1 is longer than 1 MB"},
	} {
		r, err := ReadRecorded("log", strings.NewReader(x.text))
		ok(t, err)
		var got []string
		for _, d := range r.Damaged {
			got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Column, strings.TrimPrefix(d.Message, "a line must be a decision as log --json writes it, but ")))
		}
		if all := strings.Join(got, "; "); all != x.want {
			t.Errorf("%d: %s\nwant %s", i, all, x.want)
		}
	}
	// Who asked is not made up.
	r, err := ReadRecorded("log", strings.NewReader(good+"\n"+strings.Replace(good, `"euid":0,`, "", 1)))
	ok(t, err)
	if len(r.List) != 2 || r.Nobody[0] || !r.Nobody[1] {
		t.Errorf("%+v", r)
	}
}

// Whatever is read, there is no panic, and what is read can be written.
func FuzzReadRecorded(f *testing.F) {
	f.Add(`{"model":"secmodel_celleval","time":1,"euid":0,"cell":"a","request":"system.reboot","result":"deny"}`)
	f.Add(`{"lost":1,"events":[{"model":"secmodel_cell"},1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadRecorded("log", strings.NewReader(text))
		ok(t, err)
		for i := range r.List {
			r.List[i].Report()
		}
	})
}

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
