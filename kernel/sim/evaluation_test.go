package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/interval"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/stock"
)

func request(t testing.TB, name string) kauth.RequestID {
	t.Helper()
	id, known := kauth.Find(name)
	if !known {
		t.Fatalf("there is no request %s", name)
	}
	return id
}

// answering is a program that gives one decision to each of the requests named.
func answering(t testing.TB, answers map[string]policy.Decision) *program.Program {
	t.Helper()
	var roots []program.Root
	var leaves []policy.Decision
	for name, d := range answers {
		roots = append(roots, program.Root{Request: request(t, name), Ref: program.LeafRef(len(leaves))})
		leaves = append(leaves, d)
	}
	slices.SortFunc(roots, func(a, b program.Root) int { return int(a.Request) - int(b.Request) })
	p, err := program.New(roots, nil, leaves)
	must(t, err)
	return p
}

func denying(reason string) policy.Decision {
	return policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: reason}}
}

func granting(reason string) policy.Decision {
	return policy.Decision{Answer: policy.Answer{Result: policy.Grant, Reason: reason}}
}

func auditing(reason string) policy.Decision {
	return policy.Decision{Answer: policy.Answer{Result: policy.Allow}, Would: policy.Answer{Result: policy.Deny, Reason: reason}}
}

// bundleFor gives the program to every cell that is named.
func bundleFor(generation uint64, p *program.Program, cells ...program.Cell) *program.Bundle {
	b := &program.Bundle{Vocabulary: &kauth.NetBSD109912, Generation: generation, Fallback: stock.Fallback(), Cells: cells}
	if len(cells) > 0 && p != nil {
		b.Programs = []*program.Program{p}
	}
	return b
}

// evaluated is a kernel with cells web (profile low) and db (profile high).
func evaluated(t testing.TB, o sim.Options) (k *sim.Kernel, web, db kernel.CellID) {
	t.Helper()
	k = start(t, o)
	make := func(name string, profile kernel.Profile) kernel.CellID {
		must(t, k.MakeRoot("/cells/"+name))
		id, err := k.Create(kernel.Spec{Name: name, Root: "/cells/" + name, Profile: &profile})
		must(t, err)
		return id
	}
	return k, make("web", kernel.Low), make("db", kernel.High)
}

func spawn(t testing.TB, k *sim.Kernel, s sim.SpawnSpec) *sim.Process {
	t.Helper()
	p, err := k.Spawn(s)
	must(t, err)
	return p
}

func wantErrno(t testing.TB, what string, got, want kauth.Errno) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got.Name(), want.Name())
	}
}

func sethostname(p *sim.Process) kauth.Errno { return p.SysctlWrite("kern.hostname", "h") }

// A cell without a program falls back: the stock high table if its profile is low, else only its profile.
func TestFallback(t *testing.T) {
	k, web, db := evaluated(t, sim.Options{})
	inWeb, inDB := spawn(t, k, sim.SpawnSpec{Cell: web}), spawn(t, k, sim.SpawnSpec{Cell: db})

	// No bundle is loaded. A bare low would let root of the cell do this.
	wantErrno(t, "low cell while no bundle is loaded", sethostname(inWeb), kauth.EPERM)
	if p, fallback := k.Program(web); p != stock.Fallback() || !fallback {
		t.Error("the low cell is not answered by the built-in fallback")
	}
	if p, _ := k.Program(db); p != nil {
		t.Error("the high cell is answered by more than its profile")
	}
	wantErrno(t, "high cell", sethostname(inDB), kauth.EPERM)

	allowing := answering(t, map[string]policy.Decision{"system.reboot": denying("no")})
	must(t, k.Load(bundleFor(1, allowing, program.Cell{ID: web, Name: "web"}).Encode(), 0))
	wantErrno(t, "covered low cell", sethostname(inWeb), 0)
	wantErrno(t, "high cell keeps its profile", sethostname(inDB), kauth.EPERM)

	// A bundle's own fallback replaces the built-in one, for cells that come later too.
	b := bundleFor(2, allowing, program.Cell{ID: db, Name: "db"})
	b.Fallback = answering(t, map[string]policy.Decision{"system.accounting": denying("locked down")})
	must(t, k.Load(b.Encode(), 0))
	wantErrno(t, "low cell under another fallback", sethostname(inWeb), 0)
	wantErrno(t, "what the fallback denies", inWeb.Acct(""), kauth.EPERM)
	must(t, k.MakeRoot("/cells/late"))
	low := kernel.Low
	late, err := k.Create(kernel.Spec{Name: "late", Root: "/cells/late", Profile: &low})
	must(t, err)
	inLate := spawn(t, k, sim.SpawnSpec{Cell: late})
	wantErrno(t, "a cell made later", inLate.Acct(""), kauth.EPERM)
	wantErrno(t, "a cell made later", sethostname(inLate), 0)

	// FallbackAll reaches cells with a stricter profile as well.
	b = bundleFor(3, nil)
	b.FallbackScope = program.FallbackAll
	b.Fallback = answering(t, map[string]policy.Decision{"network.socket.open": denying("locked down")})
	must(t, k.Load(b.Encode(), 0))
	_, e := inDB.Socket(2, 1, 0)
	wantErrno(t, "lockdown of a high cell", e, kauth.EPERM)
	host := spawn(t, k, sim.SpawnSpec{UID: 1000})
	_, e = host.Socket(2, 1, 0)
	wantErrno(t, "the host is never asked about", e, 0)
}

