package system

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/lua/value"
)

// counter is a meter with limits.
type counter struct{ work, most int }

var (
	errWork = errors.New("too much work")
	errGrow = errors.New("too large")
)

func (c *counter) Work(n int) error {
	if c.work -= n; c.work < 0 {
		return errWork
	}
	return nil
}

func (c *counter) Grow(_ string, bytes int) error {
	if bytes > c.most {
		return errGrow
	}
	return nil
}

func free() *counter { return &counter{1 << 40, 1 << 30} }

func call(t *testing.T, s *System, name string, args ...any) ([]value.Value, error) {
	t.Helper()
	f := s.Functions()[name]
	if f == nil {
		t.Fatal("no function", name)
	}
	var list []value.Value
	for _, a := range args {
		switch x := a.(type) {
		case nil:
			list = append(list, value.Nil{})
		case string:
			list = append(list, value.String(x))
		case int:
			list = append(list, value.Number(x))
		case float64:
			list = append(list, value.Number(x))
		case bool:
			list = append(list, value.Bool(x))
		case value.Value:
			list = append(list, x)
		}
	}
	return f.Call(free(), list)
}

// shown are results as text, or the error.
func shown(results []value.Value, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	parts := make([]string, len(results))
	for i, v := range results {
		if s, ok := value.ToString(v); ok {
			parts[i] = s
			continue
		}
		switch x := v.(type) {
		case value.Bool:
			parts[i] = map[value.Bool]string{true: "true", false: "false"}[x]
		case *File:
			parts[i] = "file"
		default:
			parts[i] = v.Type().String()
		}
	}
	return strings.Join(parts, "|")
}

func TestStandardFiles(t *testing.T) {
	var out, errs bytes.Buffer
	s := New(Options{In: strings.NewReader("one\n2 three\nrest"), Out: &out, Err: &errs})
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"io.read", nil, "one"},
		{"io.read", []any{"*n", 1, 3}, "2| |thr"},
		{"io.read", []any{"*l", "*a", "*a", "*l", "*n"}, "ee|rest||nil"},
		{"io.read", []any{0}, "nil"},
		{"io.read", []any{"x"}, `error: argument 1 of io.read must be a number of bytes, "*n", "*l" or "*a", but is the string "x"`},
		{"io.write", []any{"a", 1.5, "\n"}, "true"},
		{"io.write", []any{"b", true}, "error: argument 2 of io.write must be a string, but is a boolean"},
		{"file.write", []any{s.Stderr, "e"}, "true"},
		{"file.read", []any{s.Stdout}, "nil|" + errReading.Error() + "|0"},
		{"file.write", []any{s.Stdin, "x"}, "nil|" + errWriting.Error() + "|0"},
		{"file.seek", []any{s.Stdin}, "nil|" + errSeeking.Error() + "|0"},
		{"io.close", nil, "nil|a standard file can't be closed"},
		{"file.close", []any{s.Stdin}, "nil|a standard file can't be closed"},
		{"io.output", nil, "file"},
		{"io.type", []any{s.Stdin}, "file"},
		{"io.type", []any{"x"}, "nil"},
		{"file.close", []any{5}, "error: argument 1 of file.close must be a file, but is a number"},
		{"file.setvbuf", []any{s.Stdout, "some"}, `error: argument 2 of file.setvbuf must be "no", "full" or "line", but is the string "some"`},
		{"io.open", []any{"x", "q"}, "nil|x: " + errMode.Error() + "|0"},
		{"io.popen", []any{"x", "q"}, "nil|x: " + errMode.Error() + "|0"},
	} {
		if got := shown(call(t, s, c.name, c.args...)); got != c.want {
			t.Errorf("%s %v: got %q, want %q", c.name, c.args, got, c.want)
		}
	}
	if out.String() != "a1.5\nb" || errs.String() != "e" {
		t.Errorf("written %q and %q", out.String(), errs.String())
	}
	// Nothing where there is nothing.
	empty := New(Options{})
	if got := shown(call(t, empty, "io.read")); got != "nil" {
		t.Error(got)
	}
	if got := shown(call(t, empty, "io.write", "x")); got != "true" {
		t.Error(got)
	}
}

