package sim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/kernel/sim"
	"cellsh/policy"
	"cellsh/policy/kauth"
)

// record is one system call that was made on a real kernel.
type record struct {
	Revision, Where    string
	EUID               uint32
	Call, Args, Result string
}

func (r record) String() string {
	return fmt.Sprintf("%s %s euid %d: %s %s", r.Revision, r.Where, r.EUID, r.Call, r.Args)
}

// TestConformance replays every record of every calls file. One that the simulator answers otherwise, or does
// not know, fails the test.
func TestConformance(t *testing.T) {
	folder, files := vectors(t, "*.jsonl")
	if len(files) == 0 {
		t.Fatalf("there are no *.jsonl in %s", folder)
	}
	agree, all := conform(t, files, "records", replayCalls)
	fmt.Printf("conformance: %d of %d records agree\n", agree, all)
}

// conform replays files, fails the test for all that is wrong with them, and prints how many of their items agree.
func conform(t *testing.T, files []string, items string, replay func(file string) (agree, all int, problems []string)) (agree, all int) {
	t.Helper()
	for _, file := range files {
		a, n, problems := replay(file)
		for _, p := range problems {
			t.Error(p)
		}
		fmt.Printf("conformance: %s: %d of %d %s agree\n", filepath.Base(file), a, n, items)
		agree, all = agree+a, all+n
	}
	return agree, all
}

// replayCalls replays a file of records and gives what is wrong with it, by line.
func replayCalls(file string) (agree, all int, problems []string) {
	name := filepath.Base(file)
	lines, err := textLines(file)
	if err != nil {
		return 0, 0, []string{err.Error()}
	}
	for n, line := range lines {
		if line == "" {
			continue
		}
		all++
		problem := func(form string, args ...any) {
			problems = append(problems, fmt.Sprintf("%s:%d: ", name, n+1)+fmt.Sprintf(form, args...))
		}
		r, err := parseRecord(line)
		if err != nil {
			problem("%v", err)
			continue
		}
		got, err := replay(r)
		switch {
		case err != nil:
			problem("%s: %v", r, err)
		case got != r.Result:
			problem("%s is %s, recorded %s", r, got, r.Result)
		default:
			agree++
		}
	}
	if all == 0 {
		problems = append(problems, name+" holds no records")
	}
	return agree, all, problems
}

