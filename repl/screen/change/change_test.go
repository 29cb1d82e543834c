package change

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/connect"
	"cellsh/kernel/host"
	"cellsh/kernel/sim"
	"cellsh/lua/loader"
	"cellsh/policy"
	"cellsh/policy/diag"
	"cellsh/policy/rules"
	"cellsh/policy/study"
	"cellsh/repl/command"
	"cellsh/repl/screen/model"
)

// machine stands for the one that tests run on.
var machine = connect.Machine{Foreign: "linux/amd64"}

// desk is a session on a simulated kernel, with a folder of policies.
type desk struct {
	t   *testing.T
	dir string
	now time.Time
	k   *sim.Kernel
	*command.Target
	*Changer
}

// sit makes a desk with files and cells. A kernel of target "sim,stock" asks no policies.
func sit(t *testing.T, target string, files map[string]string, cells ...string) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	for name, text := range files {
		d.write(name, text)
	}
	var err error
	d.Target, err = command.OpenTarget(connect.Options{Target: target, Machine: machine, Now: func() time.Time { return d.now },
		After: func(time.Duration) <-chan time.Time { return nil }}, os.Stderr, host.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Steps.Close(); err != nil {
			t.Error(err)
		}
	})
	k, is := d.Kernel.(*sim.Kernel)
	if !is {
		t.Fatalf("the kernel is a %T", d.Kernel)
	}
	d.k = k
	d.Changer = &Changer{Host: d.Target.Host, Reader: d.Target.Reader}
	for _, name := range cells {
		d.run(0, "create", name, "--root", "/cells/"+name, "--profile", "low")
	}
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), 0o640); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) read(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// run runs a command of the session, and gives what it wrote.
func (d *desk) run(code int, words ...string) string {
	d.t.Helper()
	var out bytes.Buffer
	got := -1
	err := d.Steps.Step(func() error {
		got = command.Find(words[0]).Run(words[1:], command.Common{}, command.Env{Stdout: &out, Stderr: &out, Now: func() time.Time { return d.now }, Session: d.Target, Machine: machine, Ask: func(string) bool { return true }})
		return nil
	})
	if err != nil || got != code {
		d.t.Fatalf("%s: code %d, %v\n%s", strings.Join(words, " "), got, err, out.String())
	}
	return out.String()
}

// reboot has a process in a cell reboot, and bind a port, and tells what the kernel answers.
func (d *desk) reboot(cell string) bool {
	p := d.process(cell, 0)
	defer p.Exit(0)
	return p.Reboot() == 0
}

func (d *desk) process(cell string, uid uint32) *sim.Process {
	d.t.Helper()
	list, err := d.k.List()
	if err != nil {
		d.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(c kernel.Cell) bool { return c.Name == cell })
	p, err := d.k.Spawn(sim.SpawnSpec{Cell: list[i].ID, UID: uid})
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d *desk) bind(cell string, uid uint32, port int) bool {
	p := d.process(cell, uid)
	defer p.Exit(0)
	fd, errno := p.Socket(2, 1, 0)
	if errno != 0 {
		d.t.Fatal(errno)
	}
	return p.Bind(fd, policy.Addr{Version: 4}, port) == 0
}

// last is the newest decision of the kernel, as the screen has it.
func (d *desk) last() model.Decision {
	d.t.Helper()
	b, err := d.Target.Host.Log(0).Next()
	if err != nil || len(b.List) == 0 {
		d.t.Fatalf("%v, %v", b.List, err)
	}
	r := b.List[len(b.List)-1]
	out := model.Decision{Cell: r.Name, Request: r.Requests()[0].String(), EUID: r.EUID(), Denied: true, Profile: r.Event == nil, Unsure: len(r.Requests()) > 1}
	if e := r.Event; e != nil {
		a := e.Answer
		out.Denied, out.Would = e.Result == policy.Deny, e.Would.Result == policy.Deny
		if !out.Denied && out.Would {
			a = e.Would
		}
		out.Policy, out.File, out.Line = a.Source.Policy, a.Source.File, a.Source.Line
	}
	return out
}

// learn learns, in a step of the session.
func (d *desk) learn(l model.Learn) *model.Proposal {
	d.t.Helper()
	return d.propose(func() (*model.Proposal, error) { return d.Learn(l) })
}

func (d *desk) propose(how func() (*model.Proposal, error)) *model.Proposal {
	d.t.Helper()
	p, err := d.try(how)
	if err != nil {
		d.t.Fatalf("%v", diag.Of(err))
	}
	return p
}

func (d *desk) try(how func() (*model.Proposal, error)) (p *model.Proposal, err error) {
	serr := d.Steps.Step(func() error { p, err = how(); return nil })
	if serr != nil {
		d.t.Fatal(serr)
	}
	return p, err
}

// loaded are the policies that the host has.
func (d *desk) loaded() *study.Policies {
	d.t.Helper()
	p, err := d.Target.Host.Enforced()
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// shown holds what is loaded against what a proposal has shown: its texts in place of those that were loaded before, without policies that
// were left out if it was loaded in parts.
func (d *desk) shown(p *model.Proposal, before *study.Policies, parts bool) {
	d.t.Helper()
	sources := slices.Clone(before.Set().Sources)
	for _, f := range p.Files {
		for i := range sources {
			if sources[i].File == f.Name {
				sources[i].Text = f.After
			}
		}
	}
	read := d.Changer.Reader.Load(sources)
	var without []string
	for _, name := range read.Set().Names() {
		if parts && !slices.Contains(before.Set().Names(), name) {
			without = append(without, name)
		}
	}
	want := study.New(read.Set().Without(without...), read.Loading, study.Options{})
	diff, err := study.Diff(want, d.loaded(), d.live(), nil)
	if err != nil || diff.Any() || !slices.Equal(declared(want), declared(d.loaded())) {
		d.t.Errorf("what is loaded is not what was shown: %v, %+v\n%v\n%v", err, diff.Requests, declared(want), declared(d.loaded()))
	}
}

// flat is a text without what wraps its lines.
func flat(text string) string { return strings.ReplaceAll(text, "\n    ", " ") }

func (d *desk) live() []string {
	d.t.Helper()
	names, err := d.Target.Host.LiveNames()
	if err != nil {
		d.t.Fatal(err)
	}
	return names
}

const web = `-- Web servers.
policy "web" {
  cells = "web-*",
  on = {
    -- Nobody reboots the host.
    ["system"] = function(r)
      return deny, "not yours"
    end,
    ["network.bind"] = function(r)
      if r.port == 80 then return allow end
      return deny, "no such port"
    end,
  },
}
`

const base = `policy "base" { deny = { "system.mknod" } }
`

// TestLoop goes the whole way from a denial to a change that is confirmed, or rolled back.
func TestLoop(t *testing.T) {
	for _, end := range []string{"confirm", "rollback", "late"} {
		t.Run(end, func(t *testing.T) {
			d := sit(t, "sim", map[string]string{"web.lua": web, "base.lua": base}, "web-1", "web-2")
			d.run(0, "load", d.dir)
			before := d.loaded()
			if d.reboot("web-1") {
				t.Fatal("it must be denied first")
			}
			denied := d.last()
			why := d.run(0, denied.Explain()...)
			for _, want := range []string{"system.reboot is denied: not yours", "7 |       return deny, \"not yours\"\n      |       ^"} {
				if !strings.Contains(why, want) {
					t.Errorf("why must tell %q, but is\n%s", want, why)
				}
			}
			p := d.learn(model.Learn{Decision: denied})
			if p.Held != "" || len(p.Files) != 1 || !slices.Equal(p.Load, []string{"load", d.dir}) || p.Back != 1 || p.Waits {
				t.Fatalf("%+v", p)
			}
			for _, want := range []string{"F5 writes it, and loads it: load " + d.dir + "\n", "1 change, 1 now allowed", "\n+      if r.cell.name == \"web-1\" and r.euid == 0 then return allow end\n", "lifts deny \"not yours\""} {
				if !strings.Contains(p.Text, want) {
					t.Errorf("the proposal must tell %q, but is\n%s", want, p.Text)
				}
			}
			if d.read("web.lua") != web || d.reboot("web-1") {
				t.Fatal("a proposal must change nothing")
			}
			if err := d.Write(p); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(d.path("web.lua")); err != nil || info.Mode().Perm() != 0o640 || d.read("web.lua") != p.Files[0].After {
				t.Errorf("%v, %v\n%s", info, err, d.read("web.lua"))
			}
			if d.reboot("web-1") {
				t.Error("what is written is not loaded yet")
			}
			out := d.run(0, append(p.Load, "--confirm", "60s")...)
			if !strings.Contains(out, "generation 2 is rolled back in 1m0s unless confirmed: confirm 2") {
				t.Errorf("the screen reads from this which generation waits:\n%s", out)
			}
			d.shown(p, before, true)
			if !d.reboot("web-1") || d.reboot("web-2") {
				t.Error("web-1 must be allowed it now, and web-2 not")
			}
			switch end {
			case "confirm":
				d.run(0, "confirm", "2")
				d.now = d.now.Add(time.Hour)
				d.run(0, "list")
			case "rollback":
				d.run(0, "rollback", fmt.Sprint(p.Back))
			case "late":
				d.now = d.now.Add(61 * time.Second)
				d.run(0, "list")
			}
			if d.reboot("web-1") != (end == "confirm") || d.reboot("web-2") {
				t.Errorf("web-1 is allowed it: %v", end != "confirm")
			}
		})
	}
}

// TestTold: who tells more of a request that is denied by what the kernel does not keep lets through less.
func TestTold(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web}, "web-1")
	d.run(0, "load", d.path("web.lua"))
	if d.bind("web-1", 80, 8080) {
		t.Fatal("it must be denied")
	}
	denied := d.last()
	if why := d.run(0, denied.Explain()...); !strings.Contains(why, "note: as in an example, because it is not given: port") {
		t.Errorf("%s", why)
	}
	p := d.learn(model.Learn{Decision: denied})
	if !strings.HasPrefix(p.Tighter, "port=") || !strings.Contains(flat(p.Text), "Who knows more, F6, lets through less: port=") {
		t.Errorf("%q\n%s", p.Tighter, p.Text)
	}
	p = d.learn(model.Learn{Decision: denied, Known: "port=8080-8081"})
	if err := d.Write(p); err != nil {
		t.Fatal(err)
	}
	d.run(0, p.Load...)
	if !d.bind("web-1", 80, 8080) || !d.bind("web-1", 80, 8081) || d.bind("web-1", 80, 8082) || d.bind("web-1", 81, 8080) {
		t.Error("the ports that were told must be allowed to the user, and nothing else")
	}
	if _, err := d.try(func() (*model.Proposal, error) { return d.Learn(model.Learn{Decision: denied, Known: "prot=1"}) }); err == nil || !strings.Contains(diag.Of(err)[0].Error(), "did you mean") {
		t.Errorf("%v", err)
	}
	// For all users, and all cells.
	p = d.learn(model.Learn{Decision: denied, Known: "port=8090", AnyUser: true, AnyCell: true})
	if text := p.Files[0].After; strings.Contains(text, "8090 and") || !strings.Contains(text, "if r.port == 8090 then return allow end") {
		t.Errorf("%s", text)
	}
}

