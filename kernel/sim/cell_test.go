package sim_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
	"cellsh/policy/stock"
)

func TestCreateRefuses(t *testing.T) {
	good := kernel.Spec{Name: "new", Root: "/cells/web"}
	cases := []struct {
		what   string
		change func(*kernel.Spec)
		errno  kauth.Errno
		text   string
		hint   string
	}{
		{"a name that nobody takes", func(s *kernel.Spec) { s.Name = ".." }, 0, "the name must not be . or ..", ""},
		{"a relative root", func(s *kernel.Spec) { s.Root = "web" }, 0, `absolute path of at most 255 bytes, but is "web"`, ""},
		{"the host's root", func(s *kernel.Spec) { s.Root = "/" }, 0, "must be a directory of its own, but / is the root directory of the host", "--yes"},
		{"the host's root in other words", func(s *kernel.Spec) { s.Root = "/cells/../cells/.." }, 0, "is the root directory of the host", "--yes"},
		{"a link to the host's root", func(s *kernel.Spec) { s.Root = "/all" }, 0, "but /all is the root directory of the host", "--yes"},
		{"a missing root", func(s *kernel.Spec) { s.Root = "/cells/none" }, kauth.ENOENT, "/cells/none does not", "make the directory first"},
		{"a file as root", func(s *kernel.Spec) { s.Root = "/etc/passwd" }, kauth.ENOTDIR, "/etc/passwd is none", ""},
		{"a root below a file", func(s *kernel.Spec) { s.Root = "/etc/passwd/x" }, kauth.ENOTDIR, "", ""},
		{"a name that is taken", func(s *kernel.Spec) { s.Name = "web" }, kauth.EEXIST, "cell 1 has it", ""},
		{"a port that is taken", func(s *kernel.Spec) { s.Ports = []uint16{80, 443} }, kauth.EEXIST, "port 443 must be free, but is reserved by cell web", "by number alone"},
	}
	for _, c := range cases {
		k := start(t, sim.Options{})
		must(t, k.MakeRoot("/cells/web"))
		do(t, k.Init(), "symlink", args{"target": "/", "path": "/all"})
		if _, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Ports: []uint16{443}}); err != nil {
			t.Fatal(err)
		}
		s := good
		c.change(&s)
		_, err := k.Create(s)
		var refused *kernel.Error
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if refused.Errno != c.errno || !strings.Contains(refused.Text, c.text) || !strings.Contains(refused.Hint, c.hint) {
			t.Errorf("%s: %s (hint %q)\n\twant %s with %q (hint %q)", c.what, refused, refused.Hint, c.errno.Name(), c.text, c.hint)
		}
		if list, _ := k.List(); len(list) != 1 {
			t.Errorf("%s: there are %d cells afterwards", c.what, len(list))
		}
	}
}

// Who really wants the host's own root gets it.
func TestHostRoot(t *testing.T) {
	k := start(t, sim.Options{})
	if _, err := k.Create(kernel.Spec{Name: "all", Root: "/", HostRoot: true}); err != nil {
		t.Error(err)
	}
}

func TestDestroyRefuses(t *testing.T) {
	k := start(t, sim.Options{})
	must(t, k.MakeRoot("/cells/web"))
	web, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
	must(t, err)
	master := spawn(t, k, sim.SpawnSpec{Cell: web, Name: "httpd", PID: 311})
	var workers []*sim.Process
	for range 6 {
		p, e := master.Fork()
		ok(t, "fork", e)
		workers = append(workers, p)
	}
	workers[0].Exit(0)
	refusal := func(id kernel.CellID) *kernel.Error {
		t.Helper()
		var refused *kernel.Error
		if err := k.Destroy(id); !errors.As(err, &refused) {
			t.Fatalf("destroy %d: %v", id, err)
		}
		return refused
	}
	if e := refusal(0); e.Errno != kauth.EINVAL {
		t.Error(e)
	}
	if e := refusal(99); e.Errno != kauth.ENOENT || e.Op != "destroy cell 99" {
		t.Error(e)
	}
	e := refusal(web)
	if want := "still has 7 processes: 2 httpd (zombie), 3 httpd, 4 httpd, 5 httpd, 6 httpd, and 2 more"; e.Errno != kauth.EBUSY || !strings.Contains(e.Text, want) || e.Hint == "" {
		t.Errorf("%s, want %q", e, want)
	}
	for _, p := range workers {
		p.Exit(0)
		master.Wait()
	}
	if e := refusal(web); !strings.Contains(e.Text, "still has 1 process: 311 httpd") {
		t.Error(e)
	}
	master.Exit(0)
	must(t, k.Destroy(web))
	if _, there := k.Properties(web); there {
		t.Error("the cell is still there")
	}
}