// parseRecord reads a line. Every field but the arguments must be there, and nothing else.
func parseRecord(line string) (record, error) {
	var raw struct {
		Revision, Where, Call, Args, Result *string
		EUID                                *uint32
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		return record{}, fmt.Errorf("the line is no record: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return record{}, fmt.Errorf("the line goes on behind its record")
	}
	r := record{}
	for _, f := range []struct {
		name string
		from *string
		to   *string
	}{{"revision", raw.Revision, &r.Revision}, {"where", raw.Where, &r.Where}, {"call", raw.Call, &r.Call}, {"args", raw.Args, &r.Args}, {"result", raw.Result, &r.Result}} {
		switch {
		case f.from != nil:
			*f.to = *f.from
		case f.name != "args":
			return record{}, fmt.Errorf("the record has no %s", f.name)
		}
	}
	if raw.EUID == nil {
		return record{}, fmt.Errorf("the record has no euid")
	}
	r.EUID = *raw.EUID
	return r, nil
}

// scene is the machine before one record: two cells, targets everywhere, and the caller.
type scene struct {
	t       testing.TB
	k       *sim.Kernel
	p       *sim.Process
	targets map[string]int
	segment int
	// home is where the caller lives, and born makes another process there or elsewhere.
	home kernel.CellID
	born func(cell kernel.CellID, uid uint32) *sim.Process
}

// The ports that are reserved: those of the caller's cell, and those of the other one.
const (
	ownPort, ownLowPort     = 7000, 80
	otherPort, otherLowPort = 8080, 443
)

func newScene(t testing.TB, r record) (*scene, error) {
	profiles := map[string]kernel.Profile{"host": kernel.High, "low": kernel.Low, "medium": kernel.Medium, "high": kernel.High}
	profile, known := profiles[r.Where]
	if !known {
		return nil, fmt.Errorf("there is no place %q", r.Where)
	}
	if r.Revision != "april" && r.Revision != "current" {
		return nil, fmt.Errorf("there is no revision %q", r.Revision)
	}
	k, recorder := recorderKernel(t, r.Revision)
	s := &scene{t: t, k: k, targets: map[string]int{"init": 1, "none": 9999}}
	medium := kernel.Medium
	web, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Profile: &profile, Ports: []uint16{ownPort, ownLowPort}})
	must(t, err)
	db, err := k.Create(kernel.Spec{Name: "db", Root: "/cells/db", Profile: &medium, Ports: []uint16{otherPort, otherLowPort}})
	must(t, err)
	segment, e := recorder.Ipcget("shm", 0, 4096, 0o600, true)
	ok(t, "shmget", e)
	s.segment = segment
	s.born = func(cell kernel.CellID, uid uint32) *sim.Process {
		p, e := recorder.Fork()
		ok(t, "fork", e)
		switch cell {
		case web:
			inCell(t, p, "/cells/web", web)
		case db:
			inCell(t, p, "/cells/db", db)
		}
		if uid != 0 {
			dropTo(t, p, uid)
		}
		return p
	}
	s.home = web
	if r.Where == "host" {
		s.home = 0
	}
	for name, cell := range map[string]kernel.CellID{"same-cell": s.home, "other-cell": db, "host": 0} {
		s.targets[name+"-root"] = s.born(cell, 0).PID()
		s.targets[name+"-user"] = s.born(cell, 1000).PID()
	}
	s.p = s.born(s.home, r.EUID)
	s.targets["self"] = s.p.PID()
	return s, nil
}

// replay makes the record's call in its scene and gives the result as the recorder wrote it.
func replay(r record) (string, error) {
	return attempt(func(t testing.TB) (string, error) { return replayIn(t, r) })
}

func replayIn(t testing.TB, r record) (string, error) {
	s, err := newScene(t, r)
	if err != nil {
		return "", err
	}
	if r.Call == "kern.proc2 count" && r.Args == "" {
		list, e := s.p.Processes()
		if e != 0 {
			return e.Name(), nil
		}
		return fmt.Sprintf("%d procs", len(list)), nil
	}
	e, err := s.call(r.Call, r.Args)
	return e.Name(), err
}

// words are the arguments of a record: words in order, and values by name. What a form takes is taken away, so that
// whatever is left over is not of the form.
type words struct {
	text  string
	plain []string
	named map[string]string
}

func split(args string) (*words, error) {
	w := &words{text: args, named: map[string]string{}}
	for _, f := range strings.Fields(args) {
		name, value, named := strings.Cut(f, "=")
		if !named {
			w.plain = append(w.plain, f)
			continue
		}
		if _, twice := w.named[name]; twice {
			return nil, fmt.Errorf("the args give %s twice", name)
		}
		w.named[name] = value
	}
	return w, nil
}

// next takes the next plain word, "" if there is none.
func (w *words) next() string {
	if len(w.plain) == 0 {
		return ""
	}
	first := w.plain[0]
	w.plain = w.plain[1:]
	return first
}

// all takes the args as they stand.
func (w *words) all() string {
	w.plain, w.named = nil, nil
	return w.text
}

// value takes the value of a name; false if the args don't have it.
func (w *words) value(name string) (string, bool) {
	v, given := w.named[name]
	delete(w.named, name)
	return v, given
}

// left says whether words are there that nobody took.
func (w *words) left() bool { return len(w.plain) > 0 || len(w.named) > 0 }

// errForm says that the args are none that a call's form has.
var errForm = errors.New("the args are not of the form")

// call makes one call of the forms that testdata/vectors knows. Any other is an error that names it, and so is a word
// that the form does not have: nothing is called then.
func (s *scene) call(call, text string) (kauth.Errno, error) {
	unknown := fmt.Errorf("the form of call %q with args %q is not known", call, text)
	form, known := forms[call]
	w, err := split(text)
	if !known || err != nil {
		return 0, unknown
	}
	run, err := form(s, w)
	if err != nil || w.left() {
		return 0, unknown
	}
	return run(), nil
}

