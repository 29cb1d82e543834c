package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

// While a step rests what is not confirmed is rolled back, time goes on after it, and a session can end.
func TestRest(t *testing.T) {
	s := newStage(t)
	session := s.session(false)
	s.load("a", 0)
	ok(t, session.Enter())
	s.load("b", time.Minute)
	s.took()
	ok(t, session.Rest(func() {
		s.want("before waiting", "save")
		s.pass(time.Minute)
		s.timers[len(s.timers)-1].run()
		s.want("the timer", "tick, save, generation 2 was not confirmed in time: rolled back, as generation 3, save")
	}))
	s.want("after waiting", "tick")
	if got := s.active(); got != "a" {
		t.Errorf("%s is active", got)
	}
	s.full = true
	if err := session.Rest(func() {}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("what can't be saved must be told, but: %v", err)
	}
	s.full = false
	s.took()
	if err := session.Rest(func() { ok(t, session.Close()) }); !errors.Is(err, ErrEnded) {
		t.Errorf("the session has ended, but: %v", err)
	}
	ok(t, session.Leave())
	s.want("the end", "save, close")
	if err := session.Enter(); !errors.Is(err, ErrEnded) {
		t.Errorf("the session has ended, but: %v", err)
	}
}

// logged is a kernel with a log and a ring that tests write.
type logged struct {
	ring
	denials []kernel.Denial
	noLog   error
	up      time.Duration
}

func (l *logged) Evaluator() (kernel.Evaluator, error) { return l, nil }
func (l *logged) Uptime() time.Duration                { return l.up }
func (l *logged) Denials() ([]kernel.Denial, error)    { return slices.Clone(l.denials), l.noLog }

func denied(at ...time.Duration) (list []kernel.Denial) {
	for _, d := range at {
		list = append(list, kernel.Denial{Time: d, Cell: 1, Text: fmt.Sprint("line ", d)})
	}
	return list
}

// newLogged is one with a cell.
func newLogged(t *testing.T) (*logged, *Host) {
	t.Helper()
	k, err := sim.New(sim.Options{})
	ok(t, err)
	ok(t, k.MakeRoot("/web"))
	_, err = k.Create(kernel.Spec{Name: "web", Root: "/web"})
	ok(t, err)
	l := &logged{ring: ring{Kernel: k}, up: time.Hour}
	return l, New(l, &Memory{}, load, func() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) })
}

// told is a batch in short.
func told(b Batch) string {
	var out []string
	for i := range b.List {
		r := &b.List[i]
		if r.Event != nil {
			out = append(out, fmt.Sprintf("%d@%s", r.Event.Sequence, r.Time()))
		} else {
			out = append(out, fmt.Sprintf("%s@%s", r.Name, r.Time()))
		}
	}
	if b.Lost > 0 {
		out = append(out, fmt.Sprintf("lost %d", b.Lost))
	}
	if b.Gap {
		out = append(out, "gap")
	}
	if b.Anew {
		out = append(out, "anew")
	}
	return strings.Join(out, " ")
}

