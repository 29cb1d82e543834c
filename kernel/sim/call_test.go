package sim_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
	"cellsh/policy/stock/stocktest"
)

// The table is what documentation and scripts are made of.
func TestCallTable(t *testing.T) {
	calls := sim.Calls()
	if !slices.IsSortedFunc(calls, func(a, b sim.Call) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the calls are not in order")
	}
	for i, c := range calls {
		if i > 0 && calls[i-1].Name == c.Name {
			t.Errorf("%s is there twice", c.Name)
		}
		if c.Doc == "" || !strings.HasSuffix(c.Doc, ".") {
			t.Errorf("%s has no description", c.Name)
		}
		for _, pattern := range c.Asks {
			if !slices.ContainsFunc(allRequests(), func(id kauth.RequestID) bool { return covers(pattern, id.String()) }) {
				t.Errorf("%s asks %q, which is no request", c.Name, pattern)
			}
		}
		names := map[string]bool{}
		for _, p := range c.Params {
			switch {
			case names[p.Name]:
				t.Errorf("%s has two parameters %s", c.Name, p.Name)
			case p.Doc == "":
				t.Errorf("parameter %s of %s has no description", p.Name, c.Name)
			case p.Kind == sim.Word && len(p.Words) == 0:
				t.Errorf("parameter %s of %s has no words", p.Name, c.Name)
			case p.Kind == sim.Named && p.Names == nil:
				t.Errorf("parameter %s of %s has no names", p.Name, c.Name)
			case p.Kind == sim.Integer && p.Min >= p.Max:
				t.Errorf("parameter %s of %s has no range", p.Name, c.Name)
			}
			names[p.Name] = true
		}
		if found, ok := sim.FindCall(c.Name); !ok || found.Name != c.Name {
			t.Errorf("%s is not found", c.Name)
		}
	}
}

func allRequests() []kauth.RequestID {
	ids := make([]kauth.RequestID, kauth.NumRequests)
	for i := range ids {
		ids[i] = kauth.RequestID(i)
	}
	return ids
}

// Wrong arguments are refused before anything happens.
func TestArguments(t *testing.T) {
	k := start(t, sim.Options{})
	p := spawn(t, k, sim.SpawnSpec{})
	for _, c := range []struct {
		call string
		args args
		text string
		hint string
	}{
		{"bnid", nil, "bnid: the call must be one of the simulated kernel, but is not", "bind"},
		{"getpid", args{"x": 1}, "there must be no arguments, but there is x", ""},
		{"kill", args{"pid": 1, "sgnal": 9}, "must be one of pid, signal, but is sgnal", "signal"},
		{"kill", args{"pid": 1}, "signal must be given, but is missing", "signal"},
		{"kill", args{"pid": nil, "signal": 1}, "pid must be given, but is missing", ""},
		{"kill", args{"pid": "x", "signal": 1}, `pid must be an integer, but is "x"`, ""},
		{"kill", args{"pid": int64(1) << 40, "signal": 1}, "pid must be -2147483648 to 2147483647, but is 1099511627776", ""},
		{"kill", args{"pid": 1.5, "signal": 1}, "pid must be an integer, but is 1.5", ""},
		{"kill", args{"pid": 1, "signal": "trem"}, `signal must be a signal, but is "trem"`, "term"},
		{"kill", args{"pid": 1, "signal": "SIGTERM"}, `signal must be a signal, but is "SIGTERM"`, `write "term"`},
		{"bind", args{"fd": 0, "port": 65536}, "port must be 0 to 65535, but is 65536", ""},
		{"bind", args{"fd": 0, "port": 80, "addr": "localhost"}, "addr must be an address like 10.0.0.1", ""},
		{"bind", args{"fd": 0, "port": 80, "addr": 7}, "addr must be an address, but is 7", ""},
		{"open", args{"path": "/dev/null", "mode": "rx"}, `mode must be one of r, w, rw, but is "rx"`, ""},
		{"open", args{"path": 5}, "path must be a string, but is 5", ""},
		{"open", args{"path": "/x", "create": 1}, "create must be true or false, but is 1", ""},
		{"setgroups", args{"groups": 5}, "groups must be a list of integers, but is 5", ""},
		{"setgroups", args{"groups": []any{1, "x"}}, "groups must be a list of integers from 0 to 4294967295", ""},
		{"sysctl_write", args{"name": "kern.hostname", "value": true}, "value must be an integer or a string, but is true", ""},
	} {
		_, _, err := p.Call(c.call, c.args)
		var bad *sim.ArgumentError
		if !errors.As(err, &bad) {
			t.Errorf("%s %v: %v", c.call, c.args, err)
			continue
		}
		if !strings.Contains(bad.Error(), c.text) || !strings.Contains(bad.Hint, c.hint) {
			t.Errorf("%s %v: %s (hint %q), want %q (hint %q)", c.call, c.args, bad, bad.Hint, c.text, c.hint)
		}
	}
	for _, good := range []struct {
		call string
		args args
	}{
		{"kill", args{"pid": p, "signal": 0.0}},
		{"kill", args{"pid": int64(1), "signal": int64(0)}},
		{"setgroups", args{"groups": []int64{1, 2}}},
		{"setgroups", args{"groups": []any{1.0, int64(2)}}},
		{"sysctl_write", args{"name": "kern.hostid", "value": 5}},
	} {
		if _, e, err := p.Call(good.call, good.args); e != 0 || err != nil {
			t.Errorf("%s %v: %s %v", good.call, good.args, e.Name(), err)
		}
	}
}

