package service

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func quick() Definition {
	d := Defaults()
	d.Name, d.Cell.Name, d.Command = "web", "web", []string{"httpd"}
	return d
}

// story plays what happens to a service, a line each: the time in milliseconds since the start, and what happens then. It gives
// what is done and the states. Ticks are given whenever they are due.
func story(d Definition, lines ...string) string {
	m := NewMachine(d)
	var b strings.Builder
	step := func(now time.Duration, in Input) {
		before := m.State()
		do := m.Step(now, in)
		if len(do) == 0 && m.State() == before {
			return
		}
		fmt.Fprintf(&b, "%d:", now/time.Millisecond)
		for _, a := range do {
			name := strings.TrimPrefix(fmt.Sprintf("%T", a), "service.")
			if s, ok := a.(Send); ok {
				name = fmt.Sprintf("Send %d", s.Signal)
			}
			b.WriteString(" " + name)
		}
		fmt.Fprintf(&b, " [%s]\n", m.State())
	}
	for _, line := range lines {
		var ms int64
		var what string
		var n int
		fmt.Sscan(line, &ms, &what, &n)
		now := time.Duration(ms) * time.Millisecond
		for {
			at, ok := m.Deadline()
			if !ok || at >= now {
				break
			}
			step(at, Tick{})
		}
		step(now, map[string]Input{"start": AskedStart{}, "stop": AskedStop{}, "restart": AskedRestart{}, "left": Left{}, "began": Began{}, "notbegun": NotBegun{"no such file"},
			"exit": Ended{Exit{Code: n}}, "died": Ended{Exit{Signal: n}}, "members": Counted{n}, "good": Checked{OK: true}, "bad": Checked{Why: "it said no"}, "tick": Tick{}, "over": Exceeded{false, "memory is over its budget"}, "overagain": Exceeded{true, "memory is over its budget"}}[what])
	}
	return b.String()
}