// form reads the args of a call, and gives what makes it.
type form func(s *scene, w *words) (func() kauth.Errno, error)

// forms are the calls that can be recorded.
var forms = map[string]form{
	"acct":         fixed("off", func(s *scene) kauth.Errno { return s.p.Acct("") }),
	"adjtime":      fixed("delta 0", func(s *scene) kauth.Errno { return s.p.Adjtime(0) }),
	"getfh":        fixed("", func(s *scene) kauth.Errno { return s.p.Getfh("/") }),
	"getuid":       fixed("", func(s *scene) kauth.Errno { _, e := do(s.t, s.p, "getuid", nil); return e }),
	"ksem_unlink":  fixed("no such name", func(s *scene) kauth.Errno { return s.p.SemUnlink("/none") }),
	"mknod":        fixed("chr", func(s *scene) kauth.Errno { return s.p.Mknod("/tmp/node", "chr", 0o600, 2, 2) }),
	"modctl_load":  fixed("no such module", func(s *scene) kauth.Errno { return s.p.Modctl("load", "nosuchmodule") }),
	"mq_unlink":    fixed("no such name", func(s *scene) kauth.Errno { return s.p.MqUnlink("/none") }),
	"msgget":       fixed("new private", func(s *scene) kauth.Errno { return s.ipcget("msg") }),
	"semget":       fixed("new private", func(s *scene) kauth.Errno { return s.ipcget("sem") }),
	"shmget":       fixed("new private", func(s *scene) kauth.Errno { return s.ipcget("shm") }),
	"ntp_adjtime":  fixed("modes 0", func(s *scene) kauth.Errno { return s.p.NtpAdjtime(0) }),
	"reboot":       fixed("howto invalid", func(s *scene) kauth.Errno { return s.p.Reboot() }),
	"setlogin":     fixed("", func(s *scene) kauth.Errno { return s.p.Setlogin("joe") }),
	"settimeofday": fixed("same time", func(s *scene) kauth.Errno { return s.p.Settimeofday(s.k.Now()) }),
	"shmat":        fixed("segment of host root mode 0600", func(s *scene) kauth.Errno { return s.p.Shmat(s.segment, false) }),
	"swapctl":      fixed("SWAP_STATS or change", func(s *scene) kauth.Errno { return s.p.Swapctl("on", "/") }),
	"unmount":      fixed("not ours", (*scene).unmount),
	"ioctl": oneOf(map[string]func(*scene) kauth.Errno{
		"SIOCGIFFLAGS lo0":      func(s *scene) kauth.Errno { return s.p.Ifioctl("SIOCGIFFLAGS", "lo0") },
		"SIOCSIFFLAGS lo0 same": func(s *scene) kauth.Errno { return s.p.Ifioctl("SIOCSIFFLAGS", "lo0") },
	}),
	"mount": oneOf(map[string]func(*scene) kauth.Errno{
		"null new":  func(s *scene) kauth.Errno { return s.p.Mount("null", "/tmp", "/etc", 0) },
		"tmpfs new": func(s *scene) kauth.Errno { return s.mountTmpfs(s.p) },
	}),
	"setrlimit": oneOf(map[string]func(*scene) kauth.Errno{
		"core=0": func(s *scene) kauth.Errno {
			return s.setrlimit(4, func(l sim.Rlimit) sim.Rlimit { return sim.Rlimit{Cur: 0, Max: l.Max} })
		},
		"nofile hard+1": func(s *scene) kauth.Errno {
			return s.setrlimit(8, func(l sim.Rlimit) sim.Rlimit { return sim.Rlimit{Cur: l.Cur, Max: l.Max + 1} })
		},
		"nofile lower": func(s *scene) kauth.Errno {
			return s.setrlimit(8, func(l sim.Rlimit) sim.Rlimit { return sim.Rlimit{Cur: l.Cur - 1, Max: l.Max} })
		},
	}),
	"sysctl_write": oneOf(map[string]func(*scene) kauth.Errno{
		"kern.hostname": func(s *scene) kauth.Errno { return s.p.SysctlWrite("kern.hostname", "recorded.example.org") },
		"security.models.cell.create": func(s *scene) kauth.Errno {
			length := uint64(createSize)
			return s.p.Sysctl("security.models.cell.create",
				&sim.SysctlArgs{Old: make([]byte, createSize), OldLen: &length, New: createStruct("new", "/"), NewLen: createSize})
		},
	}),
	"bind":   bindForm,
	"socket": socketForm,
	"chroot": func(s *scene, w *words) (func() kauth.Errno, error) {
		path, given := w.value("path")
		if !given || path == "" {
			return nil, errForm
		}
		return func() kauth.Errno { return s.p.Chroot(path) }, nil
	},
	"getpgid":     onTarget(func(s *scene, pid int) kauth.Errno { _, e := do(s.t, s.p, "getpgid", args{"pid": pid}); return e }),
	"getpriority": onTarget(func(s *scene, pid int) kauth.Errno { _, e := s.p.Getpriority(pid); return e }),
	"kevent_proc": onTarget(func(s *scene, pid int) kauth.Errno { return s.p.KeventProc(pid, false) }),
	"ptrace_attach": onTarget(func(s *scene, pid int) kauth.Errno {
		attach, _ := kauth.PtraceOps.Value("attach")
		return s.p.Ptrace(int(attach), pid)
	}),
	"sched_setaffinity": onTarget(func(s *scene, pid int) kauth.Errno { return s.p.SchedSetaffinity(pid, 0) }),
	"sched_setparam":    targetAnd("priority", func(s *scene, pid, priority int) kauth.Errno { return s.p.SchedSetparam(pid, -1, priority) }),
	"setpriority":       targetAnd("value", func(s *scene, pid, value int) kauth.Errno { return s.p.Setpriority(pid, value) }),
	// The records send signal 0 where they name none.
	"kill": func(s *scene, w *words) (func() kauth.Errno, error) {
		signal := 0
		if name, given := w.value("signal"); given {
			n, known := kauth.Signals.Meant(name)
			if !known {
				return nil, errForm
			}
			signal = int(n)
		}
		return onTarget(func(s *scene, pid int) kauth.Errno { return s.p.Kill(pid, signal) })(s, w)
	},
	"open": func(s *scene, w *words) (func() kauth.Errno, error) {
		path, mode := w.next(), w.next()
		if !strings.HasPrefix(path, "/") || mode != "r" && mode != "w" && mode != "rw" {
			return nil, errForm
		}
		return func() kauth.Errno { _, e := s.p.Open(path, mode); return e }, nil
	},
	"setgroups": func(s *scene, w *words) (func() kauth.Errno, error) {
		var gids []uint32
		list, _ := w.value("groups")
		for _, word := range strings.Split(list, ",") {
			gid, err := strconv.ParseUint(word, 10, 32)
			if err != nil {
				return nil, errForm
			}
			gids = append(gids, uint32(gid))
		}
		return func() kauth.Errno { return s.p.Setgroups(gids...) }, nil
	},
	"setuid": func(s *scene, w *words) (func() kauth.Errno, error) {
		word, _ := w.value("uid")
		uid, err := strconv.ParseUint(word, 10, 32)
		return func() kauth.Errno { return s.p.Setuid(uint32(uid)) }, err
	},
	"sysctl_read": func(s *scene, w *words) (func() kauth.Errno, error) {
		name := w.next()
		// The records say so of one node.
		if name == "kern.msgbuf" && w.next() != "(private)" || !strings.Contains(name, ".") {
			return nil, errForm
		}
		return func() kauth.Errno { _, e := s.p.SysctlRead(name); return e }, nil
	},
}

