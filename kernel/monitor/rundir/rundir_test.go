package rundir

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cellsh/kernel/disk"
	"cellsh/kernel/process"
	"cellsh/kernel/service"
)

// claiming is the variable with the run directory in which the test program claims the service web.
const claiming = "RUNDIR_TEST_CLAIM"

func TestMain(m *testing.M) {
	dir := os.Getenv(claiming)
	if dir == "" {
		os.Exit(m.Run())
	}
	release, err := Dir(dir).Service("web").Claim()
	fmt.Println(err)
	// The collector of garbage takes no claim away.
	runtime.GC()
	runtime.GC()
	os.Stdin.Read(make([]byte, 1))
	if err == nil {
		release()
	}
}

// claim has the service claimed by another process until the function is called.
func claim(t *testing.T, dir Dir) (pid int, end func()) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), claiming+"="+string(dir))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() { in.Close(); c.Process.Kill(); c.Wait() }
	t.Cleanup(end)
	said := make([]byte, 100)
	n, _ := out.Read(said)
	if got := strings.TrimSpace(string(said[:n])); got != "<nil>" {
		t.Fatal(got)
	}
	return c.Process.Pid, end
}

func made(t *testing.T) (Dir, Folder) {
	t.Helper()
	d := Dir(filepath.Join(t.TempDir(), "run"))
	f := d.Service("web")
	if err := f.Make(); err != nil {
		t.Fatal(err)
	}
	return d, f
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestLook(t *testing.T) {
	d, f := made(t)
	look := func(want service.State, monitor int) {
		t.Helper()
		s, err := f.Look()
		if err != nil || s.Service != "web" || s.State != want || s.Monitor != monitor {
			t.Errorf("%+v, %v; want %s with monitor %d", s, err, want, monitor)
		}
	}
	look(service.Stopped, 0)
	pid, end := claim(t, d)
	check(t, f.WriteStatus(&Status{Service: "web", State: service.Running, Monitor: 4711}))
	look(service.Running, pid)

	// A status that is cut short: the monitor has more to say; without one nothing is believed of it.
	path := filepath.Join(f.Path(), "status")
	text, err := os.ReadFile(path)
	check(t, err, os.WriteFile(path, text[:len(text)/2], 0o600))
	if _, err := f.Look(); !errors.As(err, new(*DamagedError)) || !strings.Contains(err.Error(), path+" must be as it was written, but is damaged") {
		t.Errorf("%v", err)
	}
	end()
	look(service.Stopped, 0)
	check(t, f.WriteStatus(&Status{Service: "web", State: service.Running}))
	look(service.Lost, 0)
	check(t, f.WriteStatus(&Status{Service: "web", State: service.CrashLoop}))
	look(service.CrashLoop, 0)
	check(t, f.WriteSession(process.Key{PID: 4711, Born: "x"}))
	look(service.Lost, 0)
	check(t, os.WriteFile(filepath.Join(f.Path(), "session"), nil, 0o600))
	look(service.Lost, 0)
	check(t, f.ClearSession(), f.ClearSession())
	look(service.CrashLoop, 0)
	// A status of another service, as after a copy.
	check(t, f.WriteStatus(&Status{Service: "db", State: service.Running}))
	look(service.Stopped, 0)
}

func TestSession(t *testing.T) {
	_, f := made(t)
	if _, found, err := f.ReadSession(); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	want := process.Key{PID: 4711, Born: "boot.17"}
	check(t, f.WriteSession(want))
	if k, found, err := f.ReadSession(); k != want || !found || err != nil {
		t.Errorf("%v, %v, %v", k, found, err)
	}
	others := []process.Key{{PID: 4712, Born: "boot.18"}}
	check(t, f.WriteWitnesses(others))
	if list, err := f.ReadWitnesses(); !slices.Equal(list, others) || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	check(t, os.WriteFile(filepath.Join(f.Path(), "witnesses"), []byte("[{"), 0o600))
	if list, err := f.ReadWitnesses(); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	// Whatever is in the file, it is never init or nobody that is signalled.
	for _, text := range []string{"", "{", `{"PID":1,"Born":"x"}`, `{"PID":0,"Born":"x"}`, `{"PID":-1,"Born":"x"}`, `{"PID":4711}`, `[]`} {
		check(t, os.WriteFile(filepath.Join(f.Path(), "session"), []byte(text), 0o600))
		if _, found, err := f.ReadSession(); !found || !errors.As(err, new(*DamagedError)) {
			t.Errorf("%s: %v, %v", text, found, err)
		}
	}
}

func TestClaim(t *testing.T) {
	d, f := made(t)
	pid, end := claim(t, d)
	var busy *disk.BusyError
	if _, err := f.Claim(); !errors.As(err, &busy) || busy.PID != pid {
		t.Errorf("%v", err)
	}
	end()
	release, err := f.Claim()
	check(t, err)
	release()
}

func TestTrust(t *testing.T) {
	d, f := made(t)
	check(t, f.WriteStatus(&Status{Service: "web", State: service.Running}))
	check(t, os.Chmod(f.Path(), 0o777))
	if _, err := f.Look(); err == nil || !strings.Contains(err.Error(), "must be writable by its owner only") {
		t.Errorf("%v", err)
	}
	if err := f.Make(); err == nil {
		t.Error("a folder that others write in is used")
	}
	check(t, os.Chmod(f.Path(), 0o700), os.Remove(filepath.Join(f.Path(), "status")), os.Symlink("/etc/passwd", filepath.Join(f.Path(), "status")))
	if s, err := f.Look(); err != nil || s.State != service.Stopped {
		t.Errorf("%+v, %v", s, err)
	}
	if err := d.Service("..").Make(); err == nil || !strings.Contains(err.Error(), "the name must") {
		t.Errorf("%v", err)
	}
	if err := d.Service("a/b").Make(); err == nil {
		t.Error("a name is a path")
	}
}

func TestNames(t *testing.T) {
	d, _ := made(t)
	check(t, d.Service("db").Make(), os.WriteFile(filepath.Join(string(d), services, "a b"), nil, 0o600))
	names, err := d.Names()
	if err != nil || !slices.Equal(names, []string{"db", "web"}) {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := (Dir(t.TempDir()) + "/no").Names(); err != nil || names != nil {
		t.Errorf("%q, %v", names, err)
	}
	check(t, d.Service("db").Remove())
	if names, _ := d.Names(); !slices.Equal(names, []string{"web"}) {
		t.Errorf("%q", names)
	}
}

func TestTask(t *testing.T) {
	_, f := made(t)
	var got []string
	if found, err := f.ReadTask(&got); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	want := []string{"a"}
	check(t, f.WriteTask(want))
	if found, err := f.ReadTask(&got); !found || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, %v", got, found, err)
	}
}
