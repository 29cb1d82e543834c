package connect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/abi"
	"cellsh/kernel/disk"
	"cellsh/kernel/netbsd"
	"cellsh/kernel/sim"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
)

var start = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// clockAt is a clock that tests move.
type clockAt struct{ now time.Time }

func (c *clockAt) Now() time.Time { return c.now }

func open(t *testing.T, target string, readOnly bool, c *clockAt) (*Connection, error) {
	t.Helper()
	if c == nil {
		c = &clockAt{start}
	}
	return Open(Options{Target: target, ReadOnly: readOnly, Now: c.Now, Machine: Machine{Foreign: "plan9/amd64", Folder: t.TempDir()}})
}

func mustOpen(t *testing.T, target string, readOnly bool, c *clockAt) *Connection {
	t.Helper()
	conn, err := open(t, target, readOnly, c)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// make makes a cell.
func makeCell(t *testing.T, c *Connection, name string) kernel.CellID {
	t.Helper()
	root := "/cells/" + name
	if err := c.Simulator.MakeRoot(root); err != nil {
		t.Fatal(err)
	}
	id, err := c.Create(kernel.Spec{Name: name, Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func names(t *testing.T, c *Connection) string {
	t.Helper()
	cells, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range cells {
		list = append(list, c.Name)
	}
	return strings.Join(list, " ")
}

func TestStateIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	clock := &clockAt{start}
	c := mustOpen(t, "sim:"+file, false, clock)
	if c.Ephemeral() {
		t.Error("the state of a file must not end with the program")
	}
	makeCell(t, c, "web")
	if err := c.WriteNotes([]byte("notes")); err != nil {
		t.Fatal(err)
	}
	clock.now = start.Add(10 * time.Second)
	c.Tick()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	clock.now = start.Add(70 * time.Second)
	c = mustOpen(t, "sim:"+file, false, clock)
	defer c.Close()
	if got := names(t, c); got != "web" {
		t.Errorf("cells %q", got)
	}
	if text, err := c.ReadNotes(); string(text) != "notes" || err != nil {
		t.Errorf("notes %q, %v", text, err)
	}
	// The clock went on.
	if got := c.Simulator.Uptime(); got != 70*time.Second {
		t.Errorf("uptime %s", got)
	}
}

func TestKilled(t *testing.T) {
	// A program that is killed has not closed: what was saved is there, and no lock stays.
	file := filepath.Join(t.TempDir(), "cells.state")
	c := mustOpen(t, "sim:"+file, false, nil)
	makeCell(t, c, "web")
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	makeCell(t, c, "lost")
	c.keeper.(*stateFile).unlock() // as the system does at the end of a process
	c = mustOpen(t, "sim:"+file, false, nil)
	defer c.Close()
	if got := names(t, c); got != "web" {
		t.Errorf("cells %q", got)
	}
}

func TestLongScriptsSaveOnTheWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	clock := &clockAt{start}
	c := mustOpen(t, "sim:"+file, false, clock)
	defer c.Close()
	clock.now = start.Add(time.Minute)
	makeCell(t, c, "web")
	look := mustOpen(t, "sim:"+file, true, clock)
	if got := names(t, look); got != "web" {
		t.Errorf("cells %q", got)
	}
}

// What was settled is in the file, and costs nothing to settle again; Save makes it safe from a crash of the machine.
func TestSettle(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	c := mustOpen(t, "sim:"+file, false, nil)
	defer c.Close()
	state := c.keeper.(*stateFile)
	settled := func(want string) {
		t.Helper()
		if err := c.Settle(); err != nil {
			t.Fatal(err)
		}
		look := mustOpen(t, "sim:"+file, true, nil)
		defer look.Close()
		if got := names(t, look); got != want {
			t.Errorf("cells %q, want %q", got, want)
		}
	}
	id := makeCell(t, c, "web")
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	makeCell(t, c, "db")
	settled("web db")
	if !state.swapped {
		t.Error("what was settled is not safe yet")
	}
	if err := c.Save(); err != nil || state.swapped {
		t.Errorf("what is saved must be safe: %v", err)
	}
	if err := c.Destroy(id); err != nil {
		t.Fatal(err)
	}
	settled("db")
	if err := c.WriteNotes([]byte("notes")); err != nil {
		t.Fatal(err)
	}
	settled("db")
	look := mustOpen(t, "sim:"+file, true, nil)
	if text, err := look.ReadNotes(); string(text) != "notes" || err != nil {
		t.Errorf("notes %q, %v", text, err)
	}
	// Nothing has changed, so nothing is written.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := c.Settle(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("it is written although nothing has changed")
	}
}

// The notes about a running NetBSD are locked while something changes, and not between.
func TestFolderLock(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "cellsh"), 0, nil}
	unlock, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteNotes([]byte("one")); err != nil {
		t.Error(err)
	}
	if _, err := disk.TryLock(f.notes() + ".lock"); !errors.As(err, new(*disk.BusyError)) {
		t.Errorf("another program must wait, but: %v", err)
	}
	unlock()
	if unlock, err = f.Lock(); err != nil {
		t.Fatal(err)
	}
	unlock()
	if text, err := f.ReadNotes(); string(text) != "one" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var refused *kernel.Error
	if _, err := (folder{filepath.Join(file, "x"), 0, nil}).Lock(); !errors.As(err, &refused) || !strings.Contains(err.Error(), "must be writable, but is not: not a directory") || refused.Hint != "" {
		t.Errorf("%v, hint %q", err, refused.Hint)
	}
}