// fixed is a form whose args are always the same.
func fixed(want string, f func(*scene) kauth.Errno) form {
	return oneOf(map[string]func(*scene) kauth.Errno{want: f})
}

// oneOf is a form whose args are one of a few texts.
func oneOf(texts map[string]func(*scene) kauth.Errno) form {
	return func(s *scene, w *words) (func() kauth.Errno, error) {
		f, known := texts[w.all()]
		if !known {
			return nil, errForm
		}
		return func() kauth.Errno { return f(s) }, nil
	}
}

// onTarget is a form that names a process, and nothing else.
func onTarget(f func(s *scene, pid int) kauth.Errno) form {
	return func(s *scene, w *words) (func() kauth.Errno, error) {
		name, _ := w.value("target")
		pid, known := s.targets[name]
		if !known {
			return nil, errForm
		}
		return func() kauth.Errno { return f(s, pid) }, nil
	}
}

// targetAnd is a form that names a process and a number.
func targetAnd(what string, f func(s *scene, pid, number int) kauth.Errno) form {
	return func(s *scene, w *words) (func() kauth.Errno, error) {
		word, _ := w.value(what)
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		return onTarget(func(s *scene, pid int) kauth.Errno { return f(s, pid, n) })(s, w)
	}
}

func (s *scene) ipcget(kind string) kauth.Errno {
	_, e := s.p.Ipcget(kind, 0, 1, 0o600, true)
	return e
}