func TestMachine(t *testing.T) {
	never, failure, once := quick(), quick(), quick()
	never.Restart, failure.Restart = RestartNever, RestartOnFailure
	once.Backoff.Crashes = 2
	checked := quick()
	checked.Health = &Health{Command: []string{"true"}, Every: time.Second, Timeout: time.Second, StartTimeout: 3 * time.Second, Failures: 2}
	for _, c := range []struct {
		name  string
		d     Definition
		lines []string
		want  string
	}{
		{"start and stop", quick(), []string{"0 start", "1 began", "5000 stop", "5010 died 15", "5010 members 0"}, `
0: Launch [starting]
1: [running]
5000: Send 15 [stopping]
5010: Count [stopping]
5010: Finish [stopped]
`},
		{"a budget stops it", quick(), []string{"0 start", "1 began", "100 over", "101 over", "110 died 15", "110 members 0", "200 over"}, `
0: Launch [starting]
1: [running]
100: Send 15 [stopping]
110: Count [stopping]
110: Finish [failed]
`},
		{"a budget has it started again, in a while and not without end", once, []string{"0 start", "1 began", "100 overagain", "110 died 15", "110 members 0", "1111 began", "1200 overagain", "1210 exit 0", "1210 members 0"}, `
0: Launch [starting]
1: [running]
100: Send 15 [stopping]
110: Count [stopping]
110: [waiting]
1110: Launch [starting]
1111: [running]
1200: Send 15 [stopping]
1210: Count [stopping]
1210: Finish [crash-loop]
`},
		{"a budget counts where a service is not started again by itself", never, []string{"0 start", "1 began", "100 overagain", "110 exit 0", "110 members 0"}, `
0: Launch [starting]
1: [running]
100: Send 15 [stopping]
110: Count [stopping]
110: [waiting]
`},
		{"who asks is heard while a budget ends it", quick(), []string{"0 start", "1 began", "100 over", "101 start", "110 died 15", "110 members 0", "111 began", "200 overagain", "201 stop", "210 died 15", "210 members 0"}, `
0: Launch [starting]
1: [running]
100: Send 15 [stopping]
110: Count [stopping]
110: Launch [starting]
111: [running]
200: Send 15 [stopping]
210: Count [stopping]
210: Finish [stopped]
`},
		{"a stop right after the start is no signal that execve loses", quick(), []string{"0 start", "1 began", "2 stop", "30 died 15", "30 members 0"}, `
0: Launch [starting]
1: [running]
2: [stopping]
21: Send 15 [stopping]
30: Count [stopping]
30: Finish [stopped]
`},
		{"a stop before the command began", quick(), []string{"0 start", "1 stop", "2 began", "40 died 15", "40 members 0"}, `
0: Launch [starting]
1: [stopping]
22: Send 15 [stopping]
40: Count [stopping]
40: Finish [stopped]
`},
		{"what ignores TERM is killed again and again", quick(), []string{"0 start", "1 began", "100 stop", "5135 died 9", "5135 members 1", "5136 members 0"}, `
0: Launch [starting]
1: [running]
100: Send 15 [stopping]
5100: Kill [stopping]
5110: Kill [stopping]
5130: Kill [stopping]
5135: Count [stopping]
5136: Finish [stopped]
`},
		{"what is left behind is ended before the next start", quick(), []string{"0 start", "1 began", "100 exit 1", "100 members 2", "121 members 2", "142 members 0", "1200 began"}, `
0: Launch [starting]
1: [running]
100: Count [stopping]
100: Send 15 [stopping]
120: Count [stopping]
141: Count [stopping]
142: [waiting]
1142: Launch [starting]
1200: [running]
`},
		{"a command that does not exist", quick(), []string{"0 start", "1 notbegun"}, `
0: Launch [starting]
1: Finish [failed]
`},
		{"one that was there before is tried again", quick(), []string{"0 start", "1 began", "2 exit 1", "2 members 0", "1003 notbegun", "3004 began"}, `
0: Launch [starting]
1: [running]
2: Count [stopping]
2: [waiting]
1002: Launch [starting]
1003: [waiting]
3003: Launch [starting]
3004: [running]
`},
		{"restart=never", never, []string{"0 start", "1 began", "2 exit 3", "2 members 0"}, `
0: Launch [starting]
1: [running]
2: Count [stopping]
2: Finish [failed]
`},
		{"restart=on-failure", failure, []string{"0 start", "1 began", "2 died 11", "2 members 0", "1003 began", "1004 exit 0", "1004 members 0"}, `
0: Launch [starting]
1: [running]
2: Count [stopping]
2: [waiting]
1002: Launch [starting]
1003: [running]
1004: Count [stopping]
1004: Finish [stopped]
`},
		{"a crash loop", once, []string{"0 start", "1 began", "2 exit 1", "2 members 0", "1003 began", "1004 exit 1", "1004 members 0"}, `
0: Launch [starting]
1: [running]
2: Count [stopping]
2: [waiting]
1002: Launch [starting]
1003: [running]
1004: Count [stopping]
1004: Finish [crash-loop]
`},
		{"a long run is no crash, and its end waits as the first", once, []string{"0 start", "1 began", "30001 exit 1", "30001 members 0", "31002 began", "31003 exit 1", "31003 members 0"}, `
0: Launch [starting]
1: [running]
30001: Count [stopping]
30001: [waiting]
31001: Launch [starting]
31002: [running]
31003: Count [stopping]
31003: [waiting]
`},
		{"a restart", quick(), []string{"0 start", "1 began", "50 restart", "51 died 15", "51 members 0", "52 began"}, `
0: Launch [starting]
1: [running]
50: Send 15 [stopping]
51: Count [stopping]
51: Launch [starting]
52: [running]
`},
		{"a stop overtakes a restart", quick(), []string{"0 start", "1 began", "50 restart", "51 stop", "52 died 15", "52 members 0"}, `
0: Launch [starting]
1: [running]
50: Send 15 [stopping]
52: Count [stopping]
52: Finish [stopped]
`},
		{"one that waits is started at once", quick(), []string{"0 start", "1 began", "2 exit 1", "2 members 0", "500 start"}, `
0: Launch [starting]
1: [running]
2: Count [stopping]
2: [waiting]
500: Launch [starting]
`},
		{"one that waits is stopped at once", quick(), []string{"0 start", "1 began", "2 exit 1", "2 members 0", "500 stop"}, `
0: Launch [starting]
1: [running]
2: Count [stopping]
2: [waiting]
500: Finish [stopped]
`},
		{"health", checked, []string{"0 start", "0 began", "250 bad", "700 good", "1750 bad", "2800 bad", "3900 good", "4000 stop", "4001 exit 0", "4001 members 0"}, `
0: Launch [starting]
200: Check [starting]
650: Check [starting]
700: [running]
1700: Check [running]
2750: Check [running]
2800: [unhealthy]
3800: Check [unhealthy]
3900: [running]
4000: Send 15 [stopping]
4001: Count [stopping]
4001: Finish [stopped]
`},
		{"health that never answers well", checked, []string{"0 start", "0 began", "250 bad", "700 bad", "1600 bad", "2700 bad", "3800 good", "4800 tick", "4810 stop"}, `
0: Launch [starting]
200: Check [starting]
650: Check [starting]
1500: Check [starting]
2600: Check [starting]
3000: [unhealthy]
3700: Check [unhealthy]
3800: [running]
4800: Check [running]
4810: Abandon Send 15 [stopping]
`},
		{"what an earlier monitor left is ended first", quick(), []string{"0 left", "0 start", "1 members 2", "22 members 1", "43 members 0", "44 began"}, `
0: Count [stopping]
1: Send 15 [stopping]
21: Count [stopping]
42: Count [stopping]
43: Launch [starting]
44: [running]
`},
		{"nothing was left", quick(), []string{"0 left", "0 stop", "1 members 0"}, `
0: Count [stopping]
1: Finish [stopped]
`},
	} {
		if got := "\n" + story(c.d, c.lines...); got != c.want {
			t.Errorf("%s: got%swant%s", c.name, got, c.want)
		}
	}
}

