package sim_test

import (
	"encoding/json"
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
}

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
	web, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Profile: &profile, Ports: []uint16{7000, 80}})
	must(t, err)
	db, err := k.Create(kernel.Spec{Name: "db", Root: "/cells/db", Profile: &medium, Ports: []uint16{8080, 443}})
	must(t, err)
	segment, e := recorder.Ipcget("shm", 0, 4096, 0o600, true)
	ok(t, "shmget", e)
	s.segment = segment
	born := func(cell kernel.CellID, uid uint32) *sim.Process {
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
	home := web
	if r.Where == "host" {
		home = 0
	}
	for name, cell := range map[string]kernel.CellID{"same-cell": home, "other-cell": db, "host": 0} {
		s.targets[name+"-root"] = born(cell, 0).PID()
		s.targets[name+"-user"] = born(cell, 1000).PID()
	}
	s.p = born(home, r.EUID)
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
	if r.Call == "kern.proc2 count" {
		list, e := s.p.Processes()
		if e != 0 {
			return e.Name(), nil
		}
		return fmt.Sprintf("%d procs", len(list)), nil
	}
	e, err := s.call(r.Call, r.Args)
	return e.Name(), err
}

// words are the arguments of a record: words in order, and values by name.
type words struct {
	plain []string
	named map[string]string
}

func split(args string) words {
	w := words{named: map[string]string{}}
	for _, f := range strings.Fields(args) {
		if name, value, ok := strings.Cut(f, "="); ok {
			w.named[name] = value
		} else {
			w.plain = append(w.plain, f)
		}
	}
	return w
}

