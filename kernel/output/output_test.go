package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cellsh/kernel/outlet"
	"cellsh/kernel/service"
)

// syslogd keeps messages as "LEVEL TEXT", unless err says that it does not.
type syslogd struct {
	mu   sync.Mutex
	kept []string
	err  error
	// hold, if not nil, is waited for.
	hold chan struct{}
}

func (s *syslogd) Put(m outlet.Message) error {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.kept = append(s.kept, fmt.Sprint(m.Level, " ", m.Text))
	}
	return s.err
}
func (*syslogd) Close() error   { return nil }
func (*syslogd) String() string { return "syslog" }

var start = time.Date(2026, 11, 27, 16, 59, 1, 0, time.UTC)

// opened is an output to a file in a folder of its own.
func opened(t *testing.T, change func(*Options)) (out *Output, path string, told *[]string) {
	t.Helper()
	told = new([]string)
	log := service.Defaults().Log
	path = File(filepath.Join(t.TempDir(), "log"), "web")
	log.File = path
	o := Options{Cell: "web-1", ID: 7, Log: log, Tell: func(s string) { *told = append(*told, s) }, Now: func() time.Time { return start }, system: &syslogd{}}
	if change != nil {
		change(&o)
	}
	return Open(o), path, told
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "2026-11-27T16:59:01.000000Z ", "")
}