// TestNoChange: where no rule helps it is said why, and what does.
func TestNoChange(t *testing.T) {
	for _, c := range []struct {
		name, target, text string
		do                 func(d *desk)
		says               []string
	}{
		{"never", "sim", web + `never "web reboots nothing" { cells = "web-*", "system.reboot" }` + "\n", func(d *desk) { d.reboot("web-1") },
			[]string{"it must never be allowed:", "web reboots nothing"}},
		{"fallback", "sim", web, func(d *desk) {
			if err := d.Target.Host.Destroy("web-1"); err != nil {
				d.t.Fatal(err)
			}
			d.run(0, "create", "other", "--root", "/cells/other", "--profile", "medium")
			d.reboot("other")
		}, []string{"no change for cell other, euid 0: system.reboot"}},
		{"profile", "sim,stock", web, func(d *desk) { d.reboot("web-1") }, []string{"secmodel_cell denied it by itself", "a cell that is made anew under a policy has the profile low"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sit(t, c.target, map[string]string{"web.lua": c.text})
			d.run(0, "load", d.dir)
			d.run(0, "create", "web-1", "--root", "/cells/web-1")
			c.do(d)
			denied := d.last()
			p := d.learn(model.Learn{Decision: denied})
			for _, want := range c.says {
				if !strings.Contains(flat(p.Text), want) {
					t.Errorf("it must say %q, but says\n%s", want, p.Text)
				}
			}
			if len(p.Files) > 0 || p.Load != nil || !strings.HasPrefix(p.Title, "no change") {
				t.Errorf("%+v", p)
			}
			d.run(0, denied.Explain()...)
		})
	}
}