// call makes one call of the forms that testdata/vectors knows. Any other is an error that names it.
func (s *scene) call(call, text string) (kauth.Errno, error) {
	p, w := s.p, split(text)
	unknown := fmt.Errorf("the form of call %q with args %q is not known", call, text)
	target := func() (int, error) {
		pid, ok := s.targets[w.named["target"]]
		if !ok {
			return 0, unknown
		}
		return pid, nil
	}
	number := func(name string) (int, error) {
		n, err := strconv.Atoi(w.named[name])
		if err != nil {
			return 0, unknown
		}
		return n, nil
	}
	// Forms with fixed arguments.
	fixed := func(want string, f func() kauth.Errno) (kauth.Errno, error) {
		if text != want {
			return 0, unknown
		}
		return f(), nil
	}
	switch call {
	case "acct":
		return fixed("off", func() kauth.Errno { return p.Acct("") })
	case "adjtime":
		return fixed("delta 0", func() kauth.Errno { return p.Adjtime(0) })
	case "bind":
		return s.bind(w, unknown)
	case "chroot":
		if w.named["path"] == "" {
			return 0, unknown
		}
		return p.Chroot(w.named["path"]), nil
	case "getfh":
		return fixed("", func() kauth.Errno { return p.Getfh("/") })
	case "getpgid":
		pid, err := target()
		_, e := do(s.t, p, "getpgid", args{"pid": pid})
		return e, err
	case "getpriority":
		pid, err := target()
		_, e := p.Getpriority(pid)
		return e, err
	case "getuid":
		return fixed("", func() kauth.Errno { _, e := do(s.t, p, "getuid", nil); return e })
	case "ioctl":
		switch text {
		case "SIOCGIFFLAGS lo0", "SIOCSIFFLAGS lo0 same":
			return p.Ifioctl(w.plain[0], "lo0"), nil
		}
		return 0, unknown
	case "kevent_proc":
		pid, err := target()
		return p.KeventProc(pid, false), err
	case "kill":
		pid, err := target()
		return p.Kill(pid, 0), err
	case "ksem_unlink":
		return fixed("no such name", func() kauth.Errno { return p.SemUnlink("/none") })
	case "mknod":
		return fixed("chr", func() kauth.Errno { return p.Mknod("/tmp/node", "chr", 0o600, 2, 2) })
	case "modctl_load":
		return fixed("no such module", func() kauth.Errno { return p.Modctl("load", "nosuchmodule") })
	case "mount":
		switch text {
		case "null new":
			return p.Mount("null", "/tmp", "/etc", 0), nil
		case "tmpfs new":
			return p.Mount("tmpfs", "/tmp", "tmpfs", 0), nil
		}
		return 0, unknown
	case "mq_unlink":
		return fixed("no such name", func() kauth.Errno { return p.MqUnlink("/none") })
	case "msgget", "semget", "shmget":
		return fixed("new private", func() kauth.Errno {
			_, e := p.Ipcget(call[:3], 0, 1, 0o600, true)
			return e
		})
	case "ntp_adjtime":
		return fixed("modes 0", func() kauth.Errno { return p.NtpAdjtime(0) })
	case "open":
		if len(w.plain) != 2 || len(w.named) != 0 {
			return 0, unknown
		}
		_, e := p.Open(w.plain[0], w.plain[1])
		return e, nil
	case "ptrace_attach":
		pid, err := target()
		return p.Ptrace(9, pid), err
	case "reboot":
		return fixed("howto invalid", p.Reboot)
	case "sched_setaffinity":
		pid, err := target()
		return p.SchedSetaffinity(pid, 0), err
	case "sched_setparam":
		pid, err := target()
		if err != nil {
			return 0, err
		}
		priority, err := number("priority")
		return p.SchedSetparam(pid, -1, priority), err
	case "setgroups":
		var gids []uint32
		for _, w := range strings.FieldsFunc(w.named["groups"], func(r rune) bool { return r == ',' }) {
			gid, err := strconv.ParseUint(w, 10, 32)
			if err != nil {
				return 0, unknown
			}
			gids = append(gids, uint32(gid))
		}
		if len(gids) == 0 {
			return 0, unknown
		}
		return p.Setgroups(gids...), nil
	case "setlogin":
		return fixed("", func() kauth.Errno { return p.Setlogin("joe") })
	case "setpriority":
		pid, err := target()
		if err != nil {
			return 0, err
		}
		value, err := number("value")
		return p.Setpriority(pid, value), err
	case "setrlimit":
		return s.setrlimit(text, unknown)
	case "settimeofday":
		return fixed("same time", func() kauth.Errno { return p.Settimeofday(s.k.Now()) })
	case "setuid":
		uid, err := number("uid")
		return p.Setuid(uint32(uid)), err
	case "shmat":
		return fixed("segment of host root mode 0600", func() kauth.Errno { return p.Shmat(s.segment, false) })
	case "socket":
		return s.socket(w, unknown)
	case "swapctl":
		return fixed("SWAP_STATS or change", func() kauth.Errno { return p.Swapctl("on", "/") })
	case "sysctl_read":
		name, _, _ := strings.Cut(text, " ")
		_, e := p.SysctlRead(name)
		return e, nil
	case "sysctl_write":
		switch text {
		case "kern.hostname":
			return p.SysctlWrite(text, "recorded.example.org"), nil
		case "security.models.cell.create":
			length := uint64(createSize)
			return p.Sysctl(text, &sim.SysctlArgs{Old: make([]byte, createSize), OldLen: &length, New: createStruct("new", "/"), NewLen: createSize}), nil
		}
		return 0, unknown
	case "unmount":
		return fixed("not ours", func() kauth.Errno { return p.Unmount("/tmp") })
	}
	return 0, unknown
}

var transports = map[string][3]int{"tcp4": {2, 1, 6}, "tcp6": {24, 1, 6}, "udp4": {2, 2, 17}, "udp6": {24, 2, 17}}

