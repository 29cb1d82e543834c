package launch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// deliver lets a helper work on the system and gives what the launcher learns of it.
func deliver(t *testing.T, sys System, c Command) (notes []string, err error) {
	t.Helper()
	var reports bytes.Buffer
	help(sys, nil, bytes.NewReader(encoded(t, c)), &reports)
	err = c.await(&reports, func(s string) { notes = append(notes, s) })
	return notes, err
}

func encoded(t testing.TB, c Command) []byte {
	t.Helper()
	text, err := json.Marshal(newRequest(c, "vt100"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestHelper(t *testing.T) {
	m := newMachine()
	notes, err := deliver(t, m, Command{Cell: limited(), User: "www", Args: []string{"ls", "ä\xff"}, Env: []string{"A=\xfe"}})
	if err != nil || len(notes) != 0 || m.path != "/bin/ls" || m.real != 1000 || m.limits[AS] != 512<<20 {
		t.Errorf("%v, %q, %+v", err, notes, m)
	}
	if env := strings.Join(m.env, " "); !strings.Contains(env, "TERM=vt100") || !strings.Contains(env, "A=\xfe") {
		t.Error(env)
	}
	if m.args[1] != "ä\xff" {
		t.Errorf("the bytes of an argument changed: %q", m.args[1])
	}

	m = newMachine()
	if _, err := deliver(t, m, Command{Cell: web(), User: "www:100", Groups: []uint32{7, 100, 8}, Args: []string{"ls"}}); err != nil || !slices.Equal(m.groups, []uint32{100, 7, 8}) {
		t.Errorf("groups %v, %v", m.groups, err)
	}
	if _, err := deliver(t, newMachine(), Command{Cell: web(), User: "www", Groups: []uint32{7}, Args: []string{"ls"}}); err == nil || !strings.Contains(err.Error(), `the user must be USER:GROUP where more groups are given, but is "www"`) {
		t.Errorf("%v", err)
	}

	m = newMachine()
	none := web()
	none.Core = ptr[uint64](0)
	if _, err := deliver(t, m, Command{Cell: none, Args: []string{"ls"}}); err != nil || !reflect.DeepEqual(m.limits, map[Limit]uint64{Core: 0}) {
		t.Errorf("a limit of 0: %v, %v", m.limits, err)
	}

	m = newMachine()
	m.dirs = m.dirs[:1]
	if notes, err = deliver(t, m, Command{Cell: web(), User: "www"}); err != nil || len(notes) != 1 || !strings.Contains(notes[0], "the home /home/www can't be entered") {
		t.Errorf("%v, %q", err, notes)
	}

	m = newMachine()
	sent := &kernel.Error{Op: "x", Errno: kauth.EPERM, Text: "must", Hint: "hint"}
	m.fail["prepare"] = sent
	_, err = deliver(t, m, Command{Cell: web(), Args: []string{"ls"}})
	var refused *kernel.Error
	if !errors.As(err, &refused) || *refused != *sent {
		t.Errorf("the error changed on its way: %v", err)
	}

	_, err = deliver(t, newMachine(), Command{Cell: web(), Args: []string{"missing"}})
	var failed *NotStarted
	if !errors.As(err, &failed) || failed.Code != 127 || !errors.Is(err, kauth.ENOENT) {
		t.Errorf("%v", err)
	}
}

// TestErrnoReport: what is written without asking for memory is what an encoder would write.
func TestErrnoReport(t *testing.T) {
	var e errnoReport
	for _, step := range []int{0, 9, 10, 15} {
		for _, errno := range []kauth.Errno{1, 9, 10, 99, 100, 255} {
			if n := testing.AllocsPerRun(1, func() { e.fill(step, errno) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
			var r report
			if err := json.Unmarshal(e[:], &r); err != nil || r.Failure == nil || *r.Failure != (failure{Step: step, Errno: errno}) {
				t.Errorf("step %d, errno %d: %s, %v", step, errno, e, err)
			}
		}
	}
}

// TestReports: a helper that ends before it executes anything, or tells nonsense, is never taken for a command.
func TestReports(t *testing.T) {
	const ended = "the helper must tell when it executes the command, but ended before"
	for reports, want := range map[string]string{
		"":                                     ended,
		"{":                                    ended,
		`{"Starting"`:                          ended,
		`{"Note":"x"}`:                         ended,
		"junk":                                 ended,
		`{"Failure":{"Step":99,"Errno":2}}`:    "must fail in a step of its plan, but fails in step 99: no such file",
		`{"Failure":{"Step":-2,"Errno":2}}`:    "must fail in a step of its plan, but fails in step -2: no such file",
		`{"Failure":{"Step":-1,"Text":"odd"}}`: "exec in cell web: odd",
		// The words for this need the account, which was not told.
		`{"Failure":{"Step":10,"Errno":2}}`: "must fail in a step of its plan, but fails in step 10",
	} {
		err := Command{Cell: web()}.await(strings.NewReader(reports), func(string) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", reports, err, want)
		}
	}
	if err := (Command{Cell: web()}).await(strings.NewReader(`{"Starting":true}`), nil); err != nil {
		t.Error(err)
	}
}

func TestHelperRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		unsupported error
		text        string
	}{
		"cells are a part of NetBSD":                {foreign(), ""},
		"the helper must get a request, but: EOF":   {nil, ""},
		"must be one that was created, but 0":       {nil, "{}"},
		"the helper must get a request, but: inval": {nil, "junk"},
	} {
		var reports bytes.Buffer
		if code := help(newMachine(), c.unsupported, strings.NewReader(c.text), &reports); code != 1 {
			t.Errorf("%q: code %d", want, code)
		}
		if err := (Command{Cell: web()}).await(&reports, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// deadPipe is that of a launcher that is gone.
type deadPipe struct{}

func (deadPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestLauncherGone: nothing is executed that nobody waits for.
func TestLauncherGone(t *testing.T) {
	m := newMachine()
	if code := help(m, nil, bytes.NewReader(encoded(t, Command{Cell: web(), Args: []string{"ls"}})), deadPipe{}); code != 1 || m.path != "" {
		t.Errorf("code %d, executed %q", code, m.path)
	}
}

func TestIsHelper(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{{[]string{"cellsh", helperArg}, true}, {[]string{"cellsh"}, false}, {nil, false}, {[]string{"cellsh", helperArg, "x"}, false}, {[]string{"cellsh", "list"}, false}} {
		if got := IsHelper(c.args); got != c.want {
			t.Errorf("%q: %v", c.args, got)
		}
	}
}

// FuzzHelper: no request makes the helper panic, or execute anything outside of a cell, and no report makes the
// launcher panic.
func FuzzHelper(f *testing.F) {
	f.Add(encoded(f, Command{Cell: limited(), User: "www", Args: []string{"ls"}}))
	f.Add([]byte("{}"))
	f.Add([]byte(`{"ID":3,"Root":"L2NlbGxzL3dlYg=="}`))
	f.Add([]byte(`{"Failure":{"Step":3,"Errno":2}}{"Starting":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := newMachine()
		help(m, nil, bytes.NewReader(text), io.Discard)
		if m.path != "" && (m.cell == 0 || m.root == "" || m.hidden != 3) {
			t.Errorf("%q: executed %s in cell %d below %q", text, m.path, m.cell, m.root)
		}
		Command{Cell: web()}.await(bytes.NewReader(text), func(string) {})
	})
}