// failing is a file that nobody reads any more.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestErrorsOfFiles(t *testing.T) {
	s := New(Options{Out: failing{}, In: io.MultiReader(strings.NewReader("x"), failingReader{})})
	if got := shown(call(t, s, "io.write", "x")); !strings.HasPrefix(got, "nil|") {
		t.Error(got)
	}
	if got := shown(call(t, s, "io.read", "*a")); got != "nil|broken|0" {
		t.Error(got)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	f, err := call(t, s, "io.open", file, "w+")
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(call(t, s, "file.seek", f[0], "middle")); !strings.HasPrefix(got, `error: argument 2 of file.seek must be "set", "cur" or "end"`) {
		t.Error(got)
	}
	if got := shown(call(t, s, "file.seek", f[0], "set", -1)); !strings.HasPrefix(got, "nil|") {
		t.Error(got)
	}
	if got := shown(call(t, s, "file.close", f[0])); got != "true" {
		t.Error(got)
	}
	for _, name := range []string{"file.close", "file.read", "file.write", "file.seek", "file.flush", "file.setvbuf"} {
		if got := shown(call(t, s, name, f[0])); got != "error: argument 1 of "+name+" must be an open file, but is closed" {
			t.Error(got)
		}
	}
	if got := shown(call(t, s, "file.__tostring", f[0])); got != "file (closed)" {
		t.Error(got)
	}
	if got := shown(call(t, s, "io.open", filepath.Join(dir, "none", "x"), "w")); !strings.HasSuffix(got, "/none/x: no such file or directory|2") {
		t.Error(got)
	}
	if got := shown(call(t, s, "io.input", filepath.Join(dir, "none"))); !strings.HasPrefix(got, "error: ") {
		t.Error(got)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// Reading and writing in turn, each where the other has left off.
func TestReadAndWriteInTurn(t *testing.T) {
	s := New(Options{})
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := call(t, s, "io.open", file, "r+b")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"file.read", []any{2}, "01"}, {"file.write", []any{"AB"}, "true"}, {"file.read", []any{1}, "4"}, {"file.seek", nil, "5"}, {"file.seek", []any{"cur", -1}, "4"},
		{"file.write", []any{"C"}, "true"}, {"file.seek", []any{"end"}, "10"}, {"file.write", []any{"!"}, "true"}, {"file.seek", []any{"set"}, "0"}, {"file.read", []any{"*a"}, "01ABC56789!"},
	} {
		if got := shown(call(t, s, c.name, append([]any{f[0]}, c.args...)...)); got != c.want {
			t.Errorf("%s %v: got %q, want %q", c.name, c.args, got, c.want)
		}
	}
}

// Numbers are read as scanf(3) does, and the rest stays.
func TestNumbers(t *testing.T) {
	for _, c := range [][2]string{
		{"12", "12|"}, {" \t\n-7.5x", "-7.5|x"}, {"0x1F g", "31| g"}, {"1e3e5", "1000|e5"}, {".5.", "0.5|."}, {"5.", "5|"}, {"+2", "2|"}, {"x", "nil|x"}, {"", "nil|"}, {"1e+", "nil|"}, {"--1", "nil|-1"},
		{strings.Repeat("9", 300), "1e+200|" + strings.Repeat("9", 100)},
	} {
		s := New(Options{In: strings.NewReader(c[0])})
		n := shown(call(t, s, "io.read", "*n"))
		if got := n + "|" + shown(call(t, s, "io.read", "*a")); got != c[1] {
			t.Errorf("%q: got %q, want %q", c[0], got, c[1])
		}
	}
}