// anyArguments draws arguments for a call that Bind takes, many of them foolish.
func anyArguments(t *rapid.T, c *sim.Call) args {
	in := args{}
	for i := range c.Params {
		p := &c.Params[i]
		if p.Optional && rapid.Bool().Draw(t, "left out") {
			continue
		}
		small := rapid.Int64Range(max(p.Min, -3), min(p.Max, 10))
		switch p.Kind {
		case sim.Integer:
			in[p.Name] = rapid.OneOf(small, rapid.Int64Range(p.Min, p.Max)).Draw(t, p.Name)
		case sim.Text:
			in[p.Name] = rapid.SampledFrom([]string{"", "/", "/tmp", "/tmp/a", "/tmp/a/b", "..", "/dev/null", "/dev/tty00", "/dev/ptmx", "/dev/sd0e", "/bin/sh", "/usr/bin/su",
				"/mnt", "/cells/web", "/proc", "/dev/pts/0", "tmpfs", "null", "ffs", "union", "lo0", "wg0", "bridge0", "kern.hostname", "kern.msgbuf", "proc.2.corename", "proc.curproc.rlimit.descriptors.soft",
				"security.models.cell.list", "security.models.cell.create", "mine", "TIOCSCTTY", "TIOCSTI", "x", "a.b.c"}).Draw(t, p.Name)
		case sim.Switch:
			in[p.Name] = rapid.Bool().Draw(t, p.Name)
		case sim.Word:
			in[p.Name] = rapid.SampledFrom(p.Words).Draw(t, p.Name)
		case sim.Named:
			in[p.Name] = rapid.OneOf(rapid.Int64Range(-1, 40), rapid.Int64()).Draw(t, p.Name)
		case sim.Integers:
			in[p.Name] = rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(p.Min, p.Max)), 0, 20).Draw(t, p.Name)
		case sim.Address:
			in[p.Name] = rapid.SampledFrom([]string{"", "127.0.0.1", "::1", "10.0.0.1", "ff02::1", "224.0.0.1"}).Draw(t, p.Name)
		case sim.Anything:
			in[p.Name] = rapid.SampledFrom([]any{int64(0), int64(1), int64(-1), "", "text", int64(1) << 40}).Draw(t, p.Name)
		}
	}
	return in
}

