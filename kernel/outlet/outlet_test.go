package outlet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	// Somebody was stopped within a line.
	if err := os.WriteFile(path, []byte("one\ntw"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := File(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(line string) {
		t.Helper()
		if err := p.Put([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	put("three")
	put("four")
	// It is rotated, and what was rotated stays.
	if err := os.Rename(path, path+".0"); err != nil {
		t.Fatal(err)
	}
	put("five")
	// It is emptied.
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	put("six")
	if got := read(t, path+".0") + read(t, path); got != "one\ntw\nthree\nfour\nsix\n" {
		t.Errorf("%q", got)
	}
	// Another one is put in its place.
	if err := os.WriteFile(path+".new", []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	put("seven")
	if got := read(t, path); got != "new\nseven\n" {
		t.Errorf("%q", got)
	}
	// Its folder goes away and comes back.
	dir := filepath.Dir(path)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := p.Put([]byte("nowhere\n")); err == nil {
		t.Error("a line that can't be kept must be told")
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	put("eight")
	if got := read(t, path); got != "new\nseven\neight\n" {
		t.Errorf("%q", got)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := File(filepath.Join(path, "x")); err == nil {
		t.Error("a file in a file can't be opened")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// full is a place that takes so many lines after each time that it was full.
type full struct {
	lines []string
	errs  []error
}

func (f *full) Put(line []byte) error {
	err := f.errs[0]
	f.errs = f.errs[1:]
	if err == nil {
		f.lines = append(f.lines, strings.TrimSuffix(string(line), "\n"))
	}
	return err
}
func (*full) Close() error   { return nil }
func (*full) String() string { return "FILE" }

func TestLinesCount(t *testing.T) {
	no, other := errors.New("no space"), errors.New("read-only")
	options := func(told *[]string) Options[[]byte] {
		return Options[[]byte]{What: "decisions", Tell: func(s string) { *told = append(*told, s) },
			Gap: func(n uint64, why string) []byte { return fmt.Appendf(nil, "(%d: %s)\n", n, why) }}
	}
	f := &full{errs: []error{nil, no, no, other, nil, nil, no, nil, nil}}
	var told []string
	l := New(f, options(&told))
	for i := range 7 {
		l.Write(fmt.Appendf(nil, "%d\n", i))
	}
	if got := strings.Join(f.lines, " "); got != "0 (3: read-only) 4 (1: no space) 6" {
		t.Error(got)
	}
	if got, want := strings.Join(told, "\n"), `FILE can't be written: no space; decisions that are missing there are counted
FILE can't be written: read-only; decisions that are missing there are counted
FILE takes decisions again; 3 were not written
FILE can't be written: no space; decisions that are missing there are counted
FILE takes decisions again; 1 were not written`; got != want {
		t.Errorf("%s", got)
	}
	if err := l.Close(); err == nil || err.Error() != "all decisions must be written to FILE, but 4 were not" {
		t.Error(err)
	}
	// Reasons that take turns are told once.
	f, told = &full{errs: []error{no, no, no, nil, nil}}, nil
	l = New(f, options(&told))
	for range 3 {
		l.Lose(1, "too much")
		l.Write(nil)
	}
	l.Write([]byte("1"))
	if got, want := strings.Join(told, "\n"), `FILE can't be written: too much; decisions that are missing there are counted
FILE can't be written: no space; decisions that are missing there are counted
FILE takes decisions again; 6 were not written`; got != want {
		t.Errorf("%s", got)
	}
	// What stands for others, and is lost, is counted as these, and is no decision itself.
	f = &full{errs: []error{no, no, nil, nil}}
	l = New(f, options(&told))
	l.Note([]byte("5 were lost"), 5)
	l.Write([]byte("1"))
	l.Write([]byte("2"))
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "but 1 were not") || strings.Join(f.lines, " ") != "(6: no space) 2" {
		t.Errorf("%v, %v", f.lines, err)
	}
	// What is lost at last is noted if that can be done.
	f = &full{errs: []error{no, no}}
	l = New(f, options(&told))
	l.Write(nil)
	if err := l.Close(); err == nil || err.Error() != "all decisions must be written to FILE, but 1 were not: no space" {
		t.Error(err)
	}
	f = &full{errs: []error{no, nil}}
	l = New(f, options(&told))
	l.Write(nil)
	if err := l.Close(); err == nil || strings.Join(f.lines, " ") != "(1: no space)" {
		t.Errorf("%v, %v", f.lines, err)
	}
	if err := New(&full{}, Options[[]byte]{}).Close(); err != nil {
		t.Error(err)
	}
}

func TestRotated(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "log", "cellsh")
	path := filepath.Join(folder, "web.log")
	p := Rotated(path, 10, 2)
	put := func(lines ...string) {
		t.Helper()
		for _, line := range lines {
			if err := p.Put([]byte(line + "\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(want string) {
		t.Helper()
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name()+"="+strings.ReplaceAll(read(t, filepath.Join(folder, e.Name())), "\n", "/"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s, want %s", strings.Join(got, " "), want)
		}
	}
	put("1234", "1234")
	want("web.log=1234/1234/")
	put("5")
	want("web.log=5/ web.log.0=1234/1234/")
	put("a line that is longer than all", "6")
	want("web.log=6/ web.log.0=a line that is longer than all/ web.log.1=5/")
	// Whoever emptied it has made room.
	put("12345")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	put("123456")
	want("web.log=123456/ web.log.0=a line that is longer than all/ web.log.1=5/")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	// One that is begun anew knows how large it is; fewer are kept now, and then none.
	p = Rotated(path, 10, 1)
	put("789")
	want("web.log=789/ web.log.0=123456/")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = Rotated(path, 10, 0)
	put("012345")
	want("web.log=012345/")
	// What can't be moved out of the way is told, and does not grow.
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(path+".0/x", 0o700); err != nil {
		t.Fatal(err)
	}
	p = Rotated(path, 10, 3)
	if err := os.MkdirAll(path+".2/x", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.Put([]byte("678901\n")); err == nil || !strings.Contains(err.Error(), "web.log.2") {
		t.Errorf("%v", err)
	}
	if got := read(t, path); got != "012345\n" {
		t.Errorf("%q", got)
	}
}

// Who can write in the folder can't have lines put elsewhere.
func TestRotatedLinks(t *testing.T) {
	folder := t.TempDir()
	secret, path := filepath.Join(folder, "secret"), filepath.Join(folder, "log")
	for name, link := range map[string]func() error{
		"a symbolic link": func() error { return os.Symlink(secret, path) },
		"something else":  func() error { return os.Link(secret, path) },
	} {
		if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := link(); err != nil {
			t.Skip(err)
		}
		err := Rotated(path, 10, 1).Put([]byte("line\n"))
		if err == nil || !strings.Contains(err.Error(), "must be a file with one name, but is "+name) || read(t, secret) != "x" {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// listen is a syslogd.
func listen(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func receive(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 2*MaxMessage)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	now := func() time.Time { return time.Date(2026, 6, 1, 14, 5, 6, 0, time.UTC) }
	p := Syslog(Sender{Facility: 10, Tag: "cellsh", Now: now, Sockets: []string{path + ".none", path}})
	if err := p.Alive(); err != ErrNoSyslog {
		t.Errorf("without syslogd: %v", err)
	}
	if err := p.Put(Message{5, "lost"}); err != ErrNoSyslog {
		t.Errorf("without syslogd: %v", err)
	}
	c := listen(t, path)
	if err := p.Alive(); err != nil {
		t.Fatal(err)
	}
	if err := Lined(p, 5).Put([]byte("{\"a\":1}\n")); err != nil {
		t.Fatal(err)
	}
	// authpriv is 10, and notice 5.
	if got, want := receive(t, c), fmt.Sprintf("<85>Jun  1 14:05:06 cellsh[%d]: {\"a\":1}", os.Getpid()); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Another syslogd gets what follows.
	c.Close()
	if err := p.Put(Message{5, "lost"}); err != ErrNoSyslog {
		t.Errorf("after its end: %v", err)
	}
	os.Remove(path)
	c = listen(t, path)
	text := strings.Repeat("x", p.sender.Room())
	if err := p.Put(Message{7, text}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c); !strings.HasSuffix(got, ": "+text) || len(got) > MaxMessage || len(got) < MaxMessage-2 {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	// One that reads nothing keeps nobody.
	busy := false
	for range 100_000 {
		if err := p.Put(Message{7, "x"}); err != nil {
			busy = err == ErrBusy
			break
		}
	}
	if !busy {
		t.Error("a socket that nobody reads must be busy at some time")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	if n := len(Facilities()); n != 20 {
		t.Errorf("%d facilities", n)
	}
	for name, want := range map[string]int{"daemon": 3, "local7": 23, "kern": -1, "": -1, "3": -1} {
		if got, ok := Facility(name); ok != (want >= 0) || ok && got != want {
			t.Errorf("facility %s: %d, %v", name, got, ok)
		}
	}
	for name, want := range map[string]int{"emerg": 0, "warn": 4, "7": 7, "8": -1, "": -1, "none": -1, "07": -1} {
		if got, ok := Level(name); ok != (want >= 0) || ok && got != want {
			t.Errorf("level %s: %d, %v", name, got, ok)
		}
	}
	if got := strings.Join(Levels(), " "); got != "emerg alert crit err warning notice info debug" {
		t.Error(got)
	}
}
