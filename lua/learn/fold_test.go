package learn

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/host"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// Denials are there once each, with how often and when they were; what no rule can lift is set apart.
func TestFold(t *testing.T) {
	started := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	reboot := kauth.MustFind("system.reboot")
	event := func(second int, cell string, euid uint32, result policy.Result, more func(*kernel.Event)) host.Recorded {
		e := &kernel.Event{Time: time.Duration(second) * time.Second, Cell: 1, Name: cell, EUID: euid, Request: reboot}
		e.Answer = policy.Answer{Result: result, Source: policy.Source{Policy: "web", File: "web.lua", Line: 3}}
		if more != nil {
			more(e)
		}
		return host.Recorded{Event: e, Name: cell, Started: started}
	}
	would := func(e *kernel.Event) {
		e.Would = policy.Answer{Result: policy.Deny, Source: policy.Source{Policy: "trial", File: "t.lua", Line: 1}}
	}
	asked, left := Fold([]host.Recorded{
		event(1, "web-1", 0, policy.Deny, nil),
		event(2, "web-1", 0, policy.Deny, func(e *kernel.Event) { e.Record = true }),
		event(3, "web-1", 80, policy.Deny, nil),
		event(4, "web-1", 0, policy.Grant, nil),
		event(5, "web-1", 0, policy.Allow, would),
		event(6, "web-1", 0, policy.Deny, would),
		event(7, "web-1", 0, policy.Deny, func(e *kernel.Event) { e.Fallback = true }),
		event(8, "", 0, policy.Deny, nil),
		event(9, "", 0, policy.Allow, nil),
		{Denial: &kernel.Denial{Cell: 2, EUID: 5, Requests: []kauth.RequestID{reboot}}, Name: "high", Started: started},
		{Denial: &kernel.Denial{Cell: 2, EUID: 5, Requests: []kauth.RequestID{reboot}}, Name: "high", Started: started},
	})
	var got []string
	for _, a := range asked {
		got = append(got, fmt.Sprint(a.Cell, " ", a.EUID, " ", a.Denial.Source.Policy, " ", a.Audit, " ", a.Count, " ", a.First.Sub(started), " ", a.Last.Sub(started)))
	}
	want := []string{"web-1 0 web false 3 1s 6s", "web-1 80 web false 1 3s 3s", "web-1 0 trial true 2 5s 6s"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	got = nil
	for _, x := range left {
		got = append(got, fmt.Sprint(x.Cell, " ", x.EUID, " ", x.Count, " ", strings.SplitN(x.Why, ",", 2)[0]))
	}
	want = []string{"web-1 0 1 the built-in fallback denied it", " 0 1 the name of the cell is not known any more", "high 5 2 secmodel_cell denied it by itself"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// What is told is read as policies write it.
func TestTell(t *testing.T) {
	for word, want := range map[string]string{
		"port=80":                    "r.port == 80",
		"port=80,443":                "r.port == 80 or r.port == 443",
		"port=80,81,8000-8099":       "r.port >= 80 and r.port <= 81 or r.port >= 8000 and r.port <= 8099",
		"port=1024-65535":            "r.port >= 1024",
		"nice=-5":                    "r.nice == -5",
		"signal=kill,15":             `r.signal == "kill" or r.signal == "term"`,
		"target.same_cell=true":      "r.target.same_cell",
		"target.is_self=false":       "not r.target.is_self",
		"addr=10.0.0.0/8,::1":        `r.addr:within("10.0.0.0/8") or r.addr:within("::1")`,
		"addr=10.0.0.5-10.0.0.9":     `r.addr:within("10.0.0.5-10.0.0.9")`,
		"groups=wheel,5,77":          `r:in_group("wheel") or r:in_group("operator") or r:in_group(77)`,
		"ifname=tap0":                `r.ifname == "tap0"`,
		"ifname=tap*":                `r.ifname and r.ifname:glob("tap*")`,
		"ifname=nil":                 "r.ifname == nil",
		`fstype=a"b`:                 `r.fstype == "a\"b"`,
		"flags=MNT_RDONLY|MNT_NODEV": "r.flags == 17",
		"max=unlimited":              "r.max == unlimited",
		"cmd=SIOCSIFFLAGS":           `r.cmd == "SIOCSIFFLAGS"`,
		// Mistakes.
		"port":             "a field must be given as FIELD=VALUE",
		"prt=80":           "prt must be the name of a field, but there is none of that name (did you mean port?)",
		"members=3":        "members must be the name of a field",
		"euid=80":          "euid must be left to the decisions",
		"port=":            "port must be a number or a range of numbers",
		"port=80,":         "port must be a number or a range of numbers",
		"port=65536":       "port must be from 0 to 65535",
		"port=9-3":         "port must be a range that begins with its lower end",
		"signal=kil":       "signal must be the name of a signal or a number, but is \"kil\"",
		"addr=10.0.0.0/99": "addr must be an address, a prefix or a range",
		"groups=whel":      "groups must be a group of this machine, but is \"whel\"",
		"autoload=maybe":   "autoload must be true or false",
		"flags=MNT_RDONY":  "flags must be a number, or names of its flags",
	} {
		var told Told
		err := told.Tell(word, machine)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			f := told.fields[0]
			id, _ := carrier(f)
			got = writer{r: "r", groups: machine}.tells(&told, id)[0]
		}
		if got != want && !(err != nil && strings.HasPrefix(got, want)) {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
	var told Told
	if err := told.Tell("port=80", machine); err != nil {
		t.Fatal(err)
	}
	if err := told.Tell("port=81", machine); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("a field that is told twice: %v", err)
	}
}
