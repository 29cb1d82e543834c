package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/launch"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
)

// dieAt is the variable with the step at which a monitor is killed.
const dieAt = "MONITOR_TEST_DIE_AT"

// TestMain makes the test program the monitors and helpers of its tests.
func TestMain(m *testing.M) {
	switch {
	case launch.IsHelper(os.Args):
		os.Exit(launch.Helper(launch.NewSystem(nil)))
	case IsHelper(os.Args):
		os.Exit(Main(os.Args, Options{Sockets: []string{}, Step: func(step string) {
			if step == os.Getenv(dieAt) {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				time.Sleep(time.Minute) // it comes at once
			}
		}}))
	}
	os.Exit(m.Run())
}

// lab is a run directory of its own, with what is needed to look at services from outside.
type lab struct {
	*testing.T
	*Manager
	dir string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	if _, err := process.Read(process.Query{}); err != nil {
		t.Skip("services need the list of processes: ", err)
	}
	// Paths of sockets are short.
	dir, err := os.MkdirTemp("", "mon")
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t, &Manager{Dir: rundir.Dir(filepath.Join(dir, "run"))}, dir}
	t.Cleanup(func() {
		l.env = nil
		if names, err := l.Dir.Names(); err == nil {
			for _, name := range names {
				if s, err := l.Stop(context.Background(), name); err != nil {
					t.Errorf("%s must be stopped at the end, but is %s: %v", name, s.State, err)
				}
			}
		}
		for _, pid := range l.living() {
			t.Errorf("process %d is left", pid)
			syscall.Kill(pid, syscall.SIGKILL)
		}
		os.RemoveAll(dir)
	})
	return l
}

// shell is a service that runs a script of sh, which can use the folder as $D.
func (l *lab) shell(name, script string) Task {
	d := service.Defaults()
	d.Name, d.Cell.Name, d.Command = name, "cell-"+name, []string{"/bin/sh", "-c", script}
	d.Env = []string{"D=" + l.dir}
	d.Log.Stdout, d.Log.Stderr = -1, -1
	d.Stop.Timeout = time.Minute
	d.Backoff = service.Backoff{First: time.Millisecond, Limit: time.Millisecond, Reset: time.Hour, Crashes: 1000}
	return Task{Service: d, Cell: kernel.Cell{ID: 7, Name: d.Cell.Name, Root: "/cells/" + name}, Kernel: "sim:test", Simulated: true}
}

// counted is a script that adds its process to the file pids, and stays.
const counted = `echo $$ >> $D/pids; exec sleep 1000`

// living are the processes in the file pids that live.
func (l *lab) living() []int {
	text, _ := os.ReadFile(filepath.Join(l.dir, "pids"))
	list, err := process.Read(process.Query{})
	if err != nil {
		l.Fatal(err)
	}
	var pids []int
	for _, line := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			l.Fatal(err)
		}
		if slices.ContainsFunc(list, func(p process.Process) bool { return p.PID == pid && p.Living() }) && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (l *lab) must(s rundir.Status, err error) func(service.State) rundir.Status {
	return func(want service.State) rundir.Status {
		l.Helper()
		if err != nil || s.State != want {
			l.Fatalf("%s: %+v, %v; want %s", s.Service, s, err, want)
		}
		return s
	}
}

// until waits for something that another process does.
func (l *lab) until(what string, f func() bool) {
	l.Helper()
	for range 100_000 {
		if f() {
			return
		}
		syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 1000})
	}
	l.Fatalf("it must come to this, but does not: %s", what)
}

// jobs skips a test where sh has no jobs and no traps.
func (l *lab) jobs() {
	l.Helper()
	out, err := exec.Command("/bin/sh", "-c", "trap '' TERM; sleep 0 & echo $!").Output()
	if _, bad := strconv.Atoi(strings.TrimSpace(string(out))); err != nil || bad != nil {
		l.Skip("sh has no jobs or no traps: ", string(out), err)
	}
}