func TestDelay(t *testing.T) {
	b := Defaults().Backoff
	var got []time.Duration
	for n := range 6 {
		got = append(got, b.delay(n)/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 10, 10}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v, as cellctl has it", got, want)
	}
	if got := b.delay(1 << 20); got != b.Limit {
		t.Errorf("got %v", got)
	}
	if got := (Backoff{First: 5 * time.Second, Limit: 5 * time.Second}).delay(3); got != 5*time.Second {
		t.Errorf("got %v", got)
	}
}

// world is what a machine's actions are done to: processes that begin, end, fork and die as chance has it.
type world struct {
	launching, leader, killed bool
	others                    int
	check, count              bool
}

func (w *world) members() int {
	n := w.others
	if w.leader {
		n++
	}
	return n
}

// TestMachineModel: whatever happens in whatever order, a command is started only when nothing of it is left; nothing is
// started that nobody wants or that has ended too often; and what is to be stopped ends, if signals work at last.
func TestMachineModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := quick()
		d.Restart = Restart(rapid.IntRange(0, 2).Draw(t, "restart"))
		d.Backoff.Crashes = rapid.IntRange(0, 3).Draw(t, "crashes")
		d.Backoff.Reset = time.Duration(rapid.SampledFrom([]int{0, 10, 30}).Draw(t, "reset")) * time.Second
		if rapid.Bool().Draw(t, "health") {
			d.Health = &Health{Command: []string{"x"}, Every: 2 * time.Second, Timeout: time.Second, StartTimeout: 5 * time.Second, Failures: 2}
		}
		m := NewMachine(d)
		w := &world{}
		var now, began time.Duration
		wanted := false // by people
		lossy := true
		var do func([]Action)
		step := func(in Input) { do(m.Step(now, in)) }
		do = func(list []Action) {
			for _, a := range list {
				switch a := a.(type) {
				case Launch:
					if w.members() > 0 || w.launching {
						t.Fatalf("started while there are %d processes", w.members())
					}
					if !wanted {
						t.Fatal("started, but nobody wants it")
					}
					w.launching, w.killed = true, false
				case Send:
					if a.Signal != 15 {
						t.Fatalf("signal %d", a.Signal)
					}
					if now < began+settle && w.leader {
						t.Fatalf("a signal %s after the command began can be lost", now-began)
					}
					if !lossy && rapid.Bool().Draw(t, "heeds") {
						w.others = 0
					}
				case Kill:
					if !lossy {
						w.others = 0
						w.killed = w.leader && !rapid.Bool().Draw(t, "in exec")
						w.launching = false
					}
				case Count:
					w.count = true
				case Check:
					if w.check {
						t.Fatal("asked for health while it is")
					}
					w.check = true
				case Abandon:
					if !w.check {
						t.Fatal("nothing to abandon")
					}
					w.check = false
				case Finish:
					if w.members() > 0 || w.launching {
						t.Fatalf("finished while there are %d processes", w.members())
					}
					if !m.State().Final() {
						t.Fatalf("finished in state %s", m.State())
					}
				}
			}
		}
		if rapid.Bool().Draw(t, "left") {
			w.others = rapid.IntRange(0, 2).Draw(t, "others")
			step(Left{})
		}
		check := func() {
			s := m.State()
			if w.members() > 0 && s.Final() {
				t.Fatalf("%s, but there are %d processes", s, w.members())
			}
			if (s == Running || s == Unhealthy) && !w.leader {
				t.Fatalf("%s without a process", s)
			}
			if s.Final() && w.check {
				t.Fatalf("%s, but health is asked for", s)
			}
			if _, due := m.Deadline(); due && s.Final() {
				t.Fatalf("%s, but something is due", s)
			}
			if _, due := m.Deadline(); !due && !s.Final() && !w.leader && !w.launching && !w.count {
				t.Fatalf("%s, and nothing will ever happen", s)
			}
		}
		events := map[string]func(){
			"":        check,
			"start":   func() { wanted = true; step(AskedStart{}) },
			"stop":    func() { wanted = false; step(AskedStop{}) },
			"restart": func() { wanted = true; step(AskedRestart{}) },
			"exceeded": func() {
				again := rapid.Bool().Draw(t, "again")
				if w.leader && m.State() != Stopping && !again {
					wanted = false
				}
				step(Exceeded{again, "too much"})
			},
			"begin": func() {
				if w.launching {
					w.launching, w.leader, began = false, true, now
					step(Began{})
				}
			},
			"not begin": func() {
				if w.launching {
					w.launching = false
					step(NotBegun{"no"})
				}
			},
			"fork": func() {
				if w.members() > 0 {
					w.others++
				}
			},
			"end": func() {
				if w.leader {
					w.leader = false
					step(Ended{Exit{Code: rapid.IntRange(0, 1).Draw(t, "code")}})
				}
			},
			"die": func() { w.others = max(0, w.others-1) },
			"count": func() {
				if w.count {
					w.count = false
					step(Counted{w.members()})
				}
			},
			"check": func() {
				if w.check {
					w.check = false
					step(Checked{OK: rapid.Bool().Draw(t, "ok")})
				}
			},
			"time": func() { now += time.Duration(rapid.IntRange(1, 40000).Draw(t, "ms")) * time.Millisecond; step(Tick{}) },
			"deadline": func() {
				if at, ok := m.Deadline(); ok {
					now = max(now, at)
					step(Tick{})
				}
			},
		}
		actions := map[string]func(*rapid.T){}
		for name, f := range events {
			actions[name] = func(*rapid.T) { f() }
		}
		t.Repeat(actions)

		// From now on signals work: it ends, in a time that can be told.
		lossy, wanted = false, false
		if !m.State().Final() {
			step(AskedStop{})
		}
		for range 1000 {
			if m.State().Final() {
				break
			}
			if w.launching {
				w.launching = false
				step(NotBegun{"no"})
			}
			if w.killed && w.leader {
				w.leader = false
				step(Ended{Exit{Signal: 9}})
			}
			if w.count {
				w.count = false
				step(Counted{w.members()})
			}
			if at, ok := m.Deadline(); ok {
				now = max(now, at)
				step(Tick{})
			}
		}
		if !m.State().Final() {
			t.Fatalf("it is %s still", m.State())
		}
	})
}

