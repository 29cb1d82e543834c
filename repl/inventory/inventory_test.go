package inventory

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cellsh/kernel/budget"
	"cellsh/kernel/connect"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
)

// TestInventory: services are those of files and of the run directory, and what a monitor was told counts before what is declared.
func TestInventory(t *testing.T) {
	dir := t.TempDir()
	m := connect.Machine{Foreign: "linux/amd64", Policies: filepath.Join(dir, "policy.d"), Run: filepath.Join(dir, "run")}
	if list := Paths(nil, &m); list != nil {
		t.Errorf("there is no folder of services, but %v", list)
	}
	folder := filepath.Join(dir, "services.d")
	text := `service "web" { cell = "web-1", cmd = { "/bin/httpd" }, autostart = true }
service "log" { cell = { root = "/cells/log" }, cmd = { "/bin/log" }, log = { file = "/var/log/mine" } }
`
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "all.lua"), []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	set, problems := Read(nil, &m, io.Discard)
	if problems != nil {
		t.Fatal(problems)
	}
	old := m.RunDir().Service("old")
	told := service.Definition{Name: "old", Log: service.Log{File: "/var/log/told", Size: 5}}
	if err := errors.Join(old.Make(), old.WriteTask(monitor.Task{Service: told})); err != nil {
		t.Fatal(err)
	}
	names, err := Names(set, m.RunDir())
	if err != nil || !slices.Equal(names, []string{"log", "old", "web"}) {
		t.Errorf("%v, %v", names, err)
	}
	for name, want := range map[string]string{"web": filepath.Join(dir, "run/log/web.log"), "log": "/var/log/mine", "old": "/var/log/told", "none": filepath.Join(dir, "run/log/none.log")} {
		if log, err := Log(set, m.RunDir(), name); err != nil || log.File != want {
			t.Errorf("the log of %s is %s, %v", name, log.File, err)
		}
	}
	for _, c := range []struct {
		status rundir.Status
		place  string
		want   string
	}{
		{rundir.Status{Service: "web"}, "sim:a", "web-1 true true true"},
		{rundir.Status{Service: "web", Cell: "other", Kernel: "sim:b", State: service.Running}, "sim:a", "other true true false"},
		{rundir.Status{Service: "web", Cell: "other", Kernel: "sim:b", State: service.Running}, "", "other true true true"},
		{rundir.Status{Service: "log", State: service.Failed}, "sim:a", "log true false true"},
		{rundir.Status{Service: "old", Cell: "x", Kernel: "sim:a", State: service.Stopped}, "sim:a", "x false false false"},
		{rundir.Status{Service: "old", Cell: "x", Kernel: "sim:a", State: service.Lost}, "sim:a", "x false false true"},
	} {
		s := Of(set, c.status)
		if got := fmt.Sprintln(s.Cell, s.Declared, s.Autostart, s.Listed(c.place)); got != c.want+"\n" {
			t.Errorf("%s at %q: %s, want %s", c.status.Service, c.place, got, c.want)
		}
	}
}

// TestWatched: only monitors that watch tell, and of cells of this kernel; one that tells of nothing tells that too, and what several
// services of a cell use is added up.
func TestWatched(t *testing.T) {
	over := []budget.Excess{{Use: 7}}
	list := []*rundir.Status{
		{CellID: 1, Kernel: "sim:a", Monitor: 5, Over: over, Uses: budget.Uses{"memory": 3, "cpu": 2}},
		{CellID: 1, Kernel: "sim:a", Monitor: 9, Uses: budget.Uses{"memory": 4}},
		{CellID: 2, Kernel: "sim:a", Monitor: 6},
		{CellID: 3, Kernel: "sim:a", Over: over},
		{CellID: 4, Kernel: "sim:b", Monitor: 7, Over: over},
		{CellID: 5, Kernel: "sim:a", Monitor: 8, Over: over, Unwatched: "why"},
	}
	got := Watched(list, "sim:a")
	if _, told := got[2]; len(got) != 2 || len(got[1].Over) != 1 || got[1].Over[0].Use != 7 || got[1].Uses["memory"] != 7 || got[1].Uses["cpu"] != 2 || !told {
		t.Errorf("%v", got)
	}
}