// Whatever processes do, the kernel stays in one piece: no call panics, no question lacks a field, members are
// counted right, and who is in a cell stays there.
func TestRandomCalls(t *testing.T) {
	calls := sim.Calls()
	rapid.Check(t, func(t *rapid.T) {
		rev := rapid.SampledFrom(secmodel.Revisions()).Draw(t, "revision")
		settings := stock.DefaultSettings().With(stock.SettingSecurelevel, rapid.IntRange(-1, 2).Draw(t, "securelevel")).
			With(stock.SettingCurtain, rapid.IntRange(0, 1).Draw(t, "curtain"))
		k, err := sim.New(sim.Options{Revision: rev, Settings: &settings, MaxProc: 40})
		if err != nil {
			t.Fatal(err)
		}
		var procs []*sim.Process
		home := map[*sim.Process]kernel.CellID{}
		add := func(s sim.SpawnSpec) {
			p, err := k.Spawn(s)
			if err != nil {
				t.Fatal(err)
			}
			procs = append(procs, p)
			home[p] = s.Cell
		}
		add(sim.SpawnSpec{})
		add(sim.SpawnSpec{UID: 1000, GID: 100})
		for i, profile := range []kernel.Profile{kernel.Low, kernel.Medium, kernel.High} {
			name := fmt.Sprintf("cell%d", i)
			if err := k.MakeRoot("/cells/" + name); err != nil {
				t.Fatal(err)
			}
			id, err := k.Create(kernel.Spec{Name: name, Root: "/cells/" + name, Profile: &profile, Ports: []uint16{uint16(7 + i)}})
			if err != nil {
				t.Fatal(err)
			}
			add(sim.SpawnSpec{Cell: id})
			add(sim.SpawnSpec{Cell: id, UID: 1000, GID: 100})
		}
		k.Observe(func(q *sim.Question) {
			if missing := q.Request.ID.Info().Fields &^ q.Request.Given; missing != 0 {
				t.Errorf("%s is asked without %v", q.Request.ID, missing.Fields())
			}
			denied, allowed := false, false
			for _, a := range q.Answers {
				denied = denied || a.Result == policy.Deny
				allowed = allowed || a.Result == policy.Grant
			}
			if (q.Errno == 0) != (allowed && !denied) {
				t.Errorf("%s is %s after %v", q.Request.ID, q.Errno.Name(), q.Answers)
			}
		})
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			p := rapid.SampledFrom(procs).Draw(t, "process")
			c := &calls[rapid.IntRange(0, len(calls)-1).Draw(t, "call")]
			in := anyArguments(t, c)
			v, e, err := p.Call(c.Name, in)
			if err != nil {
				t.Fatalf("%s %v: %v", c.Name, in, err)
			}
			if (c.Name == "fork" || c.Name == "vfork" || c.Name == "posix_spawn") && e == 0 {
				child, ok := k.Process(int(v.(int64)))
				if !ok {
					t.Fatalf("the child %v is not there", v)
				}
				procs = append(procs, child)
				home[child] = p.Cell()
			}
			if rapid.IntRange(0, 9).Draw(t, "tick") == 0 {
				k.Advance(3e8)
			}
		}
		for p, cell := range home {
			if p.Alive() && cell != 0 && p.Cell() != cell {
				t.Errorf("process %s left cell %d for %d", p, cell, p.Cell())
			}
		}
		list, err := k.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			props, _ := k.Properties(c.ID)
			for _, pid := range props.Members {
				if p, ok := k.Process(pid); !ok || p.Cell() != c.ID {
					t.Errorf("cell %d counts process %d, which is not in it", c.ID, pid)
				}
			}
		}
	})
}

