package kerneltest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/program"
	"cellsh/policy/stock"
)

// Subject is a kernel under test. It may have cells that are none of the suite's, but nobody else may make or remove any
// meanwhile.
type Subject struct {
	Kernel kernel.Kernel
	// Folder is an existing directory, as the kernel sees it, in which the suite's cells have their roots.
	Folder string
	// Mkdir makes a directory, WriteFile an empty file.
	Mkdir, WriteFile func(path string) error
	// Enter puts a process into a cell, whose root must be the process's. The process ends, and is waited for, when leave is
	// called.
	Enter func(c kernel.Cell) (leave func(), err error)
	// Furnish gives a root what probes need there: a folder tmp that everybody may write, and a device dev/null.
	Furnish func(root string) error
	// Probe has a new process in a cell, of a user and the group of the same number, make the call of a probe; ErrNoProbe if it
	// can't. It is nil where no process can be told to make calls.
	Probe func(c kernel.Cell, uid uint32, probe string) (Probed, error)
}

// Run tests a kernel: each test opens one. What it gives it may keep for others, cells of the suite excepted.
func Run(t *testing.T, open func(*testing.T) Subject) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"Info", info}, {"Create", create}, {"CreateRefuses", createRefuses}, {"Good", good}, {"Limits", limits}, {"Made", made}, {"List", list}, {"IDs", ids}, {"Destroy", destroy}, {"Members", members},
		{"Enter", enter}, {"Ports", ports}, {"Concurrent", concurrent}, {"ReadOnly", readOnly}, {"Evaluator", evaluator}, {"Attach", attach}, {"Window", window}, {"Probes", probes}, {"Unsupported", unsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{Subject: open(t), t: t}
			t.Cleanup(s.clean)
			c.run(t, s)
		})
	}
}

// suite is one test under way.
type suite struct {
	Subject
	t  *testing.T
	mu sync.Mutex
	// made are the cells that are to be removed.
	made []kernel.CellID
}

// prefix begins the names of all cells of the suite.
const prefix = "kerneltest-"

func (s *suite) clean() {
	for _, id := range s.made {
		if err := s.Kernel.Destroy(id); err != nil && !errors.Is(err, kauth.ENOENT) {
			s.t.Errorf("a cell of the test can't be removed: %v", err)
		}
	}
}

// spec is a good one, whose root exists.
func (s *suite) spec(name string) kernel.Spec {
	s.t.Helper()
	root := path.Join(s.Folder, name)
	if err := s.Mkdir(root); err != nil {
		s.t.Fatal(err)
	}
	return kernel.Spec{Name: prefix + name, Root: root}
}

func (s *suite) make(spec kernel.Spec) kernel.CellID {
	s.t.Helper()
	id, err := s.Kernel.Create(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, id)
	return id
}

// list gives the cells of the suite.
func (s *suite) list() []kernel.Cell {
	s.t.Helper()
	cells, err := s.Kernel.List()
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(cells, func(c kernel.Cell) bool { return !strings.HasPrefix(c.Name, prefix) })
}

func (s *suite) find(name string) kernel.Cell {
	s.t.Helper()
	c, ok, err := kernel.Find(s.Kernel, name)
	if err != nil || !ok {
		s.t.Fatalf("cell %s is not listed: %v", name, err)
	}
	return c
}

// refused checks a refusal: an *kernel.Error with an errno, 0 for one before the kernel was asked, and words.
func (s *suite) refused(what string, err error, errnos []kauth.Errno, words string) {
	s.t.Helper()
	var e *kernel.Error
	switch {
	case !errors.As(err, &e):
		s.t.Errorf("%s: %v (%T), want a refusal", what, err, err)
	case !slices.Contains(errnos, e.Errno):
		s.t.Errorf("%s: %v, want %v", what, err, errnos)
	case !strings.Contains(e.Text, words) || e.Op == "":
		s.t.Errorf("%s: %v, want %q", what, err, words)
	}
}

func info(t *testing.T, s *suite) {
	i := s.Kernel.Info()
	if i.Name == "" || i.Version == "" || !i.Revision.Properties().Supported || i.Vocabulary == nil || i.HZ <= 0 {
		t.Errorf("%+v", i)
	}
	for _, c := range []kernel.Capability{kernel.CapEvaluation, kernel.CapProcesses, kernel.CapEnter, kernel.CapDenials, kernel.CapState} {
		has, lacks := i.Capabilities[c], i.Missing[c]
		if (has == "") == (lacks == "") {
			t.Errorf("the capability %s is there (%q) or missing (%q), and why is said", c, has, lacks)
		}
	}
	if id, err := s.Kernel.Current(); id != 0 || err != nil {
		t.Errorf("the caller is in cell %d, %v, and must be on the host", id, err)
	}
}