func TestOneWriter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	c := mustOpen(t, "sim:"+file, false, nil)
	_, err := open(t, "sim:"+file, false, nil)
	if err == nil || !strings.Contains(err.Error(), "must have one writer, but process") {
		t.Fatalf("a second writer: %v", err)
	}
	// Who can wait finds out that waiting helps.
	if busy := new(disk.BusyError); !errors.As(err, &busy) || busy.PID != os.Getpid() {
		t.Errorf("a second writer: %#v", err)
	}
	// It is one error in the words of users, without the lock's own.
	if _, many := err.(interface{ Unwrap() []error }); many || strings.Contains(err.Error(), ".lock") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a second writer is told more than once: %v", err)
	}
	if e := new(kernel.Error); !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("a second writer gets no hint: %v", err)
	}
	makeCell(t, c, "web")
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	look := mustOpen(t, "sim:"+file, true, nil)
	if got := names(t, look); got != "web" {
		t.Errorf("a reader beside the writer sees %q", got)
	}
	if err := look.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = mustOpen(t, "sim:"+file, false, nil)
	defer c.Close()
	if got := names(t, c); got != "web" {
		t.Errorf("cells %q", got)
	}
}

func TestReadOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	c := mustOpen(t, "sim:"+file, false, nil)
	id := makeCell(t, c, "web")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	look := mustOpen(t, "sim:"+file, true, nil)
	e, err := look.Kernel.Evaluator()
	if err != nil {
		t.Fatal(err)
	}
	_, create := look.Create(kernel.Spec{Name: "db", Root: "/cells"})
	for what, err := range map[string]error{"create": create, "destroy": look.Destroy(id), "load": e.Load(nil, 0), "notes": look.WriteNotes([]byte("x"))} {
		if err == nil || !strings.Contains(err.Error(), "must not be read-only") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if look.Simulator != nil {
		t.Error("a read-only kernel must give no way to system calls")
	}
	if why := look.Info().Missing[kernel.CapProcesses]; why != "the session is read-only" {
		t.Errorf("processes are missing because %q", why)
	}
	if err := look.Close(); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the file changed: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	c := mustOpen(t, "sim:"+good, false, nil)
	makeCell(t, c, "web")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(name string, content []byte, want string) {
		t.Helper()
		file := filepath.Join(dir, "bad")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := open(t, "sim:"+file, false, nil)
		if err == nil {
			c.Close()
			t.Errorf("%s: opened", name)
			return
		}
		var e *kernel.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if after, _ := os.ReadFile(file); string(after) != string(content) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	refuse("empty", nil, "it must be a document of a simulated kernel, but is empty")
	refuse("foreign", []byte("#!/bin/sh\n"), "must be a document")
	for i := 1; i < len(text)-1; i += 1 + len(text)/200 {
		refuse("cut short", text[:i], "state file")
	}
	flipped := []byte(strings.Replace(string(text), `"name":"web"`, `"name":"wab"`, 1))
	if string(flipped) == string(text) {
		t.Fatal("nothing to change")
	}
	refuse("changed by hand", flipped, "checksum")

	for target, want := range map[string]string{
		"sim:" + dir:                            "must be a file",
		"sim:" + filepath.Join(dir, "no/file"):  "folder must exist",
		"sim:":                                  "must be sim, sim:FILE or netbsd",
		"linux":                                 "must be sim, sim:FILE or netbsd",
		"sim:" + filepath.Join(good, "in-file"): "not a directory",
	} {
		// Who only looks is told the same.
		for _, readOnly := range []bool{false, true} {
			if _, err := open(t, target, readOnly, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, read-only %v: %v, want %q", target, readOnly, err, want)
			}
		}
	}
}

func TestSymbolicLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.WriteFile(filepath.Join(dir, "real"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(dir, "real"))
	c := mustOpen(t, "sim:"+filepath.Join(dir, "real"), false, nil)
	makeCell(t, c, "web")
	c.Close()
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	c = mustOpen(t, "sim:"+link, false, nil)
	makeCell(t, c, "db")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	c = mustOpen(t, "sim:"+filepath.Join(dir, "real"), true, nil)
	if got := names(t, c); got != "web db" {
		t.Errorf("cells %q", got)
	}
	away := filepath.Join(dir, "away")
	if err := os.Symlink("nowhere", away); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "sim:"+away, false, nil); err == nil || !strings.Contains(err.Error(), "symbolic link to what does not exist") {
		t.Errorf("a link that leads nowhere: %v", err)
	}
	if err := os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "other.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "sim:"+filepath.Join(dir, "other"), false, nil); err == nil || !strings.Contains(err.Error(), "other.lock must be a file with one name, but is a symbolic link") {
		t.Errorf("a lock that is a link: %v", err)
	}
}

