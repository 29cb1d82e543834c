//go:build unix

package source

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellsh/kernel/launch"
	"cellsh/kernel/monitor"
	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/process"
	"cellsh/repl/screen/model"
)

// The tests are the program that monitors are.
func TestMain(m *testing.M) {
	switch {
	case launch.IsHelper(os.Args):
		os.Exit(launch.Helper(launch.NewSystem(nil)))
	case monitor.IsHelper(os.Args):
		os.Exit(monitor.Main(os.Args, monitor.Options{Sockets: []string{}}))
	}
	os.Exit(m.Run())
}

// TestRunning: a service that really runs is seen, with its processes and what it writes; and so is that its monitor was killed.
func TestRunning(t *testing.T) {
	if _, err := process.Read(process.Query{}); err != nil {
		t.Skip("services need the list of processes: ", err)
	}
	w := newWorld(t, "sim:DIR/state", false)
	w.file("services.d/web.lua", `service "web" { cell = { root = "/cells/web" }, cmd = { "/bin/sh", "-c", "echo hello; echo oops >&2; sleep 1000 & wait" } }`)
	w.run("start", "web")
	defer w.run("stop", "web")
	row := func(kind model.Kind, of, id string) *model.Row {
		t.Helper()
		table, err := w.read(kind, of)
		if err != nil {
			t.Fatal(err)
		}
		for i := range table.Rows {
			if table.Rows[i].ID == id {
				return &table.Rows[i]
			}
		}
		t.Fatalf("%s has no %s: %+v", kind, id, table)
		return nil
	}
	r := row(model.Services, "", "web")
	if s, is := r.Subject.(model.Service); r.Tone != model.Good || r.Fields[1].Text != "running" || !is || !s.Runs || s.Cell != "web" || s.Line != 1 {
		t.Errorf("%+v", r)
	}
	if r := row(model.Cells, "", "web 1"); r.Fields[5].Text != "web running" || r.Tone != model.Plain {
		t.Errorf("%+v", r)
	}
	members, err := w.read(model.Members, "web")
	if err != nil || len(members.Rows) == 0 || members.Rows[0].Depth != 0 || !strings.HasPrefix(members.Rows[0].Fields[0].Text, "/bin/sh -c echo hello") {
		t.Errorf("%v, %+v", err, members)
	}
	status, err := rundir.Dir(w.machine().Run).Service("web").Look()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(status.Monitor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); row(model.Services, "", "web").Fields[1].Text != "lost"; {
		if time.Since(began) > time.Minute {
			t.Fatal("its monitor was killed, and nobody has noticed")
		}
	}
	if r := row(model.Cells, "", "web 1"); r.Tone != model.Bad {
		t.Errorf("%+v", r)
	}
	w.run("start", "web")
	w.run("stop", "web")
	output, err := w.read(model.Output, "web")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]model.Tone{}
	for _, r := range output.Rows {
		seen[r.Fields[1].Text+" "+r.Fields[2].Text] = r.Tone
	}
	if tone, is := seen["stdout hello"]; !is || tone != model.Plain {
		t.Errorf("%v", seen)
	}
	if tone, is := seen["stderr oops"]; !is || tone != model.Warning {
		t.Errorf("%v", seen)
	}
}

// TestNeededBy: a service knows which of those that need it run.
func TestNeededBy(t *testing.T) {
	if _, err := process.Read(process.Query{}); err != nil {
		t.Skip("services need the list of processes: ", err)
	}
	w := newWorld(t, "sim:DIR/state", false)
	w.file("services.d/all.lua", `for name, needs in pairs{ db = {}, api = { "db" }, web = { "api" }, idle = { "db" } } do
	service(name, { cell = { root = "/cells/" .. name }, cmd = { "/bin/sh", "-c", "sleep 1000 & wait" }, requires = needs })
end`)
	w.run("start", "web")
	defer w.run("stop", "--all")
	needed := func() string {
		table, err := w.read(model.Services, "")
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range table.Rows {
			s := r.Subject.(model.Service)
			out = append(out, s.Name+": "+strings.Join(s.NeededBy, " "))
		}
		return strings.Join(out, ", ")
	}
	// A monitor that has told of its end may still be on its way there.
	comes := func(want string) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for got := needed(); got != want; got = needed() {
			if time.Now().After(deadline) {
				t.Fatalf("it must come to %q, but is %q", want, got)
			}
		}
	}
	comes("api: web, db: web api, idle: , web: ")
	w.run("stop", "web")
	comes("api: , db: api, idle: , web: ")
}