// TestMachineCounts: how long it waits before it starts again, and when it gives up, worked out from the ends alone.
func TestMachineCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := quick()
		d.Backoff.Crashes = rapid.IntRange(0, 5).Draw(t, "crashes")
		m := NewMachine(d)
		now := time.Duration(0)
		m.Step(now, AskedStart{})
		var lasted []time.Duration
		for range rapid.IntRange(1, 20).Draw(t, "runs") {
			m.Step(now, Began{})
			l := time.Duration(rapid.IntRange(0, 60).Draw(t, "seconds")) * time.Second
			lasted = append(lasted, l)
			now += l
			m.Step(now, Ended{Exit{Code: 1}})
			m.Step(now, Counted{0})
			row := 0
			for _, l := range lasted {
				if row++; l >= 30*time.Second {
					row = 0
				}
			}
			if d.Backoff.Crashes > 0 && row >= d.Backoff.Crashes {
				if m.State() != CrashLoop {
					t.Fatalf("%s after %v with %d allowed", m.State(), lasted, d.Backoff.Crashes)
				}
				return
			}
			since := 0 // ends since the last long run, that one among them
			for i := len(lasted) - 1; i >= 0; i-- {
				since++
				if lasted[i] >= 30*time.Second {
					break
				}
			}
			want := []time.Duration{1, 2, 4, 8, 10}[min(since, 5)-1] * time.Second
			at, ok := m.Deadline()
			if m.State() != Waiting || !ok || at-now != want {
				t.Fatalf("%s for %v, but must wait %v after %v", m.State(), at-now, want, lasted)
			}
			now = at
			if do := m.Step(now, Tick{}); !reflect.DeepEqual(do, []Action{Launch{}}) {
				t.Fatalf("%v", do)
			}
		}
	})
}