// List gives everything that a spec sets, and Properties what the kernel tells nobody.
func TestListAndProperties(t *testing.T) {
	k := start(t, sim.Options{})
	must(t, k.MakeRoot("/cells/web"))
	k.Advance(90 * time.Second)
	medium := kernel.Medium
	ten, unlimited := uint64(10), uint64(kauth.Unlimited)
	id, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Profile: &medium, Ports: []uint16{443, 80}, Nofile: &ten, AS: &unlimited})
	must(t, err)
	p := spawn(t, k, sim.SpawnSpec{Cell: id})
	list, err := k.List()
	must(t, err)
	c := list[0]
	if c.ID != id || c.Name != "web" || c.Root != "/cells/web" || c.Created != 90*time.Second || *c.Nofile != 10 || *c.AS != unlimited || c.Core != nil || c.References != 0 {
		t.Errorf("the list has %+v", c)
	}
	props, _ := k.Properties(id)
	if props.Profile != medium || !slices.Equal(props.Ports, []uint16{443, 80}) || !slices.Equal(props.Members, []int{p.PID()}) {
		t.Errorf("the properties are %+v", props)
	}
}

// The sample is taken at full seconds, and the mean is that of the last ten.
func TestSampling(t *testing.T) {
	k := start(t, sim.Options{HZ: 100})
	must(t, k.MakeRoot("/cells/web"))
	id, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
	must(t, err)
	cell := func() kernel.Cell {
		list, err := k.List()
		must(t, err)
		return list[0]
	}
	p := spawn(t, k, sim.SpawnSpec{Cell: id, VMSize: 1 << 20})
	c, e := p.Fork()
	ok(t, "fork", e)
	k.Advance(900 * time.Millisecond)
	if got := cell(); got.Processes != 0 {
		t.Errorf("before the first full second there are %d", got.Processes)
	}
	p.Run(500 * time.Millisecond)
	k.Advance(100 * time.Millisecond)
	if got := cell(); got.Processes != 2 || got.References != 2 || got.Memory != 2<<20 || got.Ticks1s != 50 || got.Ticks10s != 50 {
		t.Errorf("after one second it is %+v", got)
	}
	c.Exit(0)
	p.Run(time.Second)
	if got := cell(); got.Processes != 2 {
		t.Error("the sample changed between full seconds")
	}
	k.Advance(time.Second)
	if got := cell(); got.Processes != 1 || got.References != 2 || got.Ticks1s != 100 || got.Ticks10s != 75 {
		t.Errorf("after two seconds it is %+v", got)
	}
	k.Advance(8 * time.Second)
	if got := cell(); got.Ticks1s != 0 || got.Ticks10s != 15 {
		t.Errorf("after ten seconds it is %+v", got)
	}
	k.Advance(time.Second)
	if got := cell(); got.Ticks10s != 10 {
		t.Errorf("the first second should be out of the window, but the mean is %d", got.Ticks10s)
	}
	k.Advance(time.Second)
	if got := cell(); got.Ticks10s != 0 {
		t.Errorf("both seconds should be out of the window, but the mean is %d", got.Ticks10s)
	}
	p.Exit(0)
	if got := cell(); got.References != 2 {
		t.Error("the sample changed between full seconds")
	}
	k.Advance(time.Second)
	if got := cell(); got.References != 0 || got.Memory != 0 {
		t.Errorf("after the end of all it is %+v", got)
	}
}

// Denials are logged once a second for each of the three kinds, and by the current revision alone.
func TestDenyLog(t *testing.T) {
	for rev, want := range map[secmodel.Revision]int{secmodel.Current: 4, secmodel.April: 0} {
		k := start(t, sim.Options{Revision: rev, NoEvaluation: true})
		must(t, k.MakeRoot("/cells/web"))
		id, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web"})
		must(t, err)
		p := spawn(t, k, sim.SpawnSpec{Cell: id})
		for range 3 {
			p.Mknod("/tmp/n", "chr", 0o600, 0, 0)
			p.Kill(1, 15)
			p.Acct("")
		}
		k.Advance(999 * time.Millisecond)
		p.Acct("")
		k.Advance(time.Millisecond)
		p.Acct("")
		p.SysctlWrite("kern.hostname", "h")
		p.Socket(34, 3, 0)
		n := 0
		log, _ := k.Log()
		for _, l := range log {
			if strings.HasPrefix(l.Text, "secmodel_cell: deny ") {
				n++
			}
		}
		if n != want {
			t.Errorf("%s logs %d denials, want %d: %v", rev, n, want, log)
		}
	}
}