// A program denies and grants; a denial by any model wins.
func TestProgramAnswers(t *testing.T) {
	k, web, db := evaluated(t, sim.Options{})
	p := answering(t, map[string]policy.Decision{
		"network.socket.open":   denying("no sockets"),
		"network.bind.privport": granting("web may"),
		"system.mknod":          granting("the profile denies it all the same"),
	})
	must(t, k.Load(bundleFor(1, p, program.Cell{ID: web, Name: "web"}, program.Cell{ID: db, Name: "db"}).Encode(), 0))
	user := spawn(t, k, sim.SpawnSpec{Cell: web, UID: 80, GID: 80, Name: "httpd"})
	_, e := user.Socket(2, 1, 0)
	wantErrno(t, "socket", e, kauth.EPERM)

	trace := k.Trace(func() { user.Socket(2, 1, 0) })
	if len(trace) != 1 || trace[0].Errno != kauth.EPERM || trace[0].Request.ID.String() != "network.socket.open" {
		t.Fatalf("the trace is %v", trace)
	}
	last := trace[0].Answers[len(trace[0].Answers)-1]
	if last.Model != "evaluation" || last.Result != policy.Deny || last.Reason != "no sockets" {
		t.Errorf("the evaluation model's answer is %+v", last)
	}

	must(t, k.Load(bundleFor(2, answering(t, map[string]policy.Decision{"network.bind.privport": granting("web may")}), program.Cell{ID: web, Name: "web"}).Encode(), 0))
	fd, e := user.Socket(2, 1, 0)
	ok(t, "socket", e)
	wantErrno(t, "granted port", user.Bind(fd, policy.Addr{}, 80), 0)

	root := spawn(t, k, sim.SpawnSpec{Cell: db})
	wantErrno(t, "a grant against the profile", root.Mknod("/tmp/n", "chr", 0o600, 2, 2), kauth.EPERM)
}

// Requests that are asked under a spin lock are never put to programs, even if one had a root for them.
func TestSpinRequestsAreNotEvaluated(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{RecordAll: true})
	must(t, k.Load(bundleFor(1, answering(t, map[string]policy.Decision{"system.reboot": denying("no")}), program.Cell{ID: web, Name: "web"}).Encode(), 0))
	p := spawn(t, k, sim.SpawnSpec{Cell: web})
	const roundRobin = 2
	asked := false
	for _, q := range k.Trace(func() { wantErrno(t, "sched_setparam", p.SchedSetparam(p.PID(), roundRobin, 5), 0) }) {
		asked = asked || q.Request.ID.String() == "process.scheduler_setparam"
	}
	if !asked {
		t.Fatal("the call asked no request of a spin lock")
	}
	p.Acct("")
	events, err := k.Events(0)
	must(t, err)
	for _, ev := range events {
		if kauth.Newest().Flags(ev.Request).Has(kauth.Spin) {
			t.Errorf("%s was evaluated", ev.Request)
		}
	}
	if len(events) == 0 {
		t.Error("nothing was evaluated")
	}
}