func (s *scene) mountTmpfs(p *sim.Process) kauth.Errno { return p.Mount("tmpfs", "/tmp", "tmpfs", 0) }

// unmount finds on /tmp what root of the same place had mounted there before, if it was allowed to.
func (s *scene) unmount() kauth.Errno {
	s.mountTmpfs(s.born(s.home, 0))
	return s.p.Unmount("/tmp")
}

func (s *scene) setrlimit(resource int, change func(sim.Rlimit) sim.Rlimit) kauth.Errno {
	l, e := s.p.Getrlimit(resource)
	ok(s.t, "getrlimit", e)
	return s.p.Setrlimit(resource, change(l))
}

var transports = map[string][3]int{"tcp4": {2, 1, 6}, "tcp6": {24, 1, 6}, "udp4": {2, 2, 17}, "udp6": {24, 2, 17}}

// bindForm also listens where it is TCP. Who has reserved a port is no argument of the call: the scene must have it so.
func bindForm(s *scene, w *words) (func() kauth.Errno, error) {
	tr, known := transports[w.next()]
	word, _ := w.value("port")
	port, err := strconv.ParseUint(word, 10, 16)
	if !known || err != nil {
		return nil, errForm
	}
	owner, _ := w.value("reserved-by")
	if owner != map[uint64]string{ownPort: "own", ownLowPort: "own", otherPort: "other", otherLowPort: "other"}[port] {
		return nil, errForm
	}
	return func() kauth.Errno {
		fd, e := s.p.Socket(tr[0], tr[1], tr[2])
		if e != 0 {
			return e
		}
		if e := s.p.Bind(fd, policy.Addr{}, int(port)); e != 0 || tr[1] != 1 {
			return e
		}
		return s.p.Listen(fd)
	}, nil
}

func socketForm(s *scene, w *words) (func() kauth.Errno, error) {
	domain, ok1 := kauth.Families.Meant(w.next())
	typ, ok2 := kauth.SocketTypes.Value(w.next())
	proto, ok3 := int64(0), true
	if name := w.next(); name != "" {
		proto, ok3 = kauth.Protocols.Value(name)
	}
	if !ok1 || !ok2 || !ok3 {
		return nil, errForm
	}
	return func() kauth.Errno { _, e := s.p.Socket(int(domain), int(typ), int(proto)); return e }, nil
}

