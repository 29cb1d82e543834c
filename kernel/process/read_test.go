package process

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cellsh/kernel"
)

// TestReadSelf: of the test's own process all is known from elsewhere, and the system must tell the same.
func TestReadSelf(t *testing.T) {
	list, err := Read(Query{Commands: true})
	if runtime.GOOS != "linux" && runtime.GOOS != "netbsd" {
		if errors.As(err, new(*kernel.UnsupportedError)) {
			return
		}
		t.Fatalf("on %s processes must be unsupported, but: %v", runtime.GOOS, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	me := func(p Process) bool { return p.PID == os.Getpid() }
	i := slices.IndexFunc(list, me)
	if i < 0 {
		t.Fatal("the own process must be among all")
	}
	p := list[i]
	if p.Parent != os.Getppid() || int(p.UID) != os.Geteuid() || int(p.RealUID) != os.Getuid() || !slices.Equal(p.Args, os.Args) {
		t.Errorf("got %+v, want parent %d, users %d and %d, arguments %q", p, os.Getppid(), os.Geteuid(), os.Getuid(), os.Args)
	}
	if !p.Measured || !p.Living() || p.Born == "" || p.Resident < 1<<20 || p.Resident > 1<<32 || !strings.HasPrefix(p.Command(), os.Args[0]) {
		t.Errorf("a Go program must be measured and have some megabytes, but: %+v", p)
	}
	// Linux tells when the machine began in whole seconds.
	if age := time.Since(p.Start); age < -2*time.Second || age > time.Hour {
		t.Errorf("the own process must have begun lately, but did at %s", p.Start)
	}
	if init := slices.IndexFunc(list, func(p Process) bool { return p.PID == 1 }); init < 0 {
		t.Error("init must be among all")
	}
	session, err := Read(Query{Session: &p.Session})
	if err != nil || !slices.ContainsFunc(session, me) {
		t.Errorf("the own session %d must have the own process, but: %v, %+v", p.Session, err, session)
	}
	for _, other := range session {
		if other.Session != p.Session || other.Args != nil {
			t.Errorf("the session %d must have only its own, without arguments, but has %+v", p.Session, other)
		}
	}
}

// TestMeterSelf: the meter sees the time that this process uses.
func TestMeterSelf(t *testing.T) {
	var m Meter
	look := func() Use {
		list, err := Read(Query{})
		if errors.As(err, new(*kernel.UnsupportedError)) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m.Add(slices.DeleteFunc(list, func(p Process) bool { return p.PID != os.Getpid() }))
	}
	look()
	deadline := time.Now().Add(time.Minute)
	for look().Time < 50*time.Millisecond {
		for i := range 1 << 22 {
			runtime.KeepAlive(i)
		}
		if time.Now().After(deadline) {
			t.Fatal("a busy process must be seen to use time, but in a minute was not")
		}
	}
}

// TestSetNice: what is set is told, and what is too far becomes the last there is.
func TestSetNice(t *testing.T) {
	me := func() Process {
		t.Helper()
		list, err := Read(Query{})
		if errors.As(err, new(*kernel.UnsupportedError)) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return list[slices.IndexFunc(list, func(p Process) bool { return p.PID == os.Getpid() })]
	}
	was := me().Nice
	if err := SetNice(os.Getpid(), 100); err != nil {
		t.Fatal(err)
	}
	if now := me().Nice; now < 19 || now > 20 {
		t.Errorf("the priority must be the last, but is %d", now)
	}
	if os.Geteuid() == 0 {
		if err := SetNice(os.Getpid(), was); err != nil || me().Nice != was {
			t.Errorf("the priority must be %d again, but is %d: %v", was, me().Nice, err)
		}
	}
	if err := SetNice(1<<30, 0); err != nil {
		t.Errorf("a process that is gone is no error: %v", err)
	}
}