// TestLostSignals: who has executed a program since it was sent a signal is found.
func TestLostSignals(t *testing.T) {
	p := func(pid int, name string, measured bool) process.Process {
		q := process.Process{PID: pid, Name: name, Measured: measured}
		if measured {
			q.Born = "x"
		}
		return q
	}
	s := &sent{to: []process.Process{p(1, "sh", true), p(2, "sh", true), p(3, "", false), p(4, "sh", true)}}
	if got := s.lost([]process.Process{p(1, "sh", true), p(2, "sleep", true), p(3, "", false), p(4, "", false), p(5, "new", true)}); !slices.Equal(got, []int{2, 5}) {
		t.Errorf("%v", got)
	}
	if got := s.lost([]process.Process{p(1, "sh", true), p(2, "sleep", true), p(3, "cat", true), p(4, "cat", true), p(5, "new", true)}); !slices.Equal(got, []int{3, 4}) {
		t.Errorf("%v", got)
	}
	if got := s.lost([]process.Process{p(3, "cat", true), p(4, "cat", true)}); got != nil {
		t.Errorf("%v", got)
	}
}

// TestWitnesses: what is left of a session whose leader is gone is known by others that were noted.
func TestWitnesses(t *testing.T) {
	l := newLab(t)
	l.jobs()
	ctx := t.Context()
	task := l.shell("web", `sleep 1000 & echo $! >> $D/pids; wait`)
	s := l.must(l.Start(ctx, task))(service.Running)
	l.until("both are there", func() bool { return len(l.living()) == 1 })
	syscall.Kill(s.Monitor, syscall.SIGKILL)
	list, err := process.Read(process.Query{Session: &s.PID})
	if err != nil {
		t.Fatal(err)
	}
	var keys []process.Key
	for i := range list {
		keys = append(keys, list[i].Key())
	}
	if err := l.Dir.Service("web").WriteWitnesses(keys); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(s.PID, syscall.SIGKILL)
	l.until("the leader is gone", func() bool { return syscall.Kill(s.PID, 0) == syscall.ESRCH })
	l.must(l.Stop(ctx, "web"))(service.Stopped)
	if len(l.living()) != 0 {
		t.Error("it lives")
	}
}