// An unknown form must not pass silently.
func TestUnknownFormsAreNamed(t *testing.T) {
	for _, r := range []record{
		{"current", "host", 0, "frobnicate", "", "ok"},
		{"current", "host", 0, "kill", "target=moon", "ok"},
		{"current", "host", 0, "mount", "nfs new", "ok"},
		{"current", "cellar", 0, "getuid", "", "ok"},
		{"may", "host", 0, "getuid", "", "ok"},
		{"april", "host", 0, "setgroups", "groups=wheel", "ok"},
		{"april", "host", 0, "setgroups", "", "ok"},
		{"april", "host", 0, "bind", "sctp4 port=1", "ok"},
		{"april", "host", 0, "socket", "inet raw frob", "ok"},
		{"april", "host", 0, "socket", "inet stream tcp twice", "ok"},
		{"april", "host", 0, "acct", "off now=1", "ok"},
		{"april", "host", 0, "bind", "tcp4 port=8080", "ok"},
		{"april", "host", 0, "bind", "tcp4 port=8080 reserved-by=own", "ok"},
		{"april", "host", 0, "bind", "tcp4 port=9999 reserved-by=other", "ok"},
		{"april", "host", 0, "bind", "tcp4 port=9999 addr=::1", "ok"},
		{"april", "host", 0, "bind", "tcp4 port=65536", "ok"},
		{"april", "host", 0, "kern.proc2 count", "uid=0", "9 procs"},
		{"april", "host", 0, "chroot", "path=", "ok"},
		{"april", "host", 0, "chroot", "path=/ again", "ok"},
		{"april", "host", 0, "chroot", "path=/ fd=3", "ok"},
		{"april", "host", 0, "getpgid", "target=self pid=1", "ok"},
		{"april", "host", 0, "getpriority", "target=self which=user", "ok"},
		{"april", "host", 0, "getuid", "pid=1", "ok"},
		{"april", "host", 0, "kevent_proc", "target=self track", "ok"},
		{"april", "host", 0, "kevent_proc", "target=self note=track", "ok"},
		{"april", "host", 0, "kill", "target=self signal=SIGFROB", "ok"},
		{"april", "host", 0, "kill", "target=self signal=", "ok"},
		{"april", "host", 0, "kill", "target=self group=1", "ok"},
		{"april", "host", 0, "kill", "target=self target=init", "ok"},
		{"april", "host", 0, "kill", "self", "ok"},
		{"april", "host", 0, "ptrace_attach", "target=self op=io", "ok"},
		{"april", "host", 0, "open", "/dev/null", "ok"},
		{"april", "host", 0, "open", "/dev/null r w", "ok"},
		{"april", "host", 0, "open", "/dev/null x", "ok"},
		{"april", "host", 0, "sched_setaffinity", "target=self cpus=1", "ok"},
		{"april", "host", 0, "sched_setparam", "target=self priority=1 class=fifo", "ok"},
		{"april", "host", 0, "sched_setparam", "target=self", "ok"},
		{"april", "host", 0, "setgroups", "groups=100,", "ok"},
		{"april", "host", 0, "setgroups", "groups=100 more", "ok"},
		{"april", "host", 0, "setpriority", "target=self value=1 which=user", "ok"},
		{"april", "host", 0, "setuid", "uid=-1", "ok"},
		{"april", "host", 0, "setuid", "uid=0 gid=0", "ok"},
		{"april", "host", 0, "setrlimit", "nofile hard+1 soft+1", "ok"},
		{"april", "host", 0, "sysctl_read", "kern.ostype (private)", "ok"},
		{"april", "host", 0, "sysctl_read", "kern.ostype twice", "ok"},
		{"april", "host", 0, "sysctl_read", "kern.ostype old=4", "ok"},
	} {
		if got, err := replay(r); err == nil {
			t.Errorf("%s gives %s, and no error", r, got)
		}
	}
}