// What a connection calls Kernel is safe for concurrent use, also where it keeps its state.
func TestConcurrentUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	c, err := Open(Options{Target: "sim:" + file, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for w := range 4 {
		name := fmt.Sprintf("web-%d", w)
		if err := c.Simulator.MakeRoot("/cells/" + name); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for i := range 20 {
				id, err := c.Create(kernel.Spec{Name: name, Root: "/cells/" + name})
				if err != nil {
					t.Error(err)
					return
				}
				if i == 10 {
					if err := errors.Join(c.WriteNotes([]byte(name)), c.Save()); err != nil {
						t.Error(err)
					}
				}
				c.Info()
				if err := c.Destroy(id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = mustOpen(t, "sim:"+file, true, &clockAt{time.Now()})
	if text, err := c.ReadNotes(); !strings.HasPrefix(string(text), "web-") || err != nil || names(t, c) != "" {
		t.Errorf("notes %q, %v, cells %q", text, err, names(t, c))
	}
}

// system is a running NetBSD for the tests: the simulated one, as its root sees it, with secmodel_cell or without.
type system struct {
	sim.Wire
	cells bool
}

func running(t *testing.T, cells bool) system {
	t.Helper()
	k, err := sim.New(sim.Options{NoEvaluation: true})
	if err != nil {
		t.Fatal(err)
	}
	return system{sim.Wire{Process: k.Init()}, cells}
}

// Sysctl hides the model's nodes where there are none.
func (s system) Sysctl(mib []int32, old, new []byte) (int, error) {
	if s.cells || mib[len(mib)-1] != abi.CTLQuery {
		return s.Wire.Sysctl(mib, old, new)
	}
	text := make([]byte, 1<<20)
	n, err := s.Wire.Sysctl(mib, text, new)
	if err != nil {
		return n, err
	}
	order := s.Machine().Order
	nodes, err := abi.DecodeNodes(order, text[:n])
	if err != nil {
		return 0, err
	}
	text = abi.EncodeNodes(order, slices.DeleteFunc(nodes, func(n abi.Node) bool { return n.Name == "cell" }))
	if copy(old, text); old != nil && len(old) < len(text) {
		return len(text), kauth.ENOMEM
	}
	return len(text), nil
}

// On NetBSD a kernel without cells is told as that, with what to do, and nobody gets a simulated one unasked.
func TestDefault(t *testing.T) {
	with, without := running(t, true), running(t, false)
	for _, c := range []struct {
		what, target string
		system       netbsd.System
		// simulated kernel, or else words of the error; "" for the running one.
		simulated bool
		err       string
	}{
		{"NetBSD with cells", "", with, false, ""},
		{"NetBSD with cells, named", "netbsd", with, false, ""},
		{"NetBSD with cells", "sim", with, true, ""},
		{"NetBSD without cells", "", without, false, "has no cells: there is no security.models.cell"},
		{"NetBSD without cells, named", "netbsd", without, false, "has no cells: there is no security.models.cell"},
		{"NetBSD without cells", "sim", without, true, ""},
	} {
		conn, err := Open(Options{Target: c.target, Machine: Machine{System: c.system, Folder: t.TempDir()}, Now: time.Now})
		if c.err != "" {
			var u *kernel.UnsupportedError
			if !errors.As(err, &u) || !strings.Contains(err.Error(), c.err) || !strings.Contains(u.Hint, "modload secmodel_cell") || !strings.Contains(u.Hint, "-k sim") {
				t.Errorf("%s, -k %q: %v (%+v)", c.what, c.target, err, u)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s, -k %q: %v", c.what, c.target, err)
		} else if conn.Info().Simulated != c.simulated {
			t.Errorf("%s, -k %q: %+v", c.what, c.target, conn.Info())
		} else {
			// What a simulated kernel is given its user decides, what the running one is only root.
			owners := []int{0}
			if uid := os.Geteuid(); uid > 0 && c.simulated {
				owners = append(owners, uid)
			}
			if !slices.Equal(conn.Owners, owners) || !slices.Equal(conn.ReadOnlyView().Owners, owners) {
				t.Errorf("%s, -k %q: trusts %v", c.what, c.target, conn.Owners)
			}
		}
	}
	if runtime.GOOS == "netbsd" {
		return
	}
	c := mustOpen(t, "", false, nil)
	if !c.Info().Simulated || !c.Ephemeral() {
		t.Errorf("%+v", c.Info())
	}
	_, err := open(t, "netbsd", false, nil)
	var u *kernel.UnsupportedError
	if !errors.As(err, &u) {
		t.Errorf("netbsd: %v", err)
	}
}

func TestGroups(t *testing.T) {
	c := mustOpen(t, "sim", false, nil)
	if gid, ok := c.Groups.Lookup("wheel"); gid != 0 || !ok {
		t.Errorf("wheel is %d, %v", gid, ok)
	}
	if len(c.Groups.Names()) == 0 {
		t.Error("there are no groups")
	}
	if _, ok := (hostGroups{}).Lookup("no such group"); ok {
		t.Error("a group that does not exist was found")
	}
}

// What can't be read is told in words.
func TestNotesThatCannotBeRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var e *kernel.Error
	if _, err := (folder{file, 0, nil}).ReadNotes(); !errors.As(err, &e) || !strings.HasPrefix(e.Text, "the file "+file+"/generations must be readable, but is not: ") {
		t.Error(err)
	}
}

// Who waits for another program says for which, and is not kept by it once that is not wanted any more.
func TestWaitForLock(t *testing.T) {
	dir := t.TempDir()
	work := progress.New()
	f := folder{dir, 0, work}
	unlock, err := disk.TryLock(f.notes() + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	want := progress.Step{Doing: fmt.Sprintf("waiting for process %d, which holds %s.lock", os.Getpid(), f.notes())}
	stopWaiting := func() {
		for work.Step() != want {
			runtime.Gosched()
		}
		work.Stop()
	}
	go stopWaiting()
	if err := work.Run(func() error { _, err := f.Lock(); return err }); err != progress.ErrStopped {
		t.Errorf("waiting ends with %v", err)
	}
	// Where a change must not be stopped half-way its error says so.
	err = work.Run(func() error {
		return work.Firmly(func() error {
			work.Stop()
			_, err := f.Lock()
			return err
		})
	})
	if err != progress.ErrStopped {
		t.Errorf("a change ends with %v", err)
	}
	// A state file is waited for in the same way.
	state := filepath.Join(dir, "state")
	unlockState, err := disk.TryLock(state + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	err = work.Run(func() error {
		_, err := Open(Options{Target: "sim:" + state, Work: work, Patience: time.Hour, Machine: Machine{Foreign: "linux/amd64"}, After: func(time.Duration) <-chan time.Time {
			work.Stop()
			over := make(chan time.Time)
			close(over)
			return over
		}})
		return err
	})
	if step := work.Step(); err != progress.ErrStopped || !strings.HasPrefix(step.Doing, "waiting for process ") || !strings.HasSuffix(step.Doing, "state.lock") {
		t.Errorf("%v, at %+v", err, step)
	}
	unlockState()
	// Once the other program is done it goes on.
	gone := make(chan bool)
	go func() {
		for work.Step() != want {
			runtime.Gosched()
		}
		unlock()
		close(gone)
	}()
	err = work.Run(func() error {
		unlock, err := f.Lock()
		if err == nil {
			unlock()
		}
		return err
	})
	if <-gone; err != nil {
		t.Error(err)
	}
}

// Notes that can't be used are kept, however often that happens, and where others have seen them.
func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	f := folder{path: dir}
	for i := range 12 {
		text := []byte(fmt.Sprint("damaged ", i))
		if err := f.WriteNotes(text); err != nil {
			t.Fatal(err)
		}
		where, err := f.SetAside()
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := os.ReadFile(where); err != nil || string(kept) != string(text) {
			t.Errorf("%s: %q, %v", where, kept, err)
		}
		if text, err := f.ReadNotes(); text != nil || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	}
	if first, err := os.ReadFile(filepath.Join(dir, "generations.damaged.1")); err != nil || string(first) != "damaged 0" {
		t.Errorf("%q, %v", first, err)
	}
	path := filepath.Join(dir, "s")
	c, err := Open(Options{Target: "sim:" + path})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		if err := c.WriteNotes([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if where, err := c.SetAside(); where != "a part of "+path || err != nil {
			t.Errorf("%s, %v", where, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err = Open(Options{Target: "sim:" + path, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if text, err := c.ReadNotes(); text != nil || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	s, err := c.keeper.(readOnly).keeper.(*stateFile).section()
	if err != nil || len(s.Damaged) != 2 || string(s.Damaged[1]) != "two" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := c.SetAside(); err == nil {
		t.Error("who only looks sets notes aside")
	}
}

// The clock of a kernel loses nothing where it is saved later than it was moved: what is kept happened when it did, however often
// somebody looked.
func TestClockIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cells.state")
	clock := &clockAt{start}
	c := mustOpen(t, "sim:"+file, false, clock)
	makeCell(t, c, "web")
	for range 5 {
		clock.now = clock.now.Add(time.Second)
		c.Tick()
		clock.now = clock.now.Add(900 * time.Millisecond)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = mustOpen(t, "sim:"+file, false, clock)
	}
	cells, err := c.List()
	if err != nil || len(cells) != 1 {
		t.Fatal(cells, err)
	}
	if age := clock.now.Sub(start); cells[0].Age != age {
		t.Errorf("a cell that was made %v ago is %v old", age, cells[0].Age)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
