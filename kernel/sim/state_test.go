package sim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
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
)

// lived is a kernel in which a little of everything has happened.
func lived(t testing.TB, rev secmodel.Revision) *sim.Kernel {
	t.Helper()
	settings := stock.DefaultSettings().With(stock.SettingCurtain, 1)
	k, web, db := evaluated(t, sim.Options{Revision: rev, HZ: 250, RingSize: 8, Settings: &settings})
	k.Advance(1500 * time.Millisecond)
	nofile := uint64(64)
	must(t, k.Mkdir("/srv/bare"))
	medium := kernel.Medium
	spec := kernel.Spec{Name: "bare", Root: "/srv/bare/../bare", Profile: &medium, Ports: []uint16{443, 80}}
	if rev.Properties().Limits {
		spec.Nofile = &nofile
	}
	bare, err := k.Create(spec)
	must(t, err)
	must(t, k.Destroy(db))
	p := answering(t, map[string]policy.Decision{"network.socket.open": denying("no sockets"), "system.mknod": granting("fine"), "system.accounting": auditing("would not")})
	b := bundleFor(3, p, program.Cell{ID: web, Name: "web"})
	b.Attachment = 1
	must(t, k.Load(b.Encode(), 0))
	in := spawn(t, k, sim.SpawnSpec{Cell: web, Name: "httpd"})
	in.Socket(2, 1, 0)
	in.Mknod("/tmp/node", "chr", 0o640, 2, 2)
	in.Acct("")
	in.MakeDir("/tmp/\xff\"dir", 0o700)
	inBare := spawn(t, k, sim.SpawnSpec{Cell: bare})
	inBare.Reboot()
	root := k.Init()
	ok(t, "hostname", root.SysctlWrite("kern.hostname", "kept"))
	ok(t, "pf", root.Modctl("load", "pf"))
	do(t, root, "chown", args{"path": "/dev/tty00", "uid": 7})
	do(t, root, "rename", args{"from": "/home", "to": "/home2"})
	do(t, root, "symlink", args{"target": "/home2", "path": "/home"})
	ok(t, "umount", root.Unmount("/proc"))
	do(t, root, "rmdir", args{"path": "/proc"})
	ok(t, "modctl", root.Modctl("unload", "procfs"))
	ok(t, "umount", root.Unmount("/dev/pts"))
	ok(t, "modctl", root.Modctl("unload", "ptyfs"))
	must(t, k.AddAddress("wm0", policy.Addr{Version: 4, Hi: 0x0a070001 << 32}))
	ok(t, "ifconfig", root.Ifioctl("SIOCDIFADDR", "wm0"))
	must(t, k.SetClient(json.RawMessage(`{"generations": [1, 2]}`)))
	k.Advance(time.Second)
	return k
}

func marshal(t testing.TB, k *sim.Kernel) []byte {
	t.Helper()
	b, err := k.Marshal()
	must(t, err)
	return b
}