func TestLogIsBounded(t *testing.T) {
	k := start(t, sim.Options{})
	// Lines that are gone are counted, also in a state that was saved between.
	before := 0
	for more := range 6000 {
		k.Init().Reboot()
		lines, lost := k.Log()
		if n := len(lines); n > 2048 || n < 2048 && lost > 0 || before != 0 && n+int(lost) != before+1 {
			t.Fatalf("after %d calls the log has %d lines, and %d are lost", more, n, lost)
		}
		before = len(lines) + int(lost)
	}
	r, err := sim.Restore(marshal(t, k))
	must(t, err)
	lines, lost := r.Log()
	if len(lines)+int(lost) != before || len(lines) != 2048 {
		t.Errorf("the log has %d lines again, and %d are lost, together not %d", len(lines), lost, before)
	}
	if !k.Halted() {
		t.Error("after a reboot the machine has not halted")
	}
}

func TestSpawnRefuses(t *testing.T) {
	k := start(t, sim.Options{MaxProc: 5})
	other := start(t, sim.Options{})
	living := spawn(t, k, sim.SpawnSpec{})
	dead := spawn(t, k, sim.SpawnSpec{})
	dead.Exit(0)
	for _, c := range []struct {
		spec sim.SpawnSpec
		text string
	}{
		{sim.SpawnSpec{Cell: 7}, "there is no cell 7"},
		{sim.SpawnSpec{Root: "/none"}, "/none is none"},
		{sim.SpawnSpec{PID: 70000}, "2 to 30000, but is 70000"},
		{sim.SpawnSpec{PID: 1}, "2 to 30000, but is 1"},
		{sim.SpawnSpec{PID: living.PID()}, "is taken"},
		{sim.SpawnSpec{Parent: other.Init()}, "living process of this kernel"},
		{sim.SpawnSpec{Parent: dead}, "living process of this kernel"},
	} {
		var refused *kernel.Error
		if _, err := k.Spawn(c.spec); !errors.As(err, &refused) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("spawn %+v: %v, want %q", c.spec, err, c.text)
		}
	}
	spawn(t, k, sim.SpawnSpec{})
	if _, err := k.Spawn(sim.SpawnSpec{}); err == nil || !strings.Contains(err.Error(), "kern.maxproc") {
		t.Errorf("a full process table: %v", err)
	}
}

func TestOptions(t *testing.T) {
	level := func(v int) *stock.Settings {
		s := stock.DefaultSettings().With(stock.SettingSecurelevel, v)
		return &s
	}
	for _, o := range []sim.Options{{Revision: secmodel.JailEarly}, {Settings: level(-2)}, {Settings: level(3)}, {HZ: -1}, {HZ: 1 << 20}, {RingSize: -1}, {RingSize: 1 << 30}, {MaxProc: -1}, {MaxProc: 1 << 20}} {
		if _, err := sim.New(o); err == nil {
			t.Errorf("%+v passes", o)
		}
	}
	k := start(t, sim.Options{})
	info := k.Info()
	if !info.Simulated || info.Name != "sim" || info.Version != kauth.NetBSD109912.Version || info.Revision != secmodel.Current || info.HZ != 100 || info.Missing[kernel.CapEnter] == "" {
		t.Errorf("the information is %+v", info)
	}
	if gid, ok := k.Group("operator"); !ok || gid != 5 {
		t.Errorf("operator is %d", gid)
	}
	if id, err := k.Current(); id != 0 || err != nil {
		t.Error(id, err)
	}
	for i := range k.Settings() {
		which := stock.Setting(i)
		lo, hi := which.Range()
		for _, v := range []int{lo - 1, hi + 1} {
			if err := k.SetSettings(k.Settings().With(which, v)); err == nil || !strings.Contains(err.Error(), which.Words()+" must be") {
				t.Errorf("%s %d: %v", which, v, err)
			}
		}
	}
	must(t, k.SetSettings(k.Settings().With(stock.SettingSecurelevel, 2)))
	p := spawn(t, k, sim.SpawnSpec{})
	wantErrno(t, "a mount at securelevel 2", p.Mount("tmpfs", "/mnt", "tmpfs", 0), kauth.EPERM)
	must(t, k.Close())
}