func create(t *testing.T, s *suite) {
	spec := s.spec("web")
	id := s.make(spec)
	if id == 0 {
		t.Error("a cell must not have the number of the host")
	}
	c := s.find(spec.Name)
	if c.ID != id || c.Root != spec.Root || c.Nofile != nil || c.AS != nil || c.Core != nil {
		t.Errorf("cell %d is listed as %+v", id, c)
	}
}

func createRefuses(t *testing.T, s *suite) {
	spec := s.spec("web")
	s.make(spec)
	file := path.Join(s.Folder, "file")
	if err := s.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	before := len(s.list())
	for _, c := range []struct {
		what   string
		edit   func(*kernel.Spec)
		errnos []kauth.Errno
		words  string
	}{
		{"no name", func(s *kernel.Spec) { s.Name = "" }, none, "the name must not be empty"},
		{"a name with a space", func(s *kernel.Spec) { s.Name = "a b" }, none, "the name must consist of A-Z a-z 0-9 . _ -"},
		{"the name of a directory", func(s *kernel.Spec) { s.Name = ".." }, none, "the name must not be . or .."},
		{"a long name", func(s *kernel.Spec) { s.Name = prefix + strings.Repeat("n", kernel.MaxName) }, none, "the name must have at most 63"},
		{"a relative root", func(s *kernel.Spec) { s.Root = "cells" }, none, "the root must be an absolute path"},
		{"a long root", func(s *kernel.Spec) { s.Root = "/" + strings.Repeat("r", kernel.MaxRoot) }, none, "the root must be an absolute path of at most 255"},
		{"the host's root", func(s *kernel.Spec) { s.Root = "/" }, none, "the root must be a directory of its own"},
		{"the host's root by another path", func(s *kernel.Spec) { s.Root += "/" + strings.Repeat("../", 20) }, none, "the root must be a directory of its own"},
		{"no such root", func(s *kernel.Spec) { s.Root += "/missing" }, missing, "must be a directory"},
		{"a file as root", func(s *kernel.Spec) { s.Root = file }, notDirectory, "must be a directory"},
		{"an odd profile", func(s *kernel.Spec) { p := kernel.Profile(3); s.Profile = &p }, none, "the profile must be low, medium or high"},
		{"33 ports", func(s *kernel.Spec) { s.Ports = make([]uint16, 33) }, none, "at most 32 ports"},
		{"port 0", func(s *kernel.Spec) { s.Ports = []uint16{0} }, none, "a port must be 1 to 65535"},
		{"a port twice", func(s *kernel.Spec) { s.Ports = []uint16{60001, 60001} }, none, "60001 is given again"},
		{"a taken name", func(s *kernel.Spec) { s.Name = prefix + "web" }, []kauth.Errno{kauth.EEXIST}, "the name must be"},
	} {
		other := spec
		other.Name = prefix + "other"
		c.edit(&other)
		id, err := s.Kernel.Create(other)
		if err == nil {
			s.made = append(s.made, id)
		}
		s.refused(c.what, err, c.errnos, c.words)
	}
	if after := len(s.list()); after != before {
		t.Errorf("%d cells before, %d after", before, after)
	}
}

// Refusals are the kernel's or, before it is asked, the client's: then they have no errno.
var (
	none         = []kauth.Errno{0}
	missing      = []kauth.Errno{0, kauth.ENOENT}
	notDirectory = []kauth.Errno{0, kauth.ENOTDIR}
)