// process.fork carries how many members the caller's cell has, zombies too: policies limit it.
func TestForkBudget(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	fork := request(t, "process.fork")
	const most = 4
	p, err := program.New([]program.Root{{Request: fork, Ref: 0}},
		[]program.Node{{Op: program.InSet, Field: kauth.FieldMembers, Set: interval.Between(0, most-1), Yes: program.LeafRef(0), No: program.LeafRef(1)}},
		[]policy.Decision{policy.Allowed, denying("4 processes are enough")})
	must(t, err)
	must(t, k.Load(bundleFor(1, p, program.Cell{ID: web, Name: "web"}).Encode(), 0))
	root := spawn(t, k, sim.SpawnSpec{Cell: web, UID: 80})
	spawn(t, k, sim.SpawnSpec{UID: 80}) // A process of the host does not count.
	var last *sim.Process
	for n := 1; n < most; n++ {
		c, e := root.Fork()
		wantErrno(t, fmt.Sprintf("fork with %d members", n), e, 0)
		last = c
	}
	_, e := root.Fork()
	wantErrno(t, "fork beyond the budget", e, kauth.EAGAIN)
	last.Exit(0)
	_, e = root.Fork()
	wantErrno(t, "fork with a zombie", e, kauth.EAGAIN)
	_, _, e = root.Wait()
	ok(t, "wait", e)
	_, e = root.Fork()
	wantErrno(t, "fork after the zombie is gone", e, 0)
}

// answered says who answers for each cell: "1 by program, named".
func answered(t testing.TB, k *sim.Kernel) []string {
	t.Helper()
	cells, err := k.Cells()
	must(t, err)
	var list []string
	for _, c := range cells {
		s := fmt.Sprintf("%d by %s", c.Cell, map[kernel.Answered]string{kernel.ByProfile: "profile", kernel.ByFallback: "fallback", kernel.ByProgram: "program"}[c.Answered])
		if c.Named {
			s += ", named"
		}
		list = append(list, s)
	}
	return list
}

// Load takes a bundle as a whole or not at all, and says why not.
func TestLoadRefuses(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	p := answering(t, map[string]policy.Decision{"system.reboot": denying("no")})
	cell := program.Cell{ID: web, Name: "web"}
	loaded := bundleFor(7, p, cell)
	loaded.Attachment = 2
	must(t, k.Load(loaded.Encode(), 0))
	change := func(f func(b *program.Bundle)) []byte {
		b := bundleFor(8, p, cell)
		f(b)
		return b.Encode()
	}
	damaged := change(func(*program.Bundle) {})
	damaged[len(damaged)-1] ^= 1
	other := change(func(*program.Bundle) {})
	cases := []struct {
		what   string
		bundle []byte
		errno  kauth.Errno
		text   string
	}{
		{"no bytes", nil, kauth.EFTYPE, "sound"},
		{"a text", []byte("policy web\n"), kauth.EFTYPE, "must start with"},
		{"a damaged one", damaged, kauth.EFTYPE, "checksum"},
		{"a cut one", other[:len(other)-8], kauth.EFTYPE, "length"},
		{"generation 0", change(func(b *program.Bundle) { b.Generation = 0 }), kauth.EINVAL, "at least 1"},
		{"an older generation", change(func(b *program.Bundle) { b.Generation = 6 }), kauth.EEXIST, "higher than 7, but is 6"},
		{"the same generation", change(func(b *program.Bundle) { b.Generation, b.Attachment = 7, 3 }), kauth.EEXIST, "higher than 7, but is 7"},
		{"an unknown cell", change(func(b *program.Bundle) { b.Cells = []program.Cell{{ID: 99, Name: "web"}} }), kauth.ENOENT, "cell 99 (web)"},
	}
	for _, c := range cases {
		err := k.Load(c.bundle, 0)
		var refused *kernel.Error
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if refused.Errno != c.errno || !strings.Contains(refused.Error(), c.text) {
			t.Errorf("%s: %s, want %s with %q", c.what, refused, c.errno.Name(), c.text)
		}
		if got, _ := k.Program(web); got == nil {
			t.Errorf("%s: the loaded program is gone", c.what)
		}
		s, err := k.Status()
		must(t, err)
		if s.Generation != 7 || s.Attachment != 2 {
			t.Errorf("%s: generation %d.%d is loaded", c.what, s.Generation, s.Attachment)
		}
	}
}