func TestLog(t *testing.T) {
	k, h := newLogged(t)
	log := h.Log(0)
	at := func(e []kernel.Event, d time.Duration) []kernel.Event {
		for i := range e {
			e[i].Time = d
		}
		return e
	}
	for i, c := range []struct {
		kept    []kernel.Event
		denials []kernel.Denial
		want    string
	}{
		{nil, nil, ""},
		{at(sequence(1, 2), 2*time.Second), denied(time.Second, 3*time.Second), "web@1s 1@2s 2@2s web@3s"},
		{at(sequence(1, 2), 2*time.Second), denied(time.Second, 3*time.Second), ""},
		{at(sequence(2, 4), 5*time.Second), denied(3*time.Second, 4*time.Second), "web@4s 4@5s lost 1"},
		// The log does not have the last one any more.
		{nil, denied(6*time.Second, 7*time.Second), "web@6s web@7s gap anew"},
		{sequence(1), denied(7 * time.Second), "1@0s"},
	} {
		k.kept, k.denials = c.kept, c.denials
		b, err := log.Next()
		if got := told(b); err != nil || got != c.want {
			t.Errorf("%d: %s, %v; want %s", i, got, err, c.want)
		}
	}
	// Another kernel was started: all it tells is new.
	k.up = time.Second
	k.denials = denied(100 * time.Millisecond)
	if b, err := log.Next(); err != nil || told(b) != "web@100ms gap" {
		t.Errorf("%s, %v", told(b), err)
	}
	// After a number come the denials after that decision, too.
	k.up, k.kept, k.denials = time.Hour, at(sequence(3, 4), 2*time.Second), denied(time.Second, 3*time.Second)
	for after, want := range map[uint64]string{0: "web@1s 3@2s 4@2s web@3s lost 2", 3: "4@2s web@3s", 4: "web@3s", 9: "web@1s web@3s"} {
		if b, err := h.Log(after).Next(); err != nil || told(b) != want {
			t.Errorf("after %d: %s, %v; want %s", after, told(b), err, want)
		}
	}
	// After an error all of it comes again.
	log = h.Log(0)
	k.noLog = errors.New("no")
	if _, err := log.Next(); err == nil {
		t.Error("an error must be told")
	}
	k.noLog, k.unlisted = nil, errors.New("no")
	if _, err := log.Next(); err == nil {
		t.Error("an error must be told")
	}
	k.unlisted, k.err = nil, errors.New("no")
	if _, err := log.Next(); err == nil {
		t.Error("an error must be told")
	}
	k.err = nil
	if b, err := log.Next(); err != nil || told(b) != "web@1s 3@2s 4@2s web@3s lost 2" {
		t.Errorf("%s, %v", told(b), err)
	}
	// Who can't tell at all says why, once somebody else tells.
	k.noLog = kernel.Unsupported(k, kernel.CapDenials)
	if b, err := h.Log(0).Next(); err != nil || told(b) != "3@2s 4@2s lost 2" || b.Silent == nil {
		t.Errorf("%s, %v, %v", told(b), b.Silent, err)
	}
	april, err := sim.New(sim.Options{Revision: secmodel.April, NoEvaluation: true})
	ok(t, err)
	if _, err := New(april, &Memory{}, load, time.Now).Log(0).Next(); !unsupported(err) {
		t.Errorf("where nothing is told: %v", err)
	}
	current, err := sim.New(sim.Options{NoEvaluation: true})
	ok(t, err)
	if b, err := New(current, &Memory{}, load, time.Now).Log(0).Next(); err != nil || !unsupported(b.Silent) {
		t.Errorf("where only the log tells: %v, %v", b.Silent, err)
	}
}

// TestLogTellsOnce: however often the log is read while it runs over, each denial that it has comes once.
func TestLogTellsOnce(t *testing.T) {
	k, h := newLogged(t)
	rapid.Check(t, func(t *rapid.T) {
		log := h.Log(0)
		var all []kernel.Denial
		given := map[string]int{}
		k.kept = nil
		from := 0 // what the log has lost it has lost
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			for range rapid.IntRange(0, 5).Draw(t, "more") {
				// Several kinds can have the same time.
				all = append(all, kernel.Denial{Time: time.Duration(len(all)/2) * time.Second, Cell: 1, Text: fmt.Sprint(len(all))})
			}
			from = max(from, len(all)-rapid.IntRange(0, 8).Draw(t, "kept"))
			k.denials = all[from:]
			b, err := log.Next()
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.List {
				given[b.List[i].Denial.Text]++
			}
			for _, d := range k.denials {
				if n := given[d.Text]; n != 1 {
					t.Fatalf("%s was given %d times", d.Text, n)
				}
			}
		}
	})
}

// The driver reads from the message buffer what the simulator knows.
func TestDenialsOfTheDriver(t *testing.T) {
	k, err := sim.New(sim.Options{})
	ok(t, err)
	ok(t, k.MakeRoot("/web"))
	high := kernel.High
	id, err := k.Create(kernel.Spec{Name: "web", Root: "/web", Profile: &high})
	ok(t, err)
	d := driver(t, k, "")
	p, err := k.Spawn(sim.SpawnSpec{Cell: id, UID: 80})
	ok(t, err)
	k.Advance(1500 * time.Millisecond)
	p.Reboot()
	p.Socket(34, 3, 0)
	want, err := k.Denials()
	ok(t, err)
	got, err := d.Denials()
	ok(t, err)
	if len(want) != 2 || fmt.Sprint(got) != fmt.Sprint(want) || want[0].Cell != id || want[0].EUID != 80 || want[0].Time != 1500*time.Millisecond {
		t.Errorf("the driver tells %v, the simulator %v", got, want)
	}
	if up := d.Uptime(); up != k.Uptime() {
		t.Errorf("it is up for %s, and not %s", up, k.Uptime())
	}
}