// What a host admin prepares: directories, roots with devices, addresses.
func TestPreparing(t *testing.T) {
	k := start(t, sim.Options{})
	must(t, k.MakeRoot("/srv/cells/web"))
	must(t, k.MakeRoot("/srv/cells/web"))
	p := spawn(t, k, sim.SpawnSpec{Root: "/srv/cells/web", UID: 80})
	fd, e := p.Open("/dev/null", "rw")
	wantErrno(t, "open in the root", e, 0)
	wantErrno(t, "close", p.CloseFD(fd), 0)
	i, e := p.Stat("/tmp")
	if ok(t, "stat", e); i.String() != "directory 1777 0 0" {
		t.Errorf("/tmp is %s", i)
	}
	if p.Root() != "/srv/cells/web" || k.Init().Root() != "/" {
		t.Errorf("the roots are %s and %s", p.Root(), k.Init().Root())
	}
	for _, path := range []string{"cells", "", "/etc/passwd", "/etc/passwd/x"} {
		if err := k.MakeRoot(path); err == nil {
			t.Errorf("a root at %q passes", path)
		} else if !strings.Contains(err.Error(), "must") {
			t.Errorf("the error is %v", err)
		}
		if err := k.Mkdir(path); err == nil {
			t.Errorf("a directory at %q passes", path)
		}
	}
}

// What people see of questions, answers and credentials.
func TestWords(t *testing.T) {
	k, web, _ := evaluated(t, sim.Options{})
	p := spawn(t, k, sim.SpawnSpec{Cell: web, UID: 80, Name: "httpd"})
	trace := k.Trace(func() { p.Mknod("/tmp/n", "chr", 0o600, 2, 2) })
	q := trace[0]
	if q.String() != "system.mknod: EPERM" || q.PID != p.PID() || q.Subject.String() != "uid 80, cell 1" {
		t.Errorf("the question is %s of process %d, %s", &q, q.PID, q.Subject)
	}
	var lines []string
	for _, a := range q.Answers {
		lines = append(lines, a.String())
	}
	want := []string{"suser (secmodel_suser) defers", "cell (secmodel_cell) defers", "evaluation (secmodel_celleval) denies: " + stock.FallbackReason}
	for _, w := range want {
		if !slices.Contains(lines, w) {
			t.Errorf("%q is not among %q", w, lines)
		}
	}
	if p.String() != "2 httpd" || p.Cell() != web || !p.Alive() || p.ChangedIDs() {
		t.Errorf("the process is %s in cell %d", p, p.Cell())
	}
	k.Advance(1500 * time.Millisecond)
	k.Init().Reboot()
	log, _ := k.Log()
	if got := log[len(log)-1].String(); got != "[   1.5000000] rebooting... (by pid 1, cell 0)" {
		t.Errorf("the log line is %q", got)
	}
}

// An observer that was there before still sees what a trace sees.
func TestTraceKeepsTheObserver(t *testing.T) {
	k := start(t, sim.Options{})
	seen := 0
	k.Observe(func(*sim.Question) { seen++ })
	traced := len(k.Trace(func() { k.Init().Getfh("/") }))
	k.Init().Getfh("/")
	if traced != 1 || seen != 2 {
		t.Errorf("the trace saw %d, the observer %d", traced, seen)
	}
}

// Whatever bytes are written to the create node, the kernel refuses them, or makes a cell that can be listed,
// saved and destroyed.
func FuzzCreateNode(f *testing.F) {
	f.Add(createStruct("web", "/cells/web"), uint64(createSize), uint64(createSize), false)
	f.Add(createStruct(strings.Repeat("n", 64), strings.Repeat("/", 256)), uint64(createSize), uint64(0), true)
	f.Fuzz(func(t *testing.T, in []byte, newLen, oldLen uint64, april bool) {
		o := sim.Options{NoEvaluation: true}
		if april {
			o.Revision = secmodel.April
		}
		k := start(t, o)
		must(t, k.Mkdir("/cells/web"))
		a := &sim.SysctlArgs{New: in, NewLen: newLen, Old: make([]byte, min(oldLen, 1024)), OldLen: &oldLen}
		e := k.Init().Sysctl("security.models.cell.create", a)
		list, err := k.List()
		must(t, err)
		if e == 0 && len(list) != 1 || !april && e != 0 && len(list) != 0 {
			t.Fatalf("%s, and there are %d cells", e.Name(), len(list))
		}
		if _, err := sim.Restore(marshal(t, k)); err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			must(t, k.Destroy(c.ID))
		}
	})
}

