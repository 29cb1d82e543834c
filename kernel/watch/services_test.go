package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
)

func TestSince(t *testing.T) {
	base := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	at := func(second int) *time.Time { t := base.Add(time.Duration(second) * time.Second); return &t }
	yes, no := true, false
	code := func(n int) *service.Exit { return &service.Exit{Code: n} }
	var old seen
	for i, step := range []struct {
		status rundir.Status
		want   string
	}{
		{rundir.Status{State: service.Starting, Monitor: 7}, ""},
		// Its session is there, and the command not yet.
		{rundir.Status{State: service.Starting, Monitor: 7, Starts: 1}, ""},
		{rundir.Status{State: service.Starting, Monitor: 7, Starts: 1, PID: 70, Began: at(1)}, "start web"},
		// It takes a while until its health is good.
		{rundir.Status{State: service.Starting, Monitor: 7, Starts: 1, PID: 70, Began: at(1), Healthy: &no}, ""},
		{rundir.Status{State: service.Running, Monitor: 7, Starts: 1, PID: 70, Began: at(1), Healthy: &yes}, "healthy web"},
		// One failure does not count.
		{rundir.Status{State: service.Running, Monitor: 7, Starts: 1, PID: 70, Began: at(1), Healthy: &no}, ""},
		{rundir.Status{State: service.Running, Monitor: 7, Starts: 1, PID: 70, Began: at(1), Healthy: &yes}, ""},
		{rundir.Status{State: service.Unhealthy, Monitor: 7, Starts: 1, PID: 70, Began: at(1), Healthy: &no}, "unhealthy web"},
		{rundir.Status{State: service.Running, Monitor: 7, Starts: 1, PID: 70, Began: at(1), Healthy: &yes}, "healthy web"},
		{rundir.Status{State: service.Waiting, Monitor: 7, Starts: 1, Began: at(1), Exit: code(3)}, "exit web code 3"},
		{rundir.Status{State: service.Running, Monitor: 7, Starts: 2, PID: 71, Began: at(2), Exit: code(3)}, "start web"},
		// It has ended and begun three times between two looks: how the last of them has ended is known.
		{rundir.Status{State: service.Running, Monitor: 7, Starts: 5, PID: 74, Began: at(5), Exit: &service.Exit{Signal: 9}}, "exit web, start web, exit web, start web, exit web signal 9, start web"},
		{rundir.Status{State: service.CrashLoop, Monitor: 0, Starts: 6, Began: at(6), Exit: code(1)}, "exit web, start web, exit web code 1, crash-loop web"},
		{rundir.Status{State: service.CrashLoop, Monitor: 0, Starts: 6, Began: at(6), Exit: code(1)}, ""},
		// Another monitor counts from 0, and is gone already, with another crash loop.
		{rundir.Status{State: service.CrashLoop, Monitor: 0, Starts: 2, Began: at(8), Exit: code(1)}, "start web, exit web, start web, exit web code 1, crash-loop web"},
		{rundir.Status{State: service.Running, Monitor: 9, Starts: 1, PID: 90, Began: at(9)}, "start web"},
		// Its monitor was killed: how the command has ended nobody knows.
		{rundir.Status{State: service.Lost, Starts: 1, PID: 90, Began: at(9)}, "exit web"},
		{rundir.Status{State: service.Running, Monitor: 10, Starts: 1, PID: 91, Began: at(10)}, "start web"},
		// One monitor after another.
		{rundir.Status{State: service.Running, Monitor: 11, Starts: 1, PID: 92, Began: at(11), Exit: code(0)}, "exit web code 0, start web"},
		{rundir.Status{State: service.Stopping, Monitor: 11, Starts: 1, PID: 92, Began: at(11)}, ""},
		{rundir.Status{State: service.Stopped, Starts: 1, Began: at(11), Exit: &service.Exit{Signal: 15}}, "exit web signal 15"},
		// It could not be started.
		{rundir.Status{State: service.Failed, Starts: 1}, ""},
	} {
		step.status.Service = "web"
		now := &seen{Status: step.status, running: alive(&step.status)}
		if got := words(now.since(&old)); got != step.want {
			t.Errorf("step %d: %s\nwant %s", i, got, step.want)
		}
		old = *now
	}
}

// TestServices: what is written is seen, also of services that are new, and nothing is seen twice.
func TestServices(t *testing.T) {
	s := Services{Dir: rundir.Dir(filepath.Join(t.TempDir(), "run"))}
	next := func(want string) {
		t.Helper()
		list, err := s.Next()
		if got := words(list); err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	write := func(status rundir.Status) {
		t.Helper()
		f := s.Dir.Service(status.Service)
		if err := f.Make(); err != nil {
			t.Fatal(err)
		}
		if err := f.WriteStatus(&status); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	write(rundir.Status{Service: "old", State: service.CrashLoop, Starts: 3, Began: &began, Exit: &service.Exit{Code: 1}})
	next("") // what was so before is not new
	next("")
	write(rundir.Status{Service: "new", State: service.Failed, Starts: 1, Began: &began, Exit: &service.Exit{Code: 2}})
	next("start new, exit new code 2")
	next("")
	later := began.Add(time.Second)
	write(rundir.Status{Service: "old", State: service.CrashLoop, Starts: 1, Began: &later, Exit: &service.Exit{Code: 1}})
	next("start old, exit old code 1, crash-loop old")
	// What says that it runs, and nobody has claimed: its monitor was killed.
	write(rundir.Status{Service: "new", State: service.Running, Starts: 1, PID: 5, Began: &later})
	next("start new, exit new")
	for range 20 { // longer than it takes until monitors are asked for
		next("")
	}
	// One that can't be read keeps nobody from the others, and comes later.
	path := filepath.Join(s.Dir.Service("new").Path(), "status")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	last := later.Add(time.Second)
	write(rundir.Status{Service: "old", State: service.Stopped, Starts: 1, Began: &last, Exit: &service.Exit{}})
	write(rundir.Status{Service: "new", State: service.Stopped, Starts: 1, Began: &last, Exit: &service.Exit{}})
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	list, err := s.Next()
	if got := words(list); got != "start old, exit old code 0" || err == nil || !strings.Contains(err.Error(), "writable by its owner only") {
		t.Errorf("%s, %v", got, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	next("start new, exit new code 0")
	// And one that is forgotten.
	if err := s.Dir.Service("old").Remove(); err != nil {
		t.Fatal(err)
	}
	next("")
	if fmt.Sprint(len(s.seen)) != "1" {
		t.Errorf("%v", s.seen)
	}
}