func take(t *testing.T, out *Output, s Stream) (*Taking, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	taking, err := out.Take(s, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return taking, w
}

func closed(t *testing.T, out *Output) {
	t.Helper()
	if err := out.Close(10 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestOutput(t *testing.T) {
	d := &syslogd{}
	out, path, told := opened(t, func(o *Options) { o.system = d })
	out.Note(6, "started")
	stdout, o := take(t, out, Stdout)
	fmt.Fprint(o, "one\nforged\r\x1b[2K2026-11-27T16:59:01.000000Z stderr: no\n", strings.Repeat("ü", 5000), "\nend")
	o.Close()
	<-stdout.Done()
	stderr, e := take(t, out, Stderr)
	fmt.Fprint(e, "bad\n")
	e.Close()
	<-stderr.Done()
	if err := errors.Join(stdout.Err(), stderr.Err()); err != nil {
		t.Error(err)
	}
	closed(t, out)
	want := "service: started\nstdout: one\nstdout: forged\\x0d\\x1b[2K2026-11-27T16:59:01.000000Z stderr: no\n" +
		"stdout+: " + strings.Repeat("ü", 4096) + "\nstdout: " + strings.Repeat("ü", 904) + "\nstdout: end\nstderr: bad\n"
	if got := read(t, path); got != strings.ReplaceAll(want, "2026-11-27T16:59:01.000000Z ", "") {
		t.Errorf("%s", got)
	}
	if len(*told) > 0 {
		t.Errorf("%q", *told)
	}
	// The system's log has shorter parts, which are all of it.
	var whole strings.Builder
	n := 0
	for _, m := range d.kept {
		if text, ok := strings.CutPrefix(m, "5 cell=web-1 cid=7 stdout+: ü"); ok {
			whole.WriteString("ü" + text)
			n++
		} else if text, ok := strings.CutPrefix(m, "5 cell=web-1 cid=7 stdout: ü"); ok {
			whole.WriteString("ü" + text)
			n++
		}
		if len(m) > outlet.MaxMessage {
			t.Errorf("%d bytes", len(m))
		}
	}
	if whole.String() != strings.Repeat("ü", 5000) || n < 10 {
		t.Errorf("%d parts with %d bytes", n, whole.Len())
	}
	d.kept = slices.DeleteFunc(d.kept, func(m string) bool { return strings.Contains(m, "ü") })
	if got, want := strings.Join(d.kept, "\n"), `6 cell=web-1 cid=7 started
5 cell=web-1 cid=7 stdout: one
5 cell=web-1 cid=7 stdout: forged\x0d\x1b[2K2026-11-27T16:59:01.000000Z stderr: no
5 cell=web-1 cid=7 stdout: end
3 cell=web-1 cid=7 stderr: bad`; got != want {
		t.Errorf("%s", got)
	}
}

// A level of -1 keeps a stream out of the system's log, a size of 0 keeps no file.
func TestPlaces(t *testing.T) {
	d := &syslogd{}
	out, path, _ := opened(t, func(o *Options) { o.Log.Stdout, o.Log.Size, o.system = -1, 0, d })
	a, o := take(t, out, Stdout)
	b, e := take(t, out, Stderr)
	fmt.Fprint(o, "one\n")
	fmt.Fprint(e, "two\n")
	o.Close()
	e.Close()
	<-a.Done()
	<-b.Done()
	closed(t, out)
	if got := strings.Join(d.kept, "|"); got != "3 cell=web-1 cid=7 stderr: two" {
		t.Error(got)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there must be no file")
	}
	out, path, _ = opened(t, func(o *Options) { o.Log.Stdout, o.Log.Stderr = -1, -1 })
	out.Note(6, "started")
	closed(t, out)
	if got := read(t, path); got != "service: started\n" {
		t.Error(got)
	}
}

// TestFinish: what is in the pipe when the last member is gone is kept, even where somebody else holds it open.
func TestFinish(t *testing.T) {
	out, path, _ := opened(t, nil)
	taking, w := take(t, out, Stdout)
	// As much as a pipe takes without being read, at once before it is finished, and nothing more.
	var want strings.Builder
	for i := range 700 {
		fmt.Fprintf(&want, "stdout: line %d %s\n", i, strings.Repeat("x", 70))
	}
	want.WriteString("stdout: the reason of the crash\n")
	if _, err := io.WriteString(w, strings.ReplaceAll(want.String(), "stdout: ", "")); err != nil {
		t.Fatal(err)
	}
	taking.Finish()
	taking.Finish()
	<-taking.Done()
	if err := taking.Err(); err != nil {
		t.Error(err)
	}
	// The pipe is closed: who holds it is told.
	if _, err := w.WriteString("x"); err == nil {
		t.Error("the pipe is open")
	}
	// One that was at its end before.
	taking, w = take(t, out, Stdout)
	w.Close()
	<-taking.Done()
	taking.Finish()
	closed(t, out)
	if got := read(t, path); got != want.String() {
		t.Errorf("%d bytes, want %d", len(got), want.Len())
	}
}

// TestFinishFlood: who writes for ever keeps nobody for ever.
func TestFinishFlood(t *testing.T) {
	out, _, _ := opened(t, nil)
	taking, w := take(t, out, Stdout)
	go func() {
		for {
			if _, err := w.WriteString("again and again\n"); err != nil {
				return
			}
		}
	}()
	taking.Finish()
	<-taking.Done()
	_ = out.Close(0)
}

func TestNoPipe(t *testing.T) {
	out, path, _ := opened(t, nil)
	f, err := os.Create(filepath.Join(filepath.Dir(filepath.Dir(path)), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := out.Take(Stdout, f); err == nil || !strings.Contains(err.Error(), "stdout must be read from a pipe") {
		t.Error(err)
	}
	closed(t, out)
}

// TestFull: what the disk does not take is counted, told, and noted in the file, which then goes on; syslogd has it all.
func TestFull(t *testing.T) {
	d := &syslogd{}
	out, path, told := opened(t, func(o *Options) { o.system = d })
	folder := filepath.Dir(path)
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out.Note(6, "one")
	out.Note(6, "two")
	if l := out.Lost(); l.File != 2 || l.Syslog != 0 {
		t.Errorf("%+v", l)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	out.Note(6, "three")
	if got, want := read(t, path), "service: 2 lines are missing here: not a directory\nservice: three\n"; got != want {
		t.Errorf("%q", got)
	}
	if err := out.Close(10 * time.Second); err == nil || !strings.Contains(err.Error(), "but 2 were not") {
		t.Error(err)
	}
	if got := strings.Join(*told, "\n"); got != path+" can't be written: not a directory; lines that are missing there are counted\n"+path+" takes lines again; 2 were not written" {
		t.Error(got)
	}
	if len(d.kept) != 3 {
		t.Errorf("%q", d.kept)
	}
}

// TestNoSyslogd: the file has it all, and the service waits for nobody.
func TestNoSyslogd(t *testing.T) {
	d := &syslogd{hold: make(chan struct{})}
	out, path, told := opened(t, func(o *Options) { o.system = d; o.Log.Size = 100 << 20 })
	taking, w := take(t, out, Stdout)
	const n = 30_000
	for range n {
		if _, err := io.WriteString(w, strings.Repeat("y", 60)+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	<-taking.Done()
	if got := strings.Count(read(t, path), "\n"); got != n {
		t.Errorf("%d lines, want %d", got, n)
	}
	l := out.Lost()
	if l.File != 0 || l.Syslog == 0 {
		t.Errorf("%+v", l)
	}
	close(d.hold)
	err := out.Close(time.Minute)
	want := fmt.Sprintf("all lines must be written to syslog, but %d were not", l.Syslog)
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if got := len(d.kept) - 1 + int(l.Syslog); got != n || !strings.HasSuffix(d.kept[len(d.kept)-1], "lines are missing here: more came than it takes") {
		t.Errorf("%d lines and %q", got, d.kept[len(d.kept)-1])
	}
	if len(*told) != 2 {
		t.Errorf("%q", *told)
	}
}

// TestOneLine: 100 MB without a newline take no more memory than a part has.
func TestOneLine(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 100 MB")
	}
	out, path, _ := opened(t, func(o *Options) { o.Log.Stdout, o.Log.Keep = -1, 2 })
	taking, w := take(t, out, Stdout)
	chunk := []byte(strings.Repeat("z", 1<<20))
	var most uint64
	for i := range 100 {
		if _, err := w.Write(chunk); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	w.Close()
	<-taking.Done()
	closed(t, out)
	if most > 16<<20 {
		t.Errorf("%d bytes of memory", most)
	}
	total := 0
	for _, name := range []string{path, path + ".0", path + ".1"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1<<20 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
		total += int(info.Size())
	}
	if total < 2<<20 {
		t.Errorf("%d bytes are kept", total)
	}
	if _, err := os.Stat(path + ".2"); err == nil {
		t.Error("too many files are kept")
	}
}

// BenchmarkOutput is lines of 80 bytes from a pipe to the file and to a system's log that takes them.
func BenchmarkOutput(b *testing.B) {
	log := service.Defaults().Log
	log.File = filepath.Join(b.TempDir(), "web.log")
	for name, level := range map[string]int{"file": -1, "file and syslog": 5} {
		b.Run(name, func(b *testing.B) {
			log.Stdout = level
			out := Open(Options{Cell: "web-1", ID: 7, Log: log, Tell: func(string) {}, system: nowhere{}})
			r, w, err := os.Pipe()
			if err != nil {
				b.Fatal(err)
			}
			taking, err := out.Take(Stdout, r)
			if err != nil {
				b.Fatal(err)
			}
			const each = 100
			chunk := []byte(strings.Repeat(strings.Repeat("x", 79)+"\n", each))
			b.ResetTimer()
			for range b.N/each + 1 {
				if _, err := w.Write(chunk); err != nil {
					b.Fatal(err)
				}
			}
			w.Close()
			<-taking.Done()
			b.StopTimer()
			_ = out.Close(time.Minute)
		})
	}
}

type nowhere struct{}

func (nowhere) Put(outlet.Message) error { return nil }
func (nowhere) Close() error             { return nil }
func (nowhere) String() string           { return "nowhere" }