// zeros is a file without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// What has no end stops where the machine says so.
func TestReadingIsMetered(t *testing.T) {
	for _, form := range []value.Value{value.String("*a"), value.String("*l"), value.Number(1 << 40)} {
		s := New(Options{In: zeros{}})
		read := s.Functions()["io.read"]
		if _, err := read.Call(&counter{1000, 1 << 50}, []value.Value{form}); err != errWork {
			t.Errorf("%v: %v", form, err)
		}
		if _, err := read.Call(&counter{1 << 40, 1 << 20}, []value.Value{form}); err != errGrow {
			t.Errorf("%v: %v", form, err)
		}
	}
	s := New(Options{In: zeros{}})
	lines, err := s.Lines(free(), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lines.Next(&counter{1000, 1 << 50}); err != errWork {
		t.Error(err)
	}
	if _, err := s.Functions()["io.write"].Call(&counter{1000, 1 << 50}, []value.Value{value.String(strings.Repeat("x", 1<<20))}); err != errWork {
		t.Error(err)
	}
}

func TestLines(t *testing.T) {
	s := New(Options{In: strings.NewReader("a\n\nb")})
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("x\ny\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := func(l *Lines) string {
		var got []string
		for {
			x, err := l.Next(free())
			if err != nil {
				return err.Error()
			}
			if (x == value.Nil{}) {
				return strings.Join(got, "|")
			}
			got = append(got, string(x.(value.String)))
		}
	}
	lines, err := s.Lines(free(), nil, false)
	if err != nil || all(lines) != "a||b" {
		t.Error(err)
	}
	// A file that io.lines opens it closes.
	lines, err = s.Lines(free(), []value.Value{value.String(file)}, false)
	if err != nil || all(lines) != "x|y" {
		t.Error(err)
	}
	if got := all(lines); got != "the file whose lines are read must be open, but is closed" {
		t.Error(got)
	}
	if _, err := s.Lines(free(), []value.Value{value.String(file + "x")}, false); err == nil {
		t.Error("a file that is missing has no lines")
	}
	f, err := call(t, s, "io.open", file)
	if err != nil {
		t.Fatal(err)
	}
	lines, err = s.Lines(free(), f, true)
	if err != nil || all(lines) != "x|y" || all(lines) != "" {
		t.Error(err)
	}
	if _, err := s.Lines(free(), nil, true); err == nil {
		t.Error("lines must be of a file")
	}
}

func TestCommands(t *testing.T) {
	var out bytes.Buffer
	s := New(Options{Out: &out})
	if got := shown(call(t, s, "os.execute", "echo said; exit 3")); got != "768" || out.String() != "said\n" {
		t.Error(got, out.String())
	}
	if got := shown(call(t, s, "os.execute")); got != "1" {
		t.Error(got)
	}
	f, err := call(t, s, "io.popen", "echo one; echo two")
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(call(t, s, "file.read", f[0], "*l", "*a")); got != "one|two\n" {
		t.Error(got)
	}
	if got := shown(call(t, s, "file.close", f[0])); got != "true" {
		t.Error(got)
	}
	out.Reset()
	f, err = call(t, s, "io.popen", "cat", "w")
	if err != nil {
		t.Fatal(err)
	}
	_ = shown(call(t, s, "file.write", f[0], "to it"))
	if got := shown(call(t, s, "file.close", f[0])); got != "true" || out.String() != "to it" {
		t.Error(got, out.String())
	}
}

// Random numbers lie where they must, reach both ends, and come again after the same seed.
// told runs a function with the first bytes that are written.
type told struct{ f func() }

func (w told) Write(text []byte) (int, error) { w.f(); return len(text), nil }

// TestPatience: a command that goes on for too long is ended with all that it has started, and that is an error where it is waited
// for. Time is over here when the command has begun.
func TestPatience(t *testing.T) {
	const text = "a command must end within 1h0m0s, but did not and was killed"
	begin := func() (*System, func()) {
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		return New(Options{Patience: time.Hour, Context: ctx, Out: told{cancel}}), cancel
	}
	s, cancel := begin()
	defer cancel()
	if _, err := call(t, s, "os.execute", "sleep 1000 & echo begun; wait"); err == nil || err.Error() != text {
		t.Error(err)
	}
	for name, use := range map[string]func(f value.Value) error{
		"read":  func(f value.Value) error { _, err := call(t, s, "file.read", f, "*a"); return err },
		"close": func(f value.Value) error { _, err := call(t, s, "file.close", f); return err },
	} {
		s, cancel = begin()
		f, err := call(t, s, "io.popen", "echo begun; exec sleep 1000")
		if err != nil {
			t.Fatal(err)
		}
		if line, err := call(t, s, "file.read", f[0]); err != nil || line[0] != value.String("begun") {
			t.Fatal(line, err)
		}
		cancel()
		if err := use(f[0]); err == nil || err.Error() != text {
			t.Errorf("%s: %v", name, err)
		}
	}
	// One that ends in time is like any other.
	s = New(Options{Patience: time.Hour})
	if got, err := call(t, s, "os.execute", "exit 3"); err != nil || got[0] != value.Number(3<<8) {
		t.Error(got, err)
	}
	f, err := call(t, s, "io.popen", "cat >/dev/null", "w")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := call(t, s, "file.close", f[0]); err != nil || got[0] != value.Bool(true) {
		t.Error(got, err)
	}
}

func TestRandom(t *testing.T) {
	s := New(Options{})
	for _, c := range []struct {
		args     []any
		low, top float64
	}{{[]any{6}, 1, 6}, {[]any{-3, 3}, -3, 3}, {[]any{0, 1}, 0, 1}, {[]any{5, 5}, 5, 5}, {[]any{"2"}, 1, 2}, {[]any{2.9}, 1, 2}} {
		seen := map[float64]bool{}
		for range 500 {
			r, err := call(t, s, "math.random", c.args...)
			if err != nil {
				t.Fatal(err)
			}
			x := float64(r[0].(value.Number))
			if x < c.low || x > c.top || x != float64(int(x)) {
				t.Fatal(c.args, x)
			}
			seen[x] = true
		}
		if len(seen) != int(c.top-c.low)+1 {
			t.Error(c.args, seen)
		}
	}
	for _, c := range []struct {
		args []any
		want string
	}{
		{[]any{0}, "argument 1 of math.random must be at least 1, but is 0"}, {[]any{2, 1}, "argument 2 of math.random must be at least 2, but is 1"},
		{[]any{1, 2, 3}, "math.random must have at most 2 arguments, but has 3"}, {[]any{"x"}, `argument 1 of math.random must be a number, but is the string "x"`},
	} {
		if _, err := call(t, s, "math.random", c.args...); err == nil || err.Error() != c.want {
			t.Error(c.args, err)
		}
	}
	list := func() (got []string) {
		if _, err := call(t, s, "math.randomseed", 7); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			got = append(got, shown(call(t, s, "math.random")))
		}
		return got
	}
	if a, b := list(), list(); strings.Join(a, " ") != strings.Join(b, " ") {
		t.Error(a, b)
	}
}