func TestStateRoundTrip(t *testing.T) {
	for _, rev := range secmodel.Revisions() {
		k := lived(t, rev)
		state := marshal(t, k)
		r, err := sim.Restore(state)
		must(t, err)
		if again := marshal(t, r); !bytes.Equal(state, again) {
			t.Fatalf("a restored kernel has another state:\n%s\n%s", state, again)
		}
		before, gone := k.Log()
		after, lost := r.Log()
		if k.Now() != r.Now() || k.Uptime() != r.Uptime() || k.Settings() != r.Settings() || !reflect.DeepEqual(k.Info(), r.Info()) || !reflect.DeepEqual(before, after) || gone != lost {
			t.Error("clock, settings, information or log differ")
		}
		for what, get := range map[string]func(*sim.Kernel) (any, error){
			"status":    func(k *sim.Kernel) (any, error) { return k.Status() },
			"evaluated": func(k *sim.Kernel) (any, error) { return k.Cells() },
			"events":    func(k *sim.Kernel) (any, error) { return k.Events(0) },
			"client":    func(k *sim.Kernel) (any, error) { return k.Client(), nil },
			"cells": func(k *sim.Kernel) (any, error) {
				list, err := k.List()
				for i := range list {
					// The members are gone, so their samples are.
					c := &list[i]
					c.References, c.Processes, c.Memory, c.Ticks1s, c.Ticks10s = 0, 0, 0, 0, 0
				}
				return list, err
			},
		} {
			was, err := get(k)
			must(t, err)
			is, err := get(r)
			must(t, err)
			if !reflect.DeepEqual(was, is) {
				t.Errorf("%s %s: %+v, was %+v", rev, what, is, was)
			}
		}
		list, _ := r.List()
		if props, _ := r.Properties(list[1].ID); props.Profile != kernel.Medium || len(props.Ports) != 2 || len(props.Members) != 0 {
			t.Errorf("the properties are %+v", props)
		}

		// It goes on as before: ids are not used again, policies hold, roots and devices are there.
		must(t, r.MakeRoot("/cells/new"))
		id, err := r.Create(kernel.Spec{Name: "new", Root: "/cells/new"})
		if err != nil || id != list[1].ID+1 {
			t.Errorf("the next cell is %d: %v", id, err)
		}
		p := spawn(t, r, sim.SpawnSpec{})
		inCell(t, p, "/cells/web", list[0].ID)
		_, e := p.Socket(2, 1, 0)
		wantErrno(t, "a socket in a restored cell", e, kauth.EPERM)
		if i, e := p.Stat("/tmp/node"); e != 0 || i.String() != "chr 640 0 0 2,2" {
			t.Errorf("the node is %s (%s)", i, e.Name())
		}
		if _, e := p.Stat("/tmp/\xff\"dir"); e != 0 {
			t.Errorf("the directory: %s", e.Name())
		}
		h := spawn(t, r, sim.SpawnSpec{UID: 7})
		_, e = h.Open("/dev/tty00", "rw")
		wantErrno(t, "the changed device", e, 0)
		if _, e := h.Stat("/home/"); e != 0 {
			t.Errorf("the link: %s", e.Name())
		}
		if _, e := do(t, h, "bind", args{"addr": "10.7.0.1", "port": 5000}); e != 0 {
			t.Errorf("the address that was added: %s", e.Name())
		}
		_, e = do(t, h, "bind", args{"addr": "10.0.0.1", "port": 5001})
		wantErrno(t, "the address that was removed", e, kauth.EADDRNOTAVAIL)
		// What a new system mounts is not mounted where its module is gone, and the module stays away.
		_, e = h.Open("/dev/ptmx", "rw")
		wantErrno(t, "a pseudo-terminal", e, kauth.EOPNOTSUPP)
		wantErrno(t, "an unloaded file system", r.Init().Mount("ptyfs", "/mnt", "ptyfs", 0), kauth.ENODEV)
		wantErrno(t, "a loaded module", r.Init().Modctl("load", "pf"), kauth.EEXIST)
		if name, _ := h.SysctlRead("kern.hostname"); name != "kept" {
			t.Errorf("the host is %v", name)
		}
		fd, e := h.Socket(2, 1, 0)
		ok(t, "socket", e)
		wantErrno(t, "the added address", h.Bind(fd, policy.Addr{Version: 4, Hi: 0x0a070001 << 32}, 8080), 0)
	}
}

// A cell holds its directory, wherever it went; before the current revision only the path.
func TestStateOfMovedRoots(t *testing.T) {
	for _, rev := range secmodel.Revisions() {
		k := start(t, sim.Options{Revision: rev})
		root := k.Init()
		id := map[string]kernel.CellID{}
		for _, name := range []string{"moved", "removed", "mounted"} {
			must(t, k.Mkdir("/cells/"+name))
			if name == "mounted" {
				ok(t, "mount", root.Mount("tmpfs", "/cells/mounted", "tmpfs", 0))
			}
			c, err := k.Create(kernel.Spec{Name: name, Root: "/cells/" + name})
			must(t, err)
			id[name] = c
		}
		do(t, root, "rename", args{"from": "/cells/moved", "to": "/cells/elsewhere"})
		do(t, root, "rmdir", args{"path": "/cells/removed"})
		ok(t, "mkdir", root.MakeDir("/cells/removed", 0o755))
		state := marshal(t, k)
		r, err := sim.Restore(state)
		must(t, err)
		if again := marshal(t, r); !bytes.Equal(state, again) {
			t.Errorf("%s: a restored kernel has another state:\n%s\n%s", rev, state, again)
		}
		enter := func(path, name string) kauth.Errno {
			p := spawn(t, r, sim.SpawnSpec{})
			ok(t, "chroot", p.Chroot(path))
			return p.SysctlWrite("security.models.cell.id", int64(id[name]))
		}
		gone := kauth.EPERM
		if !rev.Properties().HoldsRoot {
			gone = 0
		}
		wantErrno(t, "the moved root", enter("/cells/elsewhere", "moved"), 0)
		wantErrno(t, "a new directory in a removed one's place", enter("/cells/removed", "removed"), gone)
		wantErrno(t, "a directory of a file system that is not kept", enter("/cells/mounted", "mounted"), gone)
	}
}