func TestFilter(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.FixedZone("here", 2*3600))
	started := now.Add(-time.Hour)
	deny := policy.Answer{Result: policy.Deny, Source: policy.Source{Policy: "web"}}
	list := []Recorded{
		{Name: "web-1", Started: started, Event: &kernel.Event{Sequence: 1, Time: time.Minute, Cell: 1, Request: kauth.MustFind("system.reboot"), Decision: policy.Decision{Answer: deny}}},
		{Name: "web-2", Started: started, Event: &kernel.Event{Sequence: 2, Time: 30 * time.Minute, Cell: 2, Request: kauth.MustFind("network.bind.port"),
			Decision: policy.Decision{Answer: policy.Answer{Result: policy.Allow, Source: policy.Source{Policy: "db"}}, Would: deny}}},
		{Name: "db", Started: started, Event: &kernel.Event{Sequence: 3, Time: 50 * time.Minute, Cell: 3, Request: kauth.MustFind("network.bind.privport"),
			Decision: policy.Decision{Answer: policy.Answer{Result: policy.Grant, Source: policy.Source{Policy: "db"}}}}},
		{Name: "web-1", Started: started, Denial: &kernel.Denial{Time: 55 * time.Minute, Cell: 1, Requests: []kauth.RequestID{kauth.MustFind("system.mknod"), kauth.MustFind("machdep.ldt_set")}}},
		{Started: started, Denial: &kernel.Denial{Time: 58 * time.Minute}},
	}
	for text, want := range map[string]string{
		"":                                  "12345",
		"cell=*":                            "1234",
		"cell=web-*":                        "124",
		"cell=*-2 cell=db":                  "23",
		"request=network":                   "23",
		"request=network.bind.port":         "2",
		"request=machdep":                   "4",
		"request=*.reboot request=*mknod":   "14",
		"result=deny":                       "145",
		"result=would-deny":                 "2",
		"result=grant result=allow":         "23",
		"result=would-grant":                "",
		"policy=web":                        "12",
		"policy=db result=grant":            "3",
		"model=secmodel_cell":               "45",
		"model=secmodel_celleval cell=web*": "12",
		"since=10m":                         "345",
		"since=1d":                          "12345",
		"since=0s":                          "",
		"since=+30m":                        "2345",
		"since=11:50":                       "345",
		"since=11:50:01":                    "45",
		"since=12:01":                       "12345", // yesterday
		"since=2026-06-01":                  "12345",
		"since=2026-06-02":                  "",
		"since=2026-06-01T11:30:00":         "?",
		"since=2026-06-01T09:30:00Z":        "2345",
		"cell=web-1 request=system result=deny since=20m": "4",
		"cell=":             "must not be empty",
		"cell=web[12]":      "must consist of",
		"request=rebot":     "must be a scope",
		"request=x*y":       "must be a scope",
		"result=dny":        "did you mean deny?",
		"policy=a/b":        "must consist of",
		"model=cell":        "must be secmodel_celleval or secmodel_cell",
		"since=-5m":         "must be a duration or a time",
		"since=+x":          "must be a duration or a time",
		"since=1m since=2m": "must be given once",
		"cel=web":           "did you mean cell?",
	} {
		var f Filter
		var err error
		for _, part := range strings.Fields(text) {
			key, value, _ := strings.Cut(part, "=")
			err = errors.Join(err, f.Add(key, value, now))
		}
		got := ""
		for i := range list {
			if f.Wants(&list[i]) {
				got += fmt.Sprint(i + 1)
			}
		}
		if err != nil {
			got = err.Error()
		}
		if want == "?" {
			want = "must be a duration or a time"
		}
		if err == nil && got != want || err != nil && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if err == nil && len(f.Choose(list)) != len(got) {
			t.Errorf("%s chooses others", text)
		}
	}
	var f Filter
	if err := f.Add("since", "2026-06-01 11:50", now); err != nil || len(f.Choose(list)) != 3 {
		t.Errorf("a time with a date: %v", err)
	}
}

// Names that nobody has are told.
func TestFilterKnows(t *testing.T) {
	_, h := newLogged(t)
	_, _, err := h.Load(policies("shop", "system.reboot"), LoadOptions{Yes: true})
	ok(t, err)
	list := []Recorded{{Name: "gone", Event: &kernel.Event{Cell: 9, Decision: policy.Decision{Answer: policy.Answer{Source: policy.Source{Policy: "old"}}}}}}
	for text, want := range map[string]string{
		"cell=web":    "",
		"cell=gone":   "",
		"cell=w*":     "",
		"cell=wbe":    "no cell that lives, or of which decisions are kept, is called wbe; did you mean web?",
		"policy=old":  "",
		"policy=shop": "",
		"policy=shp":  `policy must be one that is loaded or has decided something, but is "shp" (did you mean shop?)`,
	} {
		var f Filter
		key, value, _ := strings.Cut(text, "=")
		ok(t, f.Add(key, value, time.Time{}))
		got, err := f.Known(h, list)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