// A bundle is swapped as a whole while others ask: each decision is that of one generation, and each is counted.
func TestConcurrentDecisions(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{RingSize: 1 << 16})
	const workers, calls, generations = 4, 200, 50
	load := func(generation uint64) error {
		p := answering(t, map[string]policy.Decision{"system.sysctl.modify": denying(fmt.Sprintf("generation %d", generation)), "system.mknod": denying(fmt.Sprintf("generation %d", generation))})
		return k.Load(bundleFor(generation, p, program.Cell{ID: web, Name: "web"}).Encode(), 0)
	}
	must(t, load(1))
	var all sync.WaitGroup
	for range workers {
		p := spawn(t, k, sim.SpawnSpec{Cell: web})
		all.Go(func() {
			for range calls {
				if e := p.Mknod("/tmp/n", "chr", 0o600, 0, 0); e != kauth.EPERM {
					t.Errorf("mknod: %s", e.Name())
				}
			}
		})
	}
	all.Go(func() {
		for g := range uint64(generations) {
			if err := load(g + 2); err != nil {
				t.Error(err)
			}
		}
	})
	all.Go(func() {
		for range generations {
			status, err := k.Status()
			if err != nil || status.Cells != 1 {
				t.Errorf("%+v %v", status, err)
			}
			if _, err := k.Cells(); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	counts, err := k.Cells()
	must(t, err)
	if counts[0].Denied != workers*calls {
		t.Errorf("%d denials are counted of %d", counts[0].Denied, workers*calls)
	}
	events, err := k.Events(0)
	must(t, err)
	before := 0
	for _, e := range events {
		var generation int
		if _, err := fmt.Sscanf(e.Reason, "generation %d", &generation); err != nil || generation < before || generation > generations+1 {
			t.Fatalf("event %d has the reason %q after generation %d", e.Sequence, e.Reason, before)
		}
		before = generation
	}
	if len(events) != workers*calls {
		t.Errorf("%d events of %d are kept", len(events), workers*calls)
	}
}

// Many goroutines may use a kernel at once: calls never overlap.
func TestConcurrentUse(t *testing.T) {
	k := start(t, sim.Options{})
	const workers = 8
	var all sync.WaitGroup
	for w := range workers {
		name := fmt.Sprintf("cell%d", w)
		must(t, k.MakeRoot("/cells/"+name))
		all.Add(1)
		go func() {
			defer all.Done()
			for range 20 {
				id, err := k.Create(kernel.Spec{Name: name, Root: "/cells/" + name})
				if err != nil {
					t.Error(err)
					return
				}
				p, err := k.Spawn(sim.SpawnSpec{Cell: id})
				if err != nil {
					t.Error(err)
					return
				}
				c, e := p.Fork()
				if e != 0 {
					t.Error(e)
					return
				}
				p.Mknod("/tmp/n", "chr", 0o600, 0, 0)
				k.Advance(1e8)
				if _, err := k.Events(0); err != nil {
					t.Error(err)
				}
				c.Exit(0)
				p.Wait()
				p.Exit(0)
				if err := k.Destroy(id); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	if list, _ := k.List(); len(list) != 0 {
		t.Errorf("%d cells are left", len(list))
	}
}

// Calls of a process that is gone change nothing.
func TestDeadProcessesMakeNoCalls(t *testing.T) {
	k := start(t, sim.Options{})
	p := spawn(t, k, sim.SpawnSpec{})
	p.Exit(0)
	for _, c := range sim.Calls() {
		in := args{}
		for _, prm := range c.Params {
			if prm.Optional {
				continue
			}
			switch prm.Kind {
			case sim.Integer, sim.Named:
				in[prm.Name] = max(prm.Min, 0)
			case sim.Integers:
				in[prm.Name] = []any{}
			case sim.Word:
				in[prm.Name] = prm.Words[0]
			case sim.Switch:
				in[prm.Name] = true
			default:
				in[prm.Name] = ""
			}
		}
		if _, e := do(t, p, c.Name, in); e != kauth.ESRCH {
			t.Errorf("%s of a dead process: %s", c.Name, e.Name())
		}
	}
}

// What the stock tables say about a caller that is known in part is never contradicted by a kernel that asks.
func TestStockTablesAgree(t *testing.T) {
	for _, place := range []stock.Place{stock.Host, stock.In(secmodel.Low), stock.In(secmodel.Medium), stock.In(secmodel.High)} {
		for _, rev := range secmodel.Revisions() {
			k := start(t, sim.Options{Revision: rev, NoEvaluation: true})
			cell := kernel.CellID(0)
			if place != stock.Host {
				must(t, k.MakeRoot("/cells/web"))
				profile := kernel.Profile(place - stock.In(secmodel.Low))
				var err error
				cell, err = k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Profile: &profile})
				must(t, err)
			}
			for _, uid := range []uint32{0, 1000} {
				p := spawn(t, k, sim.SpawnSpec{Cell: cell, UID: uid, GID: uid})
				for _, id := range allRequests() {
					if kauth.Newest().Flags(id).Has(kauth.NeverRaised) {
						continue
					}
					asked := k.Trace(func() { do(t, p, "ask", args{"request": id.String()}) })
					if len(asked) != 1 {
						t.Fatalf("%s asks %d questions", id, len(asked))
					}
					settings := k.Settings()
					known := stocktest.Known{Settings: &settings, Request: &policy.Request{ID: id}, Place: place}
					known.Request.SetInt(kauth.FieldEUID, int64(uid))
					known.Request.SetInt(kauth.FieldUID, int64(uid))
					verdict := stocktest.Judge(stock.Everything(rev, place, id), &known)
					if verdict.Allowed == stock.Yes && asked[0].Errno != 0 || verdict.Allowed == stock.No && asked[0].Errno == 0 {
						t.Errorf("%s %s uid %d %s: the tables say %s, the kernel %s", rev, place, uid, id, verdict, asked[0].Errno.Name())
					}
				}
			}
		}
	}
}

// The clock can be set to times that are further away than a duration reaches; it then stands at the end of its reach
// and still runs forward.
func TestClockFarAway(t *testing.T) {
	k := start(t, sim.Options{})
	ok(t, "settimeofday", k.Init().Settimeofday(time.Unix(1<<36, 0)))
	far := k.Now()
	k.Advance(time.Hour)
	if got := k.Now().Sub(far); got != time.Hour || far.Year() < 2300 {
		t.Errorf("an hour after %s it is %s later", far, got)
	}
	ok(t, "adjtime", k.Init().Adjtime(math.MaxInt32))
	if k.Now().Before(far) {
		t.Errorf("adjtime moved the clock back to %s", k.Now())
	}
	if e := k.Init().Settimeofday(time.Unix(1<<36+1, 0)); e != kauth.EINVAL {
		t.Errorf("beyond the kernel's limit: %s", e.Name())
	}
	ok(t, "settimeofday", k.Init().Settimeofday(time.Unix(0, 0)))
	if !k.Now().Equal(time.Unix(0, 0)) {
		t.Errorf("set to 1970 it is %s", k.Now())
	}
}

// The second question about a raw IPv6 socket carries the protocol of the kernel's table, and not the one that was asked
// for (netinet6/raw_ip6.c, rip6_attach).
func TestRawSocketProtocol(t *testing.T) {
	k := start(t, sim.Options{NoEvaluation: true})
	for wanted, carried := range map[int]int64{0: 58, 58: 58, 103: 103, 255: 255, 200: 0} {
		asked := k.Trace(func() {
			_, e := k.Init().Socket(24, 3, wanted)
			ok(t, "socket", e)
		})
		if len(asked) != 2 || asked[0].Request.Int[kauth.FieldProtocol] != int64(wanted) || asked[1].Request.Int[kauth.FieldProtocol] != carried {
			t.Errorf("protocol %d is asked about as %+v", wanted, asked)
		}
	}
}

// The evaluation model requires secmodel_cell, which is busy then, and else is there to stay as every security model that
// is built in.
func TestUnloadingCellModel(t *testing.T) {
	for without, want := range map[bool]kauth.Errno{true: kauth.EPERM, false: kauth.EBUSY} {
		k := start(t, sim.Options{NoEvaluation: without})
		wantErrno(t, "unload", k.Init().Modctl("unload", "secmodel_cell"), want)
	}
}