// A destroyed cell is no longer covered, and its id is never given to another.
func TestStatusFollowsCells(t *testing.T) {
	k, web, db := evaluated(t, sim.Options{})
	p := answering(t, map[string]policy.Decision{"system.reboot": denying("no")})
	must(t, k.Load(bundleFor(1, p, program.Cell{ID: web, Name: "web"}, program.Cell{ID: db, Name: "db"}).Encode(), 0))
	must(t, k.Destroy(web))
	if got := answered(t, k); !slices.Equal(got, []string{"2 by program, named"}) {
		t.Errorf("answered are %q", got)
	}
	again, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
	must(t, err)
	if again == web {
		t.Error("an id is used again")
	}
	if p, _ := k.Program(again); p != nil {
		t.Error("a cell of the same name inherits the program")
	}
}

// The ring keeps what matters, or everything, and is bounded.
func TestEvents(t *testing.T) {
	answers := map[string]policy.Decision{
		"network.socket.open":     denying("no sockets"),
		"system.mknod":            granting("fine"),
		"system.accounting":       auditing("would not"),
		"system.fs_quota.nolimit": denying("a probe"),
	}
	calls := func(p *sim.Process) {
		p.Socket(2, 1, 0)
		p.Mknod("/tmp/n", "chr", 0o600, 2, 2)
		p.Acct("")
		do(t, p, "write_full", args{"limit": "quota"})
		p.Chroot("/")
	}
	names := func(k *sim.Kernel, after uint64) (got []string) {
		events, err := k.Events(after)
		must(t, err)
		for _, ev := range events {
			got = append(got, fmt.Sprintf("%d %s %s %s", ev.Sequence, ev.Request, ev.Result, ev.Would.Result))
		}
		return got
	}

	k, web, _ := evaluated(t, sim.Options{})
	must(t, k.Load(bundleFor(1, answering(t, answers), program.Cell{ID: web, Name: "web"}).Encode(), 0))
	p := spawn(t, k, sim.SpawnSpec{Cell: web, Name: "httpd"})
	calls(p)
	want := []string{"1 network.socket.open deny ", "2 system.mknod grant ", "3 system.accounting allow deny"}
	if got := names(k, 0); !slices.Equal(got, want) {
		t.Errorf("kept are %q, want %q", got, want)
	}
	if got := names(k, 2); !slices.Equal(got, want[2:]) {
		t.Errorf("after 2 come %q", got)
	}
	events, err := k.Events(0)
	must(t, err)
	if ev := events[0]; ev.Cell != web || ev.Name != "web" || ev.PID != p.PID() || ev.EUID != 0 || ev.Reason != "no sockets" || ev.Fallback {
		t.Errorf("the event is %+v", ev)
	}
	stats, err := k.Cells()
	must(t, err)
	if s := stats[0]; s.Cell != web || s.Denied != 1 || s.Granted != 1 || s.WouldDeny != 1 || s.Decisions < 5 {
		t.Errorf("the statistics are %+v", s)
	}

	k, web, _ = evaluated(t, sim.Options{RecordAll: true, RingSize: 4})
	must(t, k.Load(bundleFor(1, answering(t, answers), program.Cell{ID: web, Name: "web"}).Encode(), 0))
	p = spawn(t, k, sim.SpawnSpec{Cell: web})
	for range 3 {
		calls(p)
	}
	events, err = k.Events(0)
	must(t, err)
	if len(events) != 4 {
		t.Fatalf("a ring of 4 keeps %d", len(events))
	}
	for i, ev := range events {
		if i > 0 && ev.Sequence != events[i-1].Sequence+1 {
			t.Errorf("the events are not in order: %d after %d", ev.Sequence, events[i-1].Sequence)
		}
	}
	if last := events[3]; last.Request.String() != "system.chroot.chroot" || last.Result != policy.Allow {
		t.Errorf("the last of all decisions is %s %s", last.Request, last.Result)
	}
}

// Fallback decisions are marked as such.
func TestEventsOfTheFallback(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	p := spawn(t, k, sim.SpawnSpec{Cell: web})
	wantErrno(t, "sethostname", sethostname(p), kauth.EPERM)
	events, err := k.Events(0)
	must(t, err)
	if len(events) != 1 || !events[0].Fallback || events[0].Reason != stock.FallbackReason {
		t.Errorf("the events are %+v", events)
	}
}

