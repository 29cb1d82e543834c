package netbsd

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
	"cellsh/policy/secmodel"
)

var supported = secmodel.Revisions()

func spec(name string) kernel.Spec { return kernel.Spec{Name: name, Root: "/cells/web"} }

func ptr[T any](v T) *T { return &v }

// enter goes the whole way into a cell.
func enter(k *Kernel, id kernel.CellID) error {
	e, err := NewEntry(id, Options{System: k.sys})
	if err == nil {
		err = e.Enter()
		if err != nil {
			err = e.Explain(err)
		}
	}
	return err
}

// must gives what has to succeed.
func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestProbe(t *testing.T) {
	// The size of the records depends on how 64-bit integers are aligned.
	early := must[abi.Layout](t)(abi.NewLayout(secmodel.Early, machine(t))).Info.Size
	for _, c := range []struct {
		what  string
		real  secmodel.Revision
		cells int
		euid  int
		found secmodel.Revision
		say   string
	}{
		{"april", secmodel.April, 0, 0, secmodel.April, "looks at the structure before the reply buffer"},
		{"april with a cell", secmodel.April, 1, 0, secmodel.April, "has records of 400 bytes"},
		{"interim", secmodel.Interim, 1, 0, secmodel.Interim, "takes 8 bytes: interim"},
		{"current", secmodel.Current, 0, 0, secmodel.Current, "takes exactly 4 bytes: current"},
		{"early with a cell", secmodel.Early, 1, 0, secmodel.Early, fmt.Sprintf("has records of %d bytes", early)},
		// 25 records of 368 bytes, which they have on 64-bit machines, are 23 of 400.
		{"early with 25 cells", secmodel.Early, 25, 0, secmodel.Early, fmt.Sprintf("has records of %d bytes", early)},
		{"april with 23 cells", secmodel.April, 23, 0, secmodel.April, "has records of 400 bytes"},
		{"early without cells looks like april", secmodel.Early, 0, 0, secmodel.April, "there is no cell"},
		{"current, not root", secmodel.Current, 1, 1000, secmodel.April, "only root of the host can find out more"},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFake(t, c.real)
			for i := range c.cells {
				f.cells = append(f.cells, fakeCell{Info: abi.Info{ID: uint32(i + 1), Name: fmt.Sprint("c", i), Root: "/cells/web"}})
			}
			f.euid = c.euid
			before := slices.Clone(f.cells)
			k := f.open(t, Options{})
			if got := k.Info().Revision; got != c.found {
				t.Errorf("found %s, want %s: %q", got, c.found, k.Info().Findings)
			}
			if !strings.Contains(strings.Join(k.Info().Findings, "\n"), c.say) {
				t.Errorf("findings %q, want %q", k.Info().Findings, c.say)
			}
			if !reflect.DeepEqual(f.cells, before) || f.last != 0 {
				t.Error("the probes changed the kernel")
			}
		})
	}
}

// TestProbeOdd: answers that no known kernel gives end in the rules of April, and say so.
func TestProbeOdd(t *testing.T) {
	for node, want := range map[string]secmodel.Revision{abi.CellCreate: secmodel.April, abi.CellDestroy: secmodel.Interim} {
		for _, err := range []error{nil, kauth.EIO} {
			f := newFake(t, secmodel.Current)
			f.answer = func(n string, old, new []byte) (int, error, bool) { return 0, err, n == node }
			k := f.open(t, Options{})
			if k.Info().Revision != want || !strings.Contains(strings.Join(k.Info().Findings, "\n"), "so it is taken to be "+want.String()) {
				t.Errorf("%s gives %v: revision %s, findings %q", node, err, k.Info().Revision, k.Info().Findings)
			}
		}
	}
}

func TestProbeOnce(t *testing.T) {
	f := newFake(t, secmodel.Current)
	k := f.open(t, Options{})
	f.calls = map[string]int{}
	for range 3 {
		k.Info()
		must[[]kernel.Cell](t)(k.List())
	}
	if want := map[string]int{abi.CellList: 6}; !reflect.DeepEqual(f.calls, want) {
		t.Errorf("calls %v, want %v", f.calls, want)
	}
}