// good is what no kernel refuses.
func good(t *testing.T, s *suite) {
	web := s.spec("web")
	s.make(web)
	for name, edit := range map[string]func(*kernel.Spec){
		"a name that differs by case": func(s *kernel.Spec) { s.Name = prefix + "WEB" },
		"a long name":                 func(s *kernel.Spec) { s.Name = prefix + strings.Repeat("n", kernel.MaxName-len(prefix)) },
		"the root of another cell":    func(s *kernel.Spec) { s.Name = prefix + "shares" },
		"a root with a slash":         func(s *kernel.Spec) { s.Name = prefix + "slash"; s.Root += "/" },
		"a root with dots":            func(s *kernel.Spec) { s.Name = prefix + "dots"; s.Root += "/../web" },
		"profile low":                 func(s *kernel.Spec) { s.Name = prefix + "low"; p := kernel.Low; s.Profile = &p },
		"the host's root, if allowed": func(s *kernel.Spec) { s.Name = prefix + "all"; s.Root, s.HostRoot = "/", true },
	} {
		spec := web
		edit(&spec)
		id, err := s.Kernel.Create(spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s.made = append(s.made, id)
		if c := s.find(spec.Name); c.ID != id || c.Root != spec.Root {
			t.Errorf("%s: cell %d is listed as %+v", name, id, c)
		}
	}
}

func limits(t *testing.T, s *suite) {
	spec := s.spec("limited")
	few, much, all := uint64(0), uint64(512<<20), uint64(kauth.Unlimited)
	spec.Nofile, spec.AS, spec.Core = &few, &much, &all
	if !s.Kernel.Info().Revision.Properties().Limits {
		_, err := s.Kernel.Create(spec)
		s.refused("limits", err, none, "a cell must have no limits on this kernel")
		return
	}
	s.make(spec)
	c := s.find(spec.Name)
	for name, v := range map[string][2]*uint64{"nofile": {c.Nofile, &few}, "as": {c.AS, &much}, "core": {c.Core, &all}} {
		if v[0] == nil || *v[0] != *v[1] {
			t.Errorf("the limit %s is listed as %v, want %d", name, v[0], *v[1])
		}
	}
}

func list(t *testing.T, s *suite) {
	for i := range 10 {
		s.make(s.spec(fmt.Sprint("n", 9-i)))
	}
	cells := s.list()
	if !slices.IsSortedFunc(cells, func(a, b kernel.Cell) int { return cmp.Compare(a.ID, b.ID) }) {
		t.Errorf("the list must be ordered by id, but is %+v", cells)
	}
	var names []string
	for _, c := range cells {
		names = append(names, strings.TrimPrefix(c.Name, prefix))
		if c.Age < 0 || c.References != 0 || c.Processes != 0 {
			t.Errorf("a new cell is listed as %+v", c)
		}
	}
	if want := "n9 n8 n7 n6 n5 n4 n3 n2 n1 n0"; strings.Join(names, " ") != want {
		t.Errorf("%v is listed, want %s", names, want)
	}
	if _, ok, err := kernel.Find(s.Kernel, prefix+"nobody"); ok || err != nil {
		t.Errorf("a cell that nobody made is found: %v", err)
	}
}

// made: what a cell was made with is known as long as it lives, and of others nothing is.
func made(t *testing.T, s *suite) {
	low := kernel.Low
	web, db := s.spec("web"), s.spec("db")
	web.Profile, web.Ports = &low, []uint16{60000, 60001}
	id := s.make(web)
	s.make(db)
	for _, c := range []struct {
		name string
		want kernel.Made
	}{{web.Name, kernel.Made{Profile: kernel.Low, Ports: web.Ports}}, {db.Name, kernel.Made{Profile: kernel.High}}} {
		if m, ok := s.Kernel.Made(s.find(c.name)); !ok || m.Profile != c.want.Profile || !slices.Equal(m.Ports, c.want.Ports) {
			t.Errorf("cell %s was made with %+v (known: %v), want %+v", c.name, m, ok, c.want)
		}
	}
	gone := s.find(web.Name)
	if err := s.Kernel.Destroy(id); err != nil {
		t.Fatal(err)
	}
	if m, ok := s.Kernel.Made(gone); ok {
		t.Errorf("of a cell that is gone %+v is known", m)
	}
	if m, ok := s.Kernel.Made(kernel.Cell{ID: 1 << 31, Name: prefix + "nobody"}); ok {
		t.Errorf("of a cell that nobody made %+v is known", m)
	}
}

// ids count up and are never used again.
func ids(t *testing.T, s *suite) {
	last := kernel.CellID(0)
	for range 4 {
		id := s.make(s.spec("again"))
		if id <= last {
			t.Errorf("the id after %d is %d", last, id)
		}
		last = id
		if err := s.Kernel.Destroy(id); err != nil {
			t.Error(err)
		}
	}
}

func destroy(t *testing.T, s *suite) {
	s.refused("the host", s.Kernel.Destroy(0), []kauth.Errno{0, kauth.EINVAL}, "0 is the host")
	s.refused("a cell that nobody made", s.Kernel.Destroy(1<<31), []kauth.Errno{kauth.ENOENT}, "the cell must exist")
	id := s.make(s.spec("web"))
	if err := s.Kernel.Destroy(id); err != nil {
		t.Error(err)
	}
	s.refused("the same again", s.Kernel.Destroy(id), []kauth.Errno{kauth.ENOENT}, "the cell must exist")
	if cells := s.list(); len(cells) != 0 {
		t.Errorf("it is still listed: %+v", cells)
	}
}

func members(t *testing.T, s *suite) {
	spec := kernel.Spec{Name: prefix + "web", Root: "/", HostRoot: true}
	id := s.make(spec)
	leave, err := s.Enter(s.find(spec.Name))
	if err != nil {
		t.Fatal(err)
	}
	s.refused("a cell with a member", s.Kernel.Destroy(id), []kauth.Errno{kauth.EBUSY}, "the cell must have no members")
	leave()
	if err := s.Kernel.Destroy(id); err != nil {
		t.Errorf("after its last member has left: %v", err)
	}
}

func enter(t *testing.T, s *suite) {
	spec := kernel.Spec{Name: prefix + "gone", Root: "/", HostRoot: true}
	id := s.make(spec)
	c := s.find(spec.Name)
	if err := s.Kernel.Destroy(id); err != nil {
		t.Fatal(err)
	}
	if leave, err := s.Enter(c); err == nil {
		leave()
		t.Error("a cell that is gone was entered")
	}
}

func ports(t *testing.T, s *suite) {
	web := s.spec("web")
	for i := range kernel.MaxPorts {
		web.Ports = append(web.Ports, uint16(60001+i))
	}
	id := s.make(web)
	db := s.spec("db")
	db.Ports = []uint16{60000, 60032}
	_, err := s.Kernel.Create(db)
	s.refused("a taken port", err, []kauth.Errno{kauth.EEXIST}, "60032")
	if err := s.Kernel.Destroy(id); err != nil {
		t.Fatal(err)
	}
	s.make(db)
}

// concurrent makes and removes cells from several goroutines: nothing is lost, and nobody gets somebody else's.
func concurrent(t *testing.T, s *suite) {
	const workers, rounds = 4, 8
	var specs []kernel.Spec
	for w := range workers {
		specs = append(specs, s.spec(fmt.Sprint("w", w)))
	}
	var all sync.WaitGroup
	for _, spec := range specs {
		all.Go(func() {
			for range rounds {
				id, err := s.Kernel.Create(spec)
				if err != nil {
					t.Error(err)
					return
				}
				if c, ok, err := kernel.Find(s.Kernel, spec.Name); !ok || c.ID != id || err != nil {
					t.Errorf("cell %s is %d, and listed as %+v, %v", spec.Name, id, c, err)
				}
				if err := s.Kernel.Destroy(id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if cells := s.list(); len(cells) != 0 {
		t.Errorf("cells stay: %+v", cells)
	}
}

func readOnly(t *testing.T, s *suite) {
	spec := s.spec("web")
	id := s.make(spec)
	k := kernel.ReadOnly(s.Kernel)
	if cells, err := k.List(); err != nil || len(cells) == 0 {
		t.Errorf("the list of a read-only kernel: %v, %v", cells, err)
	}
	_, create := k.Create(s.spec("other"))
	refusals := map[string]error{"create": create, "destroy": k.Destroy(id)}
	if e, err := k.Evaluator(); err == nil {
		refusals["load"] = e.Load(bundle(s.Kernel, 1).Encode(), 0)
		refusals["attach"] = e.Attach(bundle(s.Kernel, 1).Encode())
		refusals["confirm"], refusals["revert"] = e.Confirm(1), e.Revert(1)
		if _, err := e.Status(); err != nil {
			t.Errorf("the status of a read-only kernel: %v", err)
		}
	}
	for what, err := range refusals {
		s.refused(what+" on a read-only kernel", err, none, "must not be read-only")
	}
	if _, ok := k.(kernel.RootMaker); ok {
		t.Error("a read-only kernel makes roots")
	}
	s.find(spec.Name)
}

// bundle is a sound one: everything about the cells is denied.
func bundle(k kernel.Kernel, generation uint64, cells ...program.Cell) *program.Bundle {
	b := &program.Bundle{Vocabulary: k.Info().Vocabulary, Generation: generation, Fallback: stock.FallbackFor(k.Info().Vocabulary), Cells: cells}
	if len(cells) > 0 {
		deny := policy.Decision{Answer: policy.Answer{Result: policy.Deny, Reason: "kerneltest"}}
		reboot := kauth.MustFind("system.reboot")
		p, err := program.New([]program.Root{{Request: reboot, Ref: program.LeafRef(0)}}, nil, []policy.Decision{deny})
		if err != nil {
			panic(err)
		}
		b.Programs = []*program.Program{p}
	}
	return b
}

// evaluation gives the evaluation model and the number of the next generation; a kernel without it skips the test.
func (s *suite) evaluation() (kernel.Evaluator, uint64) {
	s.t.Helper()
	e, err := s.Kernel.Evaluator()
	if err != nil {
		s.t.Skip(err)
	}
	status, err := e.Status()
	if err != nil {
		s.t.Fatal(err)
	}
	return e, status.Highest + 1
}

func evaluator(t *testing.T, s *suite) {
	e, next := s.evaluation()
	spec := s.spec("web")
	id := s.make(spec)
	before, err := e.Status()
	if err != nil {
		t.Fatal(err)
	}
	good := bundle(s.Kernel, next, program.Cell{ID: id, Name: spec.Name})
	text := good.Encode()
	old := slices.Clone(text)
	old[8]--
	foreign := bundle(s.Kernel, next)
	foreign.Vocabulary = &kauth.Vocabulary{Version: "0.0", ID: 1}
	foreign.Fallback = must(program.New(nil, nil, nil))
	s.refused("no bundle", e.Load(nil, 0), []kauth.Errno{kauth.EFTYPE}, "the bundle must be sound")
	s.refused("half a bundle", e.Load(text[:len(text)/2], 0), []kauth.Errno{kauth.EFTYPE}, "the bundle must be sound")
	s.refused("a changed bundle", e.Load(append(slices.Clone(text[:len(text)-1]), ^text[len(text)-1]), 0), []kauth.Errno{kauth.EFTYPE}, "the bundle must be sound")
	s.refused("an older format", e.Load(old, 0), []kauth.Errno{kauth.EPROGMISMATCH}, "version")
	s.refused("a foreign vocabulary", e.Load(foreign.Encode(), 0), []kauth.Errno{kauth.EPROGUNAVAIL}, "the vocabulary")
	s.refused("generation 0", e.Load(bundle(s.Kernel, 0).Encode(), 0), []kauth.Errno{kauth.EINVAL}, "the generation must be at least 1")
	s.refused("a cell that nobody made", e.Load(bundle(s.Kernel, next, program.Cell{ID: 1 << 31, Name: spec.Name}).Encode(), 0), []kauth.Errno{kauth.ENOENT}, "must exist")
	if after, err := e.Status(); err != nil || after.Generation != before.Generation || after.Highest != before.Highest {
		t.Errorf("a refused load changes generation %d to %d, %v", before.Generation, after.Generation, err)
	}
	if err := e.Load(text, 0); err != nil {
		t.Fatal(err)
	}
	status, err := e.Status()
	if want := (kernel.Status{Generation: next, Programs: 1, Cells: 1, Bytes: status.Bytes, Highest: next, Sequence: status.Sequence}); err != nil || status != want || status.Bytes < len(text) {
		t.Errorf("the status is %+v, %v, want %+v", status, err, want)
	}
	s.answered(id, kernel.ByProgram, true)
	s.refused("the same generation", e.Load(text, 0), []kauth.Errno{kauth.EEXIST}, "the generation must be higher")
	if events, err := e.Events(1 << 62); err != nil || len(events) != 0 {
		t.Errorf("the events after all others are %+v, %v", events, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Wait(ended, 1<<62); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ends with %v", err)
	}
	if err := s.Kernel.Destroy(id); err != nil {
		t.Fatal(err)
	}
}

// answered fails unless that answers for the cell.
func (s *suite) answered(id kernel.CellID, by kernel.Answered, named bool) {
	s.t.Helper()
	e, err := s.Kernel.Evaluator()
	if err != nil {
		s.t.Fatal(err)
	}
	cells, err := e.Cells()
	if err != nil {
		s.t.Fatal(err)
	}
	i := slices.IndexFunc(cells, func(c kernel.CellStatus) bool { return c.Cell == id })
	if i < 0 {
		s.t.Errorf("cell %d is not among %+v", id, cells)
	} else if c := cells[i]; c.Answered != by || c.Named != named {
		s.t.Errorf("cell %d is answered by %d, named %v; want %d, %v", id, c.Answered, c.Named, by, named)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// attach: cells get programs beside those that are loaded.
func attach(t *testing.T, s *suite) {
	e, next := s.evaluation()
	web, db := s.spec("web"), s.spec("db")
	webID, dbID := s.make(web), s.make(db)
	if err := e.Load(bundle(s.Kernel, next, program.Cell{ID: webID, Name: web.Name}).Encode(), 0); err != nil {
		t.Fatal(err)
	}
	more := func(generation uint64, attachment uint32, id kernel.CellID) []byte {
		b := bundle(s.Kernel, generation, program.Cell{ID: id, Name: db.Name})
		b.Attachment = attachment
		return b.Encode()
	}
	s.refused("another generation", e.Attach(more(next+1, 1, dbID)), []kauth.Errno{kauth.ESRCH}, "the loaded one")
	s.refused("no higher attachment", e.Attach(more(next, 0, dbID)), []kauth.Errno{kauth.EEXIST}, "the attachment must be higher")
	s.refused("a cell that nobody made", e.Attach(more(next, 1, 1<<31)), []kauth.Errno{kauth.ENOENT}, "must exist")
	other := bundle(s.Kernel, next, program.Cell{ID: dbID, Name: db.Name})
	other.Attachment, other.FallbackScope = 1, program.FallbackAll
	s.refused("another fallback", e.Attach(other.Encode()), []kauth.Errno{kauth.EINVAL}, "the fallback must be the loaded one")
	if status, err := e.Status(); err != nil || status.Attachment != 0 || status.Cells != 1 {
		t.Errorf("what is refused changes the status to %+v, %v", status, err)
	}
	if err := e.Attach(more(next, 3, dbID)); err != nil {
		t.Fatal(err)
	}
	s.answered(webID, kernel.ByProgram, true)
	s.answered(dbID, kernel.ByProgram, true)
	if status, err := e.Status(); err != nil || status.Generation != next || status.Attachment != 3 || status.Cells != 2 {
		t.Errorf("the status is %+v, %v", status, err)
	}
}

// window: what is loaded to be confirmed stays or goes as it is told. That it goes by itself takes time, and is tested where
// the clock is the test's.
func window(t *testing.T, s *suite) {
	e, next := s.evaluation()
	text := func(generation uint64) []byte { return bundle(s.Kernel, generation).Encode() }
	load := func(generation uint64, window time.Duration) {
		t.Helper()
		if err := e.Load(text(generation), window); err != nil {
			t.Fatal(err)
		}
	}
	loaded := func(generation, back uint64, waits bool) {
		t.Helper()
		if status, err := e.Status(); err != nil || status.Generation != generation || status.Back != back || status.Waits != waits || waits != (status.Left > 0) {
			t.Errorf("the status is %+v, %v; want generation %d, waits %v, back to %d", status, err, generation, waits, back)
		}
	}
	load(next, 0)
	load(next+1, time.Hour)
	loaded(next+1, next, true)
	for _, g := range []uint64{next, next + 2} {
		s.refused("confirm another", e.Confirm(g), []kauth.Errno{kauth.ESRCH}, "must wait to be confirmed")
		s.refused("revert another", e.Revert(g), []kauth.Errno{kauth.ESRCH}, "must wait to be confirmed")
	}
	// What waits is replaced, and what comes back stays.
	load(next+2, time.Hour)
	loaded(next+2, next, true)
	if err := e.Revert(next + 2); err != nil {
		t.Fatal(err)
	}
	loaded(next, 0, false)
	s.refused("a number that was there", e.Load(text(next+2), 0), []kauth.Errno{kauth.EEXIST}, "the generation must be higher")
	load(next+3, time.Hour)
	if err := e.Confirm(next + 3); err != nil {
		t.Fatal(err)
	}
	loaded(next+3, 0, false)
	s.refused("confirm again", e.Confirm(next+3), []kauth.Errno{kauth.ESRCH}, "must wait to be confirmed")
	load(next+4, time.Hour)
	load(next+5, 0)
	loaded(next+5, 0, false)
}

// unsupported: what a kernel lacks is a typed error that says so.
func unsupported(t *testing.T, s *suite) {
	_, err := s.Kernel.Evaluator()
	_, has := s.Kernel.Info().Capabilities[kernel.CapEvaluation]
	if has != (err == nil) {
		t.Errorf("the kernel says that it has the evaluation model: %v, but gives %v", has, err)
	}
	if err == nil {
		return
	}
	var e *kernel.UnsupportedError
	if !errors.As(err, &e) || e.Capability != kernel.CapEvaluation || e.Why == "" {
		t.Errorf("the evaluation model is missing: %v", err)
	}
}