// TestStock: what the kernel's other models refuse too is only lifted by a grant.
func TestStock(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web}, "web-1")
	d.run(0, "load", d.dir)
	d.bind("web-1", 80, 81)
	denied := d.last()
	p := d.learn(model.Learn{Decision: denied, Known: "port=81"})
	if !strings.Contains(flat(p.Text), "only a grant gives it: F6") {
		t.Errorf("%s", p.Text)
	}
	p = d.learn(model.Learn{Decision: denied, Known: "port=81", Grant: true})
	if err := d.Write(p); err != nil {
		t.Fatal(err)
	}
	d.run(0, p.Load...)
	if !d.bind("web-1", 80, 81) || d.bind("web-1", 80, 82) {
		t.Error("the port must be granted, and no other")
	}
}

// TestHeld: a file that is not what is loaded is not written, whenever it was changed.
func TestHeld(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web, "base.lua": base}, "web-1")
	d.run(0, "load", d.dir)
	d.reboot("web-1")
	denied := d.last()
	p := d.learn(model.Learn{Decision: denied})
	refused := func(why string) {
		t.Helper()
		was := d.read("web.lua")
		if err := d.Write(p); err == nil || !strings.Contains(diag.Of(err)[0].Message, why) || d.read("web.lua") != was {
			t.Errorf("%v", err)
		}
	}
	d.write("base.lua", base+"-- more\n")
	refused("what is loaded with the change must be as it was")
	d.write("base.lua", base)
	d.write("web.lua", web+"-- more\n")
	refused("somebody else has changed it meanwhile")
	p = d.learn(model.Learn{Decision: denied})
	if !strings.Contains(p.Held, "must hold what is loaded, but has changed since") || !strings.Contains(p.Held, "load --dry-run "+d.path("web.lua")) || !strings.Contains(flat(p.Text), "It can't be written: ") {
		t.Errorf("%q\n%s", p.Held, p.Text)
	}
	refused("must hold what is loaded")
	if err := os.Remove(d.path("web.lua")); err != nil {
		t.Fatal(err)
	}
	if p = d.learn(model.Learn{Decision: denied}); !strings.Contains(p.Held, "must be readable, but is not: no such file") {
		t.Errorf("%q", p.Held)
	}
	d.write("web.lua", web)
	d.ReadOnly = true
	p = d.learn(model.Learn{Decision: denied})
	if p.Held == "" || len(p.Files) != 1 {
		t.Errorf("%+v", p)
	}
	refused("the session must not be read-only")
}

