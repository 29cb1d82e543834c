package outlet

import (
	"errors"
	"fmt"
	"log/syslog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	f := &full{errs: []error{nil, no, no, other, nil, nil, no, nil, nil}}
	var told []string
	l := New(f, Options{Tell: func(s string) { told = append(told, s) }, Gap: func(n uint64, why string) []byte { return fmt.Appendf(nil, "(%d: %s)\n", n, why) }})
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
	// What stands for others, and is lost, is counted as these, and is no decision itself.
	f = &full{errs: []error{no, no, nil, nil}}
	l = New(f, Options{Tell: func(string) {}, Gap: func(n uint64, why string) []byte { return fmt.Appendf(nil, "(%d: %s)", n, why) }})
	l.Note([]byte("5 were lost"), 5)
	l.Write([]byte("1"))
	l.Write([]byte("2"))
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "but 1 were not") || strings.Join(f.lines, " ") != "(6: no space) 2" {
		t.Errorf("%v, %v", f.lines, err)
	}
	f = &full{errs: []error{no}}
	l = New(f, Options{Tell: func(string) {}})
	l.Write(nil)
	if err := l.Close(); err == nil || err.Error() != "all decisions must be written to FILE, but 1 were not: no space" {
		t.Error(err)
	}
	if err := New(&full{}, Options{}).Close(); err != nil {
		t.Error(err)
	}
}

func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	open := func() (*syslog.Writer, error) {
		return syslog.Dial("unixgram", path, syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, "cellsh")
	}
	if _, err := dial(open); err == nil || !strings.Contains(err.Error(), "syslogd(8) is not running") {
		t.Errorf("without syslogd: %v", err)
	}
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	defer c.Close()
	p, err := dial(open)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Put([]byte("{\"a\":1}\n")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1000)
	n, err := c.Read(b)
	// authpriv is 10, and notice 5.
	if got := string(b[:n]); err != nil || !strings.HasPrefix(got, "<85>") || !strings.Contains(got, " cellsh[") || !strings.HasSuffix(got, ": {\"a\":1}\n") {
		t.Errorf("%q, %v", got, err)
	}
}