func TestInfo(t *testing.T) {
	f := newFake(t, secmodel.Current)
	info := f.open(t, Options{}).Info()
	if info.Name != "NetBSD/amd64" || info.Version != "10.99.12" || info.HZ != 100 || info.Simulated || info.Vocabulary == nil {
		t.Errorf("%+v", info)
	}
	if strings.Contains(strings.Join(f.open(t, Options{}).Info().Findings, "\n"), "numbers its requests") {
		t.Error("the version is known, but its numbering is said not to be")
	}
	for _, c := range []kernel.Capability{kernel.CapEvaluation, kernel.CapProcesses, kernel.CapEnter, kernel.CapState} {
		if (info.Capabilities[c] == "") == (info.Missing[c] == "") {
			t.Errorf("%s: capable %q, missing %q", c, info.Capabilities[c], info.Missing[c])
		}
	}
	for what, c := range map[string]struct {
		change func(*fake)
		cap    kernel.Capability
		want   string
	}{
		"no evaluation model": {func(*fake) {}, kernel.CapEvaluation, "secmodel_celleval is not loaded"},
		"unknown evaluation":  {func(f *fake) { f.trees = append(f.trees, abi.EvalTree) }, kernel.CapEvaluation, "version 7 of its interface, but this program speaks version 1"},
		"user":                {func(f *fake) { f.euid = 1000 }, kernel.CapEnter, "but the caller is uid 1000"},
		"in a cell":           {func(f *fake) { f.cell = 1 }, kernel.CapEnter, "but the caller is in a cell"},
	} {
		f := newFake(t, secmodel.Current)
		c.change(f)
		k := f.open(t, Options{})
		if got := k.Info().Missing[c.cap]; !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
		// Only a node that is not there says that no program is asked.
		if got, want := k.Info().EvaluationUnseen, what == "unknown evaluation"; got != want {
			t.Errorf("%s: evaluation unseen: %v, want %v", what, got, want)
		}
		// Users and members may not make the calls that tell more.
		if got, want := k.Info().RevisionAssumed, what == "user" || what == "in a cell"; got != want {
			t.Errorf("%s: revision assumed: %v, want %v", what, got, want)
		}
		var unsupported *kernel.UnsupportedError
		if _, err := k.Evaluator(); !errors.As(err, &unsupported) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestUnknownVersion(t *testing.T) {
	f := newFake(t, secmodel.Current)
	f.answer = func(node string, old, new []byte) (int, error, bool) {
		n, err := reading([]byte("11.0\x00"), old)
		return n, err, node == abi.SystemRelease
	}
	k := f.open(t, Options{})
	if k.Info().Vocabulary == nil || !strings.Contains(strings.Join(k.Info().Findings, "\n"), "taken to be those of 10.99.12") {
		t.Errorf("%+v, %q", k.Info(), k.Info().Findings)
	}
}

func TestOpenRefuses(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*fake)
		want   string
	}{
		"no model": {func(f *fake) { f.trees = nil }, "has no cells: there is no security.models.cell: secmodel_cell(9) is neither loaded"},
		"jail":     {func(f *fake) { f.trees = []string{abi.JailTree} }, "secmodel_jail, the model's first form, which is not supported"},
	} {
		f := newFake(t, secmodel.Current)
		c.change(f)
		_, err := f.tryOpen(Options{})
		var unsupported *kernel.UnsupportedError
		if !errors.As(err, &unsupported) || unsupported.Capability != CapCells || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	for node, want := range map[string]string{
		abi.SystemType: "does not tell kern.ostype", abi.SystemBoot: "struct timespec must be", abi.SystemClock: "struct clockinfo must be",
		abi.CellList: fmt.Sprintf("must have 400 or %d bytes, but have neither", must[abi.Layout](t)(abi.NewLayout(secmodel.Early, machine(t))).Info.Size),
	} {
		f := newFake(t, secmodel.Current)
		f.answer = func(n string, old, new []byte) (int, error, bool) {
			if node == abi.SystemType {
				return 0, kauth.EIO, n == node
			}
			return 3, nil, n == node
		}
		if _, err := f.tryOpen(Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s odd: %v, want %q", node, err, want)
		}
	}
	if runtime.GOOS == "netbsd" {
		return
	}
	var unsupported *kernel.UnsupportedError
	if _, err := Open(Options{}); !errors.As(err, &unsupported) || unsupported.Capability != CapCells {
		t.Errorf("on %s: %v", runtime.GOOS, err)
	}
	if _, err := NewEntry(1, Options{}); !errors.As(err, &unsupported) {
		t.Errorf("on %s: %v", runtime.GOOS, err)
	}
}

func TestCreateListDestroy(t *testing.T) {
	for _, r := range supported {
		t.Run(r.String(), func(t *testing.T) {
			f := newFake(t, r)
			k := f.open(t, Options{Now: func() time.Time { return fakeBoot.Add(time.Minute) }})
			s := kernel.Spec{Name: "web", Root: "/cells/web", Profile: ptr(kernel.Low), Ports: []uint16{80, 443}}
			want := kernel.Cell{ID: 1, Name: "web", Root: "/cells/web"}
			if r.Properties().Limits {
				s.Nofile, s.AS = ptr[uint64](64), ptr[uint64](kauth.Unlimited)
				want.Nofile, want.AS, want.Created = s.Nofile, s.AS, 1462316410*time.Nanosecond
				want.Age = time.Minute - want.Created
			}
			if id := must[kernel.CellID](t)(k.Create(s)); id != 1 {
				t.Errorf("id %d", id)
			}
			if got := f.cells[0]; got.profile != 0 || !slices.Equal(got.ports, s.Ports) || r.Properties().Limits && got.AS != abi.Infinity {
				t.Errorf("made %+v", got)
			}
			must[kernel.CellID](t)(k.Create(spec("db")))
			if got := f.cells[0]; got.profile != 2 || got.Flags != 0 {
				t.Errorf("made %+v where nothing but name and root was given", got)
			}
			cells := must[[]kernel.Cell](t)(k.List())
			if len(cells) != 2 || !reflect.DeepEqual(cells[0], want) || cells[1].ID != 2 {
				t.Errorf("list %+v, want %+v first", cells, want)
			}
			if err := k.Destroy(1); err != nil {
				t.Error(err)
			}
			if cells = must[[]kernel.Cell](t)(k.List()); len(cells) != 1 || cells[0].Name != "db" {
				t.Errorf("after destroy: %+v", cells)
			}
			if err := k.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEarlyWithoutCells: the size of the structures can't be seen there, until one is taken.
func TestEarlyWithoutCells(t *testing.T) {
	f := newFake(t, secmodel.Early)
	k := f.open(t, Options{})
	limited := spec("web")
	limited.Nofile = ptr[uint64](10)
	if _, err := k.Create(limited); !errors.Is(err, kauth.EINVAL) {
		t.Errorf("with limits: %v", err)
	}
	must[kernel.CellID](t)(k.Create(spec("web")))
	if k.Info().Revision != secmodel.Early || len(must[[]kernel.Cell](t)(k.List())) != 1 {
		t.Errorf("revision %s", k.Info().Revision)
	}
	if _, err := k.Create(limited); err == nil || !strings.Contains(err.Error(), "no limits on this kernel (revision early)") {
		t.Errorf("with limits, once it is known: %v", err)
	}
}

// TestLeak: a kernel of April may make a cell and fail all the same. The driver finds its cell by the name.
func TestLeak(t *testing.T) {
	short := func(f *fake, size int) {
		f.answer = func(node string, old, new []byte) (int, error, bool) {
			if node != abi.CellCreate || len(new) == 1 {
				return 0, nil, false
			}
			n, err := f.create(old[:size], new)
			return n, err, true
		}
	}
	f := newFake(t, secmodel.April)
	f.cells = []fakeCell{{Info: abi.Info{ID: 7, Name: "other", Root: "/cells/web"}}}
	f.last = 7
	k := f.open(t, Options{})
	short(f, 423)
	if id := must[kernel.CellID](t)(k.Create(spec("web"))); id != 8 {
		t.Errorf("id %d, want 8", id)
	}
	// From interim on nothing is made then, and a cell of that name is somebody else's.
	f = newFake(t, secmodel.Interim)
	k = f.open(t, Options{})
	f.cells = []fakeCell{{Info: abi.Info{ID: 7, Name: "web", Root: "/cells/web"}}}
	short(f, 423)
	if _, err := k.Create(spec("web")); !errors.Is(err, kauth.ENOMEM) || !strings.Contains(err.Error(), "no cell was made") {
		t.Errorf("interim: %v", err)
	}
}

// TestCreateReplies: a reply that is not the cell's never gives an id that is not the cell's.
func TestCreateReplies(t *testing.T) {
	for what, c := range map[string]struct {
		// spoil changes a good reply; made says whether the cell exists.
		spoil func(n int, old []byte) int
		made  bool
	}{
		"short, made":      {func(n int, old []byte) int { return 8 }, true},
		"empty, made":      {func(n int, old []byte) int { return 0 }, true},
		"long, made":       {func(n int, old []byte) int { return 1 << 30 }, true},
		"id 0, made":       {func(n int, old []byte) int { clear(old[4:8]); return n }, true},
		"other name, made": {func(n int, old []byte) int { old[104] = 'x'; return n }, true},
		"endless, made":    {func(n int, old []byte) int { copy(old[104:], strings.Repeat("x", 64)); return n }, true},
		"short, not made":  {func(n int, old []byte) int { return 8 }, false},
		"id 0, not made":   {func(n int, old []byte) int { clear(old[4:8]); return n }, false},
	} {
		f := newFake(t, secmodel.Current)
		k := f.open(t, Options{})
		f.answer = func(node string, old, new []byte) (int, error, bool) {
			if node != abi.CellCreate {
				return 0, nil, false
			}
			n, err := f.create(old, new)
			if !c.made {
				f.cells = nil
			}
			return c.spoil(n, old), err, true
		}
		id, err := k.Create(spec("web"))
		if c.made && (id != 1 || err != nil) || !c.made && (err == nil || !strings.Contains(err.Error(), "no such cell exists")) {
			t.Errorf("%s: %d, %v", what, id, err)
		}
	}
}

// TestCheck: what the driver refuses by itself. None of it reaches the kernel.
func TestCheck(t *testing.T) {
	change := func(edit func(*kernel.Spec)) kernel.Spec {
		s := spec("web")
		edit(&s)
		return s
	}
	named := func(name string) kernel.Spec { return spec(name) }
	for _, c := range []struct {
		spec kernel.Spec
		want string
	}{
		{named(""), "the name must not be empty"},
		{named("42"), `must not look like a number, but is "42"`},
		{change(func(s *kernel.Spec) { s.Root = "cells/web" }), `must be an absolute path of at most 255 bytes, but is "cells/web"`},
		{change(func(s *kernel.Spec) { s.Root = "/cells/.." }), "the root must be a directory of its own, but /cells/.. is the root directory of the host"},
		{change(func(s *kernel.Spec) { s.Root = "/cells/missing" }), "the root /cells/missing must be a directory, but"},
		{change(func(s *kernel.Spec) { s.Root = "/etc/passwd" }), "the root /etc/passwd must be a directory, but is another kind of file"},
	} {
		for _, r := range []secmodel.Revision{secmodel.April, secmodel.Current} {
			f := newFake(t, r)
			k := f.open(t, Options{})
			_, err := k.Create(c.spec)
			var refused *kernel.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				// The root itself is the kernel's business from current on; the words are the same up to "but".
				if head, _, _ := strings.Cut(c.want, ", but"); r == secmodel.April || err == nil || !strings.Contains(err.Error(), head) {
					t.Errorf("%s: %+v: %v, want %q", r, c.spec, err, c.want)
				}
			}
			if len(f.cells) != 0 {
				t.Errorf("%s: %+v: a cell was made", r, c.spec)
			}
		}
	}
	for _, name := range []string{"010", "0x1F", "-5"} {
		if !looksLikeNumber(name) {
			t.Errorf("%q looks like a number", name)
		}
	}
	for _, name := range []string{"web-1", "a", "-x", "x-5", "0x", "0xfg", "1.0", "1_0"} {
		if looksLikeNumber(name) {
			t.Errorf("%q does not look like a number", name)
		}
	}
	// Who really wants the host's own root gets it.
	k := newFake(t, secmodel.Current).open(t, Options{})
	if _, err := k.Create(change(func(s *kernel.Spec) { s.Root, s.HostRoot = "/", true })); err != nil {
		t.Error(err)
	}
}

// TestErrnos gives every operation every errno: the answer always is a sentence that a user can act on, and the
// errno stays visible to programs.
func TestErrnos(t *testing.T) {
	operations := map[string]struct {
		node string
		do   func(*Kernel) error
		says map[kauth.Errno]string
	}{
		"create": {abi.CellCreate, func(k *Kernel) error { _, err := k.Create(spec("web")); return err }, map[kauth.Errno]string{
			kauth.EPERM:     "create cell web: the caller must be on the host, but is in a cell (EPERM)",
			kauth.EINVAL:    "must take a structure of 424 bytes (revision current), but refused it",
			kauth.ENOENT:    "the root /cells/web must be a directory, but does not exist",
			kauth.ENOTDIR:   "the root /cells/web must be a directory, but is another kind of file",
			kauth.EACCES:    "must be a directory that can be reached",
			kauth.ENOMEM:    "no cell was made",
			kauth.EFAULT:    "no cell was made",
			kauth.EOVERFLOW: "must have an id left, but has given out all",
		}},
		"destroy": {abi.CellDestroy, func(k *Kernel) error { return k.Destroy(9) }, map[kauth.Errno]string{
			kauth.EPERM:  "the caller must be on the host, but is in a cell",
			kauth.ENOENT: "destroy cell 9: the cell must exist, but there is none with id 9 (ENOENT)",
			kauth.EBUSY:  "must have no members left, but has some",
		}},
		"list": {abi.CellList, func(k *Kernel) error { _, err := k.List(); return err }, map[kauth.Errno]string{
			kauth.EPERM:  "list the cells: the caller must be on the host, but is in a cell (EPERM)",
			kauth.ENOMEM: "no whole reply in 16 attempts",
		}},
		"current": {abi.CellID, func(k *Kernel) error { _, err := k.Current(); return err }, map[kauth.Errno]string{}},
		"enter": {abi.CellID, func(k *Kernel) error { return enter(k, 9) }, map[kauth.Errno]string{
			kauth.ENOENT: "enter cell 9: the cell must exist, but there is none with id 9 (ENOENT)",
			kauth.EPERM:  "the caller must be on the host, but is in a cell",
		}},
	}
	for name, op := range operations {
		for e := kauth.Errno(1); e <= 96; e++ {
			f := newFake(t, secmodel.Current)
			k := f.open(t, Options{})
			f.answer = func(node string, old, new []byte) (int, error, bool) {
				// A size query of a list succeeds before the read can fail for want of memory.
				return len(old), e, node == op.node && (e != kauth.ENOMEM || name != "list" || old != nil)
			}
			err := op.do(k)
			if name == "current" && e == kauth.EPERM {
				// The list can be read, so the caller is a user of the host.
				if err != nil {
					t.Errorf("current: %v", err)
				}
				continue
			}
			var refused *kernel.Error
			if !errors.As(err, &refused) || refused.Op == "" || refused.Text == "" {
				t.Errorf("%s, %s: %v", name, e.Name(), err)
				continue
			}
			if want, ok := op.says[e]; ok {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s, %s: %q, want %q", name, e.Name(), err, want)
				}
			} else if e != kauth.EEXIST && e != kauth.ENOMEM && e != kauth.ELOOP && e != kauth.ENAMETOOLONG && refused.Hint == "" {
				t.Errorf("%s, %s: an errno that is not known for it has no hint: %q", name, e.Name(), err)
			}
			if e != kauth.ENOMEM && !errors.Is(err, e) {
				t.Errorf("%s, %s: the errno is lost in %q", name, e.Name(), err)
			}
		}
	}
}

func TestNotRoot(t *testing.T) {
	f := newFake(t, secmodel.Current)
	k := f.open(t, Options{})
	f.euid = 1000
	_, createErr := k.Create(spec("web"))
	for what, err := range map[string]error{"create": createErr, "destroy": k.Destroy(1), "enter": enter(k, 1)} {
		if err == nil || !strings.Contains(err.Error(), "the caller must be root of the host, but is uid 1000 (EPERM)") {
			t.Errorf("%s: %v", what, err)
		}
	}
	must[[]kernel.Cell](t)(k.List())
}

func TestTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := newFake(t, secmodel.Current)
	k := f.open(t, Options{State: path, Warn: func(err error) { t.Error(err) }})
	with := func(name string, ports ...uint16) kernel.Spec {
		s := spec(name)
		s.Ports = ports
		return s
	}
	must[kernel.CellID](t)(k.Create(with("web", 80, 443)))
	// Another program made this one, so its ports are not known.
	f.cells = append(f.cells, fakeCell{Info: abi.Info{ID: 9, Name: "db", Root: "/cells/db"}, ports: []uint16{5432}})
	for _, c := range []struct {
		spec kernel.Spec
		want string
	}{
		{with("web"), "the name must be new, but cell 1 has it (EEXIST)"},
		{with("new", 443), "port 443 must be free, but is reserved by cell web (EEXIST)"},
		{with("new", 5432), "port 5432 must be free, but is reserved by another cell (EEXIST)"},
		{with("new", 81, 5432), "the ports 81, 5432 must be free, but one of them is reserved by another cell (EEXIST)"},
	} {
		if _, err := k.Create(c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestBusy(t *testing.T) {
	f := newFake(t, secmodel.Current)
	f.cells = []fakeCell{
		{Info: abi.Info{ID: 1, Name: "web", Root: "/", Processes: 3, References: 4}, members: 4},
		{Info: abi.Info{ID: 2, Name: "db", Root: "/", Processes: 0, References: 2}, members: 2},
		{Info: abi.Info{ID: 3, Name: "new", Root: "/"}, members: 1},
	}
	k := f.open(t, Options{})
	for id, want := range map[kernel.CellID]string{
		1: "destroy cell web: the cell must have no members left, but has some: 3 processes and 1 zombie, as of the last second (EBUSY)",
		2: "but has some: 0 processes and 2 zombies, as of the last second (EBUSY)",
		3: "but has some (the kernel's counts are up to a second old and have none yet) (EBUSY)",
	} {
		err := k.Destroy(id)
		var refused *kernel.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || !strings.Contains(refused.Hint, "cellsh exec") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := k.Destroy(0); err == nil || !strings.Contains(err.Error(), "0 is the host") {
		t.Errorf("the host: %v", err)
	}
}

func TestCurrent(t *testing.T) {
	for _, c := range []struct {
		what string
		euid int
		cell uint32
		want string
	}{
		{"root of the host", 0, 0, ""},
		{"user of the host", 1000, 0, ""},
		{"root in a cell", 0, 3, "must be on the host to be told, but is in a cell (EPERM)"},
		{"user in a cell", 1000, 3, "must be on the host to be told, but is in a cell (EPERM)"},
	} {
		f := newFake(t, secmodel.Current)
		k := f.open(t, Options{})
		f.euid, f.cell = c.euid, c.cell
		id, err := k.Current()
		if c.want == "" && (id != 0 || err != nil) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %d, %v", c.what, id, err)
		}
	}
}

func TestEnter(t *testing.T) {
	for _, c := range []struct {
		what     string
		revision secmodel.Revision
		root     string
		id       kernel.CellID
		inside   uint32
		want     string
	}{
		{"chrooted", secmodel.Current, "/cells/web", 1, 0, ""},
		{"not chrooted", secmodel.Current, "", 1, 0, "must be chrooted to exactly the directory that the cell was created with, but is not (EPERM)"},
		{"elsewhere", secmodel.Current, "/cells/db", 1, 0, "must be chrooted to exactly"},
		{"not chrooted", secmodel.April, "", 1, 0, ""},
		{"unknown", secmodel.Current, "/cells/web", 9, 0, "must exist, but there is none with id 9 (ENOENT)"},
		{"from a cell", secmodel.Current, "/cells/web", 1, 2, "must be on the host, but is in a cell (EPERM)"},
		{"the host", secmodel.Current, "", 0, 0, "0 is the host"},
	} {
		f := newFake(t, c.revision)
		f.cells = []fakeCell{{Info: abi.Info{ID: 1, Name: "web", Root: "/cells/web"}}}
		k := f.open(t, Options{})
		f.root, f.cell = c.root, c.inside
		err := enter(k, c.id)
		if c.want == "" && (err != nil || f.cell != 1) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s on %s: %v, in cell %d", c.what, c.revision, err, f.cell)
		}
	}
}

// quiet is a system call that does nothing.
type quiet struct {
	System
	err error
}

func (q quiet) Sysctl(mib []int32, old, new []byte) (int, error) { return 0, q.err }

// TestEnterAsksForNothing: the process that enters may not have any memory left to ask for.
func TestEnterAsksForNothing(t *testing.T) {
	f := newFake(t, secmodel.Current)
	e := must[*Entry](t)(NewEntry(3, Options{System: f}))
	for _, err := range []error{nil, kauth.EPERM} {
		e.tree.sys = quiet{f, err}
		if n := testing.AllocsPerRun(100, func() { e.Enter() }); n != 0 {
			t.Errorf("%v: %v allocations", err, n)
		}
	}
}

// TestReload: the numbers of the nodes change when the module is loaded anew.
func TestReload(t *testing.T) {
	f := newFake(t, secmodel.Current)
	k := f.open(t, Options{})
	must[kernel.CellID](t)(k.Create(spec("web")))
	f.first = 2000
	must[kernel.CellID](t)(k.Create(spec("db")))
	f.first = 3000
	if cells := must[[]kernel.Cell](t)(k.List()); len(cells) != 2 {
		t.Errorf("%d cells", len(cells))
	}
	f.first = 4000
	if err := k.Destroy(1); err != nil {
		t.Error(err)
	}
	f.trees = nil
	if _, err := k.List(); err == nil || !strings.Contains(err.Error(), "security.models.cell must be there, but is gone") {
		t.Errorf("after the module was unloaded: %v", err)
	}
	f.trees = []string{abi.CellTree}
	must[[]kernel.Cell](t)(k.List())
}

// TestListChanges: cells come and go between the question how many there are and the answer.
func TestListChanges(t *testing.T) {
	cell := func(id uint32) fakeCell {
		return fakeCell{Info: abi.Info{ID: id, Name: fmt.Sprint("c", id), Root: "/cells/web"}}
	}
	grow := func(f *fake, by, times int) func(string, []byte, []byte) {
		return func(node string, old, new []byte) {
			if node != abi.CellList || old == nil || times == 0 {
				return
			}
			times--
			for range by {
				f.last++
				f.cells = slices.Insert(f.cells, 0, cell(f.last))
			}
		}
	}
	for _, r := range supported {
		f := newFake(t, r)
		f.cells, f.last = []fakeCell{cell(1)}, 1
		k := f.open(t, Options{})

		// Up to eight more fit into the buffer, a hundred need another look.
		for _, c := range []struct{ by, times, want int }{{8, 1, 9}, {100, 3, 309}} {
			f.before = grow(f, c.by, c.times)
			if cells := must[[]kernel.Cell](t)(k.List()); len(cells) != c.want || cells[0].ID != 1 {
				t.Errorf("%s: %d cells, want %d", r, len(cells), c.want)
			}
		}
		f.before = func(node string, old, new []byte) {
			if old != nil {
				f.cells = f.cells[:2]
			}
		}
		if cells := must[[]kernel.Cell](t)(k.List()); len(cells) != 2 {
			t.Errorf("%s: %d cells after most went", r, len(cells))
		}
		f.before = grow(f, 100, -1)
		if _, err := k.List(); err == nil || !strings.Contains(err.Error(), "no whole reply in 16 attempts") {
			t.Errorf("%s: a list that never stops growing: %v", r, err)
		}
	}
}

// TestListReplies: short, long and torn replies are asked for again; nonsense is refused.
func TestListReplies(t *testing.T) {
	l := must[abi.Layout](t)(abi.NewLayout(secmodel.Current, machine(t)))
	one := must[[]byte](t)(l.EncodeInfo(abi.Info{ID: 1, Name: "web", Root: "/cells/web"}))
	twice := slices.Concat(one, one)
	torn := one[:399]
	for what, c := range map[string]struct {
		replies [][]byte
		lengths []int
		want    string
	}{
		"torn, then whole":    {[][]byte{torn, one}, nil, ""},
		"torn for ever":       {[][]byte{torn}, nil, "must be a multiple of 400 bytes, but is 399"},
		"said to be huge":     {[][]byte{one}, []int{1 << 30}, "must be at most 67108864 bytes"},
		"said to be negative": {[][]byte{one}, []int{-1}, "must be at most 67108864 bytes"},
		"the same id twice":   {[][]byte{twice}, nil, "1 occurs twice"},
		"all zero":            {[][]byte{make([]byte, 400)}, nil, "must not be 0"},
	} {
		f := newFake(t, secmodel.Current)
		k := f.open(t, Options{})
		turn := 0
		f.answer = func(node string, old, new []byte) (int, error, bool) {
			if node != abi.CellList {
				return 0, nil, false
			}
			reply := c.replies[min(turn, len(c.replies)-1)]
			if old == nil {
				if c.lengths != nil {
					return c.lengths[0], nil, true
				}
				return len(reply), nil, true
			}
			turn++
			return copy(old, reply), nil, true
		}
		cells, err := k.List()
		if c.want == "" && (err != nil || len(cells) != 1) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, %v", what, cells, err)
		}
	}
}

func TestRemember(t *testing.T) {
	var warnings []error
	path := filepath.Join(t.TempDir(), "state")
	f := newFake(t, secmodel.Current)
	options := Options{State: path, Warn: func(err error) { warnings = append(warnings, err) }}
	k := f.open(t, options)
	s := spec("web")
	s.Profile, s.Ports = ptr(kernel.Low), []uint16{80}
	must[kernel.CellID](t)(k.Create(s))
	must[kernel.CellID](t)(k.Create(spec("db")))

	// Another run of the program knows it too.
	k = f.open(t, options)
	cells := must[[]kernel.Cell](t)(k.List())
	if m, ok := k.Made(cells[0]); !ok || m.Profile != kernel.Low || !slices.Equal(m.Ports, s.Ports) {
		t.Errorf("%+v, %v", m, ok)
	}
	if m, ok := k.Made(cells[1]); !ok || m.Profile != kernel.High || m.Ports != nil {
		t.Errorf("nothing was given for db: %+v, %v", m, ok)
	}
	f.cells = append(f.cells, fakeCell{Info: abi.Info{ID: 9, Name: "theirs", Root: "/cells/db"}})
	if m, ok := k.Made(must[[]kernel.Cell](t)(k.List())[2]); ok {
		t.Errorf("another program made it, but %+v is remembered", m)
	}
	f.cells = f.cells[:2]
	if err := k.Destroy(1); err != nil {
		t.Fatal(err)
	}
	if _, ok := k.Made(cells[0]); ok {
		t.Error("a destroyed cell is still remembered")
	}
	if len(warnings) != 0 {
		t.Fatalf("warnings %v", warnings)
	}

	// What goes wrong with the file is told, and the cell is made all the same.
	if err := os.WriteFile(path, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := k.Made(cells[1]); ok || len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "is ignored") {
		t.Errorf("damaged: %v", warnings)
	}
	warnings = nil
	k = f.open(t, Options{State: filepath.Join(path, "no", "folder"), Warn: options.Warn})
	must[kernel.CellID](t)(k.Create(s))
	if len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "can't be written") {
		t.Errorf("no folder: %v", warnings)
	}
	if _, ok := k.Made(cells[0]); ok {
		t.Error("remembered without a file")
	}
}

// What can't be read is told once, however many cells are asked about, and to nobody whom it does not belong to.
func TestMemoryThatCannotBeRead(t *testing.T) {
	var warnings []error
	path := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	f := newFake(t, secmodel.Current)
	k := f.open(t, Options{State: path, Warn: func(err error) { warnings = append(warnings, err) }})
	for range 3 {
		if m, ok := k.Made(kernel.Cell{ID: 1, Name: "web"}); ok {
			t.Errorf("%+v is known", m)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "can't be read") {
		t.Errorf("warnings %v", warnings)
	}
	if os.Geteuid() == 0 {
		return // who may read everything
	}
	warnings = nil
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	k = f.open(t, Options{State: filepath.Join(closed, "state"), Warn: func(err error) { warnings = append(warnings, err) }})
	if m, ok := k.Made(kernel.Cell{ID: 1, Name: "web"}); ok || len(warnings) != 0 {
		t.Errorf("%+v is known (%v), warnings %v", m, ok, warnings)
	}
}

// A cell costs the same whatever there is beside it: neither making nor removing one asks for the list.
func TestCreateAsksForNoList(t *testing.T) {
	f := newFake(t, secmodel.Current)
	k := f.open(t, Options{State: filepath.Join(t.TempDir(), "state")})
	before := f.calls[abi.CellList]
	id := must[kernel.CellID](t)(k.Create(spec("web")))
	if err := k.Destroy(id); err != nil {
		t.Fatal(err)
	}
	if n := f.calls[abi.CellList] - before; n != 0 {
		t.Errorf("the list was asked for %d times", n)
	}
}

// FuzzReplies gives the driver any bytes and lengths that a kernel could write. It must neither panic nor make
// up a cell.
func FuzzReplies(f *testing.F) {
	l := must[abi.Layout](f)(abi.NewLayout(secmodel.Current, machine(f)))
	one := must[[]byte](f)(l.EncodeInfo(abi.Info{ID: 1, Name: "web", Root: "/cells/web"}))
	f.Add(one, 400, 400, uint8(0))
	f.Add(one, 399, 401, uint8(0))
	f.Add([]byte{}, -1, math.MaxInt, uint8(12))
	f.Fuzz(func(t *testing.T, reply []byte, said, wrote int, errno uint8) {
		fake := newFake(t, secmodel.April)
		k := fake.open(t, Options{})
		fake.answer = func(node string, old, new []byte) (int, error, bool) {
			if !strings.HasPrefix(node, abi.CellTree) {
				return 0, nil, false
			}
			var err error
			if errno != 0 {
				err = kauth.Errno(errno)
			}
			if old == nil {
				return said, nil, true
			}
			copy(old, reply)
			return wrote, err, true
		}
		cells, err := k.List()
		if err == nil && len(cells)*400 != wrote {
			t.Errorf("%d cells from %d bytes", len(cells), wrote)
		}
		for _, c := range cells {
			if c.ID == 0 || c.Name == "" {
				t.Errorf("made up %+v", c)
			}
		}
		if id, err := k.Create(spec("web")); err == nil && id == 0 {
			t.Error("created the host")
		}
		k.Destroy(1)
		k.Current()
		enter(k, 1)
		// A kernel whose nodes and whose system answer like that can't be opened, or opens as April.
		fake.answer = func(node string, old, new []byte) (int, error, bool) { copy(old, reply); return wrote, nil, true }
		if k, err := fake.tryOpen(Options{}); err == nil && k.Info().Revision == 0 {
			t.Error("opened without a revision")
		}
	})
}