// TestOnly: whatever else is different on the disk, or was loaded in part, stays as it is loaded.
func TestOnly(t *testing.T) {
	const two = web + `policy "other" { cells = "web-*", deny = { "system.time" } }` + "\n" + `never "no nodes" { "system.mknod", cells = "web-*" }` + "\n"
	changed := strings.Replace(base, "system.mknod", "system.chroot", 1)
	for _, c := range []struct {
		name string
		do   func(d *desk)
		want []string
	}{
		{"one file", func(d *desk) {}, []string{"load", "DIR"}},
		{"another file has changed", func(d *desk) { d.write("base.lua", changed) }, []string{"load", "--only", "other", "--only", "web", "DIR/web.lua"}},
		{"another file is new", func(d *desk) { d.write("new.lua", "policy \"new\" { deny = { \"system.chroot\" } }\n") }, []string{"load", "DIR/base.lua", "DIR/web.lua"}},
		{"loaded in part", func(d *desk) {
			d.write("base.lua", changed)
			d.run(0, "load", "--only", "base", d.path("base.lua"))
		}, []string{"load", "--only", "other", "--only", "web", "DIR/web.lua"}},
		{"unloaded", func(d *desk) { d.run(0, "unload", "other") }, []string{"load", "--only", "web", "DIR/web.lua"}},
		{"usable", func(d *desk) { d.run(0, "load", "--usable", d.dir) }, []string{"load", "--usable", "DIR"}},
		{"an audit runs", func(d *desk) { d.run(0, "audit", "start", "web-1", "--for", "1h", "--yes") }, []string{"load", "DIR"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sit(t, "sim", map[string]string{"web.lua": two, "base.lua": base}, "web-1", "web-2", "db")
			d.run(0, "load", d.dir)
			c.do(d)
			before := d.loaded()
			d.reboot("web-1")
			denied := d.last()
			if why := d.run(0, denied.Explain()...); !strings.Contains(why, "    7 |       return deny, \"not yours\"\n      |       ^\n") {
				t.Errorf("%s", why)
			}
			p := d.learn(model.Learn{Decision: denied})
			var got []string
			for _, w := range p.Load {
				got = append(got, strings.ReplaceAll(w, d.dir, "DIR"))
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("it must be loaded with %v, but is with %v: %s\n%s", c.want, got, p.Unloaded, p.Text)
			}
			if audit := c.name == "an audit runs"; strings.Contains(flat(p.Text), "the audit of cell web-1 would end") != audit {
				t.Errorf("%s", p.Text)
			}
			if err := d.Write(p); err != nil {
				t.Fatal(err)
			}
			d.run(0, append(slices.Clone(p.Load), "--confirm", "60s")...)
			d.shown(p, before, true)
			if !d.reboot("web-1") || d.reboot("web-2") {
				t.Error("the kernel must allow it, and only that")
			}
			d.run(0, "rollback", fmt.Sprint(p.Back))
			if d.reboot("web-1") {
				t.Error("it must be as before")
			}
		})
	}
}

