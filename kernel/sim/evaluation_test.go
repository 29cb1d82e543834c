package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

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
	if len(cells) > 0 {
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
	must(t, k.Load(bundleFor(1, allowing, program.Cell{ID: web, Name: "web"}).Encode()))
	wantErrno(t, "covered low cell", sethostname(inWeb), 0)
	wantErrno(t, "high cell keeps its profile", sethostname(inDB), kauth.EPERM)

	// A bundle's own fallback replaces the built-in one, for cells that come later too.
	b := bundleFor(2, allowing, program.Cell{ID: db, Name: "db"})
	b.Fallback = answering(t, map[string]policy.Decision{"system.accounting": denying("locked down")})
	must(t, k.Load(b.Encode()))
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
	must(t, k.Load(b.Encode()))
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
	must(t, k.Load(bundleFor(1, p, program.Cell{ID: web, Name: "web"}, program.Cell{ID: db, Name: "db"}).Encode()))
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

	must(t, k.Load(bundleFor(2, answering(t, map[string]policy.Decision{"network.bind.privport": granting("web may")}), program.Cell{ID: web, Name: "web"}).Encode()))
	fd, e := user.Socket(2, 1, 0)
	ok(t, "socket", e)
	wantErrno(t, "granted port", user.Bind(fd, policy.Addr{}, 80), 0)

	root := spawn(t, k, sim.SpawnSpec{Cell: db})
	wantErrno(t, "a grant against the profile", root.Mknod("/tmp/n", "chr", 0o600, 2, 2), kauth.EPERM)
}

// Requests that are asked under a spin lock are never put to programs, even if one had a root for them.
func TestSpinRequestsAreNotEvaluated(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{RecordAll: true})
	must(t, k.Load(bundleFor(1, answering(t, map[string]policy.Decision{"system.reboot": denying("no")}), program.Cell{ID: web, Name: "web"}).Encode()))
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
	must(t, k.Load(bundleFor(1, p, program.Cell{ID: web, Name: "web"}).Encode()))
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

// Load takes a bundle as a whole or not at all, and says why not.
func TestLoadRefuses(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	p := answering(t, map[string]policy.Decision{"system.reboot": denying("no")})
	cell := program.Cell{ID: web, Name: "web"}
	loaded := bundleFor(7, p, cell)
	loaded.Attachment = 2
	must(t, k.Load(loaded.Encode()))
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
		{"no bytes", nil, kauth.EINVAL, "sound"},
		{"a text", []byte("policy web\n"), kauth.EINVAL, "must start with"},
		{"a damaged one", damaged, kauth.EINVAL, "checksum"},
		{"a cut one", other[:len(other)-8], kauth.EINVAL, "length"},
		{"generation 0", change(func(b *program.Bundle) { b.Generation = 0 }), kauth.EINVAL, "at least 1"},
		{"an older generation", change(func(b *program.Bundle) { b.Generation = 6 }), kauth.EEXIST, "higher than 7.2, but is 6.0"},
		{"the same generation", change(func(b *program.Bundle) { b.Generation, b.Attachment = 7, 2 }), kauth.EEXIST, "7.2"},
		{"an older attachment", change(func(b *program.Bundle) { b.Generation, b.Attachment = 7, 1 }), kauth.EEXIST, "7.1"},
		{"an unknown cell", change(func(b *program.Bundle) { b.Cells = []program.Cell{{ID: 99, Name: "web"}} }), kauth.ENOENT, "cell 99 (web)"},
		{"a cell of another name", change(func(b *program.Bundle) { b.Cells = []program.Cell{{ID: web, Name: "mail"}} }), kauth.ENOENT, "mail, but is web"},
	}
	for _, c := range cases {
		err := k.Load(c.bundle)
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
	b := bundleFor(7, p, cell)
	b.Attachment = 3
	must(t, k.Load(b.Encode()))
	s, err := k.Status()
	must(t, err)
	if s.Attachment != 3 || s.Programs != 1 || !slices.Equal(s.Covered, []kernel.CellID{web}) || s.Bytes != len(b.Encode()) {
		t.Errorf("the status is %+v", s)
	}
}

// A destroyed cell is no longer covered, and its id is never given to another.
func TestStatusFollowsCells(t *testing.T) {
	k, web, db := evaluated(t, sim.Options{})
	p := answering(t, map[string]policy.Decision{"system.reboot": denying("no")})
	must(t, k.Load(bundleFor(1, p, program.Cell{ID: web, Name: "web"}, program.Cell{ID: db, Name: "db"}).Encode()))
	must(t, k.Destroy(web))
	s, err := k.Status()
	must(t, err)
	if !slices.Equal(s.Covered, []kernel.CellID{db}) {
		t.Errorf("covered are %v", s.Covered)
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
	must(t, k.Load(bundleFor(1, answering(t, answers), program.Cell{ID: web, Name: "web"}).Encode()))
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
	stats, err := k.Statistics()
	must(t, err)
	if s := stats[0]; s.Cell != web || s.Denied != 1 || s.Granted != 1 || s.WouldDeny != 1 || s.Decisions < 5 {
		t.Errorf("the statistics are %+v", s)
	}

	k, web, _ = evaluated(t, sim.Options{RecordAll: true, RingSize: 4})
	must(t, k.Load(bundleFor(1, answering(t, answers), program.Cell{ID: web, Name: "web"}).Encode()))
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
	_, e2 := k.Statistics()
	_, e3 := k.Events(0)
	for _, err := range []error{k.Load(bundleFor(1, nil).Encode()), e1, e2, e3} {
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
		must(t, k.Load(c.b.Encode()))
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
	s, err := k.Status()
	must(t, err)
	if !slices.Equal(s.Covered, []kernel.CellID{web}) || !slices.Equal(s.Named, []kernel.CellID{web, db}) {
		t.Errorf("the status is %+v", s)
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
	must(t, k.Load(bundleFor(1, answering(t, map[string]policy.Decision{"system.accounting": recorded, "system.sysctl.modify": plain}), program.Cell{ID: web, Name: "web"}).Encode()))
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

// A bundle of an older format is refused, with a word.
func TestOldBundle(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	text := bundleFor(1, answering(t, map[string]policy.Decision{"system.reboot": denying("no")}), program.Cell{ID: web, Name: "web"}).Encode()
	text[8] = 1
	err := k.Load(text)
	var refused *kernel.Error
	if !errors.As(err, &refused) || refused.Errno != kauth.EINVAL || !strings.Contains(refused.Text, "must have version 2 of the format, but has version 1") || !strings.Contains(refused.Hint, "load the policies again") {
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