// Every form that can be recorded is answered at every place, by every caller, in both revisions.
func TestEveryFormIsKnown(t *testing.T) {
	all := map[string][]string{
		"acct": {"off"}, "adjtime": {"delta 0"},
		"bind": {"tcp4 port=0", "tcp4 port=1023", "tcp4 port=1024", "tcp4 port=22", "tcp4 port=443 reserved-by=other", "tcp4 port=7000 reserved-by=own",
			"tcp4 port=80 reserved-by=own", "tcp4 port=8080 reserved-by=other", "tcp4 port=9999", "tcp6 port=8080 reserved-by=other", "tcp6 port=9998",
			"udp4 port=8080 reserved-by=other", "udp4 port=9997"},
		"chroot": {"path=/"}, "getfh": {""}, "getpgid": {"target=other-cell-user"}, "getpriority": {"target=other-cell-user"}, "getuid": {""},
		"ioctl": {"SIOCGIFFLAGS lo0", "SIOCSIFFLAGS lo0 same"}, "kern.proc2 count": {""},
		"kevent_proc": {"target=host-user", "target=other-cell-user", "target=same-cell-user"},
		"kill": {"target=host-root", "target=host-user", "target=init", "target=none", "target=other-cell-root", "target=other-cell-user",
			"target=same-cell-root", "target=same-cell-user", "target=self", "target=host-user signal=SIGCONT"},
		"ksem_unlink": {"no such name"}, "mknod": {"chr"}, "modctl_load": {"no such module"}, "mount": {"null new", "tmpfs new"}, "mq_unlink": {"no such name"},
		"msgget": {"new private"}, "ntp_adjtime": {"modes 0"},
		"open":          {"/dev/mem r", "/dev/null r", "/dev/null rw", "/dev/ptmx rw", "/dev/random rw", "/dev/tty r", "/dev/zero rw"},
		"ptrace_attach": {"target=host-user", "target=other-cell-user", "target=same-cell-root", "target=same-cell-user"}, "reboot": {"howto invalid"},
		"sched_setaffinity": {"target=same-cell-user"}, "sched_setparam": {"target=other-cell-user priority=-1", "target=same-cell-user priority=-1"},
		"semget": {"new private"}, "setgroups": {"groups=100"}, "setlogin": {""},
		"setpriority": {"target=host-user value=1", "target=other-cell-user value=1", "target=same-cell-user value=2", "target=self value=-5", "target=self value=1"},
		"setrlimit":   {"core=0", "nofile hard+1", "nofile lower"}, "settimeofday": {"same time"}, "setuid": {"uid=0", "uid=1000"},
		"shmat": {"segment of host root mode 0600"}, "shmget": {"new private"},
		"socket":       {"inet dgram", "inet raw icmp", "inet stream", "inet6 raw icmp6", "inet6 stream", "route raw", "unix stream"},
		"swapctl":      {"SWAP_STATS or change"},
		"sysctl_read":  {"kern.msgbuf (private)", "kern.msgbufsize", "kern.ostype", "security.models.cell.id", "security.models.cell.list"},
		"sysctl_write": {"kern.hostname", "security.models.cell.create"}, "unmount": {"not ours"},
	}
	for call := range forms {
		if all[call] == nil {
			t.Errorf("no form of call %q is listed", call)
		}
	}
	for call, texts := range all {
		for _, text := range texts {
			for _, revision := range []string{"april", "current"} {
				for _, where := range []string{"host", "low", "medium", "high"} {
					for _, euid := range []uint32{0, 1000} {
						if _, err := replay(record{revision, where, euid, call, text, ""}); err != nil {
							t.Error(err)
						}
					}
				}
			}
		}
	}
}