// Without the evaluation model everything about it is missing, and says so.
func TestWithoutEvaluation(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{NoEvaluation: true})
	if why := k.Info().Missing[kernel.CapEvaluation]; why == "" {
		t.Error("the information does not say why the evaluation model is missing")
	}
	if _, err := k.Evaluator(); err == nil {
		t.Error("there is an evaluator")
	}
	_, e1 := k.Status()
	_, e2 := k.Cells()
	_, e3 := k.Events(0)
	for _, err := range []error{k.Load(bundleFor(1, nil).Encode(), 0), e1, e2, e3} {
		var missing *kernel.UnsupportedError
		if !errors.As(err, &missing) || missing.Capability != kernel.CapEvaluation {
			t.Errorf("the error is %v", err)
		}
	}
	p := spawn(t, k, sim.SpawnSpec{Cell: web})
	wantErrno(t, "a bare low cell", sethostname(p), 0)
	for _, q := range k.Trace(func() { sethostname(p) }) {
		for _, a := range q.Answers {
			if a.Model == "evaluation" {
				t.Errorf("%s was evaluated", q.Request.ID)
			}
		}
	}

	with, _, _ := evaluated(t, sim.Options{})
	if _, err := with.Evaluator(); err != nil {
		t.Error(err)
	}
}

// Programs know the cells that the bundle names, and no others: also those that have no program.
func TestNamesOfTargets(t *testing.T) {
	k, web, db := evaluated(t, sim.Options{})
	inWeb, inDB, onHost := spawn(t, k, sim.SpawnSpec{Cell: web}), spawn(t, k, sim.SpawnSpec{Cell: db}), spawn(t, k, sim.SpawnSpec{})
	id := request(t, "process.signal")
	// A leaf of its own for each name.
	names := []string{"", "web", "db", policy.UnknownCell}
	var nodes []program.Node
	leaves := []policy.Decision{{Answer: policy.Answer{Result: policy.Allow, Reason: "another", Record: true}}}
	for i, name := range names {
		next := program.Ref(i + 1)
		if i+1 == len(names) {
			next = program.LeafRef(0)
		}
		nodes = append(nodes, program.Node{Op: program.Eq, Field: kauth.FieldTargetCell, Text: name, Yes: program.LeafRef(i + 1), No: next})
		leaves = append(leaves, policy.Decision{Answer: policy.Answer{Result: policy.Allow, Reason: "to " + name, Record: true}})
	}
	p, err := program.New([]program.Root{{Request: id, Ref: 0}}, nodes, leaves)
	must(t, err)
	seen := uint64(0)
	last := func(target *sim.Process) string {
		inWeb.Kill(target.PID(), 0)
		events, err := k.Events(seen)
		must(t, err)
		said := ""
		for _, e := range events {
			seen = e.Sequence
			if e.Request == id {
				said = e.Reason
			}
		}
		return said
	}
	webOnly := bundleFor(1, p, program.Cell{ID: web, Name: "web"})
	both := bundleFor(2, p, program.Cell{ID: web, Name: "web"}, program.Cell{ID: db, Name: "db", Program: program.NameOnly})
	for _, c := range []struct {
		b    *program.Bundle
		inDB string
	}{{webOnly, "to ?"}, {both, "to db"}} {
		must(t, k.Load(c.b.Encode(), 0))
		for _, x := range []struct {
			what   string
			target *sim.Process
			want   string
		}{{"itself", inWeb, "to web"}, {"the other cell", inDB, c.inDB}, {"the host", onHost, "to "}} {
			if got := last(x.target); got != x.want {
				t.Errorf("a signal to %s is asked as %q, want %q", x.what, got, x.want)
			}
		}
	}
	if got := answered(t, k); !slices.Equal(got, []string{"1 by program, named", "2 by profile, named"}) {
		t.Errorf("answered are %q", got)
	}
	if got, _ := k.Program(db); got != nil {
		t.Error("a cell of which only the name is told has a program")
	}
}