// Whatever happened, a state can be restored, and is the same again.
func TestAnyStateRoundTrips(t *testing.T) {
	calls := sim.Calls()
	rapid.Check(t, func(t *rapid.T) {
		k, err := sim.New(sim.Options{Revision: rapid.SampledFrom(secmodel.Revisions()).Draw(t, "revision"), NoEvaluation: rapid.Bool().Draw(t, "without"), RecordAll: true, RingSize: 16})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.MakeRoot("/cells/web"); err != nil {
			t.Fatal(err)
		}
		low := kernel.Low
		id, err := k.Create(kernel.Spec{Name: "web", Root: "/cells/web", Profile: &low})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := k.Spawn(sim.SpawnSpec{})
		b, _ := k.Spawn(sim.SpawnSpec{Cell: id})
		for range rapid.IntRange(0, 40).Draw(t, "calls") {
			p := rapid.SampledFrom([]*sim.Process{a, b}).Draw(t, "process")
			c := &calls[rapid.IntRange(0, len(calls)-1).Draw(t, "call")]
			if _, _, err := p.Call(c.Name, anyArguments(t, c)); err != nil {
				t.Fatal(err)
			}
			k.Advance(time.Duration(rapid.IntRange(0, 2e9).Draw(t, "time")))
		}
		state, err := k.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		r, err := sim.Restore(state)
		if err != nil {
			t.Fatalf("%v\n%s", err, state)
		}
		again, err := r.Marshal()
		if err != nil || !bytes.Equal(state, again) {
			t.Fatalf("a restored kernel has another state (%v):\n%s\n%s", err, state, again)
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	state := marshal(t, lived(t, secmodel.Current))
	refuse := func(what string, state []byte, text string) {
		t.Helper()
		_, err := sim.Restore(state)
		var bad *sim.StateError
		switch {
		case !errors.As(err, &bad):
			t.Errorf("%s: %v", what, err)
		case !strings.Contains(bad.Error(), text) || !strings.HasPrefix(bad.Error(), "state of the simulated kernel: "):
			t.Errorf("%s: %s, want %q", what, bad, text)
		}
	}
	swap := func(old, new string) []byte {
		t.Helper()
		if !bytes.Contains(state, []byte(old)) {
			t.Fatalf("the state has no %s", old)
		}
		return bytes.Replace(state, []byte(old), []byte(new), 1)
	}
	refuse("nothing", nil, "but is empty")
	refuse("a cut one", state[:len(state)/2], "it ends too early")
	refuse("another text", []byte("policy web"), "must be a document of a simulated kernel, but it is no JSON: invalid character")
	refuse("another document", []byte(`{"name": "x"}`), `unknown field "name"`)
	refuse("another program's", []byte(`{"magic": "x"}`), "another magic word")
	refuse("a longer one", append(bytes.Clone(state), "{}"...), "something follows behind its end")
	refuse("a newer one", swap(`"version":1`, `"version":2`), "the version must be 1, but is 2")
	refuse("a member more", swap(`"version":1`, `"version":1,"extra":true`), `unknown field "extra"`)
	refuse("a changed one", swap(`"next_cell":4`, `"next_cell":5`), "the checksum must be")
	refuse("none inside", []byte(`{"magic": "cellsh simulated kernel", "version": 1, "checksum": ""}`), "must be there, but is missing")

	// What has the right checksum is looked at as closely.
	var whole struct{ State json.RawMessage }
	must(t, json.Unmarshal(state, &whole))
	var inside bytes.Buffer
	must(t, json.Compact(&inside, whole.State))
	for _, c := range []struct{ old, new, text string }{
		{`"next_cell":4`, `"next_cell":4,"extra":1`, `unknown field "extra"`},
		{`"next_cell":4`, `"next_cell":2`, "order of ids below 2"},
		{`"next_cell":4`, `"next_cell":"4"`, "next_cell must be of another kind, but is a string"},
		{`"revision":"current"`, `"revision":"may"`, `but is "may"`},
		{`"revision":"current"`, `"revision":"april"`, "must hold no directory"},
		{`"hz":250`, `"hz":-1`, "clock rate must be"},
		{`"ring_size":8`, `"ring_size":1`, "at most 1 events, but there are 3"},
		{`"securelevel":-1`, `"securelevel":5000000000`, "securelevel"},
		{`"expose_address":1`, `"expose_address":5`, "expose_address must be"},
		{`"uptime":2500000000`, `"uptime":-1`, "uptime must not be negative"},
		{`"uptime":2500000000`, `"uptime":1`, "made before now"},
		{`"uptime":2500000000`, `"uptime":9223372036854775807`, "uptime must be at most 100 years"},
		{`"next_pid":4`, `"next_pid":1`, "next process id must be"},
		{`"maxproc":1044`, `"maxproc":-1`, "must be 0 to"},
		{`"modules":["pf"]`, `"modules":["pf","pf"]`, "loaded once"},
		{`"unloaded_modules":["procfs","ptyfs"]`, `"unloaded_modules":["procfs","procfs"]`, "unloaded once"},
		{`"unloaded_modules":["procfs","ptyfs"]`, `"unloaded_modules":["secmodel_bsd44"]`, "unloaded once"},
		{`"unloaded_modules":["procfs","ptyfs"]`, `"unloaded_modules":["pf"]`, "unloaded once"},
		{`"unloaded_modules":["procfs","ptyfs"]`, `"unloaded_modules":["ffs"]`, "unloaded once"},
		{`"unloaded_modules":["procfs","ptyfs"]`, `"unloaded_modules":["mqueue"]`, `"procfs" must have what it requires, but "mqueue" is not loaded`},
		{`"timecounter":"TSC"`, `"timecounter":"sundial"`, `but is "sundial"`},
		{`"anonportmax":65535`, `"anonportmax":65536`, "automatic ports"},
		{`"ifname":"wm0"`, `"ifname":"wm7"`, `but is of "wm7"`},
		{`"address":"10.7.0.1"`, `"address":"10.7.0"`, "an address must be like"},
		{`"path":"/home2"`, `"path":"home2"`, "in a directory that exists"},
		{`"path":"/home2"`, `"path":"/none/home2"`, "in a directory that exists"},
		{`"path":"/home2"`, `"path":"/../home2"`, "in a directory that exists"},
		{`"path":"/proc","removed":true`, `"path":"/procs","removed":true`, "must exist to be removed"},
		{`"type":"symlink"`, `"type":"hologram"`, `has "hologram"`},
		{`"id":1,"name":"web"`, `"id":1,"name":"a b"`, "must be one that a kernel makes"},
		{`"id":1,"name":"web"`, `"id":1,"name":"bare"`, "a name of its own"},
		{`"id":1,"name":"web"`, `"id":3,"name":"web"`, "order of ids"},
		{`"directory":"/cells/web"`, `"directory":"/cells/none"`, "a directory that exists"},
		{`"profile":"low"`, `"profile":"lower"`, `but has "lower"`},
		{`"ports":[443,80]`, `"ports":[443,443]`, "must be one that a kernel makes"},
		{`"ports":[443,80]`, `"ports":[]`, "must be one that a kernel makes"},
		{`"nofile":64`, `"nofile":64,"core":7`, "must be one that a kernel makes"},
		{`"bundle":"`, `"bundle":"AAAA`, "bundle must be sound"},
		{`"evaluation":{`, `"client":{},"unevaluation":{`, "unknown field"},
		{`"sequence":3,"events"`, `"sequence":2,"events"`, "before the 2 that there were"},
		{`"request":"system.mknod"`, `"request":"system.frob"`, `but is of "system.frob"`},
		{`"result":"grant"`, `"result":"maybe"`, `but has "maybe"`},
	} {
		if !strings.Contains(inside.String(), c.old) {
			t.Errorf("the state has no %s", c.old)
			continue
		}
		refuse(c.old+" as "+c.new, sim.Seal([]byte(strings.Replace(inside.String(), c.old, c.new, 1))), c.text)
	}
	if _, err := sim.Restore(sim.Seal(inside.Bytes())); err != nil {
		t.Errorf("unchanged it is refused: %v", err)
	}
}

func TestClient(t *testing.T) {
	k := start(t, sim.Options{})
	if k.Client() != nil {
		t.Error("a new kernel has a client's section")
	}
	if err := k.SetClient(json.RawMessage("{")); err == nil {
		t.Error("half a section passes")
	}
	must(t, k.SetClient(json.RawMessage(` [ 1 ] `)))
	if string(k.Client()) != "[1]" {
		t.Errorf("the section is %s", k.Client())
	}
	must(t, k.SetClient(nil))
	if k.Client() != nil {
		t.Error("the section stays")
	}
}

// Whatever the bytes, Restore refuses or gives a kernel that can be saved again.
func FuzzRestore(f *testing.F) {
	for _, rev := range secmodel.Revisions() {
		state := marshal(f, lived(f, rev))
		var whole struct{ State json.RawMessage }
		must(f, json.Unmarshal(state, &whole))
		f.Add([]byte(whole.State))
		f.Add(state)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, state := range [][]byte{b, sim.Seal(b)} {
			k, err := sim.Restore(state)
			var bad *sim.StateError
			if err != nil {
				if !errors.As(err, &bad) {
					t.Fatalf("the error is %T: %v", err, err)
				}
				continue
			}
			again := marshal(t, k)
			if _, err := sim.Restore(again); err != nil {
				t.Fatalf("it can't be restored again: %v", err)
			}
		}
	})
}

// What the kernel's nodes take is a state that can be kept, however odd.
func TestWhateverNodesTakeIsKept(t *testing.T) {
	k := start(t, sim.Options{})
	root := k.Init()
	var writable []sim.SysctlNode
	var names []string
	var walk func(name string)
	walk = func(name string) {
		list, e := root.SysctlQuery(name)
		ok(t, "query "+name, e)
		for _, n := range list {
			path := strings.TrimPrefix(name+"."+n.Name, ".")
			switch {
			case n.Type == 1 && n.Name != "proc":
				walk(path)
			case n.Flags&0x70 != 0 && !strings.HasPrefix(path, "security.models.cell."):
				writable, names = append(writable, n), append(names, path)
			}
		}
	}
	walk("")
	if len(names) < 20 {
		t.Fatalf("only %d nodes can be written: %q", len(names), names)
	}
	taken := 0
	for i, n := range writable {
		var values []any
		switch n.Type {
		case 3:
			values = []any{"", "x", "hpet0", "\xff\x00\"", strings.Repeat("n", 255)}
		default:
			for _, v := range []int64{math.MinInt32, -5, -1, 0, 1, 2, 3, 9, 1023, 1024, 29999, 49153, 65535, 65536, math.MaxInt32} {
				values = append(values, v)
			}
		}
		for _, v := range values {
			if e := root.SysctlWrite(names[i], v); e != 0 {
				continue
			}
			taken++
			state := marshal(t, k)
			r, err := sim.Restore(state)
			if err != nil {
				t.Fatalf("%s = %v: %v", names[i], v, err)
			}
			was, _ := root.SysctlRead(names[i])
			is, e := r.Init().SysctlRead(names[i])
			if e != 0 || was != is || !bytes.Equal(state, marshal(t, r)) {
				t.Errorf("%s is %v (%s), was %v", names[i], is, e.Name(), was)
			}
		}
	}
	if taken < 50 {
		t.Errorf("only %d values were taken", taken)
	}
}