// Forms that are in no file, with what follows from the source of kernel and model. The answers are those of root and
// of the user on the host, and in a cell of profile low, medium and high, for each revision.
func TestCauses(t *testing.T) {
	const (
		o = "ok"
		p = "EPERM"
		a = "EACCES"
		n = "ENOENT"
	)
	type answers [8]string
	for _, c := range []struct {
		call, args     string
		april, current answers
		cause          string
	}{
		{"acct", "off", answers{o, p, o, p, p, p, p, p}, answers{o, p, o, p, p, p, p, p},
			"system.accounting is root's, and host administration from medium on"},
		{"adjtime", "delta 0", answers{o, p, o, p, p, p, p, p}, answers{o, p, o, p, p, p, p, p}, "system.time.adjtime, even if nothing changes"},
		{"bind", "tcp6 port=8080 reserved-by=other", answers{a, a, a, a, a, a, a, a}, answers{o, a, a, a, a, a, a, a},
			"ports are reserved by number alone; root on the host is exempt now, and was not in April"},
		{"bind", "udp4 port=8080 reserved-by=other", answers{a, a, a, a, a, a, a, a}, answers{o, a, a, a, a, a, a, a}, "so for every protocol"},
		{"ioctl", "SIOCSIFFLAGS lo0 same", answers{o, p, o, p, o, p, o, p}, answers{o, p, o, p, p, p, p, p},
			"network.interface.setpriv comes before the flags are looked at; April leaves interfaces alone"},
		{"kevent_proc", "target=host-user", answers{o, a, o, a, o, a, o, a}, answers{o, a, a, a, a, a, a, a},
			"the target changed its ids, so only root watches it; April looks at cansee and signal alone"},
		{"kill", "target=other-cell-user", answers{o, p, p, p, p, p, p, p}, answers{o, p, p, p, p, p, p, p}, "only root on the host reaches into cells"},
		{"kill", "target=same-cell-root signal=SIGCONT", answers{o, o, o, o, o, o, o, o}, answers{o, o, o, o, o, o, o, o},
			"all are of one session, in which SIGCONT may go to everybody"},
		{"kill", "target=host-root signal=SIGCONT", answers{o, o, p, p, p, p, p, p}, answers{o, o, p, p, p, p, p, p}, "but not out of a cell"},
		{"kill", "target=same-cell-root signal=SIGTERM", answers{o, p, o, p, o, p, o, p}, answers{o, p, o, p, o, p, o, p}, "other signals go to processes of the own user"},
		{"modctl_load", "no such module", answers{n, p, n, p, p, p, p, p}, answers{n, p, n, p, p, p, p, p}, "the question comes before the search"},
		{"open", "/dev/zero rw", answers{o, o, o, o, o, o, o, o}, answers{o, o, o, o, p, p, p, p}, "mode 0666; April leaves devices alone"},
		{"reboot", "howto invalid", answers{1: p, 3: p, 4: p, 5: p, 6: p, 7: p}, answers{1: p, 3: p, 4: p, 5: p, 6: p, 7: p}, "the question comes before the argument"},
		{"sched_setaffinity", "target=same-cell-user", answers{o, p, o, p, o, p, o, p}, answers{o, p, o, p, o, p, o, p}, "users need user_set_cpu_affinity"},
		{"setpriority", "target=host-user value=1", answers{o, o, o, o, o, o, o, o}, answers{o, o, a, a, a, a, a, a},
			"the nice value of one's own user may rise; now not from a cell into the host"},
		{"setrlimit", "nofile hard+1", answers{o, p, o, p, o, p, o, p}, answers{o, p, o, p, o, p, o, p},
			"users may not raise the hard limit; for root it is cut to kern.maxfiles without an error"},
		{"shmat", "segment of host root mode 0600", answers{o, a, o, a, o, a, a, a}, answers{o, a, o, a, o, a, a, a}, "high denies system.sysvipc, the others let root in"},
		{"socket", "inet6 raw icmp6", answers{o, p, o, p, o, p, o, p}, answers{o, p, o, p, p, p, p, p},
			"network.socket.open keeps users out; network.socket.rawsock is asked for IPv6 only, and denied from medium on"},
		{"sysctl_read", "kern.msgbufsize", answers{o, p, p, p, p, p, p, p}, answers{o, p, p, p, p, p, p, p}, "private nodes are hidden in every cell"},
	} {
		for revision, want := range map[string]answers{"april": c.april, "current": c.current} {
			for at := range want {
				r := record{revision, []string{"host", "low", "medium", "high"}[at/2], uint32(at%2) * 1000, c.call, c.args, want[at]}
				if r.Result == "" {
					continue
				}
				if got, err := replay(r); err != nil || got != r.Result {
					t.Errorf("%s is %s (%v), want %s: %s", r, got, err, r.Result, c.cause)
				}
			}
		}
	}
}

const createSize = 424

// createStruct is struct cell_create with the fields that tests need.
func createStruct(name, root string) []byte {
	b := make([]byte, createSize)
	copy(b[104:168], name)
	copy(b[168:], root)
	return b
}