func TestStartStop(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", `echo hello; echo oops >&2; `+counted)
	s := l.must(l.Start(ctx, task))(service.Running)
	if s.Service != "web" || s.Cell != "cell-web" || s.CellID != 7 || s.Kernel != "sim:test" || s.Monitor == 0 || s.PID == 0 || s.Starts != 1 {
		t.Errorf("%+v", s)
	}
	l.until("the process is there", func() bool { return slices.Equal(l.living(), []int{s.PID}) })
	if pid, err := l.Dir.Service("web").Monitor(); pid != s.Monitor || err != nil {
		t.Errorf("monitor %d, %v", pid, err)
	}
	// Again nothing happens.
	if again := l.must(l.Start(ctx, task))(service.Running); again.PID != s.PID || again.Starts != 1 {
		t.Errorf("%+v", again)
	}
	list, err := l.All(ctx)
	if err != nil || len(list) != 1 || list[0].PID != s.PID {
		t.Errorf("%+v, %v", list, err)
	}
	restarted := l.must(l.Restart(ctx, task))(service.Running)
	if restarted.PID == s.PID || restarted.Monitor != s.Monitor || restarted.Starts != 2 || restarted.Restarts != 0 {
		t.Errorf("%+v", restarted)
	}
	l.until("the process is there", func() bool { return slices.Equal(l.living(), []int{restarted.PID}) })
	changed := task
	changed.Service.Env = append(changed.Service.Env, "X=1")
	other := l.must(l.Restart(ctx, changed))(service.Running)
	if other.Monitor == s.Monitor || other.Starts != 1 {
		t.Errorf("%+v", other)
	}
	l.until("the process is there", func() bool { return slices.Equal(l.living(), []int{other.PID}) })
	stopped := l.must(l.Stop(ctx, "web"))(service.Stopped)
	if stopped.Exit == nil || stopped.Exit.Signal != int(syscall.SIGTERM) || stopped.Monitor != 0 || stopped.PID != 0 || len(l.living()) != 0 {
		t.Errorf("%+v, %v", stopped, l.living())
	}
	l.must(l.Stop(ctx, "web"))(service.Stopped)
	l.must(l.Stop(ctx, "nobody"))(service.Stopped)
	l.must(l.Status(ctx, "web"))(service.Stopped)
	text, err := os.ReadFile(filepath.Join(l.Dir.Log(), "web.log"))
	if err != nil || strings.Count(string(text), " stdout: hello\n") != 3 || strings.Count(string(text), " stderr: oops\n") != 3 || !strings.Contains(string(text), "ended: died of SIGTERM") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestKilledAnywhere: whenever a monitor is killed, what it has left is found, and nothing of it runs twice.
func TestKilledAnywhere(t *testing.T) {
	steps := []string{"task", "claimed", "listening", "starting", "held", "noted", "began", "running", "stopping", "ended", "gone", "drained", "stopped", "finished"}
	for _, how := range []string{"start", "stop"} {
		for _, step := range steps {
			t.Run(how+" after "+step, func(t *testing.T) {
				l := newLab(t)
				ctx := t.Context()
				task := l.shell("web", counted)
				l.env = []string{dieAt + "=" + step}
				l.Start(ctx, task) // which fails or not
				l.Stop(ctx, "web")
				l.env = nil
				if how == "start" {
					s := l.must(l.Start(ctx, task))(service.Running)
					l.until("one process is there", func() bool { return slices.Equal(l.living(), []int{s.PID}) })
				}
				s, err := l.Stop(ctx, "web")
				l.must(s, err)(service.Stopped)
				if left := l.living(); len(left) > 0 {
					t.Errorf("%v are left", left)
				}
			})
		}
	}
}

// TestKilledMonitor: one that is killed takes nothing along, and everybody is told.
func TestKilledMonitor(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", counted)
	s := l.must(l.Start(ctx, task))(service.Running)
	l.until("the process is there", func() bool { return len(l.living()) == 1 })
	other := l.must(l.Start(ctx, l.shell("db", "exec sleep 1000")))(service.Running)
	syscall.Kill(s.Monitor, syscall.SIGKILL)
	l.until("it is lost", func() bool { s, err := l.Status(ctx, "web"); return err == nil && s.State == service.Lost })
	if len(l.living()) != 1 {
		t.Error("the command is gone with its monitor")
	}
	if now := l.must(l.Status(ctx, "db"))(service.Running); now.PID != other.PID {
		t.Errorf("%+v", now)
	}
	again := l.must(l.Start(ctx, task))(service.Running)
	l.until("one process is there", func() bool { return slices.Equal(l.living(), []int{again.PID}) })
}

// TestStalePID: what has the number of a process of a service by chance is never believed to be of it.
func TestStalePID(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	stranger := l.must(l.Start(ctx, l.shell("stranger", counted)))(service.Running)
	f := l.Dir.Service("web")
	if err := errors.Join(f.Make(), f.WriteStatus(&rundir.Status{Service: "web", State: service.Running, PID: stranger.PID}),
		f.WriteSession(process.Key{PID: stranger.PID, Born: "another time"})); err != nil {
		t.Fatal(err)
	}
	l.must(l.Status(ctx, "web"))(service.Lost)
	l.must(l.Stop(ctx, "web"))(service.Stopped)
	if s := l.must(l.Status(ctx, "stranger"))(service.Running); s.PID != stranger.PID {
		t.Errorf("%+v", s)
	}
}

// TestUncertain: where the process that began a session is gone, nobody can tell whose the others are.
func TestUncertain(t *testing.T) {
	l := newLab(t)
	l.jobs()
	ctx := t.Context()
	task := l.shell("web", `sleep 1000 & echo $! >> $D/pids; wait`)
	s := l.must(l.Start(ctx, task))(service.Running)
	l.until("both are there", func() bool { return len(l.living()) == 1 })
	syscall.Kill(s.Monitor, syscall.SIGKILL)
	os.Remove(filepath.Join(l.Dir.Service("web").Path(), "witnesses"))
	syscall.Kill(s.PID, syscall.SIGKILL)
	l.until("the leader is gone", func() bool { return syscall.Kill(s.PID, 0) == syscall.ESRCH })
	_, err := l.Start(ctx, task)
	if want := fmt.Sprintf("process %d of session %d may be left of it", l.living()[0], s.PID); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	syscall.Kill(l.living()[0], syscall.SIGKILL)
	l.until("it is gone", func() bool { return len(l.living()) == 0 })
	l.must(l.Start(ctx, task))(service.Running)
}

// TestLeavesBehind: what a command leaves behind in its session, and where that can be found also outside of it, is ended before the
// next is started.
func TestLeavesBehind(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"in the session", `sleep 1000 & echo $! >> $D/pids; exit 3`},
		{"ignoring TERM", `(trap '' TERM; sleep 1000) & echo $! >> $D/pids; exit 3`},
		{"as a daemon", `setsid sh -c 'echo $$ >> $D/pids; exec sleep 1000' & until test -s $D/pids; do :; done; exit 3`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			l.jobs()
			if c.name == "as a daemon" && !adopts {
				t.Skip("what leaves its session is not found here")
			}
			task := l.shell("web", c.script)
			task.Service.Restart = service.RestartNever
			task.Service.Stop.Timeout = 100 * time.Millisecond
			l.Start(t.Context(), task)
			s, err := l.Wait(t.Context(), "web", []service.State{service.Failed})
			if err != nil || s.Exit == nil || s.Exit.Code != 3 || s.Behind == 0 || len(l.living()) != 0 {
				t.Errorf("%+v, %v, left %v", s, err, l.living())
			}
		})
	}
}