func TestTimes(t *testing.T) {
	s := New(Options{Now: func() time.Time { return time.Unix(1700000000, 0) }, Zone: time.UTC})
	if got := shown(call(t, s, "os.time")); got != "1700000000" {
		t.Error(got)
	}
	if got := shown(call(t, s, "os.date", "%F %T")); got != "2023-11-14 22:13:20" {
		t.Error(got)
	}
	if r, err := call(t, s, "os.clock"); err != nil || r[0].(value.Number) < 0 {
		t.Error(r, err)
	}
}

// What could not be saved is not told, by any of the functions that tell.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	unsaved := errors.New("not saved")
	var why error
	var out bytes.Buffer
	s := New(Options{Out: &out, Settle: func() error { return why }})
	path := func(name string) string { return filepath.Join(dir, name) }
	opened, err := call(t, s, "io.open", path("f"), "w")
	if err != nil {
		t.Fatal(err)
	}
	why = unsaved
	calls := [][]any{{"os.execute", "touch " + path("x")}, {"os.remove", path("f")}, {"os.rename", path("f"), path("x")}, {"os.tmpname"},
		{"io.open", path("x"), "w"}, {"io.output", path("x")}, {"io.input", path("x")}, {"io.popen", "touch " + path("x")}, {"io.write", "x"}, {"io.close", opened[0]},
		{"file.write", opened[0], "x"}, {"file.close", opened[0]}}
	if len(calls) != len(telling) {
		t.Errorf("%d calls for %d functions", len(calls), len(telling))
	}
	for _, c := range calls {
		if _, err := call(t, s, c[0].(string), c[1:]...); !errors.Is(err, unsaved) {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || out.Len() > 0 {
		t.Errorf("%v, written %q, %v", left, out.String(), err)
	}
	why = nil
	if got := shown(call(t, s, "file.write", opened[0], "x")); got != "true" {
		t.Errorf("saved again: %s", got)
	}
}