// What a policy wants to have recorded is kept in the ring, and stays so in a saved state.
func TestRecord(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	recorded := policy.Decision{Answer: policy.Answer{Result: policy.Allow, Reason: "seen", Record: true}}
	plain := policy.Decision{Answer: policy.Answer{Result: policy.Allow, Reason: "not seen"}}
	must(t, k.Load(bundleFor(1, answering(t, map[string]policy.Decision{"system.accounting": recorded, "system.sysctl.modify": plain}), program.Cell{ID: web, Name: "web"}).Encode(), 0))
	p := spawn(t, k, sim.SpawnSpec{Cell: web})
	sethostname(p)
	p.Acct("")
	for range 2 {
		events, err := k.Events(0)
		must(t, err)
		if len(events) != 1 || events[0].Decision != recorded {
			t.Fatalf("the ring has %+v", events)
		}
		text, err := k.Marshal()
		must(t, err)
		k, err = sim.Restore(text)
		must(t, err)
	}
}

// Attach gives cells programs beside those that are loaded, and refuses what does not belong to them.
func TestAttach(t *testing.T) {
	k, web, db := evaluated(t, sim.Options{})
	p := answering(t, map[string]policy.Decision{"system.reboot": denying("no")})
	q := answering(t, map[string]policy.Decision{"system.mknod": denying("no")})
	must(t, k.Load(bundleFor(3, p, program.Cell{ID: web, Name: "web"}).Encode(), 0))
	more := func(attachment uint32, p *program.Program, cells ...program.Cell) *program.Bundle {
		b := bundleFor(3, p, cells...)
		b.Attachment = attachment
		return b
	}
	first := more(2, p, program.Cell{ID: db, Name: "db"})
	must(t, k.Attach(first.Encode()))
	if got := answered(t, k); !slices.Equal(got, []string{"1 by program, named", "2 by program, named"}) {
		t.Errorf("answered are %q", got)
	}
	// Equal programs are one, also from several bundles.
	both := len(more(0, p, program.Cell{ID: web, Name: "web"}, program.Cell{ID: db, Name: "db"}).Encode())
	if s, err := k.Status(); err != nil || s.Generation != 3 || s.Attachment != 2 || s.Programs != 1 || s.Cells != 2 || s.Bytes != both {
		t.Errorf("the status is %+v, %v", s, err)
	}
	must(t, k.Attach(more(3, q, program.Cell{ID: db, Name: "db"}).Encode()))
	if a, _ := k.Program(web); a == nil || len(a.Roots()) == 0 || a.Roots()[0].Request.String() != "system.reboot" {
		t.Error("the program of another cell is changed")
	}
	if b, _ := k.Program(db); b == nil || b.Roots()[0].Request.String() != "system.mknod" {
		t.Error("the program is not replaced")
	}
	must(t, k.Attach(more(4, nil, program.Cell{ID: db, Name: "db", Program: program.NameOnly}).Encode()))
	if got := answered(t, k); !slices.Equal(got, []string{"1 by program, named", "2 by profile, named"}) {
		t.Errorf("answered are %q", got)
	}
	if s, err := k.Status(); err != nil || s.Programs != 1 {
		t.Errorf("the status is %+v, %v", s, err)
	}
	other := more(5, p, program.Cell{ID: db, Name: "db"})
	other.Fallback = p
	later := more(9, p, program.Cell{ID: db, Name: "db"})
	later.Generation = 4
	for _, c := range []struct {
		what  string
		b     *program.Bundle
		errno kauth.Errno
		text  string
	}{
		{"the same attachment", more(4, p, program.Cell{ID: db, Name: "db"}), kauth.EEXIST, "higher than 3.4, but is 3.4"},
		{"another generation", later, kauth.ESRCH, "the loaded one, 3, but is 4"},
		{"another fallback", other, kauth.EINVAL, "the fallback must be the loaded one"},
		{"no such cell", more(5, p, program.Cell{ID: 99, Name: "x"}), kauth.ENOENT, "cell 99 (x)"},
	} {
		var refused *kernel.Error
		if err := k.Attach(c.b.Encode()); !errors.As(err, &refused) || refused.Errno != c.errno || !strings.Contains(refused.Error(), c.text) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if s, err := k.Status(); err != nil || s.Attachment != 4 {
		t.Errorf("what is refused changes the status to %+v, %v", s, err)
	}
}

// What is not confirmed in time goes, with what was attached to it; also in a kernel that is saved meanwhile.
func TestWindow(t *testing.T) {
	p := answering(t, map[string]policy.Decision{"system.accounting": denying("1")})
	q := answering(t, map[string]policy.Decision{"system.accounting": denying("2")})
	for _, saved := range []bool{false, true} {
		k, web, db := evaluated(t, sim.Options{})
		again := func() {
			if saved {
				text, err := k.Marshal()
				must(t, err)
				k, err = sim.Restore(text)
				must(t, err)
			}
		}
		generation := func(want, back uint64, left time.Duration) {
			t.Helper()
			again()
			if s, err := k.Status(); err != nil || s.Generation != want || s.Back != back || s.Left != left || s.Waits != (left > 0) {
				t.Errorf("the status is %+v, %v; want generation %d, %s before %d", s, err, want, left, back)
			}
		}
		cell := program.Cell{ID: web, Name: "web"}
		must(t, k.Load(bundleFor(1, p, cell).Encode(), time.Second))
		generation(1, 0, time.Second)
		k.Advance(time.Second)
		generation(0, 0, 0)
		must(t, k.Load(bundleFor(2, p, cell).Encode(), time.Second))
		must(t, k.Confirm(2))
		k.Advance(time.Minute)
		generation(2, 0, 0)
		must(t, k.Load(bundleFor(3, q, cell).Encode(), time.Minute))
		attached := bundleFor(3, q, program.Cell{ID: db, Name: "db"})
		attached.Attachment = 1
		must(t, k.Attach(attached.Encode()))
		k.Advance(time.Second)
		generation(3, 2, 59*time.Second)
		// The next one takes the place, and what comes back stays.
		must(t, k.Load(bundleFor(4, q, cell).Encode(), 2*time.Minute))
		generation(4, 2, 2*time.Minute)
		k.Advance(2*time.Minute - 1)
		generation(4, 2, 1)
		k.Advance(1)
		generation(2, 0, 0)
		in := spawn(t, k, sim.SpawnSpec{Cell: web})
		in.Acct("")
		events, err := k.Events(0)
		must(t, err)
		if len(events) != 1 || events[0].Reason != "1" || events[0].Generation != 2 {
			t.Errorf("the events are %+v", events)
		}
		// A number is used once.
		if err := k.Load(bundleFor(4, p, cell).Encode(), 0); !errors.Is(err, kauth.EEXIST) {
			t.Errorf("a generation that was there is loaded: %v", err)
		}
		must(t, k.Load(bundleFor(5, p, cell).Encode(), time.Minute))
		for _, err := range []error{k.Confirm(4), k.Revert(2)} {
			if !errors.Is(err, kauth.ESRCH) {
				t.Errorf("a generation that does not wait: %v", err)
			}
		}
		must(t, k.Revert(5))
		generation(2, 0, 0)
		// Without a window what waits is replaced, and nothing comes back.
		must(t, k.Load(bundleFor(6, p, cell).Encode(), time.Minute))
		must(t, k.Load(bundleFor(7, p, cell).Encode(), 0))
		k.Advance(time.Hour)
		generation(7, 0, 0)
	}
}

// Wait ends with the next event, or with its context, and asks nobody meanwhile.
func TestWait(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{RecordAll: true})
	must(t, k.Load(bundleFor(1, nil, program.Cell{ID: web, Name: "web", Program: program.NameOnly}).Encode(), 0))
	in := spawn(t, k, sim.SpawnSpec{Cell: web})
	done := make(chan error)
	go func() { done <- k.Wait(t.Context(), 0) }()
	in.Acct("")
	must(t, <-done)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- k.Wait(ctx, 1<<40) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

// A bundle of an older format is refused, with a word.
func TestOldBundle(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	text := bundleFor(1, answering(t, map[string]policy.Decision{"system.reboot": denying("no")}), program.Cell{ID: web, Name: "web"}).Encode()
	text[8] = 1
	err := k.Load(text, 0)
	var refused *kernel.Error
	if !errors.As(err, &refused) || refused.Errno != kauth.EPROGMISMATCH || !strings.Contains(refused.Text, "must have version 2 of the format, but has version 1") || !strings.Contains(refused.Hint, "load the policies again") {
		t.Errorf("got %v", err)
	}
}

// The numbers of ioctl commands were worked out twice, and agree.
func TestIoctlNames(t *testing.T) {
	seen := 0
	for name, number := range sim.IoctlNumbers() {
		if number == 0 {
			continue // no question carries it
		}
		seen++
		if got, ok := kauth.Commands.Name(number); !ok || got != name {
			t.Errorf("%s is %#x, which is called %q", name, number, got)
		}
	}
	if seen < 10 {
		t.Errorf("only %d commands have numbers", seen)
	}
}