func TestIgnoresTerm(t *testing.T) {
	l := newLab(t)
	l.jobs()
	task := l.shell("web", `trap '' TERM; echo $$ >> $D/pids; echo ready; while :; do sleep 0.01; done`)
	task.Service.Stop.Timeout = 50 * time.Millisecond
	l.must(l.Start(t.Context(), task))(service.Running)
	l.until("it is there", func() bool { return len(l.living()) == 1 })
	if s := l.must(l.Stop(t.Context(), "web"))(service.Stopped); s.Exit == nil || s.Exit.Signal != int(syscall.SIGKILL) {
		t.Errorf("%+v", s)
	}
}

func TestNotStarted(t *testing.T) {
	l := newLab(t)
	task := l.shell("web", "")
	task.Service.Command = []string{"/no/such/program"}
	_, err := l.Start(t.Context(), task)
	if err == nil || err.Error() != "start service web: it must run, but is failed: the command must exist in the cell, but /no/such/program does not (ENOENT)" {
		t.Errorf("%v", err)
	}
	if s := l.must(l.Status(t.Context(), "web"))(service.Failed); !strings.Contains(s.Why, "/no/such/program") {
		t.Errorf("%+v", s)
	}
	task.Service.Command = []string{"/"}
	if _, err := l.Start(t.Context(), task); err == nil || !strings.Contains(err.Error(), "must be allowed to execute /") {
		t.Errorf("%v", err)
	}
}

func TestCrashLoop(t *testing.T) {
	l := newLab(t)
	task := l.shell("web", `echo $$ >> $D/pids; exit 4`)
	task.Service.Backoff.Crashes = 3
	l.Start(t.Context(), task)
	s := l.must(l.Wait(t.Context(), "web", []service.State{service.CrashLoop}))(service.CrashLoop)
	if s.Starts != 3 || s.Restarts != 2 || s.Crashes != 3 || s.Exit.Code != 4 || s.Monitor != 0 {
		t.Errorf("%+v", s)
	}
	if want := "it has ended 3 times in a row, each within 1h0m0s; its command exited with 4 last"; Why(&s) != want {
		t.Errorf("%s", Why(&s))
	}
	if _, err := l.Wait(t.Context(), "web", []service.State{service.Running}); err == nil || !strings.Contains(err.Error(), "it must come to be running, but is crash-loop") {
		t.Errorf("%v", err)
	}
}

