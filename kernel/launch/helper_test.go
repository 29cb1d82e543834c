package launch

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"cellsh/kernel"
	"cellsh/policy/kauth"
)

// deliver lets a helper work on the machine and gives what the launcher learns of it.
func deliver(t *testing.T, m *machine, text []byte) (notes []string, err error) {
	t.Helper()
	var reports bytes.Buffer
	help(m, nil, bytes.NewReader(text), &reports)
	err = Command{Cell: web()}.await(&reports, func(s string) { notes = append(notes, s) })
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
	notes, err := deliver(t, m, encoded(t, Command{Cell: limited(), User: "www", Args: []string{"ls", "ä\xff"}, Env: []string{"A=\xfe"}}))
	if err != nil || len(notes) != 0 || m.path != "/bin/ls" || m.real != 1000 || m.limits[AS] != 512<<20 {
		t.Errorf("%v, %q, %+v", err, notes, m)
	}
	if env := strings.Join(m.env, " "); !strings.Contains(env, "TERM=vt100") || !strings.Contains(env, "A=\xfe") {
		t.Error(env)
	}
	m = newMachine()
	core := web()
	core.Core = ptr[uint64](0)
	if _, err := deliver(t, m, encoded(t, Command{Cell: core, Args: []string{"ls", "ä\xff"}})); err != nil || !reflect.DeepEqual(m.limits, map[Limit]uint64{Core: 0}) {
		t.Errorf("a limit of 0: %v, %v", m.limits, err)
	}
	if m.args[1] != "ä\xff" {
		t.Errorf("the bytes of an argument changed: %q", m.args[1])
	}

	m = newMachine()
	m.dirs = m.dirs[:1]
	if notes, err = deliver(t, m, encoded(t, Command{Cell: web(), User: "www"})); err != nil || len(notes) != 1 || !strings.Contains(notes[0], "the home /home/www can't be entered") {
		t.Errorf("%v, %q", err, notes)
	}

	m = newMachine()
	m.fail["setgroups"] = &kernel.Error{Op: "x", Errno: kauth.EPERM, Text: "must", Hint: "hint"}
	_, err = deliver(t, m, encoded(t, Command{Cell: web(), Args: []string{"ls"}}))
	var refused *kernel.Error
	if !errors.As(err, &refused) || *refused != *m.fail["setgroups"].(*kernel.Error) {
		t.Errorf("the error changed on its way: %v", err)
	}

	m = newMachine()
	_, err = deliver(t, m, encoded(t, Command{Cell: web(), Args: []string{"missing"}}))
	var failed *NotStarted
	if !errors.As(err, &failed) || failed.Code != 127 || !errors.Is(err, kauth.ENOENT) {
		t.Errorf("%v", err)
	}
}

// TestHelperDies: a helper that ends before it executes anything is never taken for a command.
func TestHelperDies(t *testing.T) {
	for _, reports := range []string{"", "{", `{"Starting"`, `{"Note":"x"}`, "junk"} {
		err := Command{Cell: web()}.await(strings.NewReader(reports), func(string) {})
		if err == nil || !strings.Contains(err.Error(), "the helper must tell when it executes the command, but ended before") {
			t.Errorf("%q: %v", reports, err)
		}
	}
}

func TestHelperUnsupported(t *testing.T) {
	var reports bytes.Buffer
	if code := help(nil, foreign(), strings.NewReader(""), &reports); code != 1 {
		t.Error(code)
	}
	err := Command{}.await(&reports, nil)
	if err == nil || !strings.Contains(err.Error(), "cells are a part of NetBSD") {
		t.Error(err)
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

// FuzzHelper: no request makes the helper panic, or execute anything outside of a cell.
func FuzzHelper(f *testing.F) {
	f.Add(encoded(f, Command{Cell: limited(), User: "www", Args: []string{"ls"}}))
	f.Add([]byte("{}"))
	f.Add([]byte(`{"ID":3,"Root":"L2NlbGxzL3dlYg=="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := newMachine()
		if _, err := deliver(t, m, text); err == nil && (m.cell == 0 || m.root == "" || m.hidden != 3) {
			t.Errorf("%q: executed %s in cell %d below %q", text, m.path, m.cell, m.root)
		}
	})
}