// The clock may stand still for years and then go on: samples are those of a clock that moved second by second.
func TestLongPauses(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, 9500 * time.Millisecond, 22 * time.Second, 24 * time.Second, time.Hour} {
		var lists [2][]kernel.Cell
		for i, step := range []time.Duration{time.Second / 2, pause} {
			k, web, _ := evaluated(t, sim.Options{})
			p := spawn(t, k, sim.SpawnSpec{Cell: web})
			for range 3 {
				p.Run(time.Second)
				k.Advance(time.Second)
			}
			p.Run(time.Second)
			for left := pause; left > 0; left -= step {
				k.Advance(min(step, left))
			}
			p.Run(time.Second)
			k.Advance(time.Second)
			list, err := k.List()
			must(t, err)
			lists[i] = list
		}
		if !reflect.DeepEqual(lists[0], lists[1]) {
			t.Errorf("after %s: %+v, but second by second %+v", pause, lists[1], lists[0])
		}
	}
	k, _, _ := evaluated(t, sim.Options{})
	for range 3 {
		k.Advance(math.MaxInt64)
	}
	if up := k.Uptime(); up != 100*365*24*time.Hour {
		t.Errorf("the clock must stand at 100 years, but is at %s", up)
	}
}

// Fields that are said to tell what is open do so, and nothing is open that fields tell which were given.
func TestAskAgain(t *testing.T) {
	k := start(t, sim.Options{})
	id, err := k.Create(kernel.Spec{Name: "web", Root: "/", HostRoot: true})
	must(t, err)
	k.Observe(func(*sim.Question) {})
	p, err := k.Spawn(sim.SpawnSpec{Cell: id})
	must(t, err)
	told := 0
	for id := range kauth.RequestID(kauth.NumRequests) {
		r := policy.Request{ID: id}
		first, errno := p.Ask(&r)
		if errno != 0 {
			t.Fatal(errno.Name())
		}
		for _, o := range first.Open {
			if o.Fields == 0 {
				continue
			}
			told++
			again := r
			for _, f := range o.Fields.Fields() {
				if r.Given.Has(f) || !id.Info().Fields.Has(f) {
					t.Errorf("%s: %s can't be what tells whether %s", id, f, o.If)
				}
				again.SetInt(f, 1)
			}
			second, errno := p.Ask(&again)
			if errno != 0 {
				t.Fatal(errno.Name())
			}
			if slices.ContainsFunc(second.Open, func(left sim.Open) bool { return left.If == o.If }) {
				t.Errorf("%s: %s is given, and still it is open whether %s", id, o.Fields.Fields(), o.If)
			}
		}
	}
	if told == 0 {
		t.Error("some conditions must be such that fields tell them")
	}
}

// A request is asked by itself: with the fields that are given, the process's credential, and nothing known of objects.
func TestAsk(t *testing.T) {
	k := start(t, sim.Options{})
	seen := 0
	k.Observe(func(*sim.Question) { seen++ })
	p, err := k.Spawn(sim.SpawnSpec{UID: 80, GID: 80})
	must(t, err)
	ask := func(name string, set func(*policy.Request)) *sim.Question {
		t.Helper()
		id, ok := kauth.Find(name)
		if !ok {
			t.Fatal(name)
		}
		r := policy.Request{ID: id}
		if set != nil {
			set(&r)
		}
		q, errno := p.Ask(&r)
		if errno != 0 {
			t.Fatal(errno.Name())
		}
		return q
	}
	if q := ask("network.bind.privport", func(r *policy.Request) { r.SetInt(kauth.FieldPort, 80) }); q.Errno != kauth.EPERM || len(q.Open) > 0 || q.Subject.EUID != 80 || q.Request.Int[kauth.FieldUID] != 80 {
		t.Errorf("%+v", q)
	}
	self := func(r *policy.Request) { r.SetInt(kauth.FieldTargetIsSelf, 1) }
	if q := ask("process.signal", self); q.Errno != 0 || len(q.Open) > 0 {
		t.Errorf("a process may send itself signals, but: %+v", q)
	}
	if q := ask("process.signal", nil); q.Errno != kauth.EPERM || !slices.ContainsFunc(q.Open, func(o sim.Open) bool {
		return o.If == "the caller's real or effective user id is the target's real or effective one" && o.Fields == 0
	}) {
		t.Errorf("whose process it is must be open, but: %+v", q)
	}
	if seen != 3 {
		t.Errorf("the observer must see all questions, but saw %d", seen)
	}
	k.Observe(nil)
	p.Exit(0)
	if q, errno := p.Ask(&policy.Request{}); q != nil || errno != kauth.ESRCH {
		t.Errorf("a process that is gone asks nothing, but: %+v, %s", q, errno.Name())
	}
}