func TestHealth(t *testing.T) {
	l := newLab(t)
	task := l.shell("web", counted)
	h := &service.Health{Command: []string{"/bin/sh", "-c", `test -e $D/good || { echo it is cold; exit 5; }`}, Every: 5 * time.Millisecond, Timeout: time.Minute, StartTimeout: 200 * time.Millisecond, Failures: 2}
	task.Service.Health = h
	_, err := l.Start(t.Context(), task)
	if err == nil || !strings.Contains(err.Error(), "it must run, but is unhealthy: its health must be good within 200ms of the start, but was not") {
		t.Errorf("%v", err)
	}
	s := l.must(l.Status(t.Context(), "web"))(service.Unhealthy)
	if s.Healthy == nil || *s.Healthy {
		t.Errorf("%+v", s)
	}
	good := filepath.Join(l.dir, "good")
	if err := os.WriteFile(good, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.must(l.Wait(t.Context(), "web", []service.State{service.Running}))(service.Running)
	os.Remove(good)
	s = l.must(l.Wait(t.Context(), "web", []service.State{service.Unhealthy}))(service.Unhealthy)
	if s.Why != "its health command exited with 5: it is cold" {
		t.Errorf("%+v", s)
	}
	l.must(l.Stop(t.Context(), "web"))(service.Stopped)

	// A health command that never ends is ended.
	task.Service.Health.Command = []string{"/bin/sh", "-c", "echo $$ >> $D/pids; exec sleep 1000"}
	task.Service.Health.Timeout = 20 * time.Millisecond
	if _, err := l.Start(t.Context(), task); err == nil {
		t.Error("it is healthy")
	}
	s = l.must(l.Wait(t.Context(), "web", []service.State{service.Unhealthy}))(service.Unhealthy)
	l.must(l.Stop(t.Context(), "web"))(service.Stopped)
	if left := l.living(); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// TestSocket: whatever has the name of the control socket.
func TestSocket(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", counted)
	f := l.Dir.Service("web")
	if err := f.Make(); err != nil {
		t.Fatal(err)
	}
	// A socket that somebody else holds, who has not claimed the service.
	foreign, err := listen(f.Control())
	if err != nil {
		t.Fatal(err)
	}
	s := l.must(l.Start(ctx, task))(service.Running)
	foreign.file.Close()
	l.must(l.Status(ctx, "web"))(service.Running)
	if info, err := os.Stat(f.Control()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	// Somebody takes the place of it while it runs.
	os.Remove(f.Control())
	if foreign, err = listen(f.Control()); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := foreign.accept()
			if err != nil {
				return
			}
			if n, _ := conn.Read(make([]byte, maxRequest)); n > 0 {
				conn.Write([]byte(`{"service":"other","state":"stopped"}` + "\n"))
			}
			conn.Close()
		}
	}()
	if _, err := l.Stop(ctx, "web"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("must be the control socket of process %d, but somebody else answers", s.Monitor)) {
		t.Errorf("%v", err)
	}
	foreign.file.Close()
	os.Remove(f.Control())
	// A monitor that can't be asked is told by a signal.
	syscall.Kill(s.Monitor, syscall.SIGTERM)
	l.until("it is stopped", func() bool { s, err := l.Status(ctx, "web"); return err == nil && s.State == service.Stopped })
	// It removes its socket after it has told that.
	l.until("its monitor is gone", func() bool { pid, err := f.Monitor(); return err == nil && pid == 0 })

	if err := os.Mkdir(f.Control(), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Start(ctx, task); err == nil || !strings.Contains(err.Error(), "must be free for the control socket, but is something else") {
		t.Errorf("%v", err)
	}
	os.Remove(f.Control())
	long := &Manager{Dir: l.Dir + rundir.Dir(strings.Repeat("/long", 30))}
	if _, err := long.Start(ctx, task); err == nil || !strings.Contains(err.Error(), "must be at most 103 bytes") {
		t.Errorf("%v", err)
	}
}

// TestDamagedFiles: files that are cut short keep nobody from seeing and stopping what runs.
func TestDamagedFiles(t *testing.T) {
	l := newLab(t)
	ctx := t.Context()
	task := l.shell("web", counted)
	s := l.must(l.Start(ctx, task))(service.Running)
	cut := func(name string) {
		path := filepath.Join(l.Dir.Service("web").Path(), name)
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, text[:len(text)/2], 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cut("status")
	if now := l.must(l.Status(ctx, "web"))(service.Running); now.PID != s.PID {
		t.Errorf("%+v", now)
	}
	cut("command")
	l.must(l.Restart(ctx, task))(service.Running)
	cut("status")
	l.must(l.Stop(ctx, "web"))(service.Stopped)
	cut("status")
	l.must(l.Status(ctx, "web"))(service.Stopped)
	s = l.must(l.Start(ctx, task))(service.Running)
	l.until("it is there", func() bool { return len(l.living()) == 1 })
	cut("session")
	syscall.Kill(s.Monitor, syscall.SIGKILL)
	l.until("it is lost", func() bool { s, err := l.Status(ctx, "web"); return err == nil && s.State == service.Lost })
	if _, err := l.Start(ctx, task); err == nil || !strings.Contains(err.Error(), "session must be as it was written, but is damaged") {
		t.Errorf("%v", err)
	}
	syscall.Kill(s.PID, syscall.SIGKILL)
	os.Remove(filepath.Join(l.Dir.Service("web").Path(), "session"))
}

// TestNoRoom: what can't be noted is not started, and what can't be told of a service does not end it.
func TestNoRoom(t *testing.T) {
	l := newLab(t)
	task := l.shell("web", counted)
	f := l.Dir.Service("web")
	// Something is in the way, as a disk that is full would be.
	way := func(name string) string { return filepath.Join(f.Path(), name+".new", "x") }
	if err := os.MkdirAll(way("session"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Start(t.Context(), task); err == nil || !strings.Contains(err.Error(), "it must run, but is failed: it must be usable, but: ") {
		t.Errorf("%v", err)
	}
	if len(l.living()) != 0 {
		t.Error("it runs")
	}
	if err := errors.Join(os.RemoveAll(filepath.Dir(way("session"))), os.MkdirAll(way("status"), 0o700)); err != nil {
		t.Fatal(err)
	}
	l.must(l.Start(t.Context(), task))(service.Running)
	// What is told of it is old. The monitor knows better, and is found.
	l.must(l.Stop(t.Context(), "web"))(service.Stopped)
	if len(l.living()) != 0 {
		t.Error("it runs")
	}
	os.RemoveAll(filepath.Dir(way("status")))
}

// TestClosesOutput: a command need not write anything, and is not held to.
// TestStatusNotKept: a service that was stopped is stopped, and not lost, where its status can't be written any more.
func TestStatusNotKept(t *testing.T) {
	l := newLab(t)
	l.must(l.Start(t.Context(), l.shell("web", counted)))(service.Running)
	// Nothing takes this away, so that no new file can be made there.
	block := filepath.Join(l.Dir.Service("web").Path(), "status.new")
	if err := os.MkdirAll(filepath.Join(block, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.must(l.Stop(t.Context(), "web"))(service.Stopped)
	l.must(l.Status(t.Context(), "web"))(service.Stopped)
	l.must(l.Stop(t.Context(), "web"))(service.Stopped)
	if err := os.RemoveAll(block); err != nil {
		t.Fatal(err)
	}
	l.must(l.Start(t.Context(), l.shell("web", counted)))(service.Running)
}

func TestClosesOutput(t *testing.T) {
	l := newLab(t)
	l.must(l.Start(t.Context(), l.shell("web", `exec >&- 2>&- <&-; `+counted)))(service.Running)
	l.until("it is there", func() bool { return len(l.living()) == 1 })
	s := l.must(l.Status(t.Context(), "web"))(service.Running)
	// A terminal that goes is none of the monitor's.
	syscall.Kill(s.Monitor, syscall.SIGHUP)
	l.must(l.Restart(t.Context(), l.shell("web", `exec >&- 2>&- <&-; `+counted)))(service.Running)
	l.must(l.Stop(t.Context(), "web"))(service.Stopped)
}

// TestManyAtOnce: who starts the same service at the same time starts it once.
func TestManyAtOnce(t *testing.T) {
	l := newLab(t)
	task := l.shell("web", counted)
	results := make(chan error)
	for range 8 {
		go func() {
			_, err := l.Start(t.Context(), task)
			results <- err
		}()
	}
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	l.until("one is there", func() bool { return len(l.living()) == 1 })
	for range 4 {
		go func() {
			_, err := l.Stop(t.Context(), "web")
			results <- err
		}()
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if len(l.living()) != 0 {
		t.Error("it lives")
	}
}

// TestAround: what a command finds around it is no more than it should be.
func TestAround(t *testing.T) {
	l := newLab(t)
	t.Setenv("SECRET_OF_THE_HOST", "1")
	stray, err := syscall.Dup(2) // not closed at exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(stray)
	task := l.shell("web", `ls /proc/self/fd > $D/around.new; env >> $D/around.new; grep '^SigIgn' /proc/self/status >> $D/around.new; mv $D/around.new $D/around; exec sleep 1000`)
	l.must(l.Start(t.Context(), task))(service.Running)
	var text []byte
	l.until("it has told", func() bool { var err error; text, err = os.ReadFile(filepath.Join(l.dir, "around")); return err == nil })
	if strings.Contains(string(text), "SECRET") || !strings.Contains(string(text), "PATH=/usr/bin:/bin") {
		t.Errorf("%s", text)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil && (!strings.HasPrefix(string(text), "0\n1\n2\n3\n") || runtime.GOOS == "linux" && !ignoresNothing(string(text))) {
		t.Errorf("%s", text)
	}
}

// ignoresNothing reads what proc(5) says of ignored signals. 32 and 33 are the C library's own, and stay as whoever runs the
// tests has them.
func ignoresNothing(status string) bool {
	_, mask, _ := strings.Cut(status, "SigIgn:\t")
	mask, _, _ = strings.Cut(mask, "\n")
	ignored, err := strconv.ParseUint(mask, 16, 64)
	return err == nil && ignored&^(3<<31) == 0
}

// TestForeground: the service is a part of who runs it.
func TestForeground(t *testing.T) {
	l := newLab(t)
	out, err := os.Create(filepath.Join(l.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	task := l.shell("web", `echo hello; exit 3`)
	task.Service.Restart = service.RestartNever
	code, err := l.Foreground(task, out, out, nil, func(rundir.Status) {})
	if text, _ := os.ReadFile(out.Name()); code != 3 || string(text) != "hello\n" || err == nil || !strings.Contains(err.Error(), "it must run, but is failed: its command exited with 3") {
		t.Errorf("%d, %v, %q", code, err, text)
	}
	stop := make(chan struct{})
	task = l.shell("web", counted)
	code, err = l.Foreground(task, out, out, stop, func(s rundir.Status) {
		if s.State == service.Running {
			close(stop)
		}
	})
	if code != 0 || err != nil || len(l.living()) != 0 {
		t.Errorf("%d, %v, left %v", code, err, l.living())
	}
	l.must(l.Start(t.Context(), task))(service.Running)
	if code, err := l.Foreground(task, out, out, nil, func(rundir.Status) {}); code != 1 || err == nil || !strings.Contains(err.Error(), "it must run nowhere else, but process") {
		t.Errorf("%d, %v", code, err)
	}
}

func TestTaskAsJSON(t *testing.T) {
	h := service.DefaultHealth()
	h.Command = []string{"a", "\xff"}
	want := Task{Service: service.Defaults(), Cell: kernel.Cell{ID: 3, Root: "/c/\xfe"}, Kernel: "sim", Supervised: true}
	want.Service.Command, want.Service.Env, want.Service.User, want.Service.Health = []string{"ä\xff", ""}, []string{"A=\xfe"}, "www", &h
	text, err := json.Marshal(want)
	var got Task
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || !got.same(want) || fmt.Sprintf("%+v %+v", got.Service.Command, *got.Service.Health) != fmt.Sprintf("%+v %+v", want.Service.Command, h) || got.Cell.Root != want.Cell.Root || got.Service.User != "www" {
		t.Errorf("%v, %+v", err, got)
	}
	got.Cell.Memory = 5
	if !got.same(want) {
		t.Error("what is sampled is no part of a task")
	}
	got.Service.Env = nil
	if got.same(want) {
		t.Error("the environment is a part of a task")
	}
}