func TestStateNames(t *testing.T) {
	for i, name := range StateNames() {
		s, err := ParseState(name)
		if err != nil || s != State(i) || s.String() != name {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if _, err := ParseState("runing"); err == nil || !strings.Contains(err.Error(), "did you mean running?") {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	d := quick()
	if p := d.Check(); p != nil {
		t.Fatal(p)
	}
	for _, c := range []struct {
		change func(*Definition)
		want   string
	}{
		{func(d *Definition) { d.Name = "a b" }, "name must"},
		{func(d *Definition) { d.Command = nil }, "cmd must name a program"},
		{func(d *Definition) { d.Command = []string{"a", "b\x00"} }, "cmd must have no zero byte"},
		{func(d *Definition) { d.Env = []string{"A"} }, `env must be NAME=VALUE, but is "A"`},
		{func(d *Definition) { d.Groups = []uint32{1} }, `groups must come with USER:GROUP`},
		{func(d *Definition) { d.Backoff.Limit = 1 }, "backoff must be at least 1s, but is 1ns"},
		{func(d *Definition) { d.Stop.Signal = 0 }, "stop_signal must be a signal"},
		{func(d *Definition) { h := DefaultHealth(); d.Health = &h }, "health must name a program"},
		{func(d *Definition) { d.Log.Tag = strings.Repeat("x", 64) }, "log must have a tag of at most 63 bytes"},
	} {
		d := quick()
		c.change(&d)
		p := d.Check()
		if len(p) != 1 || !strings.HasPrefix(p[0].Error(), c.want) {
			t.Errorf("got %v, want %s", p, c.want)
		}
	}
}