// TestForgotten: a decision that the kernel has no more is learned from what the screen has of it.
func TestForgotten(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web}, "web-1")
	d.run(0, "load", d.dir)
	old := model.Decision{Cell: "web-1", Request: "system.reboot", Denied: true, Policy: "web", File: d.path("web.lua"), Line: 7}
	if p := d.learn(model.Learn{Decision: old}); len(p.Files) != 1 {
		t.Errorf("%+v", p)
	}
	old.Line = 3
	if p := d.learn(model.Learn{Decision: old}); len(p.Files) != 0 || !strings.Contains(flat(p.Text), "has been changed since") {
		t.Errorf("%+v", p)
	}
	old.Policy, old.File = "", ""
	if _, err := d.try(func() (*model.Proposal, error) { return d.Learn(model.Learn{Decision: old}) }); err == nil {
		t.Error("it must be said that nothing is known of it")
	}
}

// TestSession: policies that a session has declared stay when a file is changed, and can't be changed themselves.
func TestSession(t *testing.T) {
	d := sit(t, "sim", map[string]string{"web.lua": web}, "web-1", "db-1")
	d.run(0, "load", d.dir)
	set, problems := loader.LoadSources([]rules.Source{{File: "session:1", Text: `policy "db" { cells = "db-*", deny = { "system.reboot" } }`}}, loader.Options{})
	if problems.Failed() {
		t.Fatal(problems)
	}
	set.Sources = nil
	err := d.Steps.Step(func() error {
		p, err := d.Target.Host.Merge(set)
		if err != nil {
			return err
		}
		_, _, err = d.Target.Host.LoadProposal(p, host.LoadOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.reboot("db-1")
	p := d.learn(model.Learn{Decision: d.last()})
	if len(p.Files) != 0 || !strings.Contains(flat(p.Text), "it was declared in a session") {
		t.Errorf("%s", p.Text)
	}
	d.reboot("web-1")
	p = d.learn(model.Learn{Decision: d.last()})
	if !slices.Equal(p.Load, []string{"load", "--only", "web", d.path("web.lua")}) {
		t.Fatalf("%v, %s", p.Load, p.Unloaded)
	}
	if err := d.Write(p); err != nil {
		t.Fatal(err)
	}
	d.run(0, p.Load...)
	if !d.reboot("web-1") || d.reboot("db-1") {
		t.Error("web-1 must be allowed it, and db-1 not")
	}
	_, err = d.try(func() (*model.Proposal, error) { return d.Rewrite(model.Rewrite{Policy: "db", Cells: "x"}) })
	if err == nil || !strings.Contains(err.Error(), "was declared in a session") {
		t.Errorf("%v", err)
	}
}
