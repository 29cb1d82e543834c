package launch

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

func ptr[T any](v T) *T { return &v }

func web() kernel.Cell { return kernel.Cell{ID: 3, Name: "web", Root: "/cells/web"} }

func limited() kernel.Cell {
	c := web()
	c.Nofile, c.AS, c.Core = ptr[uint64](64), ptr[uint64](512<<20), ptr[uint64](kauth.Unlimited)
	return c
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		what    string
		command Command
		want    []Step
	}{
		{"root", Command{Cell: web(), Args: []string{"ls"}}, []Step{
			HideDescriptors{3}, Chroot{"/cells/web"}, Chdir{"/"}, ResolveUser{""}, SetGroups{}, SetGroup{}, SetLogin{},
			Prepare{3}, EnterCell{3}, Execute{},
		}},
		{"a user", Command{Cell: web(), User: "www", Args: []string{"ls"}}, []Step{
			HideDescriptors{3}, Chroot{"/cells/web"}, Chdir{"/"}, ResolveUser{"www"}, SetGroups{}, SetGroup{}, SetLogin{},
			Prepare{3}, SetRealUser{}, EnterCell{3}, DropRoot{}, Execute{},
		}},
		{"root by its name is looked up like any user", Command{Cell: web(), User: "root", Args: []string{"ls"}}, []Step{
			HideDescriptors{3}, Chroot{"/cells/web"}, Chdir{"/"}, ResolveUser{"root"}, SetGroups{}, SetGroup{}, SetLogin{},
			Prepare{3}, SetRealUser{}, EnterCell{3}, DropRoot{}, Execute{},
		}},
		{"login shell with limits", Command{Cell: limited(), User: "1000:100"}, []Step{
			HideDescriptors{3}, Chroot{"/cells/web"}, Chdir{"/"}, ResolveUser{"1000:100"}, SetGroups{}, SetGroup{}, SetLogin{},
			Prepare{3}, SetLimit{Nofile, 64}, SetLimit{Core, kauth.Unlimited}, SetLimit{AS, 512 << 20},
			SetRealUser{}, EnterCell{3}, DropRoot{}, GoHome{}, Execute{},
		}},
		{"the host's root as the cell's root", Command{Cell: kernel.Cell{ID: 1, Name: "all", Root: "/"}, Args: []string{"ls"}}, []Step{
			HideDescriptors{3}, Chroot{"/"}, Chdir{"/"}, ResolveUser{""}, SetGroups{}, SetGroup{}, SetLogin{}, Prepare{1}, EnterCell{1}, Execute{},
		}},
	} {
		got, err := Plan(c.command)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %v, %v\nwant %v", c.what, got, err, c.want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	relative, nowhere, host := web(), web(), web()
	relative.Root, nowhere.Root, host.ID = "web", "", 0
	for want, c := range map[string]Command{
		`must be an absolute path to chroot to, but is "web"`:         {Cell: relative},
		`must be an absolute path to chroot to, but is ""`:            {Cell: nowhere},
		"must be one that was created, but 0 is the host":             {Cell: host},
		"an argument must have no zero byte":                          {Cell: web(), Args: []string{"a\x00b"}},
		"the command must have a name, but it is empty":               {Cell: web(), Args: []string{""}},
		`must be NAME=VALUE, but is "PATH"`:                           {Cell: web(), Env: []string{"PATH"}},
		`must be NAME=VALUE, but is "=x"`:                             {Cell: web(), Env: []string{"=x"}},
		"a variable of the environment must be NAME=VALUE, but is \"": {Cell: web(), Env: []string{"A=\x00"}},
	} {
		_, err := Plan(c)
		var failed *NotStarted
		if !errors.As(err, &failed) || failed.Code != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}

// machine plays the system for the helper. Its ids follow do_setresuid in kern_prot.c, and its kernel refuses
// members of cells everything that a policy can refuse: changing ids and limits.
type machine struct {
	files
	root, dir       string
	dirs            []string
	real, effective uint32
	saved           uint32
	gid             uint32
	groups          []uint32
	login           string
	limits          map[Limit]uint64
	cell            kernel.CellID
	hidden          int
	programs        map[string]error
	path            string
	args, env       []string
	log             []string
	fail            map[string]error
}

func newMachine() *machine {
	return &machine{
		files: cellFiles, dirs: []string{"/cells/web", "/cells/web/home/www"}, limits: map[Limit]uint64{}, hidden: -1,
		programs: map[string]error{"/bin/ls": nil, "/bin/sh": nil, "/bin/ksh": nil, "/usr/bin/secret": kauth.EACCES, "/bin/noise": kauth.ENOEXEC},
		fail:     map[string]error{},
	}
}

func (m *machine) did(format string, args ...any) error {
	m.log = append(m.log, fmt.Sprintf(format, args...))
	name, _, _ := strings.Cut(format, " ")
	return m.fail[name]
}

// setid asks process.setid, unless one of the known ids is meant.
func (m *machine) setid(known ...bool) error {
	if slices.Contains(known, false) && (m.effective != 0 || m.cell != 0) {
		return kauth.EPERM
	}
	return nil
}

func (m *machine) CloseInherited(from int) error {
	return m.did("close %d", from)
}

func (m *machine) HideDescriptors(from int) error {
	m.hidden = from
	return m.did("hide %d", from)
}

// TestInheritedAreClosed: what the caller left open is closed before the root is changed.
func TestInheritedAreClosed(t *testing.T) {
	m := newMachine()
	if _, err := deliver(t, m, Command{Cell: web(), Args: []string{"ls"}}); err != nil {
		t.Fatal(err)
	}
	want := []string{"close 5", "hide 3", "chroot /cells/web"}
	if !slices.Equal(m.log[:3], want) {
		t.Errorf("the helper must begin with %q, but did %q", want, m.log)
	}
}

func (m *machine) Chroot(dir string) error {
	if err := m.did("chroot %s", dir); err != nil {
		return err
	}
	if m.effective != 0 || m.cell != 0 {
		return kauth.EPERM
	}
	if !slices.Contains(m.dirs, dir) {
		return kauth.ENOENT
	}
	m.root = dir
	return nil
}

func (m *machine) Chdir(dir string) error {
	if err := m.did("chdir %s", dir); err != nil {
		return err
	}
	if dir != "/" && !slices.Contains(m.dirs, path.Join(m.root, dir)) {
		return kauth.ENOENT
	}
	m.dir = dir
	return nil
}

func (m *machine) ReadFile(name string, limit int) ([]byte, error) {
	if m.root == "" {
		return nil, errors.New("the files of the host were read")
	}
	if err := m.did("read %s", name); err != nil {
		return nil, err
	}
	return m.read(name)
}

func (m *machine) Setgroups(groups []uint32) error {
	m.groups = groups
	return cmp(m.did("setgroups %v", groups), m.setid(false))
}

func (m *machine) Setgid(gid uint32) error {
	m.gid = gid
	return cmp(m.did("setgid %d", gid), m.setid(false))
}

func (m *machine) Setlogin(name string) error {
	m.login = name
	return cmp(m.did("setlogin %s", name), m.setid(false))
}

func (m *machine) Setlimit(limit Limit, value uint64) error {
	m.limits[limit] = value
	if err := m.did("setlimit %s %d", limit, value); err != nil {
		return err
	}
	return m.setid(false)
}

func (m *machine) Setreuid(real, effective uint32) error {
	if err := m.did("setreuid %d %d", real, effective); err != nil {
		return err
	}
	if err := m.setid(real == m.real || real == m.effective, effective == m.real || effective == m.effective || effective == m.saved); err != nil {
		return err
	}
	if real != m.real {
		m.saved = effective
	}
	m.real, m.effective = real, effective
	return nil
}

func (m *machine) Setuid(uid uint32) error {
	if err := m.did("setuid %d", uid); err != nil {
		return err
	}
	if err := m.setid(uid == m.real); err != nil {
		return err
	}
	m.real, m.effective, m.saved = uid, uid, uid
	return nil
}

func (m *machine) Getuid() (uint32, uint32) { return m.real, m.effective }

// way is an Entry of the machine.
type way struct {
	*machine
	id kernel.CellID
}

func (m *machine) PrepareEnter(id kernel.CellID) (Entry, error) {
	return way{m, id}, m.did("prepare %d", id)
}

func (m *machine) PrepareChdir(dir string) (func() error, error) {
	return func() error { return m.Chdir(dir) }, nil
}

func (m *machine) PrepareExec(paths, args, env []string) ([]func() error, error) {
	execs := make([]func() error, len(paths))
	for i, path := range paths {
		execs[i] = func() error { return m.execute(path, args, env) }
	}
	return execs, nil
}

func (w way) Explain(err error) error {
	return &kernel.Error{Op: "enter", Errno: err.(kauth.Errno), Text: "must be allowed", Hint: "explained"}
}

func (w way) Enter() error {
	m, id := w.machine, w.id
	if err := m.did("enter %d", id); err != nil {
		return err
	}
	if m.effective != 0 || m.cell != 0 || m.root != "/cells/web" {
		return kauth.EPERM
	}
	m.cell = id
	return nil
}

func (m *machine) execute(file string, args, env []string) error {
	if err := m.did("exec %s", file); err != nil {
		return err
	}
	err, there := m.programs[file]
	if !there {
		return kauth.ENOENT
	}
	if err == nil {
		m.path, m.args, m.env = file, args, env
	}
	return err
}

func cmp(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestRun carries plans out where a policy refuses members of the cell to change ids and limits.
func TestRun(t *testing.T) {
	for _, c := range []struct {
		what    string
		command Command
		uid     uint32
		gid     uint32
		groups  []uint32
		login   string
		dir     string
		path    string
		args    []string
	}{
		{"root", Command{Cell: web(), Args: []string{"ls", "-l"}}, 0, 0, []uint32{0, 1}, "root", "/", "/bin/ls", []string{"ls", "-l"}},
		{"root by name", Command{Cell: web(), User: "root", Args: []string{"ls"}}, 0, 0, []uint32{0, 1}, "root", "/", "/bin/ls", []string{"ls"}},
		{"user", Command{Cell: limited(), User: "www", Args: []string{"/bin/ls"}}, 1000, 1000, []uint32{1000, 1010, 1011}, "www", "/", "/bin/ls", []string{"/bin/ls"}},
		{"numbers", Command{Cell: web(), User: "7:8", Args: []string{"ls"}}, 7, 8, []uint32{8}, "", "/", "/bin/ls", []string{"ls"}},
		{"login shell", Command{Cell: limited(), User: "www"}, 1000, 1000, []uint32{1000, 1010, 1011}, "www", "/home/www", "/bin/ksh", []string{"-ksh"}},
		{"root's login shell", Command{Cell: web()}, 0, 0, []uint32{0, 1}, "root", "/", "/bin/sh", []string{"-sh"}},
	} {
		m := newMachine()
		notes, err := deliver(t, m, c.command)
		if err != nil {
			t.Errorf("%s: %v\n%s", c.what, err, strings.Join(m.log, "\n"))
			continue
		}
		if m.real != c.uid || m.effective != c.uid || m.saved != c.uid || m.gid != c.gid || !slices.Equal(m.groups, c.groups) || m.login != c.login {
			t.Errorf("%s: uids %d %d %d, gid %d, groups %v, login %q", c.what, m.real, m.effective, m.saved, m.gid, m.groups, m.login)
		}
		if m.cell != 3 || m.root != "/cells/web" || m.dir != c.dir || m.hidden != 3 {
			t.Errorf("%s: cell %d, root %s, dir %s, hidden from %d", c.what, m.cell, m.root, m.dir, m.hidden)
		}
		if m.path != c.path || !slices.Equal(m.args, c.args) {
			t.Errorf("%s: %s %q", c.what, m.path, m.args)
		}
		if want := c.dir == "/" && len(c.command.Args) == 0; (len(notes) > 0) != want {
			t.Errorf("%s: notes %q", c.what, notes)
		}
		if c.command.Cell.AS != nil && !reflect.DeepEqual(m.limits, map[Limit]uint64{Nofile: 64, AS: 512 << 20, Core: kauth.Unlimited}) {
			t.Errorf("%s: limits %v", c.what, m.limits)
		}
		if n := len(m.log); m.log[n-1] != "exec "+m.path {
			t.Errorf("%s: %q", c.what, m.log)
		}
	}
}

func TestLongLoginName(t *testing.T) {
	m := newMachine()
	name := strings.Repeat("u", maxLogin+1)
	m.files = files{passwdFile: name + ":*:5:5::/:/bin/sh\n"}
	m.login = "root"
	if _, err := deliver(t, m, Command{Cell: web(), User: name, Args: []string{"ls"}}); err != nil || m.login != "" {
		t.Errorf("%v, login %q", err, m.login)
	}
}

func TestEnvironment(t *testing.T) {
	m := newMachine()
	_, err := deliver(t, m, Command{Cell: web(), User: "www", Args: []string{"ls"}, Env: []string{"A=1", "HOME=/tmp", "A=2", "EMPTY="}})
	want := []string{
		"PATH=" + standardPath, "USER=www", "LOGNAME=www", "SHELL=/bin/ksh", "TERM=vt100", "HOME=/tmp", "A=2", "EMPTY=",
	}
	if err != nil || !slices.Equal(m.env, want) {
		t.Errorf("%v\n got %q\nwant %q", err, m.env, want)
	}
	if env := environment(Account{UID: 7, Home: "/", Shell: "/bin/sh"}, "", nil); !slices.Equal(env, []string{
		"PATH=" + standardPath, "HOME=/", "USER=7", "LOGNAME=7", "SHELL=/bin/sh",
	}) {
		t.Errorf("without a name and a terminal: %q", env)
	}
}

func TestLookUp(t *testing.T) {
	for _, c := range []struct {
		args  []string
		env   []string
		path  string
		code  int
		fault string
	}{
		{[]string{"ls"}, nil, "/bin/ls", 0, ""},
		{[]string{"ls"}, []string{"PATH=.::bin:/usr/bin:/bin/"}, "/bin/ls", 0, ""},
		{[]string{"ls"}, []string{"PATH=.:bin"}, "", 127, "the command must be in PATH of the cell, but ls is not (ENOENT)"},
		{[]string{"missing"}, nil, "", 127, "the command must be in PATH of the cell, but missing is not (ENOENT)"},
		{[]string{"/bin/missing"}, nil, "", 127, "the command must exist in the cell, but /bin/missing does not (ENOENT)"},
		{[]string{"secret"}, nil, "", 126, "user 1000 must be allowed to execute secret, but is not (EACCES)"},
		{[]string{"noise"}, nil, "", 126, "noise must be a program that this kernel can run, but is not (ENOEXEC)"},
	} {
		m := newMachine()
		_, err := deliver(t, m, Command{Cell: web(), User: "www", Args: c.args, Env: c.env})
		var failed *NotStarted
		if c.fault == "" && (err != nil || m.path != c.path) {
			t.Errorf("%q %q: %s, %v", c.args, c.env, m.path, err)
		}
		if c.fault != "" && (!errors.As(err, &failed) || failed.Code != c.code || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%q %q: %v, want %q", c.args, c.env, err, c.fault)
		}
	}
}

// TestStepFails lets every step fail with every errno: what follows is not done, and the words say what to do.
func TestStepFails(t *testing.T) {
	says := map[string]map[kauth.Errno]string{
		"chroot": {
			kauth.ENOENT:  "the cell's root /cells/web must be a directory, but does not exist (ENOENT)",
			kauth.ENOTDIR: "the cell's root /cells/web must be a directory, but is another kind of file (ENOTDIR)",
			kauth.EPERM:   "the caller must be root of the host to chroot, but is not (EPERM)",
		},
		"setlimit":  {kauth.EINVAL: "the limit nofile must be one that the kernel takes, but is 64 (EINVAL)"},
		"setgroups": {kauth.EINVAL: "the user must be in at most as many groups as the kernel takes, but is in 3 (EINVAL)"},
		"read":      {kauth.EIO: "/etc/passwd must be readable to look up user www, but: input/output error (EIO)"},
		"exec": {
			kauth.E2BIG:  "the arguments and the environment must be as short as the kernel allows, but are longer (E2BIG)",
			kauth.EAGAIN: "user 1000 must have fewer processes than the limit allows, but has too many (EAGAIN)",
			kauth.ENOMEM: "there must be memory for ls, but there is not (ENOMEM)",
			kauth.EPERM:  "the cell must be allowed to execute ls, but is not (EPERM)",
		},
		"setuid": {kauth.EPERM: "exec in cell web: to drop root must succeed, but fails: operation not permitted (EPERM)"},
	}
	for _, call := range []string{"hide", "chroot", "read", "setgroups", "setgid", "setlogin", "prepare", "setlimit", "setreuid", "enter", "setuid", "exec"} {
		for e := kauth.Errno(1); e <= 96; e++ {
			m := newMachine()
			m.fail[call] = e
			_, err := deliver(t, m, Command{Cell: limited(), User: "www", Args: []string{"ls"}})
			var failed *NotStarted
			var refused *kernel.Error
			if !errors.As(err, &failed) || !errors.As(err, &refused) || refused.Text == "" {
				t.Errorf("%s, %s: %v", call, e.Name(), err)
				continue
			}
			if want := says[call][e]; !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: %q, want %q", call, e.Name(), err, want)
			}
			if last := m.log[len(m.log)-1]; !strings.HasPrefix(last, call) && !(call == "enter" && strings.HasPrefix(last, "setlimit as")) {
				t.Errorf("%s, %s: went on to %s", call, e.Name(), last)
			}
			if m.path != "" {
				t.Errorf("%s, %s: the command runs all the same", call, e.Name())
			}
			if want := map[bool]int{true: 126, false: 1}[call == "exec"]; failed.Code != want && e != kauth.ENOENT && e != kauth.ENOTDIR {
				t.Errorf("%s, %s: code %d, want %d", call, e.Name(), failed.Code, want)
			}
		}
	}
}

// TestEnterSays passes on what the kernel's driver says of a failed enter. Words take memory, so the limit of the
// address space is taken back before.
func TestEnterSays(t *testing.T) {
	m := newMachine()
	m.fail["enter"] = kauth.EPERM
	_, err := deliver(t, m, Command{Cell: limited(), Args: []string{"ls"}})
	var refused *kernel.Error
	if !errors.As(err, &refused) || refused.Hint != "explained" || err.Error() != "enter: must be allowed (EPERM)" {
		t.Errorf("%v", err)
	}
	if m.limits[AS] != kauth.Unlimited {
		t.Errorf("limits %v", m.limits)
	}
}

// TestNotDropped: a setuid that says that it succeeded and did not is noticed.
func TestNotDropped(t *testing.T) {
	m := newMachine()
	_, err := deliver(t, liar{m}, Command{Cell: web(), User: "www", Args: []string{"ls"}})
	if err == nil || !strings.Contains(err.Error(), "to drop root must succeed, but fails: the user must be the real and the effective one now, but is not") || m.path != "" {
		t.Errorf("%v, executed %q", err, m.path)
	}
}

type liar struct{ *machine }

func (liar) Setuid(uint32) error { return nil }

func TestStepStrings(t *testing.T) {
	steps, err := Plan(Command{Cell: limited(), User: "www"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range steps {
		if s.String() == "" || seen[s.String()] {
			t.Errorf("%#v says %q", s, s)
		}
		seen[s.String()] = true
	}
	if s := (ResolveUser{}).String(); s != "find root in /etc/passwd" {
		t.Error(s)
	}
}