// bind also listens where it is TCP.
func (s *scene) bind(w words, unknown error) (kauth.Errno, error) {
	if len(w.plain) != 1 {
		return 0, unknown
	}
	tr, known := transports[w.plain[0]]
	port, err := strconv.Atoi(w.named["port"])
	if !known || err != nil {
		return 0, unknown
	}
	for name := range w.named {
		if name != "port" && name != "reserved-by" {
			return 0, unknown
		}
	}
	fd, e := s.p.Socket(tr[0], tr[1], tr[2])
	if e != 0 {
		return e, nil
	}
	if e := s.p.Bind(fd, policy.Addr{}, port); e != 0 || tr[1] != 1 {
		return e, nil
	}
	return s.p.Listen(fd), nil
}

func (s *scene) setrlimit(text string, unknown error) (kauth.Errno, error) {
	const core, nofile = 4, 8
	l, _ := s.p.Getrlimit(nofile)
	switch text {
	case "core=0":
		c, _ := s.p.Getrlimit(core)
		return s.p.Setrlimit(core, sim.Rlimit{Cur: 0, Max: c.Max}), nil
	case "nofile hard+1":
		return s.p.Setrlimit(nofile, sim.Rlimit{Cur: l.Cur, Max: l.Max + 1}), nil
	case "nofile lower":
		return s.p.Setrlimit(nofile, sim.Rlimit{Cur: l.Cur - 1, Max: l.Max}), nil
	}
	return 0, unknown
}

func (s *scene) socket(w words, unknown error) (kauth.Errno, error) {
	if len(w.plain) < 2 || len(w.plain) > 3 || len(w.named) != 0 {
		return 0, unknown
	}
	domain, ok1 := kauth.Families.Meant(w.plain[0])
	typ, ok2 := kauth.SocketTypes.Value(w.plain[1])
	proto := int64(0)
	ok3 := true
	if len(w.plain) == 3 {
		proto, ok3 = kauth.Protocols.Value(w.plain[2])
	}
	if !ok1 || !ok2 || !ok3 {
		return 0, unknown
	}
	_, e := s.p.Socket(int(domain), int(typ), int(proto))
	return e, nil
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
	} {
		if got, err := replay(r); err == nil {
			t.Errorf("%s gives %s, and no error", r, got)
		}
	}
}

// Every form that can be recorded is answered at every place, by every caller, in both revisions.
func TestEveryFormIsKnown(t *testing.T) {
	forms := map[string][]string{
		"acct": {"off"}, "adjtime": {"delta 0"},
		"bind": {"tcp4 port=0", "tcp4 port=1023", "tcp4 port=1024", "tcp4 port=22", "tcp4 port=443 reserved-by=other", "tcp4 port=7000 reserved-by=own",
			"tcp4 port=80 reserved-by=own", "tcp4 port=8080 reserved-by=other", "tcp4 port=9999", "tcp6 port=8080 reserved-by=other", "tcp6 port=9998",
			"udp4 port=8080 reserved-by=other", "udp4 port=9997"},
		"chroot": {"path=/"}, "getfh": {""}, "getpgid": {"target=other-cell-user"}, "getpriority": {"target=other-cell-user"}, "getuid": {""},
		"ioctl": {"SIOCGIFFLAGS lo0", "SIOCSIFFLAGS lo0 same"}, "kern.proc2 count": {""},
		"kevent_proc": {"target=host-user", "target=other-cell-user", "target=same-cell-user"},
		"kill": {"target=host-root", "target=host-user", "target=init", "target=none", "target=other-cell-root", "target=other-cell-user",
			"target=same-cell-root", "target=same-cell-user", "target=self"},
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
	for call, all := range forms {
		for _, text := range all {
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
		i = "EINVAL"
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
		{"modctl_load", "no such module", answers{n, p, n, p, p, p, p, p}, answers{n, p, n, p, p, p, p, p}, "the question comes before the search"},
		{"open", "/dev/mem r", answers{o, a, o, o, o, o, o, o}, answers{o, a, o, o, p, p, p, p},
			"the host's node has mode 0640, those of the cells are open to all; from medium on no device opens"},
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
		{"unmount", "not ours", answers{i, p, i, p, p, p, p, p}, answers{i, p, i, p, p, p, p, p}, "the question comes before the look whether anything is mounted"},
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
